#include "check/spots.h"

#include "base/buf.h"

void sts_spot_add(struct sts_spots *spots, const char *address, bool fatal, const struct sts_note *note)
{
	*STS_PUSH(spots->arena, spots->items, spots->count) = (struct sts_spot){*note, address, fatal};
}

const struct sts_spot *sts_spot_fatal(const struct sts_spots *spots, const char *address)
{
	const struct sts_spot *first = NULL;

	for (size_t i = 0; i < spots->count; i++) {
		const struct sts_spot *s = &spots->items[i];

		if (s->fatal && strcmp(s->address, address) == 0 && (first == NULL || s->note.id < first->note.id))
			first = s;
	}
	return first;
}

void sts_spots_drop(struct sts_spots *spots, const char *address)
{
	size_t kept = 0;

	for (size_t i = 0; i < spots->count; i++)
		if (strcmp(spots->items[i].address, address) != 0)
			spots->items[kept++] = spots->items[i];
	spots->count = kept;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_spot(const struct sts_spot *a, const struct sts_spot *b)
{
	return a->note.id == b->note.id && a->note.has_severity == b->note.has_severity &&
	       a->note.severity == b->note.severity && same_text(a->note.detail, b->note.detail);
}

/* An equal one stands before it. */
static bool told(const struct sts_spots *spots, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_spot(&spots->items[i], &spots->items[index]))
			return true;
	return false;
}

static const char *subject_of(const struct sts_spots *spots, size_t index, const char *host, size_t address_count)
{
	struct sts_buf b;
	const char *subject;
	size_t at = 0;

	sts_buf_init(&b, 8192);
	sts_buf_printf(&b, "%s [", host);
	for (size_t i = index; i < spots->count; i++)
		if (same_spot(&spots->items[i], &spots->items[index]))
			sts_buf_printf(&b, "%s%s", at++ == 0 ? "" : ", ", spots->items[i].address);
	sts_buf_puts(&b, "]");
	subject = at >= address_count ? host : sts_strndup(spots->arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return subject;
}

void sts_spots_report(struct sts_report *r, const struct sts_spots *spots, const char *host, size_t address_count)
{
	for (size_t i = 0; i < spots->count; i++) {
		struct sts_note note = spots->items[i].note;

		if (told(spots, i))
			continue;
		note.subject = subject_of(spots, i, host, address_count);
		sts_report_add(r, &note);
	}
}
