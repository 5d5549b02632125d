#include "serve/keys.h"

#include "net/cert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define LINE_MAX_OCTETS 512
#define KEYS_MAX 10000
#define PREFIX "mtasts_"
#define RANDOM_LETTERS 43

static char message[512];

static const struct {
	const char *word;
	enum sts_scope scope;
} scope_words[] = {{"check", STS_SCOPE_CHECK}, {"monitor", STS_SCOPE_MONITOR}, {"reports", STS_SCOPE_REPORTS}};
#define SCOPE_COUNT (sizeof scope_words / sizeof *scope_words)

bool sts_scopes_parse(struct sts_str words, unsigned *out)
{
	unsigned scopes = 0;

	while (words.len > 0) {
		size_t comma = sts_str_find(words, ',', 0);
		unsigned before = scopes;

		for (size_t i = 0; i < SCOPE_COUNT; i++)
			if (sts_str_is(sts_str(words.ptr, comma), scope_words[i].word))
				scopes |= scope_words[i].scope;
		if (scopes == before)
			return false; /* unknown, or twice */
		words = sts_str_from(words, comma + 1);
	}
	*out = scopes;
	return scopes != 0;
}

bool sts_key_name_fits(struct sts_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!sts_is_alnum(name.ptr[i]) && (name.ptr[i] == '\0' || strchr("-_.", name.ptr[i]) == NULL))
			return false;
	return name.len > 0 && name.len <= 64;
}

/* ---- the file ------------------------------------------------------------------------------------------------------
 */

static bool hex_nibble(char c, uint8_t *out)
{
	if (sts_is_digit(c))
		*out = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*out = (uint8_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

static bool read_digest(struct sts_str hex, uint8_t out[static 32])
{
	uint8_t high, low;

	if (hex.len != 64)
		return false;
	for (size_t i = 0; i < 32; i++) {
		if (!hex_nibble(hex.ptr[2 * i], &high) || !hex_nibble(hex.ptr[2 * i + 1], &low))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static struct sts_str next_word(struct sts_str *rest)
{
	size_t end = 0;
	struct sts_str word;

	*rest = sts_str_trim(*rest);
	while (end < rest->len && !sts_is_wsp(rest->ptr[end]))
		end++;
	word = sts_str(rest->ptr, end);
	*rest = sts_str_from(*rest, end);
	return word;
}

static const char *read_line(struct sts_str line, struct sts_key *out)
{
	struct sts_str name = next_word(&line);
	struct sts_str scopes = next_word(&line);
	struct sts_str digest = next_word(&line);

	*out = (struct sts_key){0};
	if (!sts_key_name_fits(name))
		return "the name is not 1 to 64 letters, digits, '-', '_' or '.'";
	if (!sts_scopes_parse(scopes, &out->scopes))
		return "the scopes are not of check, monitor and reports, separated by commas";
	if (!read_digest(digest, out->digest) || sts_str_trim(line).len > 0)
		return "the line does not end in a SHA-256 of 64 small hexadecimal digits";
	memcpy(out->name, name.ptr, name.len);
	return NULL;
}

static bool add(struct sts_keys *keys, const struct sts_key *key)
{
	struct sts_key *items;

	if (keys->count == KEYS_MAX)
		return false;
	items = realloc(keys->items, (keys->count + 1) * sizeof *items);
	if (items == NULL)
		return false;
	keys->items = items;
	keys->items[keys->count++] = *key;
	return true;
}

/* NULL, or what is wrong with the line. */
static const char *take_line(char *text, struct sts_keys *keys)
{
	struct sts_str line = sts_str_of(text);
	struct sts_key key;
	const char *why;

	while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
		line.len--;
	line = sts_str_trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return NULL;
	if (line.len >= LINE_MAX_OCTETS - 2)
		return "the line is too long";
	why = read_line(line, &key);
	if (why == NULL && !add(keys, &key))
		why = "there are more keys than fit";
	return why;
}

static void keep_allowances(const struct sts_keys *before, struct sts_keys *after)
{
	for (size_t i = 0; i < after->count; i++)
		for (size_t k = 0; k < before->count; k++)
			if (memcmp(after->items[i].digest, before->items[k].digest, 32) == 0) {
				after->items[i].requests = before->items[k].requests;
				after->items[i].checks = before->items[k].checks;
			}
}

enum sts_err sts_keys_load(const char *path, struct sts_keys *keys, const char **why)
{
	FILE *f = fopen(path, "re");
	struct sts_keys fresh = {0};
	char line[LINE_MAX_OCTETS];
	const char *fault = NULL;
	unsigned number = 0;

	*why = message;
	if (f == NULL) {
		snprintf(message, sizeof message, "%.300s: %s", path, strerror(errno));
		return STS_EIO;
	}
	while (fault == NULL && fgets(line, sizeof line, f) != NULL) {
		number++;
		fault = take_line(line, &fresh);
	}
	if (fault == NULL && ferror(f))
		fault = "it cannot be read";
	fclose(f);
	if (fault != NULL) {
		snprintf(message, sizeof message, "%.300s, line %u: %s", path, number, fault);
		sts_keys_clear(&fresh);
		return STS_EINVAL;
	}
	keep_allowances(keys, &fresh);
	sts_keys_clear(keys);
	*keys = fresh;
	return STS_OK;
}

void sts_keys_clear(struct sts_keys *keys)
{
	free(keys->items);
	*keys = (struct sts_keys){0};
}

/* ---- comparing and drawing ------------------------------------------------------------------------------------------
 */

static bool same_digest(const uint8_t a[static 32], const uint8_t b[static 32])
{
	volatile uint8_t differs = 0;

	for (size_t i = 0; i < 32; i++)
		differs = (uint8_t)(differs | (a[i] ^ b[i]));
	return differs == 0;
}

static struct sts_key *find_digest(struct sts_keys *keys, const uint8_t digest[static 32])
{
	struct sts_key *found = NULL;

	for (size_t i = 0; i < keys->count; i++)
		if (same_digest(keys->items[i].digest, digest))
			found = &keys->items[i];
	return found;
}

struct sts_key *sts_keys_find(struct sts_keys *keys, struct sts_str presented)
{
	uint8_t digest[32];
	char hex[65];

	sts_sha256_hex(presented.ptr, presented.len, hex);
	return read_digest(sts_str_of(hex), digest) ? find_digest(keys, digest) : NULL;
}

struct sts_key *sts_keys_again(struct sts_keys *keys, const struct sts_key *key)
{
	return find_digest(keys, key->digest);
}

/* One letter or digit out of 62, each as likely as the others. */
static bool draw_letter(char *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint8_t octet;

	do {
		if (getrandom(&octet, 1, 0) != 1)
			return false;
	} while (octet >= 248); /* 4 times 62 */
	*out = letters[octet % 62];
	return true;
}

static void put_scopes(struct sts_buf *line, unsigned scopes)
{
	bool first = true;

	for (size_t i = 0; i < SCOPE_COUNT; i++) {
		if ((scopes & scope_words[i].scope) == 0)
			continue;
		sts_buf_printf(line, "%s%s", first ? "" : ",", scope_words[i].word);
		first = false;
	}
}

enum sts_err sts_key_new(const char *name, unsigned scopes, char key[static 64], struct sts_buf *line)
{
	size_t len = sizeof PREFIX - 1;
	char hex[65];

	memcpy(key, PREFIX, len);
	for (size_t i = 0; i < RANDOM_LETTERS; i++)
		if (!draw_letter(&key[len++]))
			return STS_ESYSTEM;
	key[len] = '\0';
	sts_sha256_hex(key, len, hex);
	sts_buf_printf(line, "%s ", name);
	put_scopes(line, scopes);
	sts_buf_printf(line, " %s", hex);
	return STS_OK;
}
