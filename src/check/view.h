/* What the facts amount to, where several rules and the verdict ask the same question. No opinion beyond yes, no,
 * cannot tell. */
#ifndef STS_CHECK_VIEW_H
#define STS_CHECK_VIEW_H

#include "check/facts.h"

/** What the look-up of the record came to. */
enum sts_record_state {
	STS_RECORD_UNKNOWN,  /* could not be looked up */
	STS_RECORD_NONE,     /* nothing there that was meant to be a record */
	STS_RECORD_UNUSABLE, /* something is there, and no sender can use it */
	STS_RECORD_USABLE,
};

enum sts_record_state sts_record_state(const struct sts_facts *f);

/** At least one TXT record at _mta-sts is, or was meant to be, an MTA-STS record. */
bool sts_has_record(const struct sts_facts *f);

/**
 * The domain takes part in MTA-STS or tries to: there is a record, a broken one or an alias at its name, or the policy
 * host serves a file with a mode. Where this is false, a missing policy host is no fault.
 */
bool sts_takes_part(const struct sts_facts *f);

/** One fetch, as a sender sees it. */
enum sts_fetch_outcome {
	STS_FETCH_UNTESTED, /* not seen from here */
	STS_FETCH_FAULTY,   /* no sender gets a policy there */
	STS_FETCH_ACCEPTED, /* gives a policy that senders accept */
};

enum sts_fetch_outcome sts_fetch_outcome(const struct sts_fetch *fetch);

/** It ended because its own time (not the check's) was over. */
bool sts_fetch_waited(const struct sts_fetch *fetch);

/** Some connection ended because its time was over, or the whole check did, or it was not tried for such ends of others: another try may tell more. */
bool sts_waited(const struct sts_facts *f);

/** The response came in a way that senders accept: TLS, certificate, status 200, text/plain. The body may still be no
 * policy. */
bool sts_fetch_served(const struct sts_fetch *fetch);

/** The body was sent encoded and is not what the parser saw. */
bool sts_fetch_encoded(const struct sts_fetch *fetch);

enum sts_policy_state {
	STS_POLICY_UNKNOWN, /* could not be tested */
	STS_POLICY_FAILS,   /* cannot be had, for certain */
	STS_POLICY_HAD,     /* at least one address gives a policy that senders accept */
};

enum sts_policy_state sts_policy_state(const struct sts_facts *f);

/** A usable policy was seen (even where it is not served as it should be), in mode enforce. */
bool sts_policy_enforces(const struct sts_facts *f);

/** The answer tells for certain that an alias leads nowhere. */
bool sts_alias_broken(const struct sts_answer *answer);

/** Secure TLSA records stand and apply: the host's address answer is secure as well.  [RFC 7672 section 2.2.2] */
bool sts_dane_applies(const struct sts_mx *mx);

/** The host's zone is signed, as far as its addresses show. */
bool sts_mx_signed(const struct sts_mx *mx);

/**
 * The TLSA look-up fails although the host's zone is signed, so that a sender cannot tell whether there are records. A
 * wait of ours that ran out is no such failure.  [RFC 7672 section 2.1.2]
 */
bool sts_tlsa_failed(const struct sts_mx *mx);

/** What stands at one address of an MX host. */
enum sts_session {
	STS_SESSION_UNTESTED,    /* not seen from here */
	STS_SESSION_UNREACHABLE, /* no connection, while other hosts could be reached from here */
	STS_SESSION_PLAIN,       /* SMTP, and no TLS to be had */
	STS_SESSION_UNVERIFIED,  /* TLS with a certificate that does not hold */
	STS_SESSION_VERIFIED,    /* TLS with a valid certificate for the MX name */
};

/** @param facts  tells whether port 25 can be reached from here at all */
enum sts_session sts_session(const struct sts_facts *facts, const struct sts_smtp *smtp);

/** The policy covers the host; pattern gets the first that does (may be NULL). */
bool sts_policy_covers(const struct sts_policy *policy, const char *host, const struct sts_mx_pattern **pattern);

/** The MX record names a host that could take mail: neither null MX nor an address in place of a name. */
bool sts_mx_real(const struct sts_mx *mx);

/** An earlier MX record names the same host (under another preference): what is said of the host was said there. */
bool sts_mx_repeated(const struct sts_facts *f, size_t index);

/** The domain says by a null MX, standing alone, that it takes no mail.  [RFC 7505] */
bool sts_takes_no_mail(const struct sts_facts *f);

/** The MX host has certainly no address. */
bool sts_mx_no_address(const struct sts_mx *mx);

/** There is surely no TLSRPT record, nor anything meant to be one. */
bool sts_tlsrpt_absent(const struct sts_facts *f);

#endif
