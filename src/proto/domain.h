/* The domain a user typed: cleaned, converted to A-labels, judged fit for use. libidn2 and libpsl live here. */
#ifndef STS_PROTO_DOMAIN_H
#define STS_PROTO_DOMAIN_H

#include "base/arena.h"
#include "base/str.h"

struct sts_domain {
	const char *ascii;   /* A-label form, lower case, no final dot */
	const char *unicode; /* U-label form when it differs, else NULL */
	const char **notes;  /* what was stripped from around the name, for the user */
	size_t note_count;
};

/**
 * Normalise a domain as typed (interface.md section 1 "Input domains"; IDNA2008).
 *
 * Scheme, user part, port and path around a name are stripped with a note. Address literals, bare addresses, empty or
 * over-long labels, names whose derived names (_smtp._tls.) would pass 253 octets, names that do not convert and public
 * suffixes alone are refused. Names of one label are refused as public suffixes.
 *
 * @param why   on STS_EINVAL a full sentence that says what is wrong, owned by the arena, safe to show
 * @return STS_OK; STS_EINVAL
 */
STS_MUST_CHECK enum sts_err sts_domain_parse(
	struct sts_str typed, struct sts_arena *arena, struct sts_domain *out, const char **why);

/**
 * The same, quickly, for what most names in a list are: letters, digits and hyphens, nothing around them, no A-label.
 *
 * @param max  octets of the longest name to take here, at most 253
 * @param out  the name in lower case, NUL-terminated, as long as typed; undefined on false
 * @return true: sts_domain_parse() would say the same, without notes; false: it has to be asked
 */
STS_MUST_CHECK bool sts_domain_plain(struct sts_str typed, size_t max, char out[static 254]);

/** A-label host name (from DNS) in U-label form for show, or NULL when it does not differ or does not convert.
 * Arena-owned. */
const char *sts_domain_unicode(const char *ascii, struct sts_arena *arena);

/** A host name with U-labels in A-label form (IDNA2008), NUL-terminated; false when it does not convert. */
bool sts_domain_to_ascii(struct sts_str host, char out[static 254]);

/** Every label in xn-- form decodes to something (also one that IDNA2008 forbids); true where there is none. A leading
 * "*." is passed over. */
bool sts_domain_decodes(struct sts_str name);

/** The registrable domain ("example.co.uk") of a name, or NULL when it is a public suffix itself. Points into ascii. */
const char *sts_domain_registrable(const char *ascii);

/** The name is a public suffix (ICANN or private section). */
bool sts_domain_is_public_suffix(const char *ascii);

/** The parent ("b.c" of "a.b.c"), or NULL for a single label. Points into name. */
const char *sts_domain_parent(const char *name);

#endif
