/*
 * Whole results, packed. From visit to visit they hardly differ, so one of them serves as the dictionary of those after
 * it, which takes a tenth of the room. A result that is a dictionary (base_id NULL) needs no other one.
 */
#include "base/zip.h"
#include "store/history_inside.h"

/* Results packed against one dictionary; then the next one is kept whole. */
#define DEPENDANTS_MAX 100

/* ---- compact JSON ---------------------------------------------------------------------------------------------- */

/* One string with its quotes; octets taken. */
static size_t copy_string(struct sts_str json, size_t at, struct sts_buf *out)
{
	size_t end = at + 1;

	while (end < json.len && json.ptr[end] != '"')
		end += json.ptr[end] == '\\' ? 2 : 1;
	end = end < json.len ? end + 1 : json.len;
	for (size_t i = at; i < end;) {
		size_t step = json.ptr[i] == '\\' && i + 1 < end ? 2 : 1;

		if (step == 2 && sts_str_starts(sts_str(json.ptr + i, end - i), "\\u0000")) {
			sts_buf_puts(out, "\\ufffd");
			i += 6;
			continue;
		}
		sts_buf_add(out, json.ptr + i, step);
		i += step;
	}
	return end - at;
}

void result_compact(struct sts_str json, struct sts_buf *out)
{
	for (size_t i = 0; i < json.len;) {
		char c = json.ptr[i];

		if (c == '"') {
			i += copy_string(json, i, out);
			continue;
		}
		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			sts_buf_addc(out, c);
		i++;
	}
}

/* ---- packing --------------------------------------------------------------------------------------------------- */

struct base {
	int64_t id;
	int64_t dependants;
	struct sts_buf octets; /* packed */
	struct sts_buf json;   /* unpacked */
};

static enum sts_err take_base(const struct sts_value *v, size_t count, void *arg)
{
	struct base *b = arg;

	(void)count;
	b->id = v[0].integer;
	sts_buf_add(&b->octets, v[1].text.ptr, v[1].text.len);
	return b->octets.failed ? STS_ENOMEM : STS_OK;
}

/* The newest dictionary of the domain; id 0 when there is none that may be used. */
static enum sts_err find_base(struct sts_history *h, int64_t domain_id, struct base *b)
{
	enum sts_err err = sts_store_run(h->store,
		"SELECT r.observation_id, r.octets FROM observation o JOIN result r ON r.observation_id = o.id"
		" WHERE o.domain_id = ?1 AND r.base_id IS NULL ORDER BY o.seen_at DESC, o.id DESC LIMIT 1",
		STS_VALUES(sts_v_int(domain_id)), take_base, b);

	if (err != STS_OK || b->id == 0)
		return err;
	err = sts_store_int(h->store, "SELECT count(*) FROM result WHERE base_id = ?1", STS_VALUES(sts_v_int(b->id)),
		&b->dependants);
	/* One that cannot be read is no dictionary. */
	if (err == STS_OK && (b->dependants >= DEPENDANTS_MAX ||
				     sts_unzip(sts_buf_str(&b->octets), (struct sts_str){0}, &b->json) != STS_OK))
		b->id = 0;
	return err;
}

/* Packed against the base where that pays. */
static enum sts_err pack(struct sts_str json, struct base *b, struct sts_buf *out)
{
	enum sts_err err = sts_zip(json, b->id != 0 ? sts_buf_str(&b->json) : (struct sts_str){0}, out);

	if (err != STS_OK || b->id == 0 || out->len < b->octets.len / 2)
		return err;
	b->id = 0;
	sts_buf_reset(out);
	return sts_zip(json, (struct sts_str){0}, out);
}

enum sts_err result_save(struct sts_history *h, int64_t domain_id, int64_t observation_id, struct sts_str json)
{
	struct base b = {0};
	struct sts_buf packed;
	enum sts_err err;

	sts_buf_init(&b.octets, STS_RESULT_MAX);
	sts_buf_init(&b.json, STS_RESULT_MAX);
	sts_buf_init(&packed, STS_RESULT_MAX);
	err = find_base(h, domain_id, &b);
	if (err == STS_OK)
		err = pack(json, &b, &packed);
	if (err == STS_OK)
		err = sts_store_run(h->store,
			"INSERT INTO result (observation_id, base_id, octets) VALUES (?1, ?2, ?3)",
			STS_VALUES(sts_v_int(observation_id), b.id != 0 ? sts_v_int(b.id) : sts_v_null(),
				sts_v_blob(sts_buf_str(&packed))),
			NULL, NULL);
	sts_buf_clear(&b.octets);
	sts_buf_clear(&b.json);
	sts_buf_clear(&packed);
	return err;
}

enum sts_err result_unpack(struct sts_history *h, struct sts_str octets, struct sts_str base, struct sts_buf *out)
{
	struct sts_buf dictionary;
	enum sts_err err = STS_OK;

	sts_buf_init(&dictionary, STS_RESULT_MAX);
	if (base.ptr != NULL)
		err = sts_unzip(base, (struct sts_str){0}, &dictionary);
	if (err == STS_OK)
		err = sts_unzip(octets, sts_buf_str(&dictionary), out);
	sts_buf_clear(&dictionary);
	return err == STS_EINVAL ? sts_store_fail(h->store, STS_EIO, "a result in the store is damaged") : err;
}
