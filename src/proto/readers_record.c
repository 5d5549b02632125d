/* How senders read the TXT records at _mta-sts; what was measured and read of them, re-built. */
#include "proto/readers.h"

#include "mtasts/record.h"

/* The records as one sender reads them. */
struct reading {
	enum sts_sender sender;
	const struct sts_str *texts;
	size_t count;
	const struct sts_record_set *strict; /* by the RFC */
	struct sts_arena *arena;
	struct sts_reading *out;
};

static void refuse(struct reading *r, const char *why)
{
	r->out->known = true;
	r->out->accepts = false;
	r->out->why = why;
}

static void accept(struct reading *r, struct sts_str id, const char *why)
{
	const struct sts_record *chosen = r->strict->verdict == STS_RECORD_ACCEPT ? r->strict->chosen : NULL;

	r->out->known = true;
	r->out->accepts = true;
	r->out->id = sts_strndup(r->arena, id.len == 0 ? "" : id.ptr, id.len);
	r->out->why = why;
	if (why == NULL && chosen != NULL && !sts_str_eq(chosen->id, id))
		r->out->why = "takes the last of repeated ids";
}

static bool is_ascii(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

/* ---- loose fields ---- */

/* name=value pieces between semicolons, as loosely as most senders take them apart. */
struct loose {
	bool trims_around_equals;
	bool ignores_case;
	bool two_equals_refused;
	bool no_equals_refused;
	bool colon_refused; /* in the value of an unknown field */
};

struct loose_record {
	bool broken;
	bool version_ok; /* a v field is there and says STSv1 */
	bool version_first;
	bool has_id;
	struct sts_str id; /* the last one */
};

static bool same(const struct loose *how, struct sts_str a, const char *b)
{
	return how->ignores_case ? sts_str_eqi(a, sts_str_of(b)) : sts_str_is(a, b);
}

static void read_piece(const struct loose *how, struct sts_str piece, bool first, struct loose_record *out)
{
	size_t equals = sts_str_find(piece, '=', 0);
	struct sts_str name = sts_str(piece.ptr, equals);
	struct sts_str value = sts_str_from(piece, equals + 1);

	if (how->trims_around_equals) {
		name = sts_str_trim(name);
		value = sts_str_trim(value);
	}
	if ((how->no_equals_refused && equals == piece.len) ||
		(how->two_equals_refused && sts_str_find(value, '=', 0) < value.len))
		out->broken = true;
	if (same(how, name, "v")) {
		out->version_ok = same(how, value, "STSv1");
		out->version_first = out->version_first || first;
		out->broken = out->broken || !out->version_ok;
	} else if (same(how, name, "id")) {
		out->has_id = true;
		out->id = value;
	} else if (how->colon_refused && sts_str_find(value, ':', 0) < value.len) {
		out->broken = true;
	}
}

static struct loose_record read_loosely(const struct loose *how, struct sts_str text)
{
	struct loose_record out = {0};
	bool first = true;

	while (true) {
		size_t end = sts_str_find(text, ';', 0);
		struct sts_str piece = sts_str_trim(sts_str(text.ptr, end));

		if (piece.len > 0) {
			read_piece(how, piece, first, &out);
			first = false;
		}
		if (end == text.len)
			return out;
		text = sts_str_from(text, end + 1);
	}
}

/* The only text that begins so; NULL when there is none or several, with the refusal said. */
static const struct sts_str *only_one(struct reading *r, const char *prefix, bool any_case)
{
	const struct sts_str *found = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct sts_str text = any_case ? sts_str_trim(r->texts[i]) : r->texts[i];

		if (any_case ? !sts_str_startsi(text, prefix) : !sts_str_starts(text, prefix))
			continue;
		if (found != NULL) {
			refuse(r, "wants exactly one record");
			return NULL;
		}
		found = &r->texts[i];
	}
	if (found == NULL)
		refuse(r, "finds no record");
	return found;
}

/* ---- one sender each ---- */

static bool has_fault(const struct sts_record *record, enum sts_record_fault kind)
{
	return sts_faults_find(&record->faults, (int)kind) != NULL;
}

static bool repeats_id(const struct sts_record *record)
{
	size_t ids = 0;

	for (size_t i = 0; i < record->field_count; i++)
		ids += sts_str_is(record->fields[i].name, "id");
	return ids > 1;
}

/* mox and postfix-tlspol read by the grammar. */
static void read_strictly(struct reading *r)
{
	const struct sts_record_set *set = r->strict;

	if (set->verdict == STS_RECORD_MULTIPLE)
		refuse(r, "wants exactly one record");
	else if (set->verdict == STS_RECORD_ABSENT)
		refuse(r, "finds no record");
	else if (set->verdict == STS_RECORD_INVALID)
		refuse(r, "drops a record that breaks the grammar");
	else if (r->sender == STS_SENDER_MOX && repeats_id(set->chosen))
		refuse(r, "drops a record with a second id");
	else
		accept(r, set->chosen->id, NULL);
}

static void read_mox(struct reading *r)
{
	read_strictly(r);
	if (r->strict->verdict == STS_RECORD_ABSENT && r->count > 1 && r->strict->chosen != NULL &&
		r->strict->chosen->begins_with_version)
		r->out->known = false; /* a blank before the semicolon, among several records: not tried */
}

/* Its DNS library shows a tab as \009 and a non-ASCII octet in digits, so the one breaks the grammar and the other does
 * not. */
static void read_tlspol(struct reading *r)
{
	const struct sts_record *chosen = r->strict->chosen;

	read_strictly(r);
	if (chosen == NULL)
		return;
	if (r->strict->verdict == STS_RECORD_ACCEPT && sts_str_find(chosen->text, '\t', 0) < chosen->text.len)
		refuse(r, "cannot read a record with a tab in it");
	if (r->strict->verdict == STS_RECORD_INVALID && chosen->faults.count == 1 &&
		has_fault(chosen, STS_RECORD_NON_ASCII) && !is_ascii(chosen->text))
		accept(r, chosen->id, "takes non-ASCII text");
	if (r->strict->verdict == STS_RECORD_ABSENT && r->count > 1 && chosen->begins_with_version)
		r->out->known = false;
}

static void read_pmsr(struct reading *r)
{
	static const struct loose how = {0};
	const struct sts_str *text = only_one(r, "v=STSv1", false);
	struct loose_record record;

	if (text == NULL)
		return;
	record = read_loosely(&how, *text);
	if (!is_ascii(*text))
		refuse(r, "drops a record with non-ASCII text");
	else if (record.broken || !record.version_ok)
		refuse(r, "does not find the version STSv1");
	else if (!record.has_id)
		refuse(r, "finds no id");
	else
		accept(r, record.id, NULL);
}

static void read_maddy(struct reading *r)
{
	static const struct loose how = {.two_equals_refused = true, .no_equals_refused = true};
	struct loose_record record;

	if (r->count != 1) {
		refuse(r, r->count == 0 ? "finds no record" : "wants a single TXT record at the name, related or not");
		return;
	}
	record = read_loosely(&how, r->texts[0]);
	if (record.broken || !record.version_ok)
		refuse(r, "cannot read the record");
	else if (record.id.len == 0)
		refuse(r, "finds no id");
	else
		accept(r, record.id, NULL);
}

/* It only wants to know whether there is a record, and goes by its own timer. */
static void read_chasquid(struct reading *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (sts_str_starts(r->texts[i], "v=STSv1;")) {
			accept(r, STS_STR(""), "takes any record that begins with v=STSv1; and ignores its id");
			return;
		}
	}
	refuse(r, "finds no record that begins with v=STSv1;");
}

static void read_mailauth(struct reading *r)
{
	static const struct loose how = {.trims_around_equals = true, .ignores_case = true, .colon_refused = true};
	const struct sts_str *text = only_one(r, "v=STSv1", true);
	struct loose_record record;

	if (text == NULL && r->strict->verdict == STS_RECORD_ACCEPT)
		*r->out = (struct sts_reading){0}; /* another text that only nearly is a record: not tried */
	if (text == NULL)
		return;
	record = read_loosely(&how, *text);
	if (record.broken)
		refuse(r, "cannot read the record");
	else if (record.id.len == 0)
		refuse(r, "finds no id");
	else
		accept(r, record.id, NULL);
}

/* KumoMTA joins all texts at the name, takes fields in any order and fails on "; " at the end. */
static void read_kumo(struct reading *r)
{
	static const struct loose how = {0};
	struct loose_record record;
	struct sts_str text;
	struct sts_str bare;

	if (r->count == 0)
		refuse(r, "finds no record");
	else if (r->count > 1 && r->strict->candidates <= 1)
		refuse(r, "joins all texts at the name into one");
	if (r->count != 1)
		return;
	text = r->texts[0];
	bare = sts_str_trim(text);
	record = read_loosely(&how, text);
	if (bare.len > 0 && bare.ptr[bare.len - 1] == ';' && sts_is_wsp(text.ptr[text.len - 1]))
		refuse(r, "cannot read a blank behind the last semicolon");
	else if (r->strict->verdict == STS_RECORD_ABSENT && !record.version_ok)
		refuse(r, "does not find the version STSv1");
	else if (record.version_ok && !record.broken && record.id.len > 0)
		accept(r, record.id, r->strict->verdict == STS_RECORD_ABSENT ? "takes the fields in any order" : NULL);
}

/* Stalwart takes the first text that it can read; fields in any order, letter case ignored. */
static void read_stalwart(struct reading *r)
{
	static const struct loose how = {.ignores_case = true};

	for (size_t i = 0; i < r->count; i++) {
		struct loose_record record = read_loosely(&how, r->texts[i]);

		if (record.version_ok && !record.broken && record.id.len > 0) {
			accept(r, record.id,
				r->strict->verdict == STS_RECORD_MULTIPLE ? "takes the first record it can read"
				: r->strict->verdict == STS_RECORD_ABSENT
					? "takes fields in any order and ignores letter case"
					: NULL);
			return;
		}
		if (record.version_ok)
			return; /* what it makes of such a record is not known */
	}
	refuse(r, "finds no record");
}

static void read_halon(struct reading *r)
{
	if (r->strict->verdict == STS_RECORD_MULTIPLE)
		refuse(r, "wants exactly one record");
	else if (r->strict->verdict == STS_RECORD_ABSENT)
		refuse(r, "finds no record");
	else if (!r->strict->chosen->candidate)
		refuse(r, "finds no record that begins with v=STSv1;");
	else if (r->strict->chosen->usable)
		accept(r, r->strict->chosen->text, "compares the whole text in place of the id");
}

void sts_readers_record(const struct sts_str *texts, size_t count, struct sts_arena *arena,
	struct sts_reading out[static STS_SENDER_COUNT])
{
	static void (*const read_as[STS_SENDER_COUNT])(struct reading *) = {
		[STS_SENDER_MOX] = read_mox,
		[STS_SENDER_TLSPOL] = read_tlspol,
		[STS_SENDER_PMSR] = read_pmsr,
		[STS_SENDER_MADDY] = read_maddy,
		[STS_SENDER_CHASQUID] = read_chasquid,
		[STS_SENDER_KUMOMTA] = read_kumo,
		[STS_SENDER_STALWART] = read_stalwart,
		[STS_SENDER_MAILAUTH] = read_mailauth,
		[STS_SENDER_HALON] = read_halon,
	};
	struct sts_record_set strict;

	sts_record_set_parse(texts, count, arena, &strict);
	for (enum sts_sender s = 0; s < STS_SENDER_COUNT; s++) {
		struct reading r = {
			.sender = s, .texts = texts, .count = count, .strict = &strict, .arena = arena, .out = &out[s]};

		out[s] = (struct sts_reading){0};
		read_as[s](&r);
	}
}
