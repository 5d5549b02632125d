#include "test.h"

#include "check/mxrepair.h"

static const struct {
	const char *value;
	const char *want; /* parted by blanks; "" for nothing */
} cases[] = {
	{"mail.example.com.", "mail.example.com"},
	{"MAIL.example.com.", "mail.example.com"},
	{"*.example.com.", "*.example.com"},
	{".example.com", "*.example.com"},
	{"a.example, b.example", "a.example b.example"},
	{"a.example b.example;c.example", "a.example b.example c.example"},
	{"10 a.example", "a.example"},
	{"Priority 5: ALT1.ASPMX.L.GOOGLE.COM", "alt1.aspmx.l.google.com"},
	{"a.example # the main one.", "a.example"},
	{"<a.example>", "a.example"},
	{"\"a.example\"", "a.example"},
	{"smtp://a.example:25/x", "a.example"},
	{"://google.com", "google.com"},
	{"a.example:25", "a.example"},
	{"m\xC3\xBCller.example", "xn--mller-kva.example"},
	{"a_b.example.com", "*.example.com"},
	{"a_b.example", ""},
	{"<yourdomain>.mail.protection.outlook.com", ""},
	{"user@example.com", ""},
	{"[192.0.2.1]", ""},
	{"2001:db8::1", ""},
	{"*", ""},
	{"*.", ""},
	{".", ""},
	{"", ""},
	{"mail.*.example.com", ""},
	{"-a.example", ""},
	{"[mx]", ""},
	{"# nothing", ""},
};

int main(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_arena *arena = sts_arena_new();
		const char *out[STS_REPAIRED_MAX];
		size_t count = sts_mx_repair(sts_str_of(cases[i].value), arena, out);
		const char *got = "";

		CASE("mx: %s", cases[i].value);
		for (size_t k = 0; k < count; k++)
			got = sts_sprintf(arena, "%s%s%s", got, k == 0 ? "" : " ", out[k]);
		EXPECT_CSTR(got, cases[i].want);
		sts_arena_free(arena);
	}
	return test_done();
}
