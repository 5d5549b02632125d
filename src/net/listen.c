#include "net/listen.h"

#include "net/address.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define INHERITED_FIRST 3 /* SD_LISTEN_FDS_START */
#define BACKLOG 511

static _Thread_local char message[256];

static enum sts_err fail(enum sts_err err, const char **why, const char *spec, const char *what)
{
	snprintf(message, sizeof message, "cannot listen on '%.100s': %s", spec, what);
	*why = message;
	return err;
}

static bool split(const char *spec, struct sts_address *address, uint16_t *port)
{
	const char *colon = strrchr(spec, ':');
	char host[64];
	size_t len = colon == NULL ? 0 : (size_t)(colon - spec);
	uint64_t n;

	if (colon == NULL || len >= sizeof host || !sts_str_u64(sts_str_of(colon + 1), &n) || n > 65535)
		return false;
	memcpy(host, spec, len);
	host[len] = '\0';
	if (host[0] == '[') {
		if (len < 3 || host[len - 1] != ']')
			return false;
		host[len - 1] = '\0';
	}
	*port = (uint16_t)n;
	return sts_address_parse(host[0] == '[' ? host + 1 : host, address) &&
	       (address->family == 6) == (host[0] == '[');
}

enum sts_err sts_listen(const char *spec, int *fd, const char **why)
{
	struct sockaddr_storage sa;
	struct sts_address address;
	uint16_t port = 0;
	socklen_t len;
	int on = 1;
	int s;

	if (!split(spec, &address, &port))
		return fail(STS_EINVAL, why, spec, "it is not ADDRESS:PORT or [ADDRESS]:PORT");
	len = sts_address_sockaddr(&address, port, &sa);
	s = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return fail(STS_ESYSTEM, why, spec, strerror(errno));
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* [::] and 0.0.0.0 can stand side by side */
	if (address.family == 6)
		setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(s, (struct sockaddr *)&sa, len) != 0 || listen(s, BACKLOG) != 0) {
		fail(STS_ESYSTEM, why, spec, strerror(errno));
		close(s);
		return STS_ESYSTEM;
	}
	*fd = s;
	return STS_OK;
}

size_t sts_listen_inherited(int *fds, size_t max)
{
	const char *pid = getenv("LISTEN_PID");
	const char *number = getenv("LISTEN_FDS");
	uint64_t p = 0;
	uint64_t n = 0;
	size_t count = 0;

	if (pid == NULL || number == NULL || !sts_str_u64(sts_str_of(pid), &p) || p != (uint64_t)getpid() ||
		!sts_str_u64(sts_str_of(number), &n))
		return 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (int fd = INHERITED_FIRST; (uint64_t)(fd - INHERITED_FIRST) < n && count < max; fd++) {
		int listens = 0;
		socklen_t len = sizeof listens;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || listens == 0)
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		fds[count++] = fd;
	}
	return count;
}

static bool local_address(int fd, struct sts_address *address, uint16_t *port)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof sa;

	return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 && sts_address_from_sockaddr(&sa, address, port);
}

void sts_listen_name(int fd, char out[static 64])
{
	struct sts_address address;
	uint16_t port = 0;

	if (!local_address(fd, &address, &port))
		snprintf(out, 64, "unix");
	else
		snprintf(out, 64, address.family == 6 ? "[%s]:%u" : "%s:%u", address.text, (unsigned)port);
}

bool sts_listen_is_loopback(int fd)
{
	struct sts_address address;
	uint16_t port;

	/* a socket of the file system has no address, and cannot be reached from elsewhere */
	return !local_address(fd, &address, &port) ||
	       (address.special != NULL && strcmp(address.special, "loopback") == 0);
}

void sts_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = path == NULL ? 0 : strlen(path);
	int fd;

	if (len < 2 || len >= sizeof sa.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(sa.sun_path, path, len);
	/* "@name" is a name of the abstract space, which begins with NUL */
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
