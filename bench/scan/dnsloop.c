/* Stub questions: in batches of 64 with sendmmsg and recvmmsg, and by c-ares. */
#include "loop.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BATCH 64
#define OCTETS 1232
#define RECEIVE_BUFFER (4 << 20)

static int type_number(const char *type)
{
	static const struct {
		const char *name;
		int number;
	} types[] = {{"A", 1}, {"NS", 2}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"TLSA", 52}};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, type) == 0)
			return types[i].number;
	return 0;
}

size_t question_write(unsigned char out[static 300], uint16_t id, const char *name, const char *type)
{
	static const unsigned char opt[] = {0, 0, 41, OCTETS >> 8, OCTETS & 255, 0, 0, 0x80, 0, 0, 0};
	size_t at = 12;
	int number = type_number(type);

	memcpy(out, (unsigned char[]){(unsigned char)(id >> 8), (unsigned char)id, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1}, 12);
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > 63 || at + len > 260)
			return 0;
		out[at++] = (unsigned char)len;
		memcpy(out + at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	memcpy(out + at, (unsigned char[]){0, (unsigned char)(number >> 8), (unsigned char)number, 0, 1}, 5);
	at += 5;
	memcpy(out + at, opt, sizeof opt);
	return at + sizeof opt;
}

/* ---- by hand ----------------------------------------------------------------------------------------------------- */

struct bare {
	int fd;
	const struct list *questions;
	size_t next;
	size_t in_flight;
	size_t limit;
	struct tally tally;
	size_t waits[65536]; /* question of an id, plus one; 0: none */
	uint16_t id;
	struct mmsghdr out[BATCH];
	struct mmsghdr in[BATCH];
	struct iovec out_vec[BATCH];
	struct iovec in_vec[BATCH];
	unsigned char query[BATCH][300];
	unsigned char answer[BATCH][OCTETS];
};

static void vectors(struct bare *b)
{
	for (int i = 0; i < BATCH; i++) {
		b->out_vec[i].iov_base = b->query[i];
		b->in_vec[i] = (struct iovec){b->answer[i], OCTETS};
		b->out[i].msg_hdr = (struct msghdr){.msg_iov = &b->out_vec[i], .msg_iovlen = 1};
		b->in[i].msg_hdr = (struct msghdr){.msg_iov = &b->in_vec[i], .msg_iovlen = 1};
	}
}

static uint16_t free_id(struct bare *b)
{
	while (b->waits[++b->id] != 0)
		continue;
	return b->id;
}

static size_t put(struct bare *b, unsigned n, size_t question, uint16_t id)
{
	const struct item *q = &b->questions->items[question];

	b->out_vec[n].iov_len = question_write(b->query[n], id, q->first, q->second);
	return b->out_vec[n].iov_len;
}

static void send_all(struct bare *b, unsigned count)
{
	for (unsigned sent = 0; sent < count;) {
		int n = sendmmsg(b->fd, b->out + sent, count - sent, 0);

		if (n < 0 && errno != ECONNREFUSED && errno != EAGAIN && errno != ENOBUFS)
			die("sendmmsg");
		sent += n > 0 ? (unsigned)n : 0;
	}
}

static void ask_more(struct bare *b)
{
	unsigned n = 0;

	while (b->next < b->questions->count && b->in_flight < b->limit) {
		uint16_t id = free_id(b);

		if (put(b, n, b->next, id) == 0)
			die("a name in the list");
		b->waits[id] = ++b->next;
		b->in_flight++;
		if (++n == BATCH) {
			send_all(b, n);
			n = 0;
		}
	}
	send_all(b, n);
}

/* Nothing came for a second: everything that waits is asked again. */
static void ask_again(struct bare *b)
{
	unsigned n = 0;

	for (unsigned id = 0; id < 65536; id++) {
		if (b->waits[id] == 0)
			continue;
		put(b, n, b->waits[id] - 1, (uint16_t)id);
		b->tally.lost++;
		if (++n == BATCH) {
			send_all(b, n);
			n = 0;
		}
	}
	send_all(b, n);
}

static void take_answers(struct bare *b)
{
	int n = recvmmsg(b->fd, b->in, BATCH, MSG_WAITFORONE, NULL);

	for (int i = 0; i < n; i++) {
		const unsigned char *m = b->answer[i];
		unsigned id = m[0] * 256u + m[1];

		if (b->in[i].msg_len < 12 || b->waits[id] == 0)
			continue;
		b->waits[id] = 0;
		b->in_flight--;
		b->tally.done++;
		b->tally.good += (m[3] & 15) == 0 || (m[3] & 15) == 3;
	}
}

static int socket_to(const char *server)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, server, &to.sin_addr) != 1)
		die(server);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){RECEIVE_BUFFER}, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){RECEIVE_BUFFER}, sizeof(int));
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	return fd;
}

void dns_bare(const char *server, const struct list *questions, size_t in_flight)
{
	struct bare *b = calloc(1, sizeof *b);

	if (b == NULL)
		die("memory");
	b->fd = socket_to(server);
	b->questions = questions;
	b->limit = in_flight;
	vectors(b);
	clock_start();
	while (b->tally.done < questions->count) {
		struct pollfd p = {b->fd, POLLIN, 0};

		if (b->in_flight <= b->limit - BATCH || b->next == 0)
			ask_more(b);
		if (poll(&p, 1, 1000) == 0)
			ask_again(b);
		else
			take_answers(b);
	}
	clock_print("dns-bare", &b->tally);
	free(b);
}

/* ---- c-ares ------------------------------------------------------------------------------------------------------ */

struct ares {
	ares_channel channel;
	int epoll;
	size_t in_flight;
	struct tally tally;
};

static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct ares *a = arg;
	struct epoll_event e = {.events = (readable ? (unsigned)EPOLLIN : 0u) | (writable ? (unsigned)EPOLLOUT : 0u), .data.fd = fd};

	if (!readable && !writable)
		epoll_ctl(a->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(a->epoll, EPOLL_CTL_MOD, fd, &e) != 0)
		epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *m, int len)
{
	struct ares *a = arg;

	a->in_flight--;
	a->tally.done++;
	a->tally.lost += (size_t)timeouts;
	a->tally.good += status == ARES_SUCCESS && len >= 12 && ((m[3] & 15) == 0 || (m[3] & 15) == 3);
}

static void channel_open(struct ares *a, const char *server)
{
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS,
		.timeout = 1000,
		.tries = 4,
		.ednspsz = OCTETS,
		.socket_receive_buffer_size = RECEIVE_BUFFER,
		.lookups = (char[]){"b"},
		.sock_state_cb = on_socket,
		.sock_state_cb_data = a,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_RCVBUF | ARES_OPT_LOOKUPS |
		   ARES_OPT_SOCK_STATE_CB;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS || ares_init_options(&a->channel, &o, mask) != ARES_SUCCESS ||
		ares_set_servers_ports_csv(a->channel, server) != ARES_SUCCESS)
		die("c-ares");
}

static void ready(struct ares *a)
{
	struct epoll_event events[8];
	int n = epoll_wait(a->epoll, events, 8, 100);

	if (n <= 0)
		ares_process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	for (int i = 0; i < n; i++)
		ares_process_fd(a->channel, events[i].events & EPOLLIN ? events[i].data.fd : ARES_SOCKET_BAD,
			events[i].events & EPOLLOUT ? events[i].data.fd : ARES_SOCKET_BAD);
}

void dns_cares(const char *server, const struct list *questions, size_t in_flight)
{
	struct ares a = {.epoll = epoll_create1(0)};
	size_t next = 0;

	channel_open(&a, server);
	clock_start();
	while (a.tally.done < questions->count) {
		while (next < questions->count && a.in_flight < in_flight) {
			const struct item *q = &questions->items[next++];
			unsigned char query[300];
			size_t len = question_write(query, (uint16_t)next, q->first, q->second);

			a.in_flight++;
			ares_send(a.channel, query, (int)len, on_answer, &a);
		}
		ready(&a);
	}
	clock_print("dns-cares", &a.tally);
	ares_destroy(a.channel);
	ares_library_cleanup();
}
