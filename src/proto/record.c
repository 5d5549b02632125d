/*
 * RFC 8461 section 3.1:
 *
 *   sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
 *   sts-field       = sts-id / sts-extension
 *   sts-field-delim = *WSP ";" *WSP
 *   sts-version     = %s"v=STSv1"
 *   sts-id          = %s"id=" 1*32(ALPHA / DIGIT)
 *   sts-extension   = sts-ext-name "=" sts-ext-value
 *   sts-ext-name    = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
 *   sts-ext-value   = 1*(%x21-3A / %x3C / %x3E-7E)
 */
#include "mtasts/record.h"

#include "proto/fault.h"

#define VERSION "v=STSv1"
#define ID_MAX 32

/* One record being read. */
struct reading {
	struct sts_arena *arena;
	struct sts_record *record;
	bool sole;     /* the only TXT record at the name */
	bool eligible; /* senders take it for an MTA-STS record, good or bad */
	bool has_id;
	bool error;  /* a fault of error severity was met */
	bool breach; /* a fault that the grammar does not allow was met */
};

static void note(struct reading *r, enum sts_record_fault kind, struct sts_str at, const char *text)
{
	size_t offset = (size_t)(at.ptr - r->record->text.ptr);

	sts_fault_note(
		&r->record->faults, r->arena, (int)kind, (struct sts_place){offset, 1, (unsigned)offset + 1}, at, text);
}

static void note_error(struct reading *r, enum sts_record_fault kind, struct sts_str at, const char *text)
{
	r->error = true;
	r->breach = true;
	note(r, kind, at, text);
}

static void note_breach(struct reading *r, enum sts_record_fault kind, struct sts_str at, const char *text)
{
	r->breach = true;
	note(r, kind, at, text);
}

/* ---- characters ---- */

static bool is_text(char c)
{
	return c == '\t' || (c >= 0x20 && c <= 0x7E);
}

static bool is_ext_value(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7E || s.ptr[i] == '=' || s.ptr[i] == ';')
			return false;
	return s.len > 0;
}

static bool is_id(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!sts_is_alnum(s.ptr[i]))
			return false;
	return s.len > 0 && s.len <= ID_MAX;
}

/* ---- fields ---- */

static const char *id_trouble(struct sts_str value)
{
	if (value.len == 0)
		return "the id is empty";
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '-' || value.ptr[i] == '_' || value.ptr[i] == '.' || value.ptr[i] == ':')
			return "only letters and digits may stand in an id: no hyphen, underscore, full stop or colon";
		if (value.ptr[i] == '"')
			return "quotation marks belong to the zone file, not into the text";
		if (value.ptr[i] == ',')
			return "fields are parted by semicolons, not commas";
		if (!sts_is_alnum(value.ptr[i]))
			return "only letters and digits may stand in an id";
	}
	return "an id has at most 32 characters";
}

static void read_id(struct reading *r, struct sts_str field, struct sts_str value)
{
	r->has_id = true;
	r->record->id = value;
	if (!is_id(value))
		note_error(r, STS_RECORD_ID_INVALID, field, id_trouble(value));
}

static const char *extension_trouble(struct sts_str field, struct sts_str name, struct sts_str value)
{
	if (name.len == field.len)
		return "a field is a name, \"=\" and a value";
	if (!sts_ext_name_valid(name))
		return "a name is a letter or digit and up to 31 letters, digits, \"_\", \"-\" or \".\"";
	return value.len == 0 ? "the value is empty" : "a value holds no blank and no further \"=\"";
}

static bool is_repeated(const struct sts_record *record, struct sts_str name)
{
	if (sts_str_is(name, "v"))
		return true;
	for (size_t i = 0; i < record->field_count; i++)
		if (sts_str_eq(record->fields[i].name, name))
			return true;
	return false;
}

static bool has_foreign_octet(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_text(s.ptr[i]))
			return true;
	return false;
}

static void read_extension(
	struct reading *r, struct sts_str field, struct sts_str name, struct sts_str value, bool repeated)
{
	if (!sts_ext_name_valid(name) || !is_ext_value(value)) {
		if (!has_foreign_octet(field)) /* else noted already */
			note_breach(r, STS_RECORD_EXTENSION_MALFORMED, field, extension_trouble(field, name, value));
		return;
	}
	if (!repeated)
		note(r, STS_RECORD_UNKNOWN_FIELD, field,
			sts_str_eqi(name, STS_STR("id")) ? "field names are case-sensitive: this is no id" : NULL);
}

static void keep_field(struct reading *r, struct sts_str name, struct sts_str value)
{
	struct sts_field *f;

	if (r->record->field_count >= STS_FIELDS_MAX)
		return;
	f = STS_PUSH(r->arena, r->record->fields, r->record->field_count);
	*f = (struct sts_field){.name = name, .value = value, .line = 1};
}

/* sts-field, and what people write in its place. field is not empty and has no blanks around it. */
static void read_field(struct reading *r, struct sts_str field)
{
	size_t equals = sts_str_find(field, '=', 0);
	struct sts_str name = sts_str(field.ptr, equals);
	struct sts_str value = sts_str_from(field, equals + 1);
	struct sts_str bare = sts_str_trim(name);
	bool repeated = is_repeated(r->record, name);

	if (has_foreign_octet(field))
		note_error(r, STS_RECORD_NON_ASCII, field, "records are printable US-ASCII");
	if (repeated)
		note(r, STS_RECORD_DUPLICATE_FIELD, field, "the first one counts");
	if (sts_str_is(bare, "id") && !r->has_id &&
		(bare.len != name.len || (value.len > 0 && sts_is_wsp(value.ptr[0])))) {
		r->has_id = true;
		r->record->id = sts_str_trim(value);
		note_error(r, STS_RECORD_SYNTAX, field, "no blank may stand around \"=\"");
	} else if (sts_str_is(name, "id") && !repeated) {
		read_id(r, field, value);
	} else {
		read_extension(r, field, name, value, repeated);
	}
	keep_field(r, name, value);
}

/* 1*(sts-field-delim sts-field) [sts-field-delim], behind the first ";". The text ends in a field or in one delimiter.
 */
static bool read_fields(struct reading *r, struct sts_str rest)
{
	size_t count = 0;

	while (true) {
		size_t end = sts_str_find(rest, ';', 0);
		struct sts_str field = sts_str_trim(sts_str(rest.ptr, end));
		bool last = end == rest.len;

		if (field.len > 0) {
			read_field(r, field);
			count++;
			if (last && field.ptr + field.len != rest.ptr + rest.len)
				note_breach(r, STS_RECORD_TRAILING_SPACE,
					sts_str_from(rest, (size_t)(field.ptr - rest.ptr) + field.len), NULL);
		} else if (!last) {
			note_error(r, STS_RECORD_SYNTAX, sts_str(rest.ptr, end + 1),
				"an empty field between two semicolons");
		}
		if (last)
			return count > 0;
		rest = sts_str_from(rest, end + 1);
	}
}

/* ---- the whole ---- */

/* A field with this name, case and blanks ignored, anywhere in the text; its value trimmed into *value. */
static bool find_loosely(struct sts_str text, const char *name, struct sts_str *value)
{
	while (text.len > 0) {
		size_t end = sts_str_find(text, ';', 0);
		struct sts_str field = sts_str(text.ptr, end);
		size_t equals = sts_str_find(field, '=', 0);

		if (equals < field.len && sts_str_eqi(sts_str_trim(sts_str(field.ptr, equals)), sts_str_of(name))) {
			*value = sts_str_trim(sts_str_from(field, equals + 1));
			return true;
		}
		text = sts_str_from(text, end + 1);
	}
	return false;
}

/* Blanks and quotation marks that have strayed into the text. */
static struct sts_str unwrap(struct sts_str s)
{
	while (s.len > 0 && (sts_is_wsp(s.ptr[0]) || s.ptr[0] == '"' || s.ptr[0] == '\''))
		s = sts_str_from(s, 1);
	return s;
}

/* Not an MTA-STS record, but written to be one: an id, and a version of any sort or none at all before it. */
static const char *version_trouble(struct sts_str text)
{
	struct sts_str bare = unwrap(text);
	struct sts_str id;
	struct sts_str version;
	struct sts_str first;

	if (!find_loosely(bare, "id", &id))
		return NULL;
	if (!find_loosely(bare, "v", &version))
		return sts_str_startsi(bare, "id") ? "the version is missing" : NULL;
	if (!sts_str_startsi(version, "STS"))
		return NULL;
	if (bare.len != text.len)
		return "nothing may stand before v=STSv1, neither blanks nor quotation marks";
	first = sts_str(bare.ptr, sts_str_find(bare, '=', 0));
	if (!sts_str_eqi(sts_str_trim(first), STS_STR("v")))
		return "the version must come first";
	if (sts_str_is(version, "STSv1"))
		return sts_str_starts(bare, "v") ? "no blank may stand around \"=\"" : "\"v\" is case-sensitive";
	return sts_str_eqi(version, STS_STR("STSv1")) ? "\"STSv1\" is case-sensitive" : "the only version is STSv1";
}

static bool begins_with_version(struct sts_str text)
{
	return sts_str_starts(text, VERSION) &&
	       (text.len == strlen(VERSION) || !sts_is_alnum(text.ptr[strlen(VERSION)]));
}

static void read_after_version(struct reading *r, struct sts_str rest)
{
	size_t blanks = 0;

	while (blanks < rest.len && sts_is_wsp(rest.ptr[blanks]))
		blanks++;
	if (blanks == rest.len) {
		note_error(r, STS_RECORD_ID_MISSING, r->record->text, "nothing follows the version");
		return;
	}
	if (rest.ptr[blanks] != ';') {
		note_error(r, STS_RECORD_SYNTAX, rest, "a semicolon must follow the version");
		return;
	}
	if (blanks > 0 && r->sole)
		note(r, STS_RECORD_SPACE_BEFORE_SEMICOLON, sts_str(rest.ptr, blanks + 1), NULL);
	else if (blanks > 0)
		note_error(r, STS_RECORD_SYNTAX, sts_str(rest.ptr, blanks + 1),
			"a blank before the semicolon: beside other TXT records senders discard this one");
	r->record->candidate = blanks == 0;
	r->eligible = blanks == 0 || r->sole;
	if (!read_fields(r, sts_str_from(rest, blanks + 1)))
		note_error(r, STS_RECORD_ID_MISSING, r->record->text, "no field follows the version");
	else if (!r->has_id)
		note_error(r, STS_RECORD_ID_MISSING, r->record->text, NULL);
}

static bool read_record(struct sts_str text, bool sole, struct sts_arena *arena, struct sts_record *out)
{
	struct reading r = {.arena = arena, .record = out, .sole = sole};
	const char *trouble;

	*out = (struct sts_record){.text = sts_str_keep(arena, text)};
	out->begins_with_version = begins_with_version(out->text);
	if (out->begins_with_version) {
		read_after_version(&r, sts_str_from(out->text, strlen(VERSION)));
		out->almost = !r.eligible;
		out->strict = !r.breach;
		out->usable = !r.error;
		return r.eligible;
	}
	trouble = version_trouble(out->text);
	out->almost = trouble != NULL;
	if (out->almost)
		note_error(&r, STS_RECORD_VERSION_INVALID, out->text, trouble);
	return false;
}

/* The only record that was meant to be one, where no sender finds any. */
static const struct sts_record *sole_almost(const struct sts_record_set *set)
{
	const struct sts_record *found = NULL;

	for (size_t i = 0; i < set->count; i++) {
		if (set->records[i].almost && found != NULL)
			return NULL;
		if (set->records[i].almost)
			found = &set->records[i];
	}
	return found;
}

void sts_record_set_parse(
	const struct sts_str *texts, size_t count, struct sts_arena *arena, struct sts_record_set *out)
{
	const struct sts_record *eligible = NULL;

	*out = (struct sts_record_set){.verdict = STS_RECORD_ABSENT};
	out->records = sts_alloc_array(arena, count == 0 ? 1 : count, sizeof *out->records);
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_record(texts[i], count == 1, arena, &out->records[i])) {
			out->candidates++;
			eligible = &out->records[i];
		}
	}
	if (out->candidates > 1) {
		out->verdict = STS_RECORD_MULTIPLE;
		return;
	}
	out->chosen = eligible != NULL ? eligible : sole_almost(out);
	if (eligible != NULL)
		out->verdict = eligible->strict ? STS_RECORD_ACCEPT : STS_RECORD_INVALID;
}
