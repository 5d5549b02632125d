/* URIs of report destinations.  [RFC 8460 section 3, RFC 3986, RFC 6068] */
#ifndef STS_PROTO_RUAURI_H
#define STS_PROTO_RUAURI_H

#include "base/arena.h"
#include "base/str.h"
#include "mtasts/tlsrpt.h"

/** Why the text is no URI as a rua field may hold it, static; NULL when it is one. */
const char *sts_rua_syntax(struct sts_str uri);

/**
 * Take a URI that sts_rua_syntax() found good apart: scheme, host and port of *out.
 *
 * @return why no report can be sent there (another scheme, no address, no host), static; NULL when it is usable
 */
const char *sts_rua_read(struct sts_str uri, struct sts_arena *arena, struct sts_rua *out);

#endif
