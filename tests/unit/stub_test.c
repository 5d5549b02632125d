/* Many questions by the batch, against small name servers in the same process, over a system that at times does not want to send. */
#include "base/clock.h"
#include "probe/stub.h"
#include "probe/stub_wire.h"
#include "proto/dnsmsg.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- the system: what sendmmsg() does ---- */

static struct {
	int refusals;   /* calls to come that send nothing */
	int error;      /* and say so */
	bool one_only;  /* a call sends one message */
	bool no_cutting; /* messages of several datagrams are refused */
	unsigned calls, messages, datagrams;
} sys;

/* In place of the C library's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	bool several = false;
	long n;

	for (unsigned i = 0; i < count; i++)
		several = several || messages[i].msg_hdr.msg_iovlen > 1;
	sys.calls++;
	if (sys.refusals > 0 || (sys.no_cutting && several)) {
		errno = sys.refusals > 0 ? sys.error : EIO;
		sys.refusals -= sys.refusals > 0;
		return -1;
	}
	n = syscall(SYS_sendmmsg, fd, messages, sys.one_only ? 1 : count, flags);
	for (long i = 0; i < n; i++) {
		sys.messages++;
		sys.datagrams += (unsigned)messages[i].msg_hdr.msg_iovlen;
	}
	return (int)n;
}

/* ---- a name server ---- */

enum mood { AT_ONCE, BACKWARDS, TRUNCATED, LARGE, FITTING, STRAY, SILENT };

#define HELD_MAX 1000

struct server {
	struct sts_loop *loop;
	enum mood mood;
	size_t gather; /* BACKWARDS: so many questions first */
	int fd, tcp;
	uint16_t port;
	struct sts_watch watch;
	pthread_t thread;
	_Atomic size_t asked_tcp;
	size_t asked, held_count;
	struct held {
		uint8_t packet[512];
		size_t len;
		struct sockaddr_in from;
	} held[HELD_MAX];
};

static void send_back(struct server *s, const struct held *h)
{
	uint8_t p[4000] = {0};
	size_t len = h->len;

	memcpy(p, h->packet, h->len);
	p[2] = 0x81;
	p[3] = 0x83;
	if (s->mood == TRUNCATED)
		p[2] |= 0x02;
	if (s->mood == LARGE)
		len = 3000;
	if (s->mood == FITTING)
		len = 1232;
	if (s->mood == STRAY) {
		(void)sendto(s->fd, p, 0, 0, (const struct sockaddr *)&h->from, sizeof h->from);
		p[0] ^= 0x55;
		(void)sendto(s->fd, p, len, 0, (const struct sockaddr *)&h->from, sizeof h->from);
		p[0] ^= 0x55;
		(void)sendto(s->fd, p, 5, 0, (const struct sockaddr *)&h->from, sizeof h->from);
	}
	(void)sendto(s->fd, p, len, 0, (const struct sockaddr *)&h->from, sizeof h->from);
}

static void heard(unsigned ready, void *arg)
{
	struct server *s = arg;

	(void)ready;
	while (s->held_count < HELD_MAX) {
		struct held *h = &s->held[s->held_count];
		socklen_t len = sizeof h->from;
		ssize_t n = recvfrom(s->fd, h->packet, sizeof h->packet, MSG_DONTWAIT, (struct sockaddr *)&h->from, &len);

		if (n < 0)
			break;
		h->len = (size_t)n;
		s->held_count++;
		s->asked++;
	}
	if (s->mood == BACKWARDS && s->held_count < s->gather)
		return;
	while (s->held_count > 0) {
		s->held_count--;
		if (s->mood != SILENT)
			send_back(s, &s->held[s->held_count]);
	}
}

static bool receive(int fd, uint8_t *p, size_t len)
{
	return recv(fd, p, len, MSG_WAITALL) == (ssize_t)len;
}

/* Over TCP, in a thread of its own: every answer is 3000 octets long. */
static void *serve_tcp(void *arg)
{
	struct server *s = arg;
	uint8_t p[4000];
	int fd;

	while ((fd = accept(s->tcp, NULL, NULL)) >= 0) {
		while (receive(fd, p, 2) && p[0] == 0 && receive(fd, p + 2, p[1])) {
			s->asked_tcp++;
			memset(p + 2 + p[1], 0, sizeof p - 2 - p[1]);
			p[0] = 3000 >> 8;
			p[1] = 3000 & 255;
			p[4] = 0x81;
			p[5] = 0x83;
			(void)send(fd, p, 3002, MSG_NOSIGNAL);
		}
		close(fd);
	}
	return NULL;
}

static struct server *server_open(struct sts_loop *loop, enum mood mood)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct server *s = calloc(1, sizeof *s);
	socklen_t len = sizeof at;

	if (s == NULL)
		abort();
	s->loop = loop;
	s->mood = mood;
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &(int){1 << 21}, sizeof(int));
	if (bind(s->fd, (struct sockaddr *)&at, len) != 0 || getsockname(s->fd, (struct sockaddr *)&at, &len) != 0 ||
		bind(s->tcp, (struct sockaddr *)&at, len) != 0 || listen(s->tcp, 100) != 0)
		abort();
	s->port = ntohs(at.sin_port);
	sts_watch_keep(loop, &s->watch, s->fd, STS_READABLE, heard, s);
	if (pthread_create(&s->thread, NULL, serve_tcp, s) != 0)
		abort();
	return s;
}

static void server_close(struct server *s)
{
	sts_watch_clear(&s->watch);
	shutdown(s->tcp, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	close(s->tcp);
	free(s);
}

/* ---- asking ---- */

struct asking {
	struct sts_loop *loop;
	struct sts_arena *arena;
	struct sts_stub *stub;
	size_t left;
	size_t befores, afters;
	struct one *ones;
	size_t count, next;
	size_t window; /* not more at a time; 0: all at once */
};

struct one {
	struct asking *all;
	char name[200];
	size_t calls, len;
	enum sts_stub_end end;
	unsigned timeouts;
	bool right; /* the reply is to this question */
};

static void count_before(void *arg)
{
	struct asking *a = arg;

	a->befores++;
}

static void ask_more(struct asking *a);

static void count_after(void *arg)
{
	struct asking *a = arg;

	a->afters++;
	if (a->window > 0)
		ask_more(a);
}

static void answered(enum sts_stub_end end, const uint8_t *reply, size_t len, unsigned timeouts, void *arg)
{
	struct one *one = arg;
	uint8_t wire[255];
	size_t name_len = sts_dns_name_wire(one->name, wire);

	one->calls++;
	one->end = end;
	one->len = len;
	one->timeouts = timeouts;
	one->right = end == STS_STUB_REPLY && len >= 12 + name_len && memcmp(reply + 12, wire, name_len) == 0;
	one->all->left--;
}

static void begin(struct asking *a)
{
	*a = (struct asking){.loop = sts_loop_new(), .arena = sts_arena_new()};
	memset(&sys, 0, sizeof sys);
}

static void open_stub(struct asking *a, const uint16_t *ports, size_t count)
{
	struct sts_servers servers = {.count = count};

	for (size_t i = 0; i < count; i++)
		if (!sts_server_parse(sts_sprintf(a->arena, "127.0.0.1:%u", (unsigned)ports[i]), a->arena, &servers.list[i]))
			abort();
	if (sts_stub_new(a->loop, &(struct sts_stub_options){&servers, 300, 2, count_before, count_after, a}, &a->stub) != STS_OK)
		abort();
}

/* A stub and its server, of this mood. */
static struct server *begin_with(struct asking *a, enum mood mood)
{
	struct server *s;

	begin(a);
	s = server_open(a->loop, mood);
	open_stub(a, &s->port, 1);
	return s;
}

static void end(struct asking *a, struct server *s)
{
	sts_stub_free(a->stub);
	if (s != NULL)
		server_close(s);
	sts_loop_free(a->loop);
	sts_arena_free(a->arena);
}

/* Names of many lengths; several of each. */
static struct one *prepare(struct asking *a, size_t count)
{
	struct one *ones = sts_alloc_array(a->arena, count, sizeof *ones);

	for (size_t i = 0; i < count; i++) {
		ones[i].all = a;
		snprintf(ones[i].name, sizeof ones[i].name, "_mta-sts.n%zu%.*s0.test", i, (int)(i * 7 % 40),
			"-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz");
	}
	a->ones = ones;
	a->count = a->left = count;
	a->next = 0;
	return ones;
}

static void ask_more(struct asking *a)
{
	while (a->next < a->count && (a->window == 0 || a->next - (a->count - a->left) < a->window)) {
		struct one *one = &a->ones[a->next++];

		if (!sts_stub_ask(a->stub, one->name, STS_T_TXT, answered, one))
			abort();
	}
}

static struct one *ask(struct asking *a, size_t count)
{
	struct one *ones = prepare(a, count);

	ask_more(a);
	return ones;
}

static void wait_for_all(struct asking *a)
{
	int64_t until = sts_now_ms() + 10000;

	while (a->left > 0 && sts_now_ms() < until)
		if (sts_loop_run_once(a->loop) != STS_OK)
			abort();
	EXPECT_INT(a->left, 0);
}

/* Every question ended once, in this way. */
static void expect_all(const struct one *ones, size_t count, enum sts_stub_end want, unsigned timeouts)
{
	size_t other = 0;

	for (size_t i = 0; i < count; i++)
		if (ones[i].calls != 1 || ones[i].end != want || ones[i].timeouts != timeouts || (want == STS_STUB_REPLY && !ones[i].right))
			other++;
	EXPECT_INT(other, 0);
}

/* ---- cases ---- */

static void batches(void)
{
	struct asking a;
	struct server *s = begin_with(&a, BACKWARDS);
	struct one *ones;

	CASE("stub: many questions, answered in another order");
	s->gather = 500;
	ones = ask(&a, 500);
	EXPECT_INT(sys.datagrams >= 500 - STS_WIRE_BATCH, true);
	wait_for_all(&a);
	expect_all(ones, 500, STS_STUB_REPLY, 0);
	EXPECT_INT(s->asked, 500);
	EXPECT_INT(sys.datagrams, 500);
	EXPECT(sys.messages < 400);
	EXPECT(sys.calls < 10);
	EXPECT(a.befores > 0 && a.befores == a.afters);
	end(&a, s);

	CASE("stub: thousands, some hundreds at a time, and then few");
	s = begin_with(&a, AT_ONCE);
	ones = prepare(&a, 5000);
	a.window = 400;
	ask_more(&a);
	wait_for_all(&a);
	expect_all(ones, 5000, STS_STUB_REPLY, 0);
	EXPECT_INT(s->asked, 5000);
	EXPECT(sys.calls < 5000 / 20);
	end(&a, s);

	CASE("stub: a single question does not wait for others");
	s = begin_with(&a, AT_ONCE);
	ones = ask(&a, 1);
	wait_for_all(&a);
	expect_all(ones, 1, STS_STUB_REPLY, 0);
	EXPECT_INT(sys.calls, 1);
	end(&a, s);

	CASE("stub: questions still out get no callback");
	s = begin_with(&a, SILENT);
	ones = ask(&a, 300);
	end(&a, s);
	EXPECT_INT(a.left, 300);
}

static void replies(void)
{
	struct asking a;
	struct server *s = begin_with(&a, TRUNCATED);
	struct one *ones = ask(&a, 3);

	CASE("stub: truncated: over TCP");
	wait_for_all(&a);
	expect_all(ones, 3, STS_STUB_REPLY, 0);
	EXPECT_INT(ones[0].len, 3000);
	EXPECT(s->asked_tcp > 0);
	end(&a, s);

	CASE("stub: larger than what was allowed: over TCP");
	s = begin_with(&a, LARGE);
	ones = ask(&a, 3);
	wait_for_all(&a);
	expect_all(ones, 3, STS_STUB_REPLY, 0);
	EXPECT_INT(ones[0].len, 3000);
	EXPECT(s->asked_tcp > 0);
	end(&a, s);

	CASE("stub: as large as allowed: whole");
	s = begin_with(&a, FITTING);
	ones = ask(&a, 200);
	wait_for_all(&a);
	expect_all(ones, 200, STS_STUB_REPLY, 0);
	EXPECT_INT(ones[0].len, 1232);
	EXPECT_INT(s->asked_tcp, 0);
	end(&a, s);

	CASE("stub: empty datagrams, other ids, and half a header are passed over");
	s = begin_with(&a, STRAY);
	ones = ask(&a, 100);
	wait_for_all(&a);
	expect_all(ones, 100, STS_STUB_REPLY, 0);
	end(&a, s);

	CASE("stub: no answer: after every try");
	s = begin_with(&a, SILENT);
	ones = ask(&a, 200);
	wait_for_all(&a);
	expect_all(ones, 200, STS_STUB_TIMEOUT, 2);
	EXPECT_INT(s->asked, 400);
	end(&a, s);
}

static uint16_t closed_port(void)
{
	struct sts_loop *loop = sts_loop_new();
	struct server *s = server_open(loop, SILENT);
	uint16_t port = s->port;

	server_close(s);
	sts_loop_free(loop);
	return port;
}

static void no_server(void)
{
	struct asking a;
	uint16_t port = closed_port();
	int64_t began_ms = sts_now_ms();
	struct one *ones;

	CASE("stub: nobody listens: said at once, for all");
	begin(&a);
	open_stub(&a, &port, 1);
	ones = ask(&a, 700);
	wait_for_all(&a);
	expect_all(ones, 700, STS_STUB_FAILED, 0);
	EXPECT(sts_now_ms() - began_ms < 250);
	CASE("stub: and again, on new sockets");
	ones = ask(&a, 10);
	wait_for_all(&a);
	expect_all(ones, 10, STS_STUB_FAILED, 0);
	end(&a, NULL);
}

static void second_server(void)
{
	struct asking a;
	uint16_t ports[2] = {closed_port(), 0};
	struct server *s;
	struct one *ones;

	CASE("stub: nobody listens at the first server: the second answers");
	begin(&a);
	s = server_open(a.loop, AT_ONCE);
	ports[1] = s->port;
	open_stub(&a, ports, 2);
	ones = ask(&a, 300);
	wait_for_all(&a);
	expect_all(ones, 300, STS_STUB_REPLY, 0);
	EXPECT_INT(s->asked, 300);
	end(&a, s);
}

static void unwilling_system(void)
{
	struct asking a;
	struct server *s = begin_with(&a, AT_ONCE);
	struct one *ones;

	CASE("stub: the system cannot cut messages up: one by one");
	sys.no_cutting = true;
	ones = ask(&a, 300);
	wait_for_all(&a);
	expect_all(ones, 300, STS_STUB_REPLY, 0);
	EXPECT_INT(sys.messages, 300);
	EXPECT_INT(s->asked, 300);
	end(&a, s);

	CASE("stub: a call sends a part: the rest follows, nothing twice");
	s = begin_with(&a, AT_ONCE);
	sys.one_only = true;
	ones = ask(&a, 300);
	wait_for_all(&a);
	expect_all(ones, 300, STS_STUB_REPLY, 0);
	EXPECT_INT(s->asked, 300);
	end(&a, s);

	CASE("stub: no room for a while: sent later, nothing twice");
	s = begin_with(&a, AT_ONCE);
	sys.refusals = 2;
	sys.error = ENOBUFS;
	ones = ask(&a, 100);
	wait_for_all(&a);
	expect_all(ones, 100, STS_STUB_REPLY, 0);
	EXPECT_INT(s->asked, 100);
	end(&a, s);

	CASE("stub: no room ever: said so");
	s = begin_with(&a, AT_ONCE);
	sys.refusals = 1 << 30;
	sys.error = EAGAIN;
	ones = ask(&a, STS_WIRE_BATCH + 10);
	wait_for_all(&a);
	expect_all(ones, STS_WIRE_BATCH, STS_STUB_TIMEOUT, 1); /* the second try found no room either */
	expect_all(ones + STS_WIRE_BATCH, 10, STS_STUB_FAILED, 0);
	EXPECT_INT(s->asked, 0);
	end(&a, s);

	CASE("stub: forbidden once: asked anew");
	s = begin_with(&a, AT_ONCE);
	sys.refusals = 1;
	sys.error = EPERM;
	ones = ask(&a, 100);
	wait_for_all(&a);
	expect_all(ones, 100, STS_STUB_REPLY, 0);
	end(&a, s);

	CASE("stub: forbidden for good: said at once");
	s = begin_with(&a, AT_ONCE);
	sys.refusals = 1 << 30;
	sys.error = EPERM;
	ones = ask(&a, 300);
	wait_for_all(&a);
	expect_all(ones, 300, STS_STUB_FAILED, 0);
	end(&a, s);
}

int main(void)
{
	batches();
	replies();
	no_server();
	second_server();
	unwilling_system();
	return test_done();
}
