/* Names of TLS alerts.  [RFC 8446 section 6, and IANA's registry of TLS alerts] */
#ifndef STS_NET_ALERT_H
#define STS_NET_ALERT_H

#include "base/arena.h"

/** "handshake_failure", or "alert 200" for one that nobody registered; static or the arena's. */
const char *sts_alert_name(int code, struct sts_arena *arena);

#endif
