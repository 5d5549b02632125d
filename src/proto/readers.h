/* How real senders read the same bytes: re-implementations of their reading rules, from the tolerance tables. [reviewed
 * senders, 2024 to 2026] */
#ifndef STS_PROTO_READERS_H
#define STS_PROTO_READERS_H

#include "base/arena.h"
#include "base/str.h"
#include "mtasts/policy.h"

enum sts_sender {
	STS_SENDER_MOX,
	STS_SENDER_TLSPOL, /* postfix-tlspol */
	STS_SENDER_PMSR,   /* postfix-mta-sts-resolver */
	STS_SENDER_MADDY,  /* maddy, library go-mtasts */
	STS_SENDER_CHASQUID,
	STS_SENDER_KUMOMTA,
	STS_SENDER_STALWART,
	STS_SENDER_MAILAUTH, /* ZoneMTA and others */
	STS_SENDER_HALON,
	STS_SENDER_COUNT
};

/** Its name for users, e.g. "postfix-tlspol". */
const char *sts_sender_name(enum sts_sender sender);

/** What one sender makes of a policy or record. */
struct sts_reading {
	bool known; /* the reviewed material says how this sender reads such bytes */
	bool accepts;
	const char *why;    /* why it refuses or reads differently; NULL when it agrees with the RFC; static or arena */
	enum sts_mode mode; /* as this sender reads it (policy only) */
	int64_t max_age_s;  /* as it would cache it */
	const char *id;     /* as it reads it (record only) */
};

/** Transport facts that make some senders drop a policy whose bytes they would accept. */
struct sts_transport {
	int status;               /* HTTP status; 0 when judged offline */
	const char *content_type; /* as sent, or NULL; ignored when status is 0 */
	int64_t duration_ms;      /* whole fetch; 0 when judged offline */
	size_t body_len;
	const char *tls_version; /* "TLSv1.3" …, or NULL */
};

/** Every sender's reading of a policy body (readers_policy.c); transport may be NULL: judged offline. */
void sts_readers_policy(struct sts_str body, const struct sts_transport *transport, struct sts_arena *arena,
	struct sts_reading out[static STS_SENDER_COUNT]);

/** Every sender's reading of the TXT records at _mta-sts (readers_record.c). */
void sts_readers_record(const struct sts_str *texts, size_t count, struct sts_arena *arena,
	struct sts_reading out[static STS_SENDER_COUNT]);

/** The sender takes pattern to cover host (mailauth and the Postfix plug-ins let a wildcard take several labels, some
 * ignore a final dot …). */
bool sts_reader_match(enum sts_sender sender, struct sts_str pattern, struct sts_str host);

#endif
