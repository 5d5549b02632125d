/* Hand-made reports for tests of what renders them: realistic facts, no network. */
#ifndef STS_TESTS_FIXTURE_H
#define STS_TESTS_FIXTURE_H

#include "check/findings.h"

/**
 * Make a report: "healthy" (enforce, two MX of two addresses, DANE), "broken" (something wrong in every part), "absent", "unknown"
 * (the resolver failed) or "hostile" (every octet that the network has a say in is chosen by an attacker). NULL for any other name.
 * Free it with sts_report_free().
 */
struct sts_report *fixture(const char *name);

/** Names of all fixtures, NULL-terminated. */
extern const char *const fixture_names[];

/** The text that stands in every field of "hostile" which the network has a say in. */
extern const char fixture_evil[];
extern const size_t fixture_evil_len;

#endif
