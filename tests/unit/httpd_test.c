/* The HTTP server over real sockets on loopback: the server in a thread of its own, blocking clients here. */
#include "test.h"

#include "base/clock.h"
#include "net/listen.h"
#include "serve/httpd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the server: /echo gives the body back, /wait never answers, /stream writes three pieces, /flood writes until cut
 * off ------------ */

static struct {
	struct sts_loop *loop;
	struct sts_httpd *httpd;
	struct sts_watch stop;
	struct sts_timer timer;
	struct sts_timer flood;
	int stop_fd;
	int port;
	atomic_int gone;
	atomic_int drained;
	atomic_int handled;
	atomic_int last_status;
} server;

static size_t body_max(struct sts_exchange *x, void *arg)
{
	(void)x;
	(void)arg;
	return 1000;
}

static void was_gone(void *arg)
{
	(void)arg;
	sts_timer_clear(&server.flood);
	server.gone++;
}

static void answer_late(void *arg)
{
	sts_exchange_send(arg, 200, "text/plain", STS_STR("late"));
}

static void flood(void *arg)
{
	static char piece[65536];

	sts_exchange_write(arg, sts_str(piece, sizeof piece));
	sts_timer_set(server.loop, &server.flood, 0, flood, arg);
}

static void stream(struct sts_exchange *x)
{
	sts_exchange_begin(x, 200, "text/event-stream");
	sts_exchange_write(x, STS_STR("one,"));
	sts_exchange_write(x, STS_STR("two,"));
	sts_exchange_write(x, STS_STR("three"));
	sts_exchange_end(x);
}

static void handle(struct sts_exchange *x, void *arg)
{
	struct sts_str path = sts_exchange_request(x)->path;

	(void)arg;
	server.handled++;
	sts_exchange_on_gone(x, was_gone, NULL);
	if (sts_str_is(path, "/wait"))
		return;
	if (sts_str_is(path, "/late")) {
		sts_timer_set(server.loop, &server.timer, 50, answer_late, x);
	} else if (sts_str_is(path, "/stream")) {
		stream(x);
	} else if (sts_str_is(path, "/flood")) {
		sts_exchange_begin(x, 200, "text/plain");
		flood(x);
	} else {
		sts_exchange_header(x, "X-Odd", "a\r\nb");
		sts_exchange_send(x, 200, "text/plain", sts_exchange_body(x));
	}
}

static void refuse(struct sts_exchange *x, unsigned status, const char *why, void *arg)
{
	(void)arg;
	sts_exchange_send(x, status, "text/plain", sts_str_of(why));
}

static void answered(const struct sts_exchange *x, unsigned status, size_t len, void *arg)
{
	(void)x;
	(void)len;
	(void)arg;
	server.last_status = (int)status;
}

static void was_drained(void *arg)
{
	(void)arg;
	server.drained++;
	sts_loop_stop(server.loop);
}

static void drain_now(unsigned what, void *arg)
{
	(void)what;
	(void)arg;
	sts_httpd_drain(server.httpd);
}

static void *serve(void *arg)
{
	(void)arg;
	EXPECT(sts_loop_run(server.loop) == STS_OK);
	return NULL;
}

static void start(pthread_t *thread)
{
	struct sts_httpd_limits limits = sts_httpd_default_limits;
	struct sts_httpd_hooks hooks = {
		.body_max = body_max, .handle = handle, .refuse = refuse, .answered = answered, .drained = was_drained};
	struct sockaddr_in sa;
	socklen_t len = sizeof sa;
	const char *why = NULL;
	int fd = -1;

	limits.head_ms = 400;
	limits.body_ms = 400;
	limits.idle_ms = 700;
	limits.write_ms = 500;
	server.loop = sts_loop_new();
	server.httpd = sts_httpd_new(server.loop, &limits, &hooks);
	EXPECT(sts_listen("127.0.0.1:0", &fd, &why) == STS_OK);
	getsockname(fd, (struct sockaddr *)&sa, &len);
	server.port = ntohs(sa.sin_port);
	EXPECT(sts_listen_is_loopback(fd));
	EXPECT(sts_httpd_listen(server.httpd, fd) == STS_OK);
	server.stop_fd = eventfd(0, EFD_CLOEXEC);
	sts_watch_set(server.loop, &server.stop, server.stop_fd, STS_READABLE, -1, drain_now, NULL);
	pthread_create(thread, NULL, serve, NULL);
}

/* ---- clients --------------------------------------------------------------------------------------------------------
 */

static int dial(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)server.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	EXPECT(connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
	return fd;
}

static void say(int fd, const char *text)
{
	EXPECT(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

/* Read until the text has arrived (or, with NULL, until the end), at most three seconds. The octets so far; static. */
static const char *hear(int fd, const char *until)
{
	static char got[1 << 16];
	size_t len = 0;
	int64_t end_ms = sts_now_ms() + 3000;

	got[0] = '\0';
	while (len < sizeof got - 1 && sts_now_ms() < end_ms && (until == NULL || strstr(got, until) == NULL)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, 100) <= 0)
			continue;
		n = recv(fd, got + len, sizeof got - 1 - len, 0);
		if (n <= 0)
			return until == NULL ? got : "(closed)";
		len += (size_t)n;
		got[len] = '\0';
	}
	return until == NULL ? "(not closed)" : strstr(got, until) != NULL ? got : "(timeout)";
}

static void wait_for(atomic_int *counter, int want)
{
	for (int i = 0; i < 300 && *counter < want; i++)
		usleep(10000);
	EXPECT_INT(*counter, want);
}

static bool has(const char *text, const char *part)
{
	bool found = strstr(text, part) != NULL;

	if (!found)
		printf("  got: %s\n", text);
	return found;
}

#define HOST "Host: a\r\n"

static void one_after_another(void)
{
	int fd = dial();
	const char *got;

	CASE("a connection is kept for the next request");
	for (int i = 0; i < 3; i++) {
		say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
		got = hear(fd, "\r\n\r\nhello");
		EXPECT(has(got, "HTTP/1.1 200 OK\r\n"));
		EXPECT(has(got, "Content-Length: 5\r\n"));
		EXPECT(strstr(got, "Connection: close") == NULL);
	}
	CASE("a header value cannot break out of its line");
	EXPECT(has(got, "X-Odd: a??b\r\n"));
	CASE("HEAD gets the length and no body");
	say(fd, "HEAD /late HTTP/1.1\r\n" HOST "\r\n");
	got = hear(fd, "\r\n\r\n");
	EXPECT(has(got, "Content-Length: 4\r\n"));
	EXPECT(strstr(got, "late") == NULL);
	CASE("two requests at once are answered in order");
	say(fd, "GET /late HTTP/1.1\r\n" HOST "\r\nPOST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nend");
	got = hear(fd, "\r\n\r\nend");
	EXPECT(has(got, "\r\n\r\nlateHTTP/1.1 200"));
	CASE("close is obeyed");
	say(fd, "GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	EXPECT(has(hear(fd, NULL), "Connection: close\r\n"));
	close(fd);
}

static void http_1_0(void)
{
	int fd = dial();

	CASE("HTTP/1.0 is answered and closed");
	say(fd, "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
	EXPECT(has(hear(fd, NULL), "\r\n\r\nhi"));
	close(fd);
	fd = dial();
	CASE("a stream to HTTP/1.0 ends with the connection");
	say(fd, "GET /stream HTTP/1.0\r\n\r\n");
	EXPECT(has(hear(fd, NULL), "\r\n\r\none,two,three"));
	close(fd);
}

static void streams(void)
{
	int fd = dial();

	CASE("a stream goes out in chunks and the connection lives on");
	for (int i = 0; i < 2; i++) {
		say(fd, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
		EXPECT(has(hear(fd, "0\r\n\r\n"), "\r\n\r\n4\r\none,\r\n4\r\ntwo,\r\n5\r\nthree\r\n0\r\n\r\n"));
	}
	close(fd);
	CASE("a reader that stands still is cut off");
	fd = dial();
	server.gone = 0;
	say(fd, "GET /flood HTTP/1.1\r\n" HOST "\r\n");
	wait_for(&server.gone, 1);
	close(fd);
}

static void refusals(void)
{
	int fd = dial();

	CASE("a bad request is told why, and closed");
	say(fd, "GET /echo HTTP/1.1\r\n" HOST HOST "\r\nGET /echo HTTP/1.1\r\n" HOST "\r\n");
	EXPECT(has(hear(fd, NULL), "HTTP/1.1 400 Bad Request\r\n"));
	close(fd);
	fd = dial();
	CASE("a body past the limit is refused before it is sent");
	say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
	EXPECT(has(hear(fd, NULL), "HTTP/1.1 413 Content Too Large\r\n"));
	close(fd);
	fd = dial();
	CASE("100-continue is said where the body is welcome");
	say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	EXPECT(has(hear(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n"));
	say(fd, "ok");
	EXPECT(has(hear(fd, "\r\n\r\nok"), "HTTP/1.1 200 OK\r\n"));
	close(fd);
}

static void slow_clients(void)
{
	int64_t began_ms = sts_now_ms();
	int fd = dial();

	CASE("half a head gets 408");
	say(fd, "GET /echo HTTP/1.1\r\n");
	EXPECT(has(hear(fd, NULL), "HTTP/1.1 408 Request Timeout\r\n"));
	EXPECT(sts_now_ms() - began_ms >= 390);
	close(fd);
	CASE("half a body gets 408");
	fd = dial();
	say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nhalf");
	EXPECT(has(hear(fd, NULL), "HTTP/1.1 408 Request Timeout\r\n"));
	close(fd);
	CASE("a head that trickles in gets no more time than one that stalls");
	fd = dial();
	began_ms = sts_now_ms();
	for (int i = 0; i < 40; i++) {
		if (send(fd, i == 0 ? "GET / HTTP/1.1\r\n" : "X: y\r\n", i == 0 ? 16 : 6, MSG_NOSIGNAL) < 0)
			break;
		usleep(25000);
	}
	EXPECT(has(hear(fd, NULL), "HTTP/1.1 408 Request Timeout\r\n"));
	close(fd);
	CASE("silence is closed without a word");
	fd = dial();
	EXPECT_CSTR(hear(fd, NULL), "");
	close(fd);
	CASE("an idle connection is closed after its time");
	fd = dial();
	say(fd, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "\r\n\r\n");
	began_ms = sts_now_ms();
	EXPECT_CSTR(hear(fd, NULL), "");
	EXPECT(sts_now_ms() - began_ms >= 600);
	close(fd);
}

static void gone_clients(void)
{
	int fd = dial();
	struct linger hard = {.l_onoff = 1, .l_linger = 0};

	CASE("a client that closes is noticed while its request is pending");
	server.gone = 0;
	server.handled = 0;
	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	wait_for(&server.handled, 1);
	EXPECT_INT(server.gone, 0);
	close(fd);
	wait_for(&server.gone, 1);
	EXPECT_INT(server.last_status, 499);
	CASE("so is one that resets");
	fd = dial();
	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	wait_for(&server.handled, 2);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(fd);
	wait_for(&server.gone, 2);
	CASE("waiting is not a fault: no timeout runs while the handler has the request");
	fd = dial();
	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	usleep(900000);
	EXPECT_INT(server.gone, 2);
	close(fd);
	wait_for(&server.gone, 3);
	CASE("a client that pours requests in while one is pending is cut off");
	fd = dial();
	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	for (int i = 0; i < 3000; i++)
		if (send(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 31, MSG_NOSIGNAL) < 0)
			break;
	wait_for(&server.gone, 4);
	close(fd);
}

static void draining(pthread_t thread)
{
	int idle = dial();
	int busy = dial();
	uint64_t one = 1;

	CASE("draining closes idle connections, lets the pending answer out, then ends");
	say(idle, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
	hear(idle, "\r\n\r\n");
	server.handled = 0;
	say(busy, "GET /late HTTP/1.1\r\n" HOST "\r\n");
	wait_for(&server.handled, 1);
	EXPECT(write(server.stop_fd, &one, sizeof one) == sizeof one);
	EXPECT(has(hear(busy, NULL), "\r\n\r\nlate"));
	EXPECT_CSTR(hear(idle, NULL), "");
	close(busy);
	close(idle);
	wait_for(&server.drained, 1);
	pthread_join(thread, NULL);
}

int main(void)
{
	pthread_t thread;

	CASE("the server starts");
	start(&thread);
	one_after_another();
	http_1_0();
	streams();
	refusals();
	slow_clients();
	gone_clients();
	draining(thread);
	sts_httpd_free(server.httpd);
	sts_loop_free(server.loop);
	close(server.stop_fd);
	return test_done();
}
