#include "check/phrase.h"

#include "base/buf.h"
#include "base/clock.h"

#include <inttypes.h>

/* Octets of the longest list, line or file made here. */
#define PHRASE_MAX 65536
/* Octets of one character-string of a TXT record.  [RFC 1035 section 3.3] */
#define TXT_STRING_MAX 255

static const char *take(struct sts_arena *arena, struct sts_buf *b)
{
	const char *s = sts_strndup(arena, b->ptr == NULL ? "" : b->ptr, b->len);

	sts_buf_clear(b);
	return s;
}

const char *sts_name(struct sts_arena *arena, const char *name)
{
	return sts_show(arena, sts_str_of(name));
}

const char *sts_capital(struct sts_arena *arena, const char *s)
{
	char *copy = sts_strdup(arena, s);

	if (copy[0] >= 'a' && copy[0] <= 'z')
		copy[0] = (char)(copy[0] - ('a' - 'A'));
	return copy;
}

const char *sts_join(struct sts_arena *arena, const char *const *names, size_t count, size_t shown)
{
	struct sts_buf b;

	if (shown > count)
		shown = count;
	sts_buf_init(&b, PHRASE_MAX);
	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			sts_buf_puts(&b, i + 1 == count ? " and " : ", ");
		sts_buf_escape(&b, sts_str_of(names[i]), 200);
	}
	if (count > shown)
		sts_buf_printf(&b, " and %zu more", count - shown);
	return take(arena, &b);
}

const char *sts_lookup_reason(const struct sts_answer *answer)
{
	return answer->state == STS_DNS_TIMEOUT || answer->state == STS_DNS_NOT_ASKED ? "timeout" : "resolver-failed";
}

static const char *state_words(enum sts_dns_state state)
{
	switch (state) {
	case STS_DNS_NOT_ASKED:
		return "it was not asked for in the time allowed";
	case STS_DNS_OK:
		return "it is there";
	case STS_DNS_NODATA:
		return "the name has no such record";
	case STS_DNS_NXDOMAIN:
		return "the name does not exist";
	case STS_DNS_SERVFAIL:
		return "the resolver reports a failure (SERVFAIL)";
	case STS_DNS_TIMEOUT:
		return "no answer came in time";
	case STS_DNS_BOGUS:
		return "the answer fails DNSSEC validation";
	case STS_DNS_REFUSED:
		return "the server refuses to answer";
	case STS_DNS_MALFORMED:
		return "the answer is malformed";
	case STS_DNS_TRUNCATED:
		return "the answer is truncated and cannot be had over TCP";
	case STS_DNS_CNAME_LOOP:
		return "its aliases run in a circle";
	case STS_DNS_CNAME_LONG:
		return "its chain of aliases is too long";
	}
	return "no answer";
}

const char *sts_lookup_words(struct sts_arena *arena, const struct sts_answer *answer)
{
	if (answer->why == NULL || sts_answer_certain(answer))
		return state_words(answer->state);
	return sts_sprintf(arena, "%s: %s", state_words(answer->state), sts_name(arena, answer->why));
}

const char *sts_chain_words(struct sts_arena *arena, const struct sts_answer *answer)
{
	struct sts_buf b;

	sts_buf_init(&b, PHRASE_MAX);
	sts_buf_escape(&b, sts_str_of(answer->name), 200);
	for (size_t i = 0; i < answer->cname_count; i++) {
		sts_buf_puts(&b, " → ");
		sts_buf_escape(&b, sts_str_of(answer->cname[i]), 200);
	}
	return take(arena, &b);
}

const char *sts_date(struct sts_arena *arena, int64_t at)
{
	char text[21];

	sts_format_time(at, text);
	return sts_strndup(arena, text, 10);
}

/* ---- lines to paste ---------------------------------------------------------------------------------------------- */

/* Quotes and backslashes escaped; anything unprintable as \DDD.  [RFC 1035 section 5.1] */
static void put_txt_string(struct sts_buf *b, struct sts_str s)
{
	sts_buf_addc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x20 || c > 0x7e)
			sts_buf_printf(b, "\\%03u", c);
		else if (c == '"' || c == '\\')
			sts_buf_printf(b, "\\%c", c);
		else
			sts_buf_addc(b, (char)c);
	}
	sts_buf_addc(b, '"');
}

const char *sts_txt_line(struct sts_arena *arena, const char *owner, uint32_t ttl_s, struct sts_str text)
{
	struct sts_buf b;
	size_t at = 0;

	sts_buf_init(&b, PHRASE_MAX);
	sts_buf_printf(&b, "%s. ", owner);
	if (ttl_s > 0)
		sts_buf_printf(&b, "%" PRIu32 " ", ttl_s);
	sts_buf_puts(&b, "IN TXT");
	do {
		size_t len = text.len - at > TXT_STRING_MAX ? TXT_STRING_MAX : text.len - at;

		sts_buf_addc(&b, ' ');
		put_txt_string(&b, sts_str(text.ptr + at, len));
		at += len;
	} while (at < text.len);
	return take(arena, &b);
}

/* Letters and digits only, and different each second: the usual form of an id. */
static const char *fresh_id(const struct sts_report *r)
{
	char t[21];

	sts_format_time(r->facts->judged_at, t);
	return sts_sprintf(r->arena, "%.4s%.2s%.2s%.2s%.2s%.2s", t, t + 5, t + 8, t + 11, t + 14, t + 17);
}

const char *sts_record_line(const struct sts_report *r)
{
	const char *owner = sts_sprintf(r->arena, "_mta-sts.%s", r->facts->domain);

	return sts_txt_line(r->arena, owner, 0, sts_str_of(sts_sprintf(r->arena, "v=STSv1; id=%s;", fresh_id(r))));
}

const char *sts_tlsrpt_line(const struct sts_report *r)
{
	const char *domain = r->facts->domain;
	const char *text = sts_sprintf(r->arena, "v=TLSRPTv1; rua=mailto:tls-reports@%s", domain);

	return sts_txt_line(r->arena, sts_sprintf(r->arena, "_smtp._tls.%s", domain), 0, sts_str_of(text));
}

const char *sts_policy_file(
	struct sts_arena *arena, enum sts_mode mode, const char *const *hosts, size_t host_count, int64_t max_age_s)
{
	struct sts_buf b;
	const char *word = sts_mode_name(mode);

	sts_buf_init(&b, PHRASE_MAX);
	sts_buf_printf(&b, "version: STSv1\nmode: %s\n", word == NULL ? "testing" : word);
	for (size_t i = 0; i < host_count; i++)
		sts_buf_printf(&b, "mx: %s\n", sts_name(arena, hosts[i]));
	sts_buf_printf(&b, "max_age: %" PRId64 "\n", max_age_s);
	return take(arena, &b);
}

bool sts_leads_out(const struct sts_answer *answer, const char *domain)
{
	struct sts_str target;
	size_t len = strlen(domain);

	if (answer->cname_count == 0)
		return false;
	target = sts_str_of(answer->cname[answer->cname_count - 1]);
	if (!sts_str_endsi(target, domain))
		return true;
	return target.len > len && target.ptr[target.len - len - 1] != '.';
}
