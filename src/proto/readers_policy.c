/*
 * Six senders were measured line by line (mox, postfix-tlspol, postfix-mta-sts-resolver, maddy, chasquid, mailauth) and
 * are re-built here from what they do. Of KumoMTA, Stalwart and Halon only some habits are known; where a body leaves
 * these, nothing is claimed.
 */
#include "proto/readers.h"

#include "proto/httpresp.h"
#include "proto/loosenum.h"

#define DAY_S 86400
#define HOUR_S 3600
#define CHASQUID_READS 10240

enum repeat { REPEAT_FIRST, REPEAT_LAST, REPEAT_REFUSED };
enum over { OVER_REFUSED, OVER_CUT, OVER_TAKEN, OVER_ONE_DAY };

/* The habits of one sender. */
struct habits {
	bool measured;     /* any body was judged; else only bodies within `knows` */
	uint32_t knows;    /* faults (bits of enum sts_policy_fault) whose effect on it is known */
	bool strict_lines; /* mox, tlspol: every line must fit the grammar */
	bool split_lines;  /* Python's splitlines(): CR, VT, FF … end a line too */
	bool blank_refused;
	bool no_colon_refused;
	bool two_colons_refused;
	bool trims_name;
	bool ignores_case; /* of names and mode */
	bool ascii_only;   /* unless a charset is stated */
	bool skips_bom;
	bool version_optional;
	bool version_any_case;
	bool mode_optional;    /* absent: none */
	bool max_age_optional; /* absent: one day */
	bool mx_always;        /* also in mode none */
	bool mx_empty_kept;
	enum repeat repeat;
	unsigned number;
	uint64_t most; /* largest max_age taken; what is above falls under over */
	enum over over;
	bool zero_refused;
	bool short_one_day; /* under an hour: one day */
	bool type_ignored;  /* Content-Type */
	bool type_exact;    /* compared with letter case */
	bool any_2xx;
	bool any_status;
	int64_t limit_ms; /* 0: not known */
	size_t body_max;  /* 0: not known */
};

#define BIT(kind) (1u << STS_POLICY_##kind)
/* What every sender refuses, and what none minds. */
#define PLAIN (BIT(UNKNOWN_FIELD) | BIT(DUPLICATE_MX))
#define ABSENCES (BIT(VERSION_MISSING) | BIT(MODE_MISSING) | BIT(MAX_AGE_MISSING) | BIT(MX_MISSING))

static const struct habits habits[STS_SENDER_COUNT] = {
	[STS_SENDER_MOX] = {.measured = true,
		.strict_lines = true,
		.blank_refused = true,
		.no_colon_refused = true,
		.repeat = REPEAT_FIRST,
		.most = INT32_MAX,
		.over = OVER_REFUSED,
		.type_ignored = true,
		.limit_ms = 60000,
		.body_max = 65536},
	[STS_SENDER_TLSPOL] = {.measured = true,
		.strict_lines = true,
		.blank_refused = true,
		.no_colon_refused = true,
		.repeat = REPEAT_FIRST,
		.most = STS_MAX_AGE_MAX,
		.over = OVER_CUT,
		.zero_refused = true,
		.limit_ms = 2000,
		.body_max = 65536},
	[STS_SENDER_PMSR] = {.measured = true,
		.split_lines = true,
		.ascii_only = true,
		.mx_empty_kept = true,
		.repeat = REPEAT_LAST,
		.number = STS_NUMBER_PLUS | STS_NUMBER_UNDERSCORE,
		.most = STS_MAX_AGE_MAX,
		.limit_ms = 4000,
		.body_max = 65536},
	[STS_SENDER_MADDY] = {.measured = true,
		.blank_refused = true,
		.no_colon_refused = true,
		.two_colons_refused = true,
		.mx_empty_kept = true,
		.repeat = REPEAT_LAST,
		.number = STS_NUMBER_PLUS | STS_NUMBER_NEGATIVE,
		.most = INT64_MAX,
		.limit_ms = 60000},
	[STS_SENDER_CHASQUID] = {.measured = true,
		.trims_name = true,
		.mx_always = true,
		.mx_empty_kept = true,
		.repeat = REPEAT_LAST,
		.number = STS_NUMBER_PLUS,
		.most = STS_MAX_AGE_MAX,
		.zero_refused = true},
	[STS_SENDER_KUMOMTA] = {.knows = PLAIN | BIT(EMPTY) | BIT(NOT_A_POLICY) | BIT(BOM) | BIT(BLANK_LINE) |
					 ABSENCES | BIT(VERSION_INVALID) | BIT(MODE_INVALID) | BIT(MAX_AGE_TOO_LARGE) |
					 BIT(MX_INVALID) | BIT(DUPLICATE_FIELD) | BIT(EXTENSION_MALFORMED),
		.trims_name = true,
		.mx_empty_kept = true,
		.repeat = REPEAT_REFUSED,
		.most = INT64_MAX,
		.type_exact = true,
		.limit_ms = 20000},
	[STS_SENDER_STALWART] = {.knows = PLAIN | BIT(EMPTY) | BIT(NOT_A_POLICY) | BIT(BOM) | BIT(BLANK_LINE) |
					  ABSENCES | BIT(VERSION_INVALID) | BIT(MODE_INVALID) | BIT(MAX_AGE_TOO_LARGE) |
					  BIT(MX_INVALID) | BIT(DUPLICATE_FIELD) | BIT(EXTENSION_MALFORMED),
		.trims_name = true,
		.skips_bom = true,
		.version_optional = true,
		.version_any_case = true,
		.mode_optional = true,
		.max_age_optional = true,
		.mx_always = true,
		.repeat = REPEAT_LAST,
		.most = STS_MAX_AGE_MAX - 1,
		.over = OVER_ONE_DAY,
		.short_one_day = true,
		.type_ignored = true,
		.any_status = true,
		.body_max = 1024 * 1024},
	[STS_SENDER_MAILAUTH] = {.measured = true,
		.trims_name = true,
		.ignores_case = true,
		.skips_bom = true,
		.mode_optional = true,
		.mx_empty_kept = true,
		.repeat = REPEAT_LAST,
		.number = STS_NUMBER_PLUS | STS_NUMBER_SCRIPT,
		.most = STS_MAX_AGE_MAX,
		.type_ignored = true,
		.any_2xx = true,
		.limit_ms = 15000,
		.body_max = 1000 * 1000},
	[STS_SENDER_HALON] = {.knows = PLAIN,
		.repeat = REPEAT_FIRST,
		.most = STS_MAX_AGE_MAX,
		.type_ignored = true,
		.limit_ms = 5000,
		.body_max = 65536},
};

/* One body as one sender reads it. */
struct reading {
	enum sts_sender sender;
	const struct habits *habits;
	struct sts_reading *out;
	bool stated_charset;
	bool has_version, has_mode, has_max_age;
	struct sts_str version, mode, max_age;
	size_t mx;
	bool refused;
};

static void refuse(struct reading *r, const char *why)
{
	if (!r->refused)
		r->out->why = why;
	r->refused = true;
}

/* It reads the policy, but not as the RFC does. */
static void differ(struct reading *r, const char *why)
{
	if (!r->refused && r->out->why == NULL)
		r->out->why = why;
}

/* ---- lines ---- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct sts_str trim_end(struct sts_str s)
{
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static struct sts_str trim_both(struct sts_str s)
{
	while (s.len > 0 && is_space(s.ptr[0]))
		s = sts_str_from(s, 1);
	return trim_end(s);
}

static bool ends_line(const struct reading *r, char c)
{
	return c == '\n' ||
	       (r->habits->split_lines && (c == '\r' || c == '\v' || c == '\f' || (c >= 0x1C && c <= 0x1E)));
}

static struct sts_str take_line(const struct reading *r, struct sts_str *rest)
{
	struct sts_str line;
	size_t end = 0;
	size_t next;

	while (end < rest->len && !ends_line(r, rest->ptr[end]))
		end++;
	next = end + 1;
	if (r->habits->split_lines && end + 1 < rest->len && rest->ptr[end] == '\r' && rest->ptr[end + 1] == '\n')
		next++;
	line = sts_str(rest->ptr, end);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	*rest = sts_str_from(*rest, next);
	return line;
}

static bool name_is(const struct reading *r, struct sts_str name, const char *want)
{
	return r->habits->ignores_case ? sts_str_eqi(name, sts_str_of(want)) : sts_str_is(name, want);
}

static void keep(struct reading *r, struct sts_str *slot, bool *has, struct sts_str value)
{
	if (*has && r->habits->repeat == REPEAT_REFUSED)
		refuse(r, "drops a policy that repeats a field");
	if (*has && r->habits->repeat == REPEAT_LAST)
		differ(r, "takes the last of repeated fields");
	if (!*has || r->habits->repeat == REPEAT_LAST)
		*slot = value;
	*has = true;
}

static void read_field(struct reading *r, struct sts_str name, struct sts_str value)
{
	if (name_is(r, name, "version"))
		keep(r, &r->version, &r->has_version, value);
	else if (name_is(r, name, "mode"))
		keep(r, &r->mode, &r->has_mode, value);
	else if (name_is(r, name, "max_age"))
		keep(r, &r->max_age, &r->has_max_age, value);
	else if (name_is(r, name, "mx") && (value.len > 0 || r->habits->mx_empty_kept))
		r->mx++;
}

static void read_line(struct reading *r, struct sts_str line)
{
	size_t colon = sts_str_find(line, ':', 0);
	struct sts_str name = sts_str(line.ptr, colon);

	if (colon == line.len) {
		bool blank = trim_both(line).len == 0;

		if (blank && r->habits->blank_refused)
			refuse(r, "drops a policy with a blank line");
		else if (!blank && r->habits->no_colon_refused)
			refuse(r, "drops a policy with a line that is no field");
		return;
	}
	if (r->habits->two_colons_refused && sts_str_find(line, ':', colon + 1) < line.len)
		refuse(r, "drops a policy with a second colon in a line");
	read_field(r, r->habits->trims_name ? trim_both(name) : name, trim_both(sts_str_from(line, colon + 1)));
}

static void read_lines(struct reading *r, struct sts_str body)
{
	while (body.len > 0)
		read_line(r, take_line(r, &body));
}

/* ---- the whole body ---- */

static const char *const mode_words[] = {NULL, "enforce", "testing", "none"};

static void judge_mode(struct reading *r)
{
	if (!r->has_mode && r->habits->mode_optional) {
		r->out->mode = STS_MODE_NONE;
		differ(r, "takes a missing mode as none");
		return;
	}
	for (enum sts_mode m = STS_MODE_ENFORCE; r->has_mode && m <= STS_MODE_NONE; m++) {
		if (name_is(r, r->mode, mode_words[m])) {
			r->out->mode = m;
			if (!sts_str_is(r->mode, mode_words[m]))
				differ(r, "ignores the letter case of the mode");
			return;
		}
	}
	refuse(r, r->has_mode ? "finds no mode it knows" : "finds no mode");
}

/* A number that it can read into *out->max_age_s, by its limits. */
static void apply_limits(struct reading *r, uint64_t v)
{
	const struct habits *h = r->habits;

	r->out->max_age_s = (int64_t)(v < INT64_MAX ? v : INT64_MAX);
	if (v > h->most && h->over == OVER_REFUSED)
		refuse(r, "drops a policy whose max_age is too large");
	if (v > STS_MAX_AGE_MAX && v <= h->most)
		differ(r, "keeps the policy longer than the RFC allows");
	if (v > h->most && h->over == OVER_CUT) {
		r->out->max_age_s = (int64_t)h->most;
		differ(r, "cuts max_age to the maximum");
	}
	if (v == 0 && h->zero_refused)
		refuse(r, "drops a policy whose max_age is 0");
	if ((v > h->most && h->over == OVER_ONE_DAY) || (h->short_one_day && v < HOUR_S)) {
		r->out->max_age_s = DAY_S;
		differ(r, v < HOUR_S ? "keeps the policy for one day, whatever a max_age under an hour says"
				     : "keeps the policy for one day only");
	}
}

static void judge_max_age(struct reading *r)
{
	uint64_t v = 0;
	bool negative = false;

	if (!r->has_max_age && r->habits->max_age_optional) {
		r->out->max_age_s = DAY_S;
		differ(r, "takes a missing max_age as one day");
	} else if (!r->has_max_age) {
		refuse(r, "finds no max_age");
	} else if (!sts_loose_number(r->max_age, r->habits->number, &v, &negative)) {
		refuse(r, "cannot read max_age");
	} else if (negative) {
		differ(r, "takes a negative max_age");
	} else {
		apply_limits(r, v);
	}
}

static void judge_version(struct reading *r)
{
	if (!r->has_version && r->habits->version_optional) {
		differ(r, "does not ask for a version");
		return;
	}
	if (!r->has_version)
		refuse(r, "finds no version");
	else if (!sts_str_is(r->version, "STSv1") &&
		 !(r->habits->version_any_case && sts_str_eqi(r->version, STS_STR("STSv1"))))
		refuse(r, "finds another version than STSv1");
}

static void judge(struct reading *r)
{
	judge_version(r);
	judge_mode(r);
	judge_max_age(r);
	if (r->mx == 0 && (r->out->mode != STS_MODE_NONE || r->habits->mx_always))
		refuse(r, r->out->mode == STS_MODE_NONE ? "wants an mx line even in mode none" : "finds no mx line");
}

/* ---- the two that read by the grammar ---- */

/* The grammar of an mx value without the lengths that DNS allows. */
static bool fits_but_for_length(struct sts_str s)
{
	if (sts_str_starts(s, "*."))
		s = sts_str_from(s, 2);
	for (size_t i = 0; i < s.len; i++) {
		bool first = i == 0 || s.ptr[i - 1] == '.';
		bool last = i + 1 == s.len || s.ptr[i + 1] == '.';

		if (s.ptr[i] == '.' ? first || i + 1 == s.len
				    : !sts_is_alnum(s.ptr[i]) && (s.ptr[i] != '-' || first || last))
			return false;
	}
	return s.len > 0;
}

/* What mox and postfix-tlspol do with an mx value that the RFC's grammar, or its length rule, does not take, and with
 * addresses. */
static void judge_pattern(struct reading *r, const struct sts_mx_pattern *mx)
{
	struct sts_str text = sts_str(mx->text, mx->len);
	bool final_dot = mx->len > 1 && text.ptr[mx->len - 1] == '.';

	if (mx->is_address)
		refuse(r, "drops a policy with an address as mx");
	if (mx->valid)
		return;
	if (r->sender == STS_SENDER_TLSPOL && final_dot && sts_mx_pattern_valid(sts_str(text.ptr, text.len - 1)))
		return;
	if (r->sender == STS_SENDER_MOX && fits_but_for_length(text))
		return;
	refuse(r, "drops a policy with a malformed mx line");
}

static void judge_strictly(struct reading *r, const struct sts_policy *p)
{
	static const struct {
		enum sts_policy_fault kind;
		const char *why;
	} fatal[] = {
		{STS_POLICY_LINE_ENDINGS, "drops a policy with a line that ends in CR alone"},
		{STS_POLICY_BOM, "drops a policy with a byte order mark"},
		{STS_POLICY_FIELD_SYNTAX, "drops a policy with a line that is no field"},
		{STS_POLICY_EXTENSION_MALFORMED, "drops a policy with a malformed unknown field"},
		{STS_POLICY_ENCODING, "drops a policy with control characters or broken UTF-8"},
	};

	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
		const struct sts_fault *f = sts_faults_find(&p->faults, (int)fatal[i].kind);

		/* mox lets broken UTF-8 through, but no control character */
		if (f == NULL || (r->sender == STS_SENDER_MOX && fatal[i].kind == STS_POLICY_ENCODING &&
					 f->text.len > 0 && (unsigned char)f->text.ptr[0] >= 0x80))
			continue;
		refuse(r, fatal[i].why);
	}
	for (size_t i = 0; i < p->mx_count; i++)
		judge_pattern(r, &p->mx[i]);
}

/* ---- what is known ---- */

static bool is_ascii(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

/*
 * Faults beyond what is known of this sender: nothing can be claimed. Blanks around a name are known: only the four
 * strict ones mind them.
 */
static bool is_known(const struct reading *r, const struct sts_policy *p)
{
	if (r->habits->measured)
		return !(r->sender == STS_SENDER_MAILAUTH && r->has_mode && r->mode.len == 0);
	for (size_t i = 0; i < p->faults.count; i++) {
		const struct sts_fault *f = &p->faults.items[i];
		bool stray_blank = f->kind == STS_POLICY_FIELD_SYNTAX && r->habits->trims_name &&
				   f->text.ptr[0] != '#' && sts_str_find(f->text, ':', 0) < f->text.len;

		if (!(r->habits->knows & 1u << f->kind) && !stray_blank)
			return false;
	}
	return true;
}

static void read_body(struct reading *r, struct sts_str body, const struct sts_policy *p)
{
	bool bom = sts_str_starts(body, "\xEF\xBB\xBF");

	if (bom && r->habits->skips_bom)
		body = sts_str_from(body, 3);
	if (r->sender == STS_SENDER_CHASQUID && body.len > CHASQUID_READS) {
		body.len = CHASQUID_READS;
		differ(r, "reads the first 10 KiB only");
	}
	if (r->habits->ascii_only && !r->stated_charset && !is_ascii(body))
		refuse(r, "drops a policy with non-ASCII text when no charset is stated");
	if (r->habits->strict_lines)
		judge_strictly(r, p);
	read_lines(r, body);
	if (bom && !r->habits->skips_bom)
		refuse(r, "drops a policy with a byte order mark");
	judge(r);
}

/* ---- transport ---- */

static void judge_status(struct reading *r, int status)
{
	bool success = status >= 200 && status < 300;

	if (status >= 300 && status < 400)
		refuse(r, "does not follow redirects");
	else if (status != 200 && !r->habits->any_status && !(r->habits->any_2xx && success))
		refuse(r, "wants HTTP status 200");
}

static void judge_type(struct reading *r, const char *content_type, struct sts_arena *arena)
{
	const char *type = NULL;
	const char *charset = NULL;

	if (content_type != NULL)
		(void)sts_media_type_parse(sts_str_of(content_type), arena, &type, &charset);
	r->stated_charset = charset != NULL && (strcmp(charset, "utf-8") == 0 || strcmp(charset, "utf8") == 0);
	if (r->habits->type_ignored)
		return;
	if (type == NULL || strcmp(type, "text/plain") != 0)
		refuse(r, "wants the media type text/plain");
	else if (r->habits->type_exact && !sts_str_starts(sts_str_trim(sts_str_of(content_type)), "text/plain"))
		refuse(r, "wants text/plain in lower case");
}

static void judge_transport(struct reading *r, const struct sts_transport *t, struct sts_arena *arena)
{
	if (t == NULL)
		return;
	if (r->habits->body_max != 0 && t->body_len > r->habits->body_max)
		refuse(r, "does not read that much");
	if (t->status == 0)
		return;
	judge_status(r, t->status);
	judge_type(r, t->content_type, arena);
	if (r->habits->limit_ms != 0 && t->duration_ms > r->habits->limit_ms)
		refuse(r, "does not wait that long");
	if (r->sender == STS_SENDER_TLSPOL && t->tls_version != NULL &&
		(strcmp(t->tls_version, "TLSv1") == 0 || strcmp(t->tls_version, "TLSv1.1") == 0))
		refuse(r, "wants TLS 1.2 or later");
}

static void read_as(enum sts_sender sender, struct sts_str body, const struct sts_policy *p,
	const struct sts_transport *transport, struct sts_arena *arena, struct sts_reading *out)
{
	struct reading r = {.sender = sender, .habits = &habits[sender], .out = out};
	bool known;

	*out = (struct sts_reading){0};
	judge_transport(&r, transport, arena);
	known = r.refused; /* a refusal for transport holds whatever the bytes are */
	read_body(&r, body, p);
	out->known = known || is_known(&r, p);
	out->accepts = out->known && !r.refused;
	if (!out->known)
		out->why = NULL;
}

void sts_readers_policy(struct sts_str body, const struct sts_transport *transport, struct sts_arena *arena,
	struct sts_reading out[static STS_SENDER_COUNT])
{
	struct sts_policy p;

	if (body.ptr == NULL)
		body = STS_STR("");
	sts_policy_parse(body, arena, &p);
	for (enum sts_sender s = 0; s < STS_SENDER_COUNT; s++)
		read_as(s, body, &p, transport, arena, &out[s]);
}
