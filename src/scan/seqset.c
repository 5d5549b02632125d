#include "scan/seqset.h"

#include <inttypes.h>
#include <stdlib.h>

#define BLOCK_BITS 4096u
#define WORDS (BLOCK_BITS / 64)

struct sts_seqset_block {
	unsigned count;
	uint64_t words[WORDS];
};

static struct sts_seqset_block full;

void sts_seqset_clear(struct sts_seqset *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->blocks[i] != &full)
			free(set->blocks[i]);
	free(set->blocks);
	*set = (struct sts_seqset){0};
}

static bool reach(struct sts_seqset *set, size_t index)
{
	size_t want = set->count == 0 ? 64 : set->count;
	struct sts_seqset_block **grown;

	if (index < set->count)
		return true;
	while (want <= index)
		want *= 2;
	grown = realloc(set->blocks, want * sizeof *grown);
	if (grown == NULL)
		return false;
	memset(grown + set->count, 0, (want - set->count) * sizeof *grown);
	set->blocks = grown;
	set->count = want;
	return true;
}

static bool add_one(struct sts_seqset *set, uint64_t seq)
{
	size_t index = (size_t)(seq / BLOCK_BITS);
	unsigned bit = (unsigned)(seq % BLOCK_BITS);
	struct sts_seqset_block *b;

	if (!reach(set, index))
		return false;
	b = set->blocks[index];
	if (b == &full)
		return true;
	if (b == NULL && (b = set->blocks[index] = calloc(1, sizeof *b)) == NULL)
		return false;
	if ((b->words[bit / 64] >> bit % 64 & 1) != 0)
		return true;
	b->words[bit / 64] |= (uint64_t)1 << bit % 64;
	set->size++;
	if (++b->count == BLOCK_BITS) {
		free(b);
		set->blocks[index] = &full;
	}
	return true;
}

bool sts_seqset_has(const struct sts_seqset *set, uint64_t seq)
{
	size_t index = (size_t)(seq / BLOCK_BITS);
	unsigned bit = (unsigned)(seq % BLOCK_BITS);

	if (seq < set->low)
		return true;
	if (index >= set->count || set->blocks[index] == NULL)
		return false;
	return set->blocks[index] == &full || (set->blocks[index]->words[bit / 64] >> bit % 64 & 1) != 0;
}

static void raise_low(struct sts_seqset *set)
{
	while (true) {
		size_t index = (size_t)(set->low / BLOCK_BITS);

		if (set->low % BLOCK_BITS == 0 && index < set->count && set->blocks[index] == &full)
			set->low += BLOCK_BITS;
		else if (index < set->count && set->blocks[index] == &full)
			set->low = (index + 1) * (uint64_t)BLOCK_BITS;
		else if (index < set->count && set->blocks[index] != NULL &&
			(set->blocks[index]->words[set->low % BLOCK_BITS / 64] >> set->low % 64 & 1) != 0)
			set->low++;
		else
			return;
	}
}

bool sts_seqset_add(struct sts_seqset *set, uint64_t from, uint64_t to)
{
	for (uint64_t seq = from; seq <= to; seq++)
		if (!add_one(set, seq))
			return false;
	raise_low(set);
	return true;
}

bool sts_seqset_copy(struct sts_seqset *to, const struct sts_seqset *from)
{
	*to = *from;
	to->blocks = calloc(from->count == 0 ? 1 : from->count, sizeof *to->blocks);
	if (to->blocks == NULL) {
		*to = (struct sts_seqset){0};
		return false;
	}
	for (size_t i = 0; i < from->count; i++) {
		if (from->blocks[i] == NULL || from->blocks[i] == &full) {
			to->blocks[i] = from->blocks[i];
			continue;
		}
		to->blocks[i] = malloc(sizeof **to->blocks);
		if (to->blocks[i] == NULL)
			return false;
		*to->blocks[i] = *from->blocks[i];
	}
	return true;
}

static void write_range(struct sts_buf *out, uint64_t from, uint64_t to, bool *first)
{
	sts_buf_printf(out, "%s%" PRIu64, *first ? "" : ",", from);
	if (to > from)
		sts_buf_printf(out, "-%" PRIu64, to);
	*first = false;
}

void sts_seqset_write(const struct sts_seqset *set, struct sts_buf *out)
{
	uint64_t end = (uint64_t)set->count * BLOCK_BITS;
	bool first = true;

	for (uint64_t seq = 0; seq < end;) {
		uint64_t from = seq;

		if (seq % BLOCK_BITS == 0 && set->blocks[seq / BLOCK_BITS] == NULL) {
			seq += BLOCK_BITS;
			continue;
		}
		if (!sts_seqset_has(set, seq)) {
			seq++;
			continue;
		}
		while (seq < end && sts_seqset_has(set, seq))
			seq = seq < set->low ? set->low : seq + 1;
		write_range(out, from, seq - 1, &first);
	}
}

static bool number(struct sts_str *s, uint64_t *out)
{
	size_t n = 0;

	while (n < s->len && sts_is_digit(s->ptr[n]))
		n++;
	if (!sts_str_u64(sts_str(s->ptr, n), out))
		return false;
	*s = sts_str_from(*s, n);
	return true;
}

/* A text of ours is not an attack, but it may be damaged: no more than this is believed. */
#define SEQ_MAX ((uint64_t)1 << 36)

bool sts_seqset_read(struct sts_seqset *set, struct sts_str text)
{
	while (text.len > 0) {
		uint64_t from, to;

		if (!number(&text, &from))
			return false;
		to = from;
		if (text.len > 0 && text.ptr[0] == '-') {
			text = sts_str_from(text, 1);
			if (!number(&text, &to))
				return false;
		}
		if (to < from || to > SEQ_MAX || !sts_seqset_add(set, from, to))
			return false;
		if (text.len > 0 && text.ptr[0] != ',')
			return false;
		text = sts_str_from(text, 1);
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void sts_seqs_write(uint64_t *seqs, size_t count, struct sts_buf *out)
{
	bool first = true;

	qsort(seqs, count, sizeof *seqs, by_value);
	for (size_t i = 0; i < count;) {
		size_t k = i;

		while (k + 1 < count && seqs[k + 1] <= seqs[k] + 1)
			k++;
		write_range(out, seqs[i], seqs[k], &first);
		i = k + 1;
	}
}
