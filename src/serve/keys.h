/*
 * API keys. A key is random, shown once and never stored: the file holds its name, its scopes and its SHA-256.
 *
 * A line: NAME SCOPES SHA256, e.g. "alice check,monitor 9f86…"; blank lines and lines that begin with # do not count.
 */
#ifndef STS_SERVE_KEYS_H
#define STS_SERVE_KEYS_H

#include "base/buf.h"
#include "serve/limits.h"

enum sts_scope {
	STS_SCOPE_CHECK = 1,   /* REST and MCP */
	STS_SCOPE_MONITOR = 2, /* watched domains, metrics */
	STS_SCOPE_REPORTS = 4, /* TLSRPT reports: kept for their delivery, no route wants it yet */
};

struct sts_key {
	char name[65];
	unsigned scopes;
	uint8_t digest[32];
	struct sts_bucket requests; /* its own allowances */
	struct sts_bucket checks;
};

struct sts_keys {
	struct sts_key *items;
	size_t count;
};

/**
 * Read a file of keys. Allowances of keys that were in *keys before stay as they are.
 *
 * @param keys  replaced on STS_OK, untouched otherwise
 * @param why   on failure a sentence with the line number; good until the next call
 * @return STS_OK; STS_EIO: the file cannot be read; STS_EINVAL: a line makes no sense; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_keys_load(const char *path, struct sts_keys *keys, const char **why);
void sts_keys_clear(struct sts_keys *keys);

/** The key that this is, or NULL. Every key is compared, each in constant time. */
struct sts_key *sts_keys_find(struct sts_keys *keys, struct sts_str presented);

/** The key of the same digest as it stands now; NULL: it was revoked meanwhile. */
struct sts_key *sts_keys_again(struct sts_keys *keys, const struct sts_key *key);

/** Words of scopes ("check,monitor"); false when a word is unknown or there is none. */
STS_MUST_CHECK bool sts_scopes_parse(struct sts_str words, unsigned *out);
/** A name of 1 to 64 letters, digits, "-", "_" and ".". */
bool sts_key_name_fits(struct sts_str name);

/**
 * Draw a new key, "mtasts_" and 43 letters or digits (256 bits of randomness).
 *
 * @param key   holds at least 64 octets
 * @param line  the line for the file, without LF, is appended
 * @return STS_OK; STS_ESYSTEM: there is no randomness
 */
STS_MUST_CHECK enum sts_err sts_key_new(const char *name, unsigned scopes, char key[static 64], struct sts_buf *line);

#endif
