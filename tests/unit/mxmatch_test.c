#include "test.h"

#include "mtasts/policy.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *pattern;
	const char *host;
	bool match;
} cases[] = {
	{"mail.example.com", "mail.example.com", true},
	{"mail.example.com", "Mail.EXAMPLE.com.", true},
	{"mail.example.com", "mail.example.com..", false},
	{"mail.example.com", "mail.example.co", false},
	{"mail.example.com", "xmail.example.com", false},
	{"mail.example.com", "mail.example.com.evil.net", false},
	{"mail.example.com", "mailxexample.com", false},
	{"*.example.com", "mail.example.com", true},
	{"*.example.com", "mail.example.com.", true},
	{"*.example.com", "a.b.example.com", false},
	{"*.example.com", "example.com", false},
	{"*.example.com", ".example.com", false},
	{"*.example.com", "*.example.com", false},
	{"*.example.com", "mail.badexample.com", false},
	{"*.example.com", "m_x.example.com", true},
	{"m_x.example.com", "m_x.example.com", false},
	{"*.example.com", "a\\.b.example.com", false},
	{"*.b.example.com", "a\\.b.example.com", false},
	{"*.example.com", "m\xC3\xBCller.example.com", true},
	{"xn--mller-kva.example", "M\xC3\x9CLLER.example.", true},
	{"m\xC3\xBCller.example", "m\xC3\xBCller.example", false},
	{"*.example", "\xFF.example", false},
	{"*.example.com", "xn--mller-kva.example.com", true},
	{"*.example.com", "a b.example.com", false},
	{"*.com", "example.com", true},
	{"*.com", "com", false},
	{"*", "com", false},
	{"*", "localhost", false},
	{"*.", "a.", false},
	{"localhost", "localhost", true},
	{"example.com.", "example.com", false},
	{".example.com", "mail.example.com", false},
	{"mail.*.com", "mail.a.com", false},
	{"", "", false},
	{"", "mail.example.com", false},
	{"mail.example.com", "", false},
	{"mail.example.com", ".", false},
	{"192.0.2.1", "192.0.2.1", true},
	{"*.h-v1.mx.microsoft", "example-com.h-v1.mx.microsoft", true},
	{"*.mx.microsoft", "example-com.h-v1.mx.microsoft", false},
	{"*." L63 ".example", "a." L63 ".example", true},
	{"*.example", L63 ".example", true},
};

int main(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CASE("\"%s\" against \"%s\"", cases[i].pattern, cases[i].host);
		EXPECT_INT(sts_mx_match(sts_str_of(cases[i].pattern), sts_str_of(cases[i].host)), cases[i].match);
	}
	CASE("a zero octet is no letter");
	EXPECT(!sts_mx_match(sts_str("a\0.example", 10), sts_str("a\0.example", 10)));
	EXPECT(!sts_mx_match(STS_STR("*.example"), sts_str("a\0.example", 10)));
	return test_done();
}
