#include "proto/fault.h"

#define EXT_NAME_MAX 32

const struct sts_fault *sts_faults_find(const struct sts_faults *faults, int kind)
{
	for (size_t i = 0; i < faults->count; i++)
		if (faults->items[i].kind == kind)
			return &faults->items[i];
	return NULL;
}

static size_t count_kind(const struct sts_faults *faults, int kind)
{
	size_t n = 0;

	for (size_t i = 0; i < faults->count; i++)
		n += faults->items[i].kind == kind;
	return n;
}

struct sts_str sts_str_keep(struct sts_arena *arena, struct sts_str s)
{
	return sts_str(sts_strndup(arena, s.ptr == NULL ? "" : s.ptr, s.len), s.len);
}

void sts_fault_note(struct sts_faults *faults, struct sts_arena *arena, int kind, struct sts_place place,
	struct sts_str text, const char *note)
{
	struct sts_fault *f;

	if (count_kind(faults, kind) >= STS_FAULTS_PER_KIND) {
		faults->dropped++;
		return;
	}
	f = STS_PUSH(arena, faults->items, faults->count);
	f->kind = kind;
	f->offset = place.offset;
	f->line = place.line;
	f->column = place.column;
	f->text = sts_str_keep(arena, sts_str(text.ptr, text.len < STS_FAULT_TEXT_MAX ? text.len : STS_FAULT_TEXT_MAX));
	f->note = note;
}

bool sts_ext_name_valid(struct sts_str name)
{
	if (name.len == 0 || name.len > EXT_NAME_MAX || !sts_is_alnum(name.ptr[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!sts_is_alnum(name.ptr[i]) && name.ptr[i] != '_' && name.ptr[i] != '-' && name.ptr[i] != '.')
			return false;
	return true;
}
