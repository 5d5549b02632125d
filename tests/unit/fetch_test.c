/* Fetches from a scripted server: what ends them, layer by layer. */
#include "base/clock.h"
#include "net/address.h"
#include "net/stream.h"
#include "peer.h"
#include "probe/fetch.h"
#include "test.h"

#include <openssl/ssl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST "mta-sts.example.com"
#define POLICY "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 86400\n"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define GOOD_RESPONSE HEAD "Content-Length: 65\r\n\r\n" POLICY
#define GET {PEER_REQUEST, "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " HOST "\r\n", 6}
/* A ServerHello of TLS 1.1: no more is needed to know. */
#define OLD_HELLO "\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" "0123456789abcdef0123456789abcdef\x00\xc0\x13\x00"

static struct pki_cert root, good, old_leaf, weak;
static struct sts_loop *loop;
static struct sts_tls_ctx *tls;

enum kind { AS_USUAL, ONLY_12, ONLY_OLD, REFUSES_NAME, WANTS_CLIENT, BAD_CERT, WEAK_CERT };

static struct peer_tls kind_of(enum kind kind)
{
	struct peer_tls t = {.chain = {&good}};

	switch (kind) {
	case ONLY_12:
		t.max_version = TLS1_2_VERSION;
		break;
	case ONLY_OLD:
		t.max_version = TLS1_1_VERSION;
		break;
	case REFUSES_NAME:
		t.refuses_name = true;
		break;
	case WANTS_CLIENT:
		t.wants_client_cert = true;
		break;
	case BAD_CERT:
		t.chain[0] = &old_leaf;
		break;
	case WEAK_CERT:
		t.chain[0] = &weak;
		break;
	default:
		break;
	}
	return t;
}

static const struct {
	const char *name;
	struct peer_step steps[8];
	enum kind kind;
	enum sts_fetch_end end;
	enum sts_tls_state tls;
	enum sts_reached reached;
	int status;
	const char *words; /* in error */
	const char *alert;
	unsigned problems;
} rows[] = {
	{"good", {P_TLS, GET, P_SAY(GOOD_RESPONSE), P_GONE, P_END}, AS_USUAL, STS_FETCH_OK, STS_TLS_OK, STS_AT_BODY, 200, NULL,
		NULL, 0},
	{"good, TLS 1.2", {P_TLS, GET, P_SAY(GOOD_RESPONSE), P_END}, ONLY_12, STS_FETCH_OK, STS_TLS_OK, STS_AT_BODY, 200, NULL, NULL, 0},
	{"good, in pieces", {P_TLS, GET, P_SAY(HEAD), P_WAIT(30), P_SAY("Content-Length: 65\r\n\r\nversion: STSv1\n"),
		P_WAIT(30), P_SAY("mode: enforce\nmx: mail.example.com\nmax_age: 86400\n"), P_END},
		AS_USUAL, STS_FETCH_OK, STS_TLS_OK, STS_AT_BODY, 200, NULL, NULL, 0},
	{"good, ends with the connection", {P_TLS, GET, P_SAY(HEAD "\r\n" POLICY), P_END}, AS_USUAL, STS_FETCH_OK, STS_TLS_OK,
		STS_AT_BODY, 200, NULL, NULL, 0},
	{"bad certificate, read all the same", {P_TLS, GET, P_SAY(GOOD_RESPONSE), P_END}, BAD_CERT, STS_FETCH_OK, STS_TLS_OK,
		STS_AT_BODY, 200, NULL, NULL, STS_CERT_EXPIRED | STS_CERT_NAME_MISMATCH},
	{"weak certificate, seen", {P_TLS, GET, P_SAY(GOOD_RESPONSE), P_END}, WEAK_CERT, STS_FETCH_OK, STS_TLS_OK, STS_AT_BODY, 200,
		NULL, NULL, STS_CERT_WEAK},
	{"not found", {P_TLS, GET, P_SAY("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"), P_GONE, P_END}, AS_USUAL,
		STS_FETCH_OK, STS_TLS_OK, STS_AT_HTTP, 404, NULL, NULL, 0},
	{"redirect is not followed",
		{P_TLS, GET, P_SAY("HTTP/1.1 301 Moved\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n"),
			P_UNLESS(300)},
		AS_USUAL, STS_FETCH_OK, STS_TLS_OK, STS_AT_HTTP, 301, NULL, NULL, 0},
	{"closed without a response", {P_TLS, GET, P_END}, AS_USUAL, STS_FETCH_HTTP_BROKEN, STS_TLS_OK, STS_AT_TLS, 0, "", NULL, 0},
	{"reset without a response", {P_TLS, GET, P_RESET}, AS_USUAL, STS_FETCH_HTTP_BROKEN, STS_TLS_OK, STS_AT_TLS, 0, "reset", NULL, 0},
	{"too short", {P_TLS, GET, P_SAY(HEAD "Content-Length: 5000\r\n\r\n" POLICY), P_END}, AS_USUAL, STS_FETCH_HTTP_BROKEN, STS_TLS_OK,
		STS_AT_HTTP, 200, "", NULL, 0},
	{"reset in a body without length", {P_TLS, GET, P_SAY(HEAD "\r\nversion: STSv1\n"), P_WAIT(50), P_RESET}, AS_USUAL,
		STS_FETCH_HTTP_BROKEN, STS_TLS_OK, STS_AT_HTTP, 200, "reset", NULL, 0},
	{"too large", {P_TLS, GET, P_SAY(HEAD "\r\n"), P_FLOOD(POLICY, 100000), P_END}, AS_USUAL, STS_FETCH_HTTP_TOO_LARGE, STS_TLS_OK,
		STS_AT_HTTP, 200, "65536", NULL, 0},
	{"endless header", {P_TLS, GET, P_SAY("HTTP/1.1 200 OK\r\n"), P_FLOOD("X-More: and more of it\r\n", 100000), P_END}, AS_USUAL,
		STS_FETCH_HTTP_BROKEN, STS_TLS_OK, STS_AT_HTTP, 200, "", NULL, 0},
	{"no response in time", {P_TLS, GET, P_GONE, P_END}, AS_USUAL, STS_FETCH_HTTP_TIMEOUT, STS_TLS_OK, STS_AT_TLS, 0, "no HTTP response",
		NULL, 0},
	{"body not complete in time", {P_TLS, GET, P_SAY(HEAD "Content-Length: 65\r\n\r\nversion"), P_GONE, P_END}, AS_USUAL,
		STS_FETCH_HTTP_TIMEOUT, STS_TLS_OK, STS_AT_HTTP, 200, "not complete", NULL, 0},
	{"handshake stalls", {P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_TIMEOUT, STS_AT_TCP, 0, "no answer to the TLS handshake", NULL, 0},
	{"handshake stalls half-way", {P_OCTETS("\x16\x03\x03\x00\x7a\x02"), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS,
		STS_TLS_TIMEOUT, STS_AT_TCP, 0, "stalled", NULL, 0},
	{"closed in the handshake", {P_WAIT(50), P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_CLOSED, STS_AT_TCP, 0, "", NULL, 0},
	{"reset in the handshake", {P_WAIT(50), P_RESET}, AS_USUAL, STS_FETCH_TLS, STS_TLS_CLOSED, STS_AT_TCP, 0, "broke", NULL, 0},
	{"HTTP in clear", {P_SAY("HTTP/1.1 400 Bad Request\r\n\r\n"), P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_NOT_TLS, STS_AT_TCP, 0,
		"answers \"HTTP/1.1 400 Bad Request\" in place of TLS", NULL, 0},
	{"another protocol", {P_SAY("SSH-2.0-x\r\n"), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_NOT_TLS, STS_AT_TCP, 0, "SSH", NULL, 0},
	{"two octets of something", {P_SAY("hi"), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_NOT_TLS, STS_AT_TCP, 0, "\"hi\"", NULL, 0},
	{"octets for the terminal", {P_SAY("\x1b[31mred"), P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_NOT_TLS, STS_AT_TCP, 0, "\\x1B[31mred", NULL, 0},
	{"garbage that begins like TLS", {P_OCTETS("\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00"), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS,
		STS_TLS_FAILED, STS_AT_TCP, 0, "handshake failed", NULL, 0},
	{"alert: unrecognized_name", {P_TLS_FAILS, P_END}, REFUSES_NAME, STS_FETCH_TLS, STS_TLS_ALERT, STS_AT_TCP, 0, "unrecognized_name",
		"unrecognized_name", 0},
	{"alert: handshake_failure", {P_OCTETS("\x15\x03\x03\x00\x02\x02\x28"), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_ALERT,
		STS_AT_TCP, 0, "handshake_failure", "handshake_failure", 0},
	{"alert nobody knows", {P_OCTETS("\x15\x03\x03\x00\x02\x02\xc8"), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_ALERT,
		STS_AT_TCP, 0, "alert 200", "alert 200", 0},
	{"alert: client certificate wanted", {P_TLS_FAILS, P_END}, WANTS_CLIENT, STS_FETCH_TLS, STS_TLS_ALERT, STS_AT_TCP, 0,
		"certificate_required", "certificate_required", 0},
	{"TLS 1.1 only, confirmed", {P_TLS_FAILS, P_AGAIN, P_TLS, P_GONE, P_END}, ONLY_OLD, STS_FETCH_TLS, STS_TLS_PROTOCOL_OLD,
		STS_AT_TCP, 0, "nothing newer than TLSv1.1", "protocol_version", 0},
	{"old ServerHello", {P_OCTETS(OLD_HELLO), P_GONE, P_END}, AS_USUAL, STS_FETCH_TLS, STS_TLS_PROTOCOL_OLD, STS_AT_TCP, 0,
		"TLSv1.1", NULL, 0},
	{"protocol_version, but nothing old either", {P_TLS_FAILS, P_AGAIN, P_WAIT(50), P_END}, ONLY_OLD, STS_FETCH_TLS,
		STS_TLS_ALERT, STS_AT_TCP, 0, "protocol_version", "protocol_version", 0},
};

struct result {
	bool called;
};

static void done(struct sts_fetch *out, void *arg)
{
	struct result *r = arg;

	(void)out;
	EXPECT(!r->called);
	r->called = true;
	sts_loop_stop(loop);
}

static struct sts_fetch_params usual(uint16_t port)
{
	return (struct sts_fetch_params){
		.host = HOST,
		.path = "/.well-known/mta-sts.txt",
		.port = port,
		.address = peer_address(),
		.judged_at = PKI_NOW,
		.deadline_ms = sts_now_ms() + 20000,
		.connect_ms = 400,
		.total_ms = 900,
	};
}

static void fetch(const struct sts_fetch_params *params, struct sts_arena *arena, struct sts_fetch *out)
{
	struct result r = {false};

	(void)sts_fetch_start(loop, tls, arena, params, out, done, &r);
	EXPECT(!r.called);
	EXPECT_INT(sts_loop_run(loop), STS_OK);
	EXPECT(r.called);
}

static void expect_words(const char *text, const char *words)
{
	if (words == NULL) {
		EXPECT_CSTR(text, NULL);
		return;
	}
	EXPECT(text != NULL && strstr(text, words) != NULL);
	if (text == NULL || strstr(text, words) == NULL)
		printf("    \"%s\" instead of \"%s\"\n", text == NULL ? "(none)" : text, words);
}

static void test_row(size_t i)
{
	struct sts_arena *arena = sts_arena_new();
	struct peer_tls kind = kind_of(rows[i].kind);
	struct sts_fetch_params params;
	struct sts_fetch out;
	struct peer peer;

	CASE("%s", rows[i].name);
	peer_start(&peer, rows[i].steps, &kind);
	params = usual(peer.port);
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, rows[i].end);
	EXPECT_INT(out.tls.state, rows[i].tls);
	EXPECT_INT(out.reached, rows[i].reached);
	EXPECT_INT(out.http.status, rows[i].status);
	EXPECT_INT(out.tls.problems, rows[i].problems);
	EXPECT_CSTR(out.tls.alert, rows[i].alert);
	expect_words(out.error, rows[i].words);
	EXPECT_INT(out.has_policy, rows[i].reached == STS_AT_BODY);
	EXPECT_INT(strlen(out.sha256), rows[i].reached == STS_AT_BODY ? 64 : 0);
	EXPECT_INT(out.duration_ms < 1500, 1);
	if (out.has_policy) {
		EXPECT_STR(out.body, POLICY);
		EXPECT(out.policy.usable);
		EXPECT_INT(out.policy.mode, STS_MODE_ENFORCE);
	}
	EXPECT(out.body_total < 200000);
	sts_arena_free(arena);
}

static void test_facts(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {P_TLS, GET, P_SAY(GOOD_RESPONSE), P_END};
	struct peer_tls kind = kind_of(AS_USUAL);
	struct sts_fetch_params params;
	struct sts_fetch out;
	struct peer peer;

	CASE("facts of a handshake");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_CSTR(out.tls.version, "TLSv1.3");
	EXPECT(out.tls.cipher != NULL && strncmp(out.tls.cipher, "TLS_", 4) == 0);
	EXPECT_INT(out.tls.chain_count, 1);
	EXPECT_CSTR(out.tls.chain[0].names[0], HOST);
	EXPECT_CSTR(out.http.media_type, "text/plain");
	EXPECT_CSTR(out.address.text, "127.0.0.1");
	EXPECT_INT(out.tls.dane, STS_DANE_NONE);
	EXPECT_CSTR(out.sha256, "bc184e4363fb9dabae68ae9b0583c8398d4019724d630fcc422e5477e776ba00");
}

static void test_tls_only(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {P_TLS, P_GONE, P_END};
	struct peer_tls kind = kind_of(AS_USUAL);
	struct sts_fetch_params params;
	struct sts_fetch out;
	struct peer peer;

	CASE("handshake only");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	params.tls_only = true;
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_FETCH_OK);
	EXPECT_INT(out.reached, STS_AT_TLS);
	EXPECT(!out.has_policy);
}

static void test_tcp(struct sts_arena *arena)
{
	struct sts_fetch_params params = usual(peer_closed_port());
	struct sts_fetch out;
	int hold[8];

	CASE("refused");
	fetch(&params, arena, &out);
	EXPECT_INT(out.end, STS_FETCH_TCP_REFUSED);
	EXPECT_INT(out.reached, STS_AT_DNS);
	EXPECT_INT(out.tls.state, STS_TLS_NOT_TRIED);

	CASE("private address denied");
	params.deny_private = true;
	fetch(&params, arena, &out);
	EXPECT_INT(out.end, STS_FETCH_PRIVATE);
	expect_words(out.error, "loopback");

	params = usual(peer_silent_port(hold));
	CASE("no answer to SYN");
	fetch(&params, arena, &out);
	EXPECT_INT(out.end, STS_FETCH_TCP_TIMEOUT);
	CASE("the check's deadline while connecting is no timeout of theirs");
	params.deadline_ms = sts_now_ms() + 100;
	fetch(&params, arena, &out);
	EXPECT_INT(out.end, STS_FETCH_CANCELLED);
	CASE("the check's deadline is over");
	params.deadline_ms = sts_now_ms();
	fetch(&params, arena, &out);
	EXPECT_INT(out.end, STS_FETCH_CANCELLED);
	for (int i = 0; i < 8; i++)
		close(hold[i]);
}

/* A deadline that left hardly any time says nothing about the server; one that left enough does. */
static void test_deadline(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {P_TLS, GET, P_GONE, P_END};
	struct peer_tls kind = kind_of(AS_USUAL);
	struct sts_fetch_params params;
	struct sts_fetch out;
	struct peer peer;

	CASE("cut short by the check's deadline after 0.2 s");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	params.deadline_ms = sts_now_ms() + 200;
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_FETCH_CANCELLED);
	CASE("cut short by the check's deadline after 1.6 s");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	params.deadline_ms = sts_now_ms() + 1600;
	params.total_ms = 60000;
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_FETCH_HTTP_TIMEOUT);
	CASE("cut short by the check's deadline after 1.6 s, but it began late");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	params.deadline_ms = sts_now_ms() + 1600;
	params.total_ms = 60000;
	params.had_to_wait = true;
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_FETCH_CANCELLED);
	CASE("it began late, and its own time ran out");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	params.had_to_wait = true;
	fetch(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_FETCH_HTTP_TIMEOUT);
}

static void never(struct sts_fetch *out, void *arg)
{
	(void)out;
	(void)arg;
	test_expect(false, TEST_HERE, "called back after cancel");
}

/* At every stage: nothing may be called, nothing may leak. */
static void test_cancel(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {P_TLS, GET, P_SAY(HEAD "Content-Length: 65\r\n\r\nversion"), P_GONE, P_END};
	struct peer_tls kind = kind_of(AS_USUAL);

	for (int turns = 0; turns < 9; turns++) {
		struct sts_fetch_params params;
		struct sts_fetch out;
		struct sts_fetch_op *op;
		struct peer peer;

		CASE("cancelled after %d turns", turns);
		peer_start(&peer, steps, &kind);
		params = usual(peer.port);
		op = sts_fetch_start(loop, tls, arena, &params, &out, never, NULL);
		for (int i = 0; i < turns && !(i > 0 && out.http.status != 0); i++)
			EXPECT_INT(sts_loop_run_once(loop), STS_OK);
		sts_fetch_cancel(op);
		kill(peer.pid, SIGTERM);
		(void)peer_end(&peer);
	}
}

static void test_context(void)
{
	struct sts_tls_ctx *ctx = NULL;
	const char *why = NULL;

	CASE("a file of roots that is not there");
	EXPECT_INT(sts_tls_ctx_new("/nowhere/roots.pem", &ctx, &why), STS_EINVAL);
	expect_words(why, "No such file");
	CASE("a file of roots that holds none");
	EXPECT_INT(sts_tls_ctx_new("/etc/passwd", &ctx, &why), STS_EINVAL);
	expect_words(why, "/etc/passwd");
	CASE("the system's roots");
	EXPECT_INT(sts_tls_ctx_new(NULL, &ctx, &why), STS_OK);
	EXPECT_CSTR(sts_tls_ctx_store(ctx), "/etc/ssl/certs");
	sts_tls_ctx_free(ctx);
}

/* In a network namespace of its own, without any route: exit status 0 when that is what is told, 77 when there is no namespace to be had. */
static int without_routes(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_fetch_params params = usual(443);
	struct sts_fetch out;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return 77;
	loop = sts_loop_new();
	for (int family = 4; family <= 6; family += 2) {
		if (sts_family_routable(family) || !sts_address_parse(family == 4 ? "45.0.0.1" : "2a0a::1", &params.address))
			return 1;
		fetch(&params, arena, &out);
		if (out.end != STS_FETCH_NO_FAMILY || out.error == NULL)
			return 2;
	}
	return 0;
}

static void test_no_family(void)
{
	int status = 0;
	pid_t pid;

	CASE("a machine without routes");
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(without_routes());
	EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("SKIP no network namespace to be had\n");
	else
		EXPECT_INT(WEXITSTATUS(status), 0);
}

static void make_certs(char path[static 32])
{
	root = pki_make(&(struct pki_spec){.cn = "Root", .basic = "critical,CA:TRUE"});
	good = pki_make(&(struct pki_spec){.cn = "x", .names = "DNS:" HOST, .issuer = &root});
	old_leaf = pki_make(&(struct pki_spec){.cn = "x", .names = "DNS:example.org", .issuer = &root, .not_after = PKI_NOW - 5});
	weak = pki_make(&(struct pki_spec){.cn = "x", .names = "DNS:" HOST, .issuer = &root, .digest = "SHA1", .key = PKI_RSA1024});
	peer_write_pem(&root, path);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();
	const char *why = NULL;
	char path[32];

	make_certs(path);
	loop = sts_loop_new();
	CASE("a file of roots");
	EXPECT_INT(sts_tls_ctx_new(path, &tls, &why), STS_OK);
	unlink(path);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		test_row(i);
	test_facts(arena);
	test_tls_only(arena);
	test_tcp(arena);
	test_deadline(arena);
	test_cancel(arena);
	test_context();
	test_no_family();
	sts_tls_ctx_free(tls);
	sts_loop_free(loop);
	pki_free(&root);
	pki_free(&good);
	pki_free(&old_leaf);
	pki_free(&weak);
	sts_arena_free(arena);
	return test_done();
}
