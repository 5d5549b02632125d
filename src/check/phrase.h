/* Turns of phrase and lines to paste that several rules share. Everything returned is owned by the arena, escaped,
 * NUL-terminated. */
#ifndef STS_CHECK_PHRASE_H
#define STS_CHECK_PHRASE_H

#include "check/findings.h"

/** A name from the network, harmless in a sentence. */
const char *sts_name(struct sts_arena *arena, const char *name);

/** s with its first letter as a capital. */
const char *sts_capital(struct sts_arena *arena, const char *s);

/** "a, b and 3 more"; at most `shown` of the count names are spelt out; names are escaped. "" for none. */
const char *sts_join(struct sts_arena *arena, const char *const *names, size_t count, size_t shown);

/** Why a look-up that gave no certain answer was not tested: "timeout" or "resolver-failed". */
const char *sts_lookup_reason(const struct sts_answer *answer);

/** What became of a look-up: "no answer in time", "the resolver reports a failure (SERVFAIL)" … */
const char *sts_lookup_words(struct sts_arena *arena, const struct sts_answer *answer);

/** "alias → target → target" for an answer reached through CNAMEs. */
const char *sts_chain_words(struct sts_arena *arena, const struct sts_answer *answer);

/** "2026-01-31" */
const char *sts_date(struct sts_arena *arena, int64_t at);

/** Zone-file line: OWNER. [TTL] IN TXT "text"; long text in several strings. ttl_s 0: none is written. */
const char *sts_txt_line(struct sts_arena *arena, const char *owner, uint32_t ttl_s, struct sts_str text);

/** The MTA-STS record this domain may publish, with an id made of the time of judgement. */
const char *sts_record_line(const struct sts_report *r);

/** A TLSRPT record for this domain. */
const char *sts_tlsrpt_line(const struct sts_report *r);

/** A policy file, LF line ends. Hosts are lower-case names or patterns. */
const char *sts_policy_file(
	struct sts_arena *arena, enum sts_mode mode, const char *const *hosts, size_t host_count, int64_t max_age_s);

/** The answer's alias leads out of the domain: its last target is neither the domain nor below it. */
bool sts_leads_out(const struct sts_answer *answer, const char *domain);

#endif
