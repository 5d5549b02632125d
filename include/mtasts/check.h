/* Checking domains: options, engine, progress. */
#ifndef MTASTS_CHECK_H
#define MTASTS_CHECK_H

#include "mtasts/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How to check. Zero-initialise, then sts_options_init(). Strings are borrowed for the life of the engine. */
struct sts_options {
	const char *const *resolvers; /* "IP", "IP:PORT" or "[IP]:PORT"; none: the system's, or recursion where these strip DNSSEC */
	size_t resolver_count;
	const char *trust_anchor;     /* file with DS or DNSKEY records in place of the root's anchor, or NULL */
	const char *root_hints;       /* file in place of the built-in root servers, or NULL */
	const char *ca_file;          /* PEM file of trusted roots in place of the system's, or NULL */
	uint16_t https_port;          /* 443 */
	uint16_t smtp_port;           /* 25 */
	unsigned timeout_s;           /* whole check of one domain; 60 */
	bool no_smtp;
	bool no_authoritative;
	bool record_only;             /* look at the TXT record at _mta-sts and at nothing else */
	bool deny_private;            /* refuse to connect to special-purpose addresses */
	const char *helo;             /* name said in EHLO; NULL: this host's */
	const char *contact;          /* URL said in User-Agent, for those who wonder who asks; printable ASCII without blanks, or NULL */
	int64_t at;                   /* judge dates as of this time, seconds since 1970; negative: now */
};

/** The defaults of the command line. */
STS_API void sts_options_init(struct sts_options *options);

/** An event loop with resolvers and TLS contexts, shared by many checks. One thread at a time. */
struct sts_engine;

/** Called as a check goes on: a short line for a person ("policy host: 192.0.2.1: TLS 1.3 …"); text is valid during the call, already escaped. */
typedef void sts_step_fn(const char *domain, const char *step, void *arg);

/** Called once when a check ended. The report belongs to the callee. */
typedef void sts_done_fn(struct sts_report *report, void *arg);

/**
 * Make an engine. The process must be allowed 512 open files (RLIMIT_NOFILE).
 *
 * @param why  on failure a sentence, static or owned by the thread until its next call; never NULL then
 * @return STS_OK; STS_EINVAL: an option makes no sense (resolver, CA file, trust anchor); STS_ENOMEM; STS_ESYSTEM
 */
STS_API STS_MUST_CHECK enum sts_err sts_engine_new(const struct sts_options *options, struct sts_engine **out, const char **why);
STS_API void sts_engine_free(struct sts_engine *engine);

/**
 * Start a check of a domain as typed. on_done is called exactly once, from sts_engine_run(), never before this returns.
 *
 * @param why  on STS_EINVAL what is wrong with the domain; owned by the engine until its next call
 * @return STS_OK; STS_EINVAL: not a domain
 */
STS_API STS_MUST_CHECK enum sts_err sts_check_start(struct sts_engine *engine, const char *domain, sts_step_fn *on_step,
	sts_done_fn *on_done, void *arg, const char **why);

/** Run the loop until no check is left. @return STS_OK; STS_ESYSTEM */
STS_API STS_MUST_CHECK enum sts_err sts_engine_run(struct sts_engine *engine);

/** "0.1.0" */
STS_API const char *sts_version(void);

#ifdef __cplusplus
}
#endif
#endif
