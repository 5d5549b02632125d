/* Sockets to listen on, given by the user or by the service manager, and word to the service manager. */
#ifndef STS_NET_LISTEN_H
#define STS_NET_LISTEN_H

#include "proto/seen.h"

/**
 * Listen for TCP, without waiting and closed on exec.
 *
 * @param spec  "ADDRESS:PORT" or "[ADDRESS]:PORT"; port 0: any
 * @param fd    the caller closes it
 * @param why   on failure a sentence; good until the thread's next call
 * @return STS_OK; STS_EINVAL: no such address; STS_ESYSTEM: the system refuses (errno)
 */
STS_MUST_CHECK enum sts_err sts_listen(const char *spec, int *fd, const char **why);

/**
 * Listening sockets handed over by the service manager, made non-blocking and closed on exec.  [sd_listen_fds(3):
 * LISTEN_PID, LISTEN_FDS] The variables are taken out of the environment, so a second call finds none.
 *
 * @return how many; their descriptors in fds
 */
size_t sts_listen_inherited(int *fds, size_t max);

/** Where a socket listens: "127.0.0.1:8461", "[::1]:8461" or "unix"; out holds at least 64 octets. */
void sts_listen_name(int fd, char out[static 64]);
/** It takes connections from this machine only. */
bool sts_listen_is_loopback(int fd);

/** Tell the service manager, e.g. "READY=1"; nothing happens where there is none.  [sd_notify(3): NOTIFY_SOCKET] */
void sts_notify(const char *state);

#endif
