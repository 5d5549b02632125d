/* Unicode as far as output needs it: taking UTF-8 apart, what is unsafe to show, how wide it is. */
#ifndef STS_BASE_UTF8_H
#define STS_BASE_UTF8_H

#include "base/str.h"

/** Octets of the well-formed sequence at the start of s, its code point into *cp; 0 (and *cp untouched) when s is empty or broken there. */
size_t sts_utf8_take(struct sts_str s, uint32_t *cp);

/** Write cp (a scalar value) as UTF-8; the number of octets, 1 to 4. */
size_t sts_utf8_put(uint32_t cp, char out[static 4]);

/**
 * The code point moves, hides or reorders text, or a terminal takes it as a command: C0 and C1 controls, DEL, bidirectional and other
 * format characters, tags, noncharacters.
 */
bool sts_char_unsafe(uint32_t cp);

/** Columns that the code point takes in a terminal: 0, 1 or 2; by table, whatever the locale. */
unsigned sts_char_width(uint32_t cp);

/** Columns of a text without unsafe characters; broken octets count one each. */
unsigned sts_text_width(struct sts_str s);

#endif
