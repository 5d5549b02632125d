/*
 * RFC 8460 section 3:
 *
 *   tlsrpt-record    = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
 *   field-delim      = *WSP ";" *WSP
 *   tlsrpt-field     = tlsrpt-rua / tlsrpt-extension
 *   tlsrpt-version   = %s"v=TLSRPTv1"
 *   tlsrpt-rua       = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
 *   tlsrpt-uri       = URI    ; RFC 3986, with "," "!" and ";" percent-encoded
 *   tlsrpt-extension = tlsrpt-ext-name "=" tlsrpt-ext-value
 *   tlsrpt-ext-name  = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
 *   tlsrpt-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)
 */
#include "mtasts/tlsrpt.h"

#include "proto/fault.h"
#include "proto/ruauri.h"

#define VERSION "v=TLSRPTv1"

/* The chosen record being read. */
struct reading {
	struct sts_arena *arena;
	struct sts_tlsrpt *out;
	struct sts_str text;
	bool breach;   /* the grammar is broken */
	unsigned ruas; /* rua fields met */
};

static void note(struct reading *r, enum sts_tlsrpt_fault kind, struct sts_str at, const char *text)
{
	size_t offset = (size_t)(at.ptr - r->text.ptr);

	sts_fault_note(
		&r->out->faults, r->arena, (int)kind, (struct sts_place){offset, 1, (unsigned)offset + 1}, at, text);
}

static void note_breach(struct reading *r, enum sts_tlsrpt_fault kind, struct sts_str at, const char *text)
{
	r->breach = true;
	note(r, kind, at, text);
}

/* ---- rua ---- */

static void read_uri(struct reading *r, struct sts_str uri)
{
	const char *trouble = sts_rua_syntax(uri);
	struct sts_rua *rua = STS_PUSH(r->arena, r->out->rua, r->out->rua_count);

	rua->uri = sts_str_keep(r->arena, uri);
	if (trouble != NULL) {
		note_breach(r, STS_TLSRPT_RUA_INVALID, uri, trouble);
		return;
	}
	trouble = sts_rua_read(rua->uri, r->arena, rua);
	if (trouble == NULL)
		rua->usable = true;
	else if (sts_str_is(rua->scheme, "mailto") || sts_str_is(rua->scheme, "https"))
		note(r, STS_TLSRPT_RUA_INVALID, uri, trouble);
	else
		note(r, STS_TLSRPT_RUA_SCHEME, uri, trouble);
}

/* tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri) */
static void read_rua(struct reading *r, struct sts_str field, struct sts_str value)
{
	if (++r->ruas > 1)
		note(r, STS_TLSRPT_DUPLICATE_RUA, field, NULL);
	while (true) {
		size_t comma = sts_str_find(value, ',', 0);
		struct sts_str uri = sts_str_trim(sts_str(value.ptr, comma));

		if (uri.len == 0)
			note_breach(r, STS_TLSRPT_RUA_INVALID, field,
				value.len == 0 && comma == 0 && r->out->rua_count == 0
					? "no destination"
					: "a comma without a destination");
		else
			read_uri(r, uri);
		if (comma == value.len)
			return;
		value = sts_str_from(value, comma + 1);
	}
}

/* ---- fields ---- */

static const char *extension_trouble(struct sts_str field, struct sts_str name, struct sts_str value)
{
	if (name.len == field.len)
		return "a field is a name, \"=\" and a value";
	if (!sts_ext_name_valid(name))
		return "a name is a letter or digit and up to 31 letters, digits, \"_\", \"-\" or \".\"";
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < 0x21 || value.ptr[i] > 0x7E || value.ptr[i] == '=')
			return "a value is visible US-ASCII without blank and \"=\"";
	return value.len == 0 ? "the value is empty" : NULL;
}

static void read_field(struct reading *r, struct sts_str field)
{
	size_t equals = sts_str_find(field, '=', 0);
	struct sts_str name = sts_str(field.ptr, equals);
	struct sts_str value = sts_str_from(field, equals + 1);
	const char *trouble;

	if (sts_str_is(name, "rua") && equals < field.len && (value.len == 0 || !sts_is_wsp(value.ptr[0]))) {
		read_rua(r, field, value);
		return;
	}
	if (sts_str_is(sts_str_trim(name), "rua") && equals < field.len) {
		note_breach(r, STS_TLSRPT_MALFORMED, field, "no blank may stand around \"=\"");
		r->ruas++;
		return;
	}
	trouble = extension_trouble(field, name, value);
	if (trouble != NULL)
		note_breach(r, STS_TLSRPT_MALFORMED, field, trouble);
	else
		note(r, STS_TLSRPT_UNKNOWN_FIELD, field,
			sts_str_eqi(name, STS_STR("rua")) ? "field names are case-sensitive: this is no rua" : NULL);
}

/* 1*(field-delim tlsrpt-field) [field-delim], behind the first ";" */
static void read_fields(struct reading *r, struct sts_str rest)
{
	while (true) {
		size_t end = sts_str_find(rest, ';', 0);
		struct sts_str field = sts_str_trim(sts_str(rest.ptr, end));
		bool last = end == rest.len;

		if (field.len > 0)
			read_field(r, field);
		else if (!last)
			note_breach(r, STS_TLSRPT_MALFORMED, sts_str(rest.ptr, end + 1),
				"an empty field between two semicolons");
		if (last && field.len > 0 && field.ptr + field.len != rest.ptr + rest.len)
			note_breach(
				r, STS_TLSRPT_MALFORMED, field, "blanks at the end, without a semicolon before them");
		if (last)
			return;
		rest = sts_str_from(rest, end + 1);
	}
}

/* ---- the whole ---- */

/* Where the fields begin: behind "v=TLSRPTv1" [*WSP] ";"; 0 when the text does not begin so. */
static size_t behind_version(struct sts_str text, bool sole)
{
	size_t at = strlen(VERSION);

	if (!sts_str_starts(text, VERSION))
		return 0;
	while (sole && at < text.len && sts_is_wsp(text.ptr[at]))
		at++;
	return at < text.len && text.ptr[at] == ';' ? at + 1 : 0;
}

static void read_record(struct sts_str text, size_t at, struct sts_arena *arena, struct sts_tlsrpt *out)
{
	struct reading r = {.arena = arena, .out = out, .text = text};

	read_fields(&r, sts_str_from(text, at));
	if (r.ruas == 0)
		note_breach(&r, STS_TLSRPT_MALFORMED, text, "no rua field");
	out->verdict = r.breach ? STS_TLSRPT_INVALID : STS_TLSRPT_UNUSABLE;
	for (size_t i = 0; i < out->rua_count && !r.breach; i++)
		if (out->rua[i].usable)
			out->verdict = STS_TLSRPT_ACCEPT;
}

/* No sender takes it for a TLSRPT record, yet whoever wrote it meant one. Other protocols' records carry a version of
 * their own. */
static bool meant(struct sts_str text)
{
	return sts_str_findi(text, "tlsrpt") < text.len ||
	       (!sts_str_startsi(text, "v=") && sts_str_findi(text, "rua=") < text.len);
}

static void note_meant(struct sts_arena *arena, struct sts_tlsrpt *out)
{
	for (size_t i = 0; i < out->record_count; i++) {
		struct reading r = {.arena = arena, .out = out, .text = out->records[i]};

		if (!meant(r.text))
			continue;
		out->almost = true;
		note(&r, STS_TLSRPT_MALFORMED, r.text, "does not begin with exactly \"v=TLSRPTv1;\"");
	}
}

void sts_tlsrpt_parse(const struct sts_str *texts, size_t count, struct sts_arena *arena, struct sts_tlsrpt *out)
{
	size_t chosen = 0;

	*out = (struct sts_tlsrpt){.verdict = STS_TLSRPT_ABSENT};
	out->records = sts_alloc_array(arena, count == 0 ? 1 : count, sizeof *out->records);
	out->record_count = count;
	for (size_t i = 0; i < count; i++) {
		out->records[i] = sts_str_keep(arena, texts[i]);
		if (behind_version(out->records[i], count == 1) == 0)
			continue;
		out->candidates++;
		chosen = i;
	}
	if (out->candidates == 1)
		read_record(out->records[chosen], behind_version(out->records[chosen], count == 1), arena, out);
	else if (out->candidates > 1)
		out->verdict = STS_TLSRPT_MULTIPLE;
	else
		note_meant(arena, out);
}
