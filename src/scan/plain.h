/*
 * Results of names without a record, which are nearly all. The usual renderer writes one with marks in place of what differs; its pieces are put
 * together again for every name: the same octets at a thousandth of the cost.
 */
#ifndef STS_SCAN_PLAIN_H
#define STS_SCAN_PLAIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "check/findings.h"
#include "mtasts/report.h"
#include "proto/domain.h"

/** What is the same for all names of a run. Strings are borrowed. */
struct sts_discovery {
	const char *resolver;  /* servers asked, as text */
	int64_t at;            /* judge dates as of this time; negative: now */
	enum sts_format format; /* JSON or CSV */
	bool ipv4, ipv6;        /* whether this machine can reach anything by it */
};

/**
 * Judge what the discovery question alone said.
 *
 * @param answer  borrowed as long as the report lives
 */
struct sts_report *sts_discovery_judge(const struct sts_discovery *d, const struct sts_domain *domain,
	const struct sts_answer *answer, int64_t checked_at, int64_t duration_ms, struct sts_arena *arena);

/** Append a report as lines of the output's form. */
void sts_discovery_render(const struct sts_discovery *d, const struct sts_report *report, struct sts_buf *out);

/** Append a CSV row for an input that is no domain: its verdict column says "invalid", its detail why. */
void sts_invalid_csv(struct sts_buf *out, struct sts_str typed, const char *why);

struct sts_plain;

/** Octets of a domain: of a longer one, something may be cut somewhere in a sentence. */
#define STS_PLAIN_MAX 150

/** @return NULL: out of memory */
struct sts_plain *sts_plain_new(const struct sts_discovery *d);
void sts_plain_free(struct sts_plain *p);

/** The fast way takes this name: nothing in it is ever escaped, cut or shown in two forms. */
bool sts_plain_takes(const struct sts_domain *domain);

/**
 * Append the result of a name without a record.
 *
 * @param state  STS_DNS_NXDOMAIN or STS_DNS_NODATA
 */
void sts_plain_write(struct sts_plain *p, struct sts_str domain, enum sts_dns_state state, int64_t checked_at,
	int64_t duration_ms, struct sts_buf *out);

#endif
