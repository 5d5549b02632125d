/* First octet: what it is; the rest through parsers, senders, rules. Nothing of it may act on a terminal. */
#include "fuzz.h"

#include "base/utf8.h"
#include "check/lint.h"

static void check_text(const char *text, bool lines)
{
	struct sts_str s = sts_str_of(text);
	size_t n;

	for (; s.len > 0; s = sts_str_from(s, n)) {
		uint32_t cp = 0;

		n = sts_utf8_take(s, &cp);
		must(n > 0 && (!sts_char_unsafe(cp) || (lines && cp == '\n')));
	}
}

static void check(const struct sts_lint *lint)
{
	must(!lint->usable || lint->works);
	must(lint->works || sts_lint_worst(lint) == STS_ERROR || strcmp(lint->verdict, "absent") == 0);
	must(lint->accepted_count + lint->refused_count <= lint->sender_count);
	for (size_t i = 0; i < lint->issue_count; i++) {
		check_text(lint->issues[i].detail, false);
		check_text(lint->issues[i].subject, false);
		check_text(lint->issues[i].fix_snippet, true);
		must(i == 0 || lint->issues[i].severity <= lint->issues[i - 1].severity);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"mail.example.com", "a.b.example.net"};
	struct sts_lint_params params = {.judged_at = INT64_C(1800000000), .hosts = hosts, .host_count = 2};
	struct sts_arena *arena = sts_arena_new();
	struct sts_str text = sts_str_from(sts_str((const char *)data, size), 1);
	struct sts_lint lint;

	if (size > 0) {
		switch (data[0] % 3) {
		case 0:
			sts_lint_policy(text, &params, arena, &lint);
			break;
		case 1:
			sts_lint_record(&text, 1, &params, arena, &lint);
			break;
		default:
			sts_lint_tlsrpt(&text, 1, &params, arena, &lint);
		}
		check(&lint);
	}
	sts_arena_free(arena);
	return 0;
}
