/*
 * What was seen, in words: codes, phrases and units that several forms share. Phrases are escaped (no control octets); a form with marks
 * of its own (HTML, Markdown …) escapes them once more.
 */
#ifndef STS_RENDER_WORDS_H
#define STS_RENDER_WORDS_H

#include "base/buf.h"
#include "check/findings.h"

/** Code of the finding behind a fetch that senders would not accept (or reason word why it was not tested); NULL when it is fine. */
const char *sts_fetch_code(const struct sts_fetch *f);

/** What is wrong with the fetch, appended to b; nothing when it is fine. */
void sts_fetch_error(struct sts_buf *b, const struct sts_fetch *f);

/** What is wrong with the SMTP session, appended to b; nothing when its handshake was complete. */
void sts_smtp_error(struct sts_buf *b, const struct sts_smtp *s);

/** "ok", "failed" or "not_tested": did the session reach TLS? */
const char *sts_smtp_state(const struct sts_smtp *s);

/** Code of the finding behind a failed session or a bad certificate, reason word of one that was not tested, NULL for one that is fine. */
const char *sts_smtp_code(const struct sts_facts *facts, const struct sts_smtp *s);

/** "pass", "fail", or "not_tested" when no certificate was seen. */
const char *sts_pkix_word(const struct sts_tls *tls);

/** "none", "pass", "mismatch", "unusable", "no-tls", "unknown". */
const char *sts_dane_word(enum sts_dane_state state);

/** "secure", "insecure", "bogus" or "unknown". */
const char *sts_dnssec_word(enum sts_dnssec dnssec);

/** "ok", "nodata", "nxdomain" … */
const char *sts_dns_state_word(enum sts_dns_state state);

/** The state in a phrase: "the name does not exist". */
const char *sts_dns_state_phrase(enum sts_dns_state state);

/** "dns", "tcp", "tls", "http" or "body". */
const char *sts_reached_word(enum sts_reached reached);

/** "ok", "no-mail", "unreachable", "invalid" or "not_tested". */
const char *sts_rua_state_word(enum sts_rua_state state);

/** "lf", "crlf", "cr", "mixed" or "none". */
const char *sts_line_endings_word(const struct sts_policy *policy);

/** Whole days from judged_at to not_after, rounded down: negative once it has expired. */
int64_t sts_days_left(const struct sts_facts *facts, const struct sts_cert *cert);

/** What people call the authority: the common name of a subject in one line, else the organisation, else the whole. Borrowed, raw. */
struct sts_str sts_short_subject(const char *one_line);

/** "45 seconds", "1 hour", "7 days", "1 day 4 hours": at most two units. */
void sts_duration_words(struct sts_buf *b, int64_t seconds);

/** Fewest days left of the certificates in use at the policy host, or at the MX hosts; false when none was seen. */
bool sts_policy_days_left(const struct sts_report *r, int64_t *days);
bool sts_mx_days_left(const struct sts_report *r, int64_t *days);

/** Findings of a severity. */
size_t sts_count_findings(const struct sts_report *r, enum sts_severity severity);

/** Something could not be tested. What the user switched off, what needs earlier observations and what does not apply is no such thing. */
bool sts_report_incomplete(const struct sts_report *r);

/** URL of the policy, as senders fetch it. */
void sts_policy_url(struct sts_buf *b, const struct sts_facts *facts);

/** The verdict as a number for graphs: 0 enforced, 1 testing, 2 none, 3 absent, 4 broken, 5 blocking, 6 unknown. */
int sts_verdict_number(enum sts_verdict v);

/** The part of the check that a finding belongs to, by its code. */
enum sts_part sts_part_of(const char *code);

/** "pass", "warn", "FAIL", "not tested", "not applicable". */
const char *sts_result_phrase(enum sts_result result);

/** Octets of the line at the start of s without its end (LF, CR LF or a bare CR); *next is where the next line begins. */
size_t sts_line_end(struct sts_str s, size_t *next);

/** Title of a part for a person: "DNS record" … */
const char *sts_part_title(enum sts_part part);

#endif
