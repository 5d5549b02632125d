#include "test.h"

#include "proto/domain.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *typed;
	const char *ascii; /* NULL: refused */
	const char *unicode;
	size_t notes;
} cases[] = {
	{"example.com", "example.com", NULL, 0}, {"EXAMPLE.Com.", "example.com", NULL, 0},
	{"  example.com \n", "example.com", NULL, 0}, {"sub.example.co.uk", "sub.example.co.uk", NULL, 0},
	{"münchen.example", "xn--mnchen-3ya.example", "münchen.example", 0},
	{"MÜNCHEN.Example", "xn--mnchen-3ya.example", "münchen.example", 0},
	{"xn--mnchen-3ya.example", "xn--mnchen-3ya.example", "münchen.example", 0},
	{"XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example", "münchen.example", 0},
	{"straße.de", "xn--strae-oqa.de", "straße.de", 0}, {"例え。テスト", "xn--r8jz45g.xn--zckzah", "例え.テスト", 0},
	{"ab--cd.example", "ab--cd.example", NULL, 0}, {"1and1.example", "1and1.example", NULL, 0},
	{"example.123abc", "example.123abc", NULL, 0}, {"xn--i-7iq.ws", "xn--i-7iq.ws", NULL, 1},

	{"https://example.com/", "example.com", NULL, 1},
	{"https://mta-sts.example.com/.well-known/mta-sts.txt", "mta-sts.example.com", NULL, 2},
	{"HTTP://user:pass@example.com:8080/a?b#c", "example.com", NULL, 4},
	{"example.com/path", "example.com", NULL, 1}, {"example.com/", "example.com", NULL, 0},
	{"example.com:25", "example.com", NULL, 1}, {"user@example.com", "example.com", NULL, 1},
	{"@example.com", "example.com", NULL, 1}, {"\"a@b\"@example.com", "example.com", NULL, 1},
	{"A Person <user@example.com>", "example.com", NULL, 1},
	{"mailto:user@example.com?subject=x", "example.com", NULL, 3},

	/* ordinary domains, whatever the list of suffixes knows of them */
	{"foo.test", "foo.test", NULL, 0}, {"foo.example", "foo.example", NULL, 0},
	{"mail.internal", "mail.internal", NULL, 0}, {"github.io", "github.io", NULL, 0},
	{"blogspot.com", "blogspot.com", NULL, 0}, {"www.ck", "www.ck", NULL, 0},

	{"", NULL, NULL, 0}, {"   ", NULL, NULL, 0}, {".", NULL, NULL, 0}, {"@", NULL, NULL, 0},
	{"https://", NULL, NULL, 0}, {"com", NULL, NULL, 0}, {"com.", NULL, NULL, 0}, {"test", NULL, NULL, 0},
	{"localhost", NULL, NULL, 0}, {"co.uk", NULL, NULL, 0}, {"CO.UK", NULL, NULL, 0}, {"xn--p1ai", NULL, NULL, 0},
	{"foo.ck", NULL, NULL, 0}, {"192.0.2.1", NULL, NULL, 0}, {"192.0.2.1:25", NULL, NULL, 0},
	{"1.2.3", NULL, NULL, 0}, {"12345", NULL, NULL, 0}, {"user@192.0.2.1", NULL, NULL, 0},
	{"１９２.0.2.1", NULL, NULL, 0}, {"[192.0.2.1]", NULL, NULL, 0}, {"user@[192.0.2.1]", NULL, NULL, 0},
	{"[2001:db8::1]", NULL, NULL, 0}, {"[2001:db8::1]:25", NULL, NULL, 0}, {"2001:db8::1", NULL, NULL, 0},
	{"::1", NULL, NULL, 0}, {"a..example", NULL, NULL, 0}, {".example.com", NULL, NULL, 0},
	{"example.com..", NULL, NULL, 0}, {"-a.example", NULL, NULL, 0}, {"a-.example", NULL, NULL, 0},
	{"a b.example", NULL, NULL, 0}, {"a_b.example", NULL, NULL, 0}, {"_mta-sts.example.com", NULL, NULL, 0},
	{"*.example.com", NULL, NULL, 0}, {"a,b.example", NULL, NULL, 0}, {"exa\x01mple.com", NULL, NULL, 0},
	{"exam\xffple.com", NULL, NULL, 0}, {"xn--.example", NULL, NULL, 0},
	{"xn--zzzzzz99999999.example", NULL, NULL, 0}, {"i❤.ws", NULL, NULL, 0}, {"example.com; rm -rf", NULL, NULL, 0},
	{"example.com:smtp", NULL, NULL, 0}, {L63 ".example", L63 ".example", NULL, 0},
	{L63 "a.example", NULL, NULL, 0},
	{L63 "." L63 "." L63 "."
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
		L63 "." L63 "." L63 "."
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
		NULL, 0}, /* 242 */
	{L63 "." L63 "." L63 "."
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
		NULL, NULL, 0}, /* 243 */
};

static bool is_printable_sentence(const char *why)
{
	size_t len = strlen(why);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)why[i] < 0x20 || why[i] == 0x7F)
			return false;
	return len > 10 && why[len - 1] == '.' && sts_utf8_valid(sts_str_of(why));
}

static void test_parse(struct sts_arena *arena)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_domain d = {0};
		const char *why = NULL;
		bool ok;

		CASE("typed \"%s\"", cases[i].typed);
		ok = sts_domain_parse(sts_str_of(cases[i].typed), arena, &d, &why) == STS_OK;
		EXPECT_CSTR(ok ? d.ascii : NULL, cases[i].ascii);
		if (ok) {
			EXPECT_CSTR(d.unicode, cases[i].unicode);
			EXPECT_INT(d.note_count, cases[i].notes);
		} else {
			EXPECT(why != NULL && is_printable_sentence(why));
		}
	}
	CASE("the quick way says the same, or asks for the long one");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_str typed = sts_str_of(cases[i].typed);
		char out[254];

		if (sts_domain_plain(typed, 253, out)) {
			EXPECT_CSTR(out, cases[i].ascii);
			EXPECT_CSTR(NULL, cases[i].unicode);
			EXPECT_INT(cases[i].notes, 0);
		} else {
			/* whatever is a name and nothing else is taken */
			EXPECT(cases[i].ascii == NULL || cases[i].unicode != NULL || cases[i].notes > 0 || strpbrk(cases[i].typed, " /") != NULL ||
				typed.ptr[typed.len - 1] == '.');
		}
	}
	EXPECT(!sts_domain_plain(STS_STR("example.com"), 10, (char[254]){0}));
	EXPECT(sts_domain_plain(STS_STR("example.com"), 11, (char[254]){0}));
	EXPECT(!sts_domain_plain(STS_STR("a\0b.example"), 253, (char[254]){0}));
	EXPECT(!sts_domain_plain((struct sts_str){NULL, 0}, 253, (char[254]){0}));
	CASE("zero octets and endless input");
	{
		static char huge[5000];
		struct sts_domain d = {0};
		const char *why = NULL;

		EXPECT_INT(sts_domain_parse(sts_str("a\0b.example", 11), arena, &d, &why), STS_EINVAL);
		memset(huge, 'a', sizeof huge);
		EXPECT_INT(sts_domain_parse(sts_str(huge, sizeof huge), arena, &d, &why), STS_EINVAL);
		EXPECT_INT(sts_domain_parse(sts_str(NULL, 0), arena, &d, &why), STS_EINVAL);
	}
}

static void test_helpers(struct sts_arena *arena)
{
	CASE("U-label form of hosts");
	EXPECT_CSTR(sts_domain_unicode("mx.xn--mnchen-3ya.example", arena), "mx.münchen.example");
	EXPECT_CSTR(sts_domain_unicode("mx.example", arena), NULL);
	EXPECT_CSTR(sts_domain_unicode("xn--zzzzzz99999999.example", arena), NULL);
	EXPECT_CSTR(sts_domain_unicode("xn--i-7iq.ws", arena), NULL);
	CASE("registrable domain");
	EXPECT_CSTR(sts_domain_registrable("a.b.example.co.uk"), "example.co.uk");
	EXPECT_CSTR(sts_domain_registrable("co.uk"), NULL);
	EXPECT_CSTR(sts_domain_registrable("mx.foo.test"), "foo.test");
	CASE("public suffixes");
	EXPECT(sts_domain_is_public_suffix("com"));
	EXPECT(sts_domain_is_public_suffix("github.io"));
	EXPECT(sts_domain_is_public_suffix("test"));
	EXPECT(!sts_domain_is_public_suffix("foo.test"));
	CASE("parent");
	EXPECT_CSTR(sts_domain_parent("a.b.c"), "b.c");
	EXPECT_CSTR(sts_domain_parent("c"), NULL);
	EXPECT_CSTR(sts_domain_parent("c."), NULL);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_parse(arena);
	test_helpers(arena);
	sts_arena_free(arena);
	return test_done();
}
