#include "probe/stub.h"

#include "base/arena.h"
#include "probe/stub_wire.h"
#include "proto/dnsmsg.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Each channel has one socket a server: several make for several source ports. */
#define CHANNELS 4
#define UDP_SIZE 1232
/* ares_timeout() walks all questions: a steady tick is cheaper. */
#define TICK_MS 50
/* With so many questions out, replies are not waited for one by one: whatever came is read every so often, milliseconds. */
#define BUSY 256
#define READ_EVERY_MS 1
/* Descriptors of all channels: a UDP and a TCP socket for every server. */
#define WATCHES (CHANNELS * STS_SERVERS_MAX * 2)

struct watched {
	struct sts_stub *stub;
	struct sts_watch watch;
	ares_channel channel;
	ares_socket_t fd;
	unsigned what; /* it is watched for */
	bool used;
};

struct channel {
	struct sts_stub *stub;
	ares_channel ares;
};

struct question {
	struct sts_stub *stub;
	sts_stub_fn *done;
	void *arg;
	struct question *next; /* of the spare ones */
};

struct sts_stub {
	struct sts_loop *loop;
	struct sts_wire *wire;
	struct channel channels[CHANNELS];
	size_t turn; /* the channel of the next questions: as many as travel together */
	size_t asked; /* of these */
	struct watched watched[WATCHES];
	struct sts_timer tick, soon, read;
	bool in_round, soon_set;
	bool reading; /* every so often; the descriptors are not watched */
	size_t out;   /* questions without an end */
	size_t ended; /* questions, in this round */
	struct question *spare;
	uint16_t ids[2048]; /* drawn in advance: unpredictable, for a reply must prove that it saw the question */
	size_t ids_left;
	sts_loop_fn *before, *after;
	void *arg;
	bool closing;
};

/* ---- rounds: replies are handed out, more is asked, all that waits is sent -------------------------------------------- */

static void begin_round(struct sts_stub *stub)
{
	stub->in_round = true;
	stub->ended = 0;
	stub->before(stub->arg);
}

static void send_waiting(struct sts_stub *stub)
{
	ares_socket_t failed;

	sts_wire_flush(stub->wire);
	while ((failed = sts_wire_failed(stub->wire)) != ARES_SOCKET_BAD) {
		/* the channel that it belongs to reads the error, and asks what was out on it anew, as often as it may */
		for (size_t i = 0; i < CHANNELS; i++)
			ares_process_fd(stub->channels[i].ares, failed, ARES_SOCKET_BAD);
		sts_wire_flush(stub->wire);
	}
	stub->turn++;
	stub->asked = 0;
}

static void end_round(struct sts_stub *stub)
{
	stub->after(stub->arg);
	send_waiting(stub);
	stub->in_round = false;
}

/* What was asked outside of a round. */
static void soon(void *arg)
{
	struct sts_stub *stub = arg;

	stub->soon_set = false;
	begin_round(stub);
	end_round(stub);
}

/* ---- descriptors: watched while little is out, else read every so often ------------------------------------------------- */

static void ready(unsigned what, void *arg);
static void read_again(void *arg);

static void watch_or_read(struct sts_stub *stub)
{
	bool reading = stub->out >= BUSY && stub->ended > (stub->reading ? 0 : 1);

	if (reading)
		sts_timer_set(stub->loop, &stub->read, READ_EVERY_MS, read_again, stub);
	if (reading == stub->reading)
		return;
	stub->reading = reading;
	for (size_t i = 0; i < WATCHES; i++) {
		struct watched *w = &stub->watched[i];

		if (!w->used || w->what != STS_READABLE)
			continue;
		if (reading)
			sts_watch_clear(&w->watch);
		else
			sts_watch_keep(stub->loop, &w->watch, w->fd, w->what, ready, w);
	}
}

static void process(struct sts_stub *stub, ares_channel channel, ares_socket_t in, ares_socket_t out)
{
	do
		ares_process_fd(channel, in, out);
	while (in != ARES_SOCKET_BAD && sts_wire_holds(stub->wire, in));
}

static void ready(unsigned what, void *arg)
{
	struct watched *w = arg;
	struct sts_stub *stub = w->stub;

	begin_round(stub);
	process(stub, w->channel, (what & STS_READABLE) != 0 ? w->fd : ARES_SOCKET_BAD,
		(what & STS_WRITABLE) != 0 ? w->fd : ARES_SOCKET_BAD);
	end_round(stub);
	if (!stub->reading)
		watch_or_read(stub);
}

static void read_all(struct sts_stub *stub)
{
	for (size_t i = 0; i < WATCHES; i++)
		if (stub->watched[i].used)
			process(stub, stub->watched[i].channel, stub->watched[i].fd, ARES_SOCKET_BAD);
}

static void read_again(void *arg)
{
	struct sts_stub *stub = arg;

	begin_round(stub);
	read_all(stub);
	end_round(stub);
	watch_or_read(stub);
}

static struct watched *find(struct sts_stub *stub, ares_socket_t fd)
{
	struct watched *spare = NULL;

	for (size_t i = 0; i < WATCHES; i++) {
		if (stub->watched[i].used && stub->watched[i].fd == fd)
			return &stub->watched[i];
		if (!stub->watched[i].used && spare == NULL)
			spare = &stub->watched[i];
	}
	return spare;
}

static void state_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct watched *w = find(c->stub, fd);

	if (w == NULL)
		return; /* the tick serves it */
	if (!readable && !writable) {
		sts_watch_clear(&w->watch);
		w->used = false;
		return;
	}
	*w = (struct watched){
		.stub = c->stub,
		.watch = w->watch,
		.channel = c->ares,
		.fd = fd,
		.what = (readable ? (unsigned)STS_READABLE : 0u) | (writable ? (unsigned)STS_WRITABLE : 0u),
		.used = true,
	};
	sts_watch_keep(c->stub->loop, &w->watch, fd, w->what, ready, w);
}

static void tick(void *arg)
{
	struct sts_stub *stub = arg;

	begin_round(stub);
	/* after a long sleep: what has come is not late */
	read_all(stub);
	for (size_t i = 0; i < CHANNELS; i++)
		ares_process_fd(stub->channels[i].ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	sts_timer_set(stub->loop, &stub->tick, TICK_MS, tick, stub);
	end_round(stub);
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

static uint16_t next_id(struct sts_stub *stub)
{
	if (stub->ids_left == 0) {
		size_t got = 0;

		while (got < sizeof stub->ids) {
			ssize_t n = getrandom((char *)stub->ids + got, sizeof stub->ids - got, 0);

			if (n > 0)
				got += (size_t)n;
		}
		stub->ids_left = sizeof stub->ids / sizeof *stub->ids;
	}
	return stub->ids[--stub->ids_left];
}

static struct question *take_question(struct sts_stub *stub)
{
	struct question *q = stub->spare;

	if (q == NULL)
		return malloc(sizeof *q);
	stub->spare = q->next;
	return q;
}

/* Questions that travel together go through one channel. */
static ares_channel next_channel(struct sts_stub *stub)
{
	if (stub->asked++ == STS_WIRE_BATCH) {
		stub->turn++;
		stub->asked = 1;
	}
	return stub->channels[stub->turn % CHANNELS].ares;
}

static void answered(void *arg, int status, int timeouts, unsigned char *reply, int len)
{
	struct question *q = arg;
	struct question was = *q;
	enum sts_stub_end end = status == ARES_SUCCESS ? STS_STUB_REPLY
		: status == ARES_ETIMEOUT              ? STS_STUB_TIMEOUT
						       : STS_STUB_FAILED;

	q->next = was.stub->spare;
	was.stub->spare = q;
	was.stub->out--;
	was.stub->ended++;
	if (was.stub->closing)
		return;
	was.done(end, end == STS_STUB_REPLY ? reply : NULL, end == STS_STUB_REPLY ? (size_t)len : 0,
		timeouts > 0 ? (unsigned)timeouts : 0u, was.arg);
}

bool sts_stub_ask(struct sts_stub *stub, const char *name, uint16_t type, sts_stub_fn *done, void *arg)
{
	struct sts_dns_query query = {
		.id = next_id(stub),
		.name = name,
		.type = type,
		.recurse = true,
		.authentic = true,
		.dnssec = true,
		.udp_size = UDP_SIZE,
	};
	uint8_t packet[STS_DNS_QUERY_MAX];
	size_t len = sts_dns_query_build(&query, packet);
	struct question *q;

	if (len == 0)
		return false;
	q = take_question(stub);
	if (q == NULL) {
		done(STS_STUB_FAILED, NULL, 0, 0, arg);
		return true;
	}
	*q = (struct question){.stub = stub, .done = done, .arg = arg};
	stub->out++;
	ares_send(next_channel(stub), packet, (int)len, answered, q);
	if (!stub->in_round && !stub->soon_set) {
		stub->soon_set = true;
		sts_timer_set(stub->loop, &stub->soon, 0, soon, stub);
	}
	return true;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------- */

static enum sts_err open_channel(struct channel *c, const struct sts_stub_options *o, const char *servers)
{
	char lookups[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS |
			ARES_FLAG_STAYOPEN,
		.timeout = (int)o->timeout_ms,
		.tries = (int)o->tries,
		.ednspsz = UDP_SIZE,
		.lookups = lookups,
		.sock_state_cb = state_changed,
		.sock_state_cb_data = c,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS |
		ARES_OPT_SOCK_STATE_CB;

	if (ares_init_options(&c->ares, &options, mask) != ARES_SUCCESS) {
		c->ares = NULL;
		return STS_ENOMEM;
	}
	sts_wire_carry(c->stub->wire, c->ares);
	return ares_set_servers_ports_csv(c->ares, servers) == ARES_SUCCESS ? STS_OK : STS_EINVAL;
}

/* "192.0.2.53:53,[2001:db8::53]:53" */
static const char *as_csv(const struct sts_servers *servers, struct sts_arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < servers->count; i++) {
		const struct sts_server *s = &servers->list[i];

		text = sts_sprintf(arena, s->address.family == 6 ? "%s%s[%s%s%s]:%u" : "%s%s%s%s%s:%u", text,
			i == 0 ? "" : ",", s->address.text, s->scope != NULL ? "%" : "", s->scope != NULL ? s->scope : "",
			(unsigned)s->port);
	}
	return text;
}

enum sts_err sts_stub_new(struct sts_loop *loop, const struct sts_stub_options *options, struct sts_stub **out)
{
	struct sts_stub *stub = calloc(1, sizeof *stub);
	struct sts_arena *arena = sts_arena_new();
	enum sts_err err = stub != NULL && arena != NULL ? STS_OK : STS_ENOMEM;

	if (err == STS_OK) {
		const char *servers = as_csv(options->servers, arena);

		stub->loop = loop;
		stub->before = options->before;
		stub->after = options->after;
		stub->arg = options->arg;
		stub->wire = sts_wire_new(UDP_SIZE);
		if (stub->wire == NULL)
			err = STS_ENOMEM;
		for (size_t i = 0; i < CHANNELS && err == STS_OK; i++) {
			stub->channels[i].stub = stub;
			err = open_channel(&stub->channels[i], options, servers);
		}
	}
	sts_arena_free(arena);
	if (err != STS_OK) {
		sts_stub_free(stub);
		return err;
	}
	sts_timer_set(loop, &stub->tick, TICK_MS, tick, stub);
	*out = stub;
	return STS_OK;
}

void sts_stub_free(struct sts_stub *stub)
{
	if (stub == NULL)
		return;
	stub->closing = true;
	sts_timer_clear(&stub->tick);
	sts_timer_clear(&stub->soon);
	sts_timer_clear(&stub->read);
	for (size_t i = 0; i < CHANNELS; i++)
		if (stub->channels[i].ares != NULL)
			ares_destroy(stub->channels[i].ares);
	for (size_t i = 0; i < WATCHES; i++)
		sts_watch_clear(&stub->watched[i].watch);
	sts_wire_free(stub->wire);
	for (struct question *q = stub->spare, *next; q != NULL; q = next) {
		next = q->next;
		free(q);
	}
	free(stub);
}
