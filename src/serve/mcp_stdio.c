#include "serve/mcp_stdio.h"

#include "net/address.h"
#include "serve/mcp_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_OCTETS ((size_t)1024 * 1024)
#define PIECE 65536

struct stdio {
	struct sts_server server; /* guard, pool and unlimited allowances; no HTTP */
	struct sts_mcp_session session;
	struct sts_buf in;
	bool skipping;     /* the rest of a line that was too long */
	bool ended;        /* standard input */
	bool always_ready; /* it is a file: nothing tells when there is more */
	struct sts_watch watch;
	struct sts_timer more;
};

static void stop_if_idle(struct stdio *s)
{
	if (s->ended && s->session.calls == NULL)
		sts_loop_stop(s->server.loop);
}

/* ---- out
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* A client that does not read makes us wait: whatever else it wants from us it would not read either. */
static bool write_all(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

			(void)poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void send_message(void *arg, struct sts_str message, bool last, unsigned status)
{
	struct stdio *s = arg;
	struct sts_buf b;

	(void)status;
	sts_buf_init(&b, message.len + 1);
	sts_buf_add(&b, message.ptr, message.len);
	sts_buf_addc(&b, '\n');
	if (b.failed || !write_all(b.ptr, b.len))
		sts_loop_stop(s->server.loop);
	sts_buf_clear(&b);
	if (last)
		stop_if_idle(s);
}

static void *user(struct sts_arena *arena, void *arg)
{
	static const uint8_t loopback[4] = {127, 0, 0, 1};
	struct stdio *s = arg;
	struct call *call = STS_NEW(arena, struct call);

	*call = (struct call){.server = &s->server, .arena = arena, .id = "stdio"};
	sts_address_from_bytes(4, loopback, &call->client.address);
	call->client.local = true;
	return call;
}

/* ---- in
 * -------------------------------------------------------------------------------------------------------------------------
 */

static void take_line(struct stdio *s, struct sts_str line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (s->skipping) {
		s->skipping = false;
		return;
	}
	if (sts_str_trim(line).len > 0)
		(void)sts_mcp_receive(&s->session, line, NULL);
}

static void take_lines(struct stdio *s)
{
	size_t start = 0;
	size_t end;

	while ((end = sts_str_find(sts_buf_str(&s->in), '\n', start)) < s->in.len) {
		take_line(s, sts_str(s->in.ptr + start, end - start));
		start = end + 1;
	}
	sts_buf_consume(&s->in, start);
	if (s->in.len < LINE_MAX_OCTETS)
		return;
	/* told once, as what it is: no JSON */
	if (!s->skipping)
		(void)sts_mcp_receive(&s->session, STS_STR("a line that is too long"), NULL);
	s->skipping = true;
	sts_buf_reset(&s->in);
}

static void wait_for_input(struct stdio *s);

static void read_input(struct stdio *s)
{
	char piece[PIECE];
	ssize_t n = read(STDIN_FILENO, piece, sizeof piece);

	if (n > 0) {
		sts_buf_add(&s->in, piece, (size_t)n);
		take_lines(s);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* the last line may lack its end */
		take_line(s, sts_buf_str(&s->in));
		s->ended = true;
		stop_if_idle(s);
		return;
	}
	wait_for_input(s);
}

static void input_ready(unsigned what, void *arg)
{
	(void)what;
	read_input(arg);
}

static void input_again(void *arg)
{
	read_input(arg);
}

static void wait_for_input(struct stdio *s)
{
	if (s->always_ready)
		sts_timer_set(s->server.loop, &s->more, 0, input_again, s);
	else
		sts_watch_set(s->server.loop, &s->watch, STDIN_FILENO, STS_READABLE, -1, input_ready, s);
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------------------------ */

static void check_ended(struct sts_outcome *result, void *arg)
{
	struct stdio *s = arg;

	if (s->server.historian != NULL)
		sts_historian_keep(s->server.historian, result);
}

static enum sts_err make_parts(struct stdio *s, const struct sts_server_options *options, const char **why)
{
	struct sts_guard_options guard = {.allow_special_names = options->guard.allow_special_names};
	struct stat st;
	enum sts_err err;

	*why = "out of memory";
	s->server.loop = sts_loop_new();
	if (s->server.loop == NULL)
		return STS_ENOMEM;
	err = sts_guard_new(&guard, &s->server.guard, why);
	if (err == STS_OK && options->pool.history != NULL)
		err = sts_historian_new(
			s->server.loop, options->pool.history, options->keep_days, &s->server.historian, why);
	if (err == STS_OK)
		err = sts_pool_new(s->server.loop, &options->pool, &s->server.pool, why);
	if (err == STS_OK)
		sts_pool_on_result(s->server.pool, check_ended, s);
	s->always_ready = fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode);
	return err;
}

static void clear(struct stdio *s)
{
	sts_mcp_session_clear(&s->session);
	sts_watch_clear(&s->watch);
	sts_timer_clear(&s->more);
	sts_pool_free(s->server.pool);
	sts_historian_free(s->server.historian);
	sts_guard_free(s->server.guard);
	sts_loop_free(s->server.loop);
	sts_buf_clear(&s->in);
}

enum sts_err sts_mcp_stdio(const struct sts_server_options *options, const char **why)
{
	struct stdio s = {.session = {.kit = &sts_mcp_product}};
	int flags = fcntl(STDIN_FILENO, F_GETFL);
	enum sts_err err = make_parts(&s, options, why);

	s.session.port = (struct sts_mcp_port){.send = send_message, .streams = true, .user = user, .arg = &s};
	sts_buf_init(&s.in, LINE_MAX_OCTETS + PIECE);
	if (err == STS_OK) {
		/* the descriptor may be shared with whoever started us: it is put back as it was */
		fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK);
		wait_for_input(&s);
		err = sts_loop_run(s.server.loop);
		*why = "the event loop failed";
		fcntl(STDIN_FILENO, F_SETFL, flags);
	}
	clear(&s);
	return err;
}
