/*
 * RFC 8461 section 3.2:
 *
 *   sts-policy-record      = sts-policy-field *WSP *(sts-policy-term sts-policy-field *WSP) [sts-policy-term]
 *   sts-policy-field       = sts-policy-version / sts-policy-mode / sts-policy-max-age / sts-policy-mx /
 * sts-policy-extension sts-policy-field-delim = ":" *WSP sts-policy-term        = LF / CRLF sts-policy-version     =
 * %s"version" sts-policy-field-delim %s"STSv1" sts-policy-mode        = %s"mode" sts-policy-field-delim (%s"testing" /
 * %s"enforce" / %s"none") sts-policy-max-age     = %s"max_age" sts-policy-field-delim 1*10(DIGIT) sts-policy-mx =
 * %s"mx" sts-policy-field-delim ["*."] Domain sts-policy-extension   = sts-policy-ext-name sts-policy-field-delim
 * sts-policy-ext-value sts-policy-ext-name    = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
 *   sts-policy-ext-value   = sts-policy-vchar [*(%x20 / sts-policy-vchar) sts-policy-vchar]
 *   sts-policy-vchar       = %x21-7E / UTF8-2 / UTF8-3 / UTF8-4
 *
 * A known name with a value that its own rule refuses would fit the extension rule; it is a fault all the same
 * (decision D2).
 */
#include "mtasts/policy.h"

#include "base/utf8.h"
#include "proto/fault.h"
#include "proto/policyword.h"
#include "proto/sniff.h"

#define MAX_AGE_DIGITS 10
/* Patterns that later ones are compared with to find repeated ones. */
#define MX_COMPARED 500

/* The three fields that may stand once. */
enum single { SINGLE_VERSION, SINGLE_MODE, SINGLE_MAX_AGE, SINGLE_COUNT };

static const char *const single_names[SINGLE_COUNT] = {"version", "mode", "max_age"};

/* One policy being read. */
struct reading {
	struct sts_arena *arena;
	struct sts_policy *policy;
	struct sts_str body;
	size_t at;     /* octets read */
	unsigned line; /* of the line at hand, 1-based */
	size_t line_start;
	unsigned met[SINGLE_COUNT];              /* line of the first such field, 0: none so far */
	struct sts_field like[SINGLE_COUNT + 1]; /* a field whose name is nearly that name; the last is for mx */
	bool known;                              /* some line is one of the four fields, well written or not */
	bool fields;                             /* some line was not blank */
	bool error;                              /* a fault of error severity was met */
	bool breach;                             /* a fault that the grammar or the ranges do not allow was met */
};

/* ---- noting ---- */

static struct sts_place place_of(const struct reading *r, const char *ptr)
{
	size_t offset = (size_t)(ptr - r->body.ptr);

	return (struct sts_place){offset, r->line, (unsigned)(offset - r->line_start) + 1};
}

static void note(struct reading *r, enum sts_policy_fault kind, struct sts_str at, const char *text)
{
	sts_fault_note(&r->policy->faults, r->arena, (int)kind, place_of(r, at.ptr), at, text);
}

static void note_breach(struct reading *r, enum sts_policy_fault kind, struct sts_str at, const char *text)
{
	r->breach = true;
	note(r, kind, at, text);
}

static void note_error(struct reading *r, enum sts_policy_fault kind, struct sts_str at, const char *text)
{
	r->error = true;
	note_breach(r, kind, at, text);
}

/* ---- characters ---- */

/* sts-policy-ext-value; what is no UTF-8 was looked for before. */
static bool is_ext_value(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7F)
			return false;
	return s.len > 0;
}

/* The first octet that no policy may hold: a control other than HTAB, or broken UTF-8; line.len when all is well. */
static size_t find_foreign(struct sts_str line)
{
	for (size_t at = 0; at < line.len;) {
		uint32_t cp = 0;
		size_t n = sts_utf8_take(sts_str_from(line, at), &cp);

		if (n == 0 || (cp < 0x20 && cp != '\t') || cp == 0x7F)
			return at;
		at += n;
	}
	return line.len;
}

/* ---- the four fields ---- */

static void read_version(struct reading *r, struct sts_str value)
{
	r->policy->version = sts_str_keep(r->arena, value);
	if (!sts_str_is(value, "STSv1"))
		note_error(r, STS_POLICY_VERSION_INVALID, value, sts_version_trouble(value));
}

static void read_mode(struct reading *r, struct sts_str value)
{
	r->policy->mode_text = sts_str_keep(r->arena, value);
	if (sts_str_is(value, "enforce"))
		r->policy->mode = STS_MODE_ENFORCE;
	else if (sts_str_is(value, "testing"))
		r->policy->mode = STS_MODE_TESTING;
	else if (sts_str_is(value, "none"))
		r->policy->mode = STS_MODE_NONE;
	else
		note_error(r, STS_POLICY_MODE_INVALID, value, sts_mode_trouble(value));
}

static void read_max_age(struct reading *r, struct sts_str value)
{
	struct sts_policy *p = r->policy;

	if (value.len > MAX_AGE_DIGITS || !sts_str_u64(value, &p->max_age_written)) {
		note_error(r, STS_POLICY_MAX_AGE_INVALID, value, sts_max_age_trouble(value));
		return;
	}
	p->has_max_age = true;
	p->max_age_s = (int64_t)p->max_age_written;
	if (p->max_age_written > STS_MAX_AGE_MAX) {
		p->max_age_s = STS_MAX_AGE_MAX;
		note_error(r, STS_POLICY_MAX_AGE_TOO_LARGE, value, NULL);
	}
}

static bool is_repeated_mx(const struct sts_policy *p, struct sts_str value)
{
	for (size_t i = 0; i < p->mx_count && i < MX_COMPARED; i++)
		if (sts_str_eqi(sts_str(p->mx[i].text, p->mx[i].len), value))
			return true;
	return false;
}

static void read_mx(struct reading *r, struct sts_str value)
{
	bool repeated = is_repeated_mx(r->policy, value);
	struct sts_mx_pattern *mx = STS_PUSH(r->arena, r->policy->mx, r->policy->mx_count);

	mx->text = sts_str_keep(r->arena, value).ptr;
	mx->len = value.len;
	mx->line = r->line;
	mx->valid = sts_mx_pattern_valid(value);
	mx->is_address = mx->valid && sts_is_dotted_quad(value);
	if (!mx->valid)
		note_error(r, STS_POLICY_MX_INVALID, value, sts_mx_trouble(value));
	else if (mx->is_address)
		note(r, STS_POLICY_MX_INVALID, value, "an address fits the grammar, but no MX host is ever named so");
	if (repeated && mx->valid)
		note(r, STS_POLICY_DUPLICATE_MX, value, NULL);
}

/* ---- fields ---- */

static void read_extension(struct reading *r, struct sts_str field, struct sts_str name, struct sts_str value)
{
	const char *hint = NULL;

	if (find_foreign(field) < field.len)
		return; /* noted already */
	if (!sts_ext_name_valid(name)) {
		note_breach(r, STS_POLICY_EXTENSION_MALFORMED, field,
			"a name is a letter or digit and up to 31 letters, digits, \"_\", \"-\" or \".\"");
		return;
	}
	if (!is_ext_value(value)) {
		note_breach(r, STS_POLICY_EXTENSION_MALFORMED, field,
			value.len == 0 ? "the value is empty" : "a value holds no tab");
		return;
	}
	if (sts_str_eqi(name, STS_STR("id")))
		hint = "the policy file has no id: it stands in the DNS record only";
	else if (sts_near_name(name) != NULL)
		hint = "the name is not written as senders expect it";
	note(r, STS_POLICY_UNKNOWN_FIELD, field, hint);
}

static void read_repeated(struct reading *r, enum single which, struct sts_str field, struct sts_str value)
{
	note(r, STS_POLICY_DUPLICATE_FIELD, field,
		sts_sprintf(r->arena,
			"%s stands in line %u already; the RFC says that the first counts, several senders take the "
			"last",
			single_names[which], r->met[which]));
	if (!is_ext_value(value))
		note_breach(r, STS_POLICY_EXTENSION_MALFORMED, field,
			"ignored as a repetition, but it breaks the grammar too");
}

static void read_single(struct reading *r, enum single which, struct sts_str field, struct sts_str value)
{
	static void (*const readers[SINGLE_COUNT])(struct reading *, struct sts_str) = {
		read_version, read_mode, read_max_age};

	r->known = true;
	if (r->met[which] != 0) {
		read_repeated(r, which, field, value);
		return;
	}
	r->met[which] = r->line;
	readers[which](r, value);
}

/* Remember a field that only looks like one of the four, to name it where that one is missing. */
static void remember_like(struct reading *r, struct sts_str name, struct sts_str value)
{
	const char *near = sts_near_name(name);

	if (near == NULL)
		return;
	for (size_t i = 0; i <= SINGLE_COUNT; i++) {
		if (strcmp(near, i == SINGLE_COUNT ? "mx" : single_names[i]) == 0 && r->like[i].line == 0)
			r->like[i] = (struct sts_field){.name = name, .value = value, .line = r->line};
	}
	r->known = true;
}

static void keep_field(struct reading *r, struct sts_str name, struct sts_str value)
{
	struct sts_field *f;

	if (r->policy->field_count >= STS_FIELDS_MAX)
		return;
	f = STS_PUSH(r->arena, r->policy->fields, r->policy->field_count);
	*f = (struct sts_field){
		.name = sts_str_keep(r->arena, name), .value = sts_str_keep(r->arena, value), .line = r->line};
}

static void read_field(struct reading *r, struct sts_str field, struct sts_str name, struct sts_str value)
{
	keep_field(r, name, value);
	for (size_t i = 0; i < SINGLE_COUNT; i++) {
		if (sts_str_is(name, single_names[i])) {
			read_single(r, (enum single)i, field, value);
			return;
		}
	}
	if (sts_str_is(name, "mx")) {
		r->known = true;
		read_mx(r, value);
		return;
	}
	remember_like(r, name, value);
	read_extension(r, field, name, value);
}

/* ---- lines ---- */

/* A line without a colon. "mode=enforce" is read as what it was meant to be. */
static void read_no_field(struct reading *r, struct sts_str text)
{
	size_t equals = sts_str_find(text, '=', 0);
	struct sts_str name = sts_str_trim(sts_str(text.ptr, equals));

	if (equals < text.len && sts_is_policy_name(name)) {
		note_error(r, STS_POLICY_FIELD_SYNTAX, text, "a colon must stand behind the name, not \"=\"");
		read_field(r, text, name, sts_str_trim(sts_str_from(text, equals + 1)));
		return;
	}
	note_error(r, STS_POLICY_FIELD_SYNTAX, text,
		text.ptr[0] == '#' ? "the format has no comments" : "a line is a name, a colon and a value");
}

/* sts-policy-field *WSP, and what people write in its place. */
static void read_line(struct reading *r, struct sts_str line)
{
	struct sts_str text = sts_str_trim(line);
	size_t colon = sts_str_find(text, ':', 0);
	struct sts_str name = sts_str(text.ptr, colon);
	struct sts_str value = sts_str_trim(sts_str_from(text, colon + 1));

	if (text.len == 0) {
		note_breach(r, STS_POLICY_BLANK_LINE, line, NULL);
		return;
	}
	r->fields = true;
	if (find_foreign(line) < line.len)
		note_error(r, STS_POLICY_ENCODING, sts_str(line.ptr + find_foreign(line), 1),
			sts_utf8_valid(line) ? "a control character" : "not UTF-8");
	if (colon == text.len || text.ptr[0] == '#') {
		read_no_field(r, text);
		return;
	}
	if (colon == 0)
		note_error(r, STS_POLICY_FIELD_SYNTAX, text, "no name stands before the colon");
	else if (text.ptr != line.ptr)
		note_error(r, STS_POLICY_FIELD_SYNTAX, line, "no blank may stand before the name");
	else if (sts_is_wsp(text.ptr[colon - 1]))
		note_error(r, STS_POLICY_FIELD_SYNTAX, line, "no blank may stand before the colon");
	if (colon > 0)
		read_field(r, text, sts_str_trim(name), value);
}

/* Octets of the line end at the start of rest, counted by its sort. CR alone and CR CR LF end a line too, so that
 * reading can go on behind the fault. */
static size_t take_line_end(struct sts_policy *p, struct sts_str rest)
{
	if (rest.len == 0)
		return 0;
	if (rest.ptr[0] == '\n') {
		p->lf++;
		return 1;
	}
	if (sts_str_starts(rest, "\r\n")) {
		p->crlf++;
		return 2;
	}
	p->bare_cr++;
	return sts_str_starts(rest, "\r\r\n") ? 3 : 1;
}

/* Take the next line off, without its end. */
static struct sts_str next_line(struct reading *r)
{
	struct sts_str rest = sts_str_from(r->body, r->at);
	size_t end = 0;
	size_t skip;

	while (end < rest.len && rest.ptr[end] != '\n' && rest.ptr[end] != '\r')
		end++;
	skip = take_line_end(r->policy, sts_str_from(rest, end));
	r->policy->final_newline = skip > 0;
	r->at += end + skip;
	return sts_str(rest.ptr, end);
}

static void read_lines(struct reading *r)
{
	while (r->at < r->body.len) {
		size_t crs = r->policy->bare_cr;
		struct sts_str line;

		r->line++;
		if (r->line > 1)
			r->line_start = r->at;
		line = next_line(r);
		if (crs == 0 && r->policy->bare_cr > 0) {
			size_t end = (size_t)(line.ptr - r->body.ptr) + line.len;

			note_error(r, STS_POLICY_LINE_ENDINGS, sts_str(r->body.ptr + end, r->at - end),
				r->at - end == 3 ? "the line ends in CR CR LF" : "the line ends in CR alone");
		}
		read_line(r, line);
	}
}

/* ---- the whole ---- */

/* The place of a fault that is an absence: the field that may have been meant, else the first line. */
static void note_missing(struct reading *r, enum sts_policy_fault kind, const struct sts_field *like)
{
	unsigned line = r->line;

	if (like->line == 0) {
		r->line = 1;
		r->line_start = 0;
		note_error(r, kind, sts_str(r->body.ptr, 0), NULL);
	} else {
		r->line = like->line;
		r->line_start = (size_t)(like->name.ptr - r->body.ptr);
		note_error(r, kind, like->name, "a field with a similar name is there; names must be written exactly");
	}
	r->line = line;
}

static void note_absences(struct reading *r)
{
	struct sts_policy *p = r->policy;

	if (r->met[SINGLE_VERSION] == 0)
		note_missing(r, STS_POLICY_VERSION_MISSING, &r->like[SINGLE_VERSION]);
	if (r->met[SINGLE_MODE] == 0)
		note_missing(r, STS_POLICY_MODE_MISSING, &r->like[SINGLE_MODE]);
	if (r->met[SINGLE_MAX_AGE] == 0)
		note_missing(r, STS_POLICY_MAX_AGE_MISSING, &r->like[SINGLE_MAX_AGE]);
	if (p->mx_count == 0 && (p->mode == STS_MODE_ENFORCE || p->mode == STS_MODE_TESTING))
		note_missing(r, STS_POLICY_MX_MISSING, &r->like[SINGLE_COUNT]);
}

/* One fault that stands for all others. */
static void replace_faults(struct reading *r, enum sts_policy_fault kind, const char *text)
{
	r->policy->faults = (struct sts_faults){0};
	r->line = 1;
	r->line_start = 0;
	note_error(r, kind, sts_str(r->body.ptr, r->body.len < STS_FAULT_TEXT_MAX ? r->body.len : STS_FAULT_TEXT_MAX),
		text);
}

/* True when the body is something else altogether, noted as such. */
static bool is_something_else(struct reading *r)
{
	struct sts_str behind_bom = sts_str_from(r->body, r->at);
	const char *what = sts_policy_sniff(behind_bom);

	if (r->body.len == 0)
		replace_faults(r, STS_POLICY_EMPTY, NULL);
	else if (sts_sniff_utf16(r->body))
		replace_faults(r, STS_POLICY_ENCODING, "this is UTF-16; policies are UTF-8");
	else if (what != NULL)
		replace_faults(r, STS_POLICY_NOT_A_POLICY, what);
	else
		return false;
	return true;
}

static void read_policy(struct reading *r)
{
	if (sts_str_starts(r->body, "\xEF\xBB\xBF")) {
		r->line = 1;
		r->at = 3;
		note_error(r, STS_POLICY_BOM, sts_str(r->body.ptr, 3), NULL);
		r->line = 0;
	}
	if (is_something_else(r))
		return;
	read_lines(r);
	if (!r->fields)
		replace_faults(r, STS_POLICY_EMPTY, "the file holds nothing but blanks");
	else if (!r->known)
		replace_faults(r, STS_POLICY_NOT_A_POLICY, "none of its lines is a field of a policy");
	else
		note_absences(r);
}

void sts_policy_parse(struct sts_str body, struct sts_arena *arena, struct sts_policy *out)
{
	struct reading r = {.arena = arena, .policy = out, .body = body};

	*out = (struct sts_policy){0};
	if (r.body.len > STS_POLICY_MAX)
		r.body.len = STS_POLICY_MAX;
	if (r.body.ptr == NULL)
		r.body.ptr = "";
	read_policy(&r);
	out->strict = !r.breach;
	out->usable = !r.error;
}

const char *sts_mode_name(enum sts_mode mode)
{
	static const char *const names[] = {NULL, "enforce", "testing", "none"};

	return names[mode];
}
