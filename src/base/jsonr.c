#include "base/jsonr.h"

#include "base/jsonw.h"

#include <jansson.h>

static void take(const json_t *from, struct sts_arena *arena, struct sts_json *to);

static struct sts_str copy_text(const char *text, size_t len, struct sts_arena *arena)
{
	return sts_str(sts_strndup(arena, text, len), len);
}

static void take_array(const json_t *from, struct sts_arena *arena, struct sts_json *to)
{
	struct sts_json *items;

	to->count = json_array_size(from);
	items = sts_alloc_array(arena, to->count, sizeof *items);
	for (size_t i = 0; i < to->count; i++)
		take(json_array_get(from, i), arena, &items[i]);
	to->items = items;
}

static void take_object(json_t *from, struct sts_arena *arena, struct sts_json *to)
{
	struct sts_json *items;
	const char *name;
	json_t *value;

	items = sts_alloc_array(arena, json_object_size(from), sizeof *items);
	json_object_foreach(from, name, value)
	{
		take(value, arena, &items[to->count]);
		items[to->count++].name = copy_text(name, strlen(name), arena);
	}
	to->items = items;
}

static void take(const json_t *from, struct sts_arena *arena, struct sts_json *to)
{
	switch (json_typeof(from)) {
	case JSON_OBJECT:
		to->type = STS_JSON_OBJECT;
		take_object((json_t *)from, arena, to);
		break;
	case JSON_ARRAY:
		to->type = STS_JSON_ARRAY;
		take_array(from, arena, to);
		break;
	case JSON_STRING:
		to->type = STS_JSON_STRING;
		to->text = copy_text(json_string_value(from), json_string_length(from), arena);
		break;
	case JSON_INTEGER:
		to->type = STS_JSON_INT;
		to->integer = json_integer_value(from);
		to->real = (double)to->integer;
		break;
	case JSON_REAL:
		to->type = STS_JSON_REAL;
		to->real = json_real_value(from);
		break;
	case JSON_TRUE:
		to->type = STS_JSON_TRUE;
		break;
	case JSON_FALSE:
		to->type = STS_JSON_FALSE;
		break;
	case JSON_NULL:
		break;
	}
}

/* jansson's own limit is 2048, and taking it apart recurses. */
static bool too_deep(struct sts_str text)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > STS_JSON_READ_DEPTH)
			return true;
	}
	return false;
}

const struct sts_json *sts_json_read(struct sts_str text, struct sts_arena *arena, const char **why)
{
	struct sts_json *value;
	json_error_t error;
	json_t *root;

	if (too_deep(text)) {
		*why = "arrays or objects are nested too deep";
		return NULL;
	}
	root = json_loadb(text.ptr == NULL ? "" : text.ptr, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		*why = sts_sprintf(arena, "line %d, column %d: %s", error.line, error.column, error.text);
		return NULL;
	}
	value = STS_NEW(arena, struct sts_json);
	take(root, arena, value);
	json_decref(root);
	return value;
}

const struct sts_json *sts_json_get(const struct sts_json *value, const char *name)
{
	if (!sts_json_is(value, STS_JSON_OBJECT))
		return NULL;
	for (size_t i = 0; i < value->count; i++)
		if (sts_str_is(value->items[i].name, name))
			return &value->items[i];
	return NULL;
}

struct sts_str sts_json_text(const struct sts_json *object, const char *name)
{
	const struct sts_json *member = sts_json_get(object, name);

	return sts_json_is(member, STS_JSON_STRING) ? member->text : sts_str(NULL, 0);
}

static void write_string(struct sts_buf *out, struct sts_str text)
{
	struct sts_jsonw w = sts_jsonw(out, false);

	sts_jw_str(&w, NULL, text);
}

static void write_items(struct sts_buf *out, const struct sts_json *value)
{
	bool object = value->type == STS_JSON_OBJECT;

	sts_buf_addc(out, object ? '{' : '[');
	for (size_t i = 0; i < value->count; i++) {
		if (i > 0)
			sts_buf_addc(out, ',');
		if (object) {
			write_string(out, value->items[i].name);
			sts_buf_addc(out, ':');
		}
		sts_json_write(out, &value->items[i]);
	}
	sts_buf_addc(out, object ? '}' : ']');
}

void sts_json_write(struct sts_buf *out, const struct sts_json *value)
{
	switch (value == NULL ? STS_JSON_NULL : value->type) {
	case STS_JSON_NULL:
		sts_buf_puts(out, "null");
		break;
	case STS_JSON_FALSE:
		sts_buf_puts(out, "false");
		break;
	case STS_JSON_TRUE:
		sts_buf_puts(out, "true");
		break;
	case STS_JSON_INT:
		sts_buf_printf(out, "%lld", (long long)value->integer);
		break;
	case STS_JSON_REAL:
		sts_buf_printf(out, "%.17g", value->real);
		break;
	case STS_JSON_STRING:
		write_string(out, value->text);
		break;
	case STS_JSON_ARRAY:
	case STS_JSON_OBJECT:
		write_items(out, value);
		break;
	}
}
