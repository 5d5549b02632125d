/* SMTP sessions with a scripted server: how each can end, and DANE beside the usual verdict. */
#include "base/clock.h"
#include "peer.h"
#include "probe/smtp.h"
#include "test.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <unistd.h>

#define HOST "mx1.example.com"
#define STEPS_MAX 24

#define GREET P_SAY("220 mx1 ESMTP\r\n")
#define EHLO P_HEAR("EHLO probe.example\r\n")
#define OFFER P_SAY("250-mx1 at your service\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
#define STARTTLS P_HEAR("STARTTLS\r\n")
#define GO P_SAY("220 go ahead\r\n")
#define TO_TLS GREET, EHLO, OFFER, STARTTLS, GO
#define QUIT P_HEAR("QUIT\r\n"), P_SAY("221 bye\r\n"), P_END
#define INSIDE P_TLS, EHLO, P_SAY("250-mx1\r\n250 REQUIRETLS\r\n"), QUIT

static struct pki_cert root, ca, good, bad, other, mail_domain, stale, cn_only;
static struct sts_loop *loop;
static struct sts_tls_ctx *tls;
static char long_line[80000];

enum kind { AS_USUAL, ONLY_12, ONLY_OLD, REFUSES_NAME, WANTS_CLIENT, BAD_CERT };

static struct peer_tls kind_of(enum kind kind)
{
	struct peer_tls t = {.chain = {&good, &ca}};

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
		t.chain[0] = &bad;
		t.chain[1] = NULL;
		break;
	default:
		break;
	}
	return t;
}

static const struct {
	const char *name;
	struct peer_step steps[STEPS_MAX];
	enum kind kind;
	enum sts_smtp_end end;
	int code;
	enum sts_tls_state tls;
	unsigned attempts;
	const char *words; /* in error */
	unsigned problems;
} rows[] = {
	{"good", {TO_TLS, INSIDE}, AS_USUAL, STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, 0},
	{"good, TLS 1.2", {TO_TLS, INSIDE}, ONLY_12, STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, 0},
	{"good, slow, in pieces",
		{P_SAY("220-mx1"), P_WAIT(100), P_SAY("\r\n220 ESM"), P_WAIT(100), P_SAY("TP\r\n"), EHLO, OFFER, STARTTLS, GO, INSIDE}, AS_USUAL,
		STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, 0},
	{"good, bare LF", {P_SAY("220 mx1\n"), EHLO, P_SAY("250-mx1\n250 starttls\n"), STARTTLS, P_SAY("220 go\n"), INSIDE}, AS_USUAL, STS_SMTP_OK, 0,
		STS_TLS_OK, 1, NULL, 0},
	{"good, but no 221 and no goodbye",
		{TO_TLS, P_TLS, EHLO, P_SAY("250 mx1\r\n"), P_HEAR("QUIT"), P_RESET}, AS_USUAL, STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, 0},
	{"good, closed inside TLS", {TO_TLS, P_TLS, EHLO, P_END}, AS_USUAL, STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, 0},
	{"good, silent inside TLS", {TO_TLS, P_TLS, EHLO, P_GONE, P_END}, AS_USUAL, STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, 0},
	{"bad certificate", {TO_TLS, INSIDE}, BAD_CERT, STS_SMTP_OK, 0, STS_TLS_OK, 1, NULL, STS_CERT_SELF_SIGNED | STS_CERT_NAME_MISMATCH},
	{"greylisted", {P_SAY("450 later\r\n"), QUIT}, AS_USUAL, STS_SMTP_GREETING_4XX, 450, STS_TLS_NOT_TRIED, 1, "for now: 450", 0},
	{"421 and closed", {P_SAY("421 busy\r\n"), P_END}, AS_USUAL, STS_SMTP_GREETING_4XX, 421, STS_TLS_NOT_TRIED, 1, "421", 0},
	{"554", {P_SAY("554-no\r\n554 service\r\n"), QUIT}, AS_USUAL, STS_SMTP_GREETING_5XX, 554, STS_TLS_NOT_TRIED, 1, "554", 0},
	{"greeting 250", {P_SAY("250 hm\r\n"), QUIT}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 250, STS_TLS_NOT_TRIED, 1, "250", 0},
	{"no greeting", {P_GONE, P_END}, AS_USUAL, STS_SMTP_GREETING_TIMEOUT, 0, STS_TLS_NOT_TRIED, 1, "in time", 0},
	{"half a greeting", {P_SAY("220 mx"), P_GONE, P_END}, AS_USUAL, STS_SMTP_GREETING_TIMEOUT, 0, STS_TLS_NOT_TRIED, 1, "in time", 0},
	{"closed twice without a word", {P_AGAIN, P_UNLESS(800)}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 0, STS_TLS_NOT_TRIED, 2, "closed", 0},
	{"closed once without a word", {P_AGAIN, TO_TLS, INSIDE}, AS_USUAL, STS_SMTP_OK, 0, STS_TLS_OK, 2, NULL, 0},
	{"closed in a greeting", {P_SAY("220-mx\r\n"), P_UNLESS(800)}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 0, STS_TLS_NOT_TRIED, 1, "closed", 0},
	{"not SMTP", {P_SAY("HTTP/1.1 400 \x1b[31mBad\r\n"), P_GONE, P_END}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 0, STS_TLS_NOT_TRIED, 1,
		"\"HTTP/1.1 400 \\x1B[31mBad\"", 0},
	{"greeting of 80,000 octets", {P_SAY("220 "), P_FLOOD(long_line, 1), P_GONE, P_END}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 0, STS_TLS_NOT_TRIED, 1,
		"longer", 0},
	{"endless greeting", {P_FLOOD("220-and on\r\n", 100000), P_GONE, P_END}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 0, STS_TLS_NOT_TRIED, 1, "longer", 0},
	{"talks early", {P_SAY("220 mx1\r\n250 mx1\r\n"), P_GONE, P_END}, AS_USUAL, STS_SMTP_GREETING_BROKEN, 0, STS_TLS_NOT_TRIED, 1, "before EHLO", 0},
	{"talks early, a moment later",
		{GREET, EHLO, P_SAY("250 early\r\n"), P_WAIT(50), P_SAY("250-mx1\r\n250 STARTTLS\r\n"), P_GONE, P_END}, AS_USUAL, STS_SMTP_EHLO_BROKEN, 0,
		STS_TLS_NOT_TRIED, 1, "before the reply to EHLO", 0},
	{"two replies to EHLO", {GREET, EHLO, P_SAY("250 early\r\n250-mx1\r\n250 STARTTLS\r\n"), P_GONE, P_END}, AS_USUAL, STS_SMTP_EHLO_BROKEN, 0,
		STS_TLS_NOT_TRIED, 1, "more than one reply", 0},
	{"EHLO refused", {GREET, EHLO, P_SAY("502 what\r\n"), QUIT}, AS_USUAL, STS_SMTP_EHLO_REFUSED, 502, STS_TLS_NOT_TRIED, 1, "502", 0},
	{"EHLO refused for now", {GREET, EHLO, P_SAY("451 later\r\n"), QUIT}, AS_USUAL, STS_SMTP_EHLO_REFUSED, 451, STS_TLS_NOT_TRIED, 1, "451", 0},
	{"no reply to EHLO", {GREET, EHLO, P_GONE, P_END}, AS_USUAL, STS_SMTP_EHLO_BROKEN, 0, STS_TLS_NOT_TRIED, 1, "in time", 0},
	{"closed at EHLO, twice", {GREET, EHLO, P_AGAIN, GREET, EHLO, P_UNLESS(800)}, AS_USUAL, STS_SMTP_EHLO_BROKEN, 0, STS_TLS_NOT_TRIED, 2, "closed", 0},
	{"endless EHLO", {GREET, EHLO, P_FLOOD("250-AND ON\r\n", 100000), P_GONE, P_END}, AS_USUAL, STS_SMTP_EHLO_BROKEN, 0, STS_TLS_NOT_TRIED, 1, "longer", 0},
	{"no STARTTLS", {GREET, EHLO, P_SAY("250-mx1 STARTTLS\r\n250-XSTARTTLS\r\n250 SIZE\r\n"), QUIT}, AS_USUAL, STS_SMTP_NO_STARTTLS, 0, STS_TLS_NOT_TRIED,
		1, "not offered", 0},
	{"no STARTTLS, QUIT answered with 250", {GREET, EHLO, P_SAY("250 mx1\r\n"), P_HEAR("QUIT"), P_SAY("250 ok\r\n"), P_END}, AS_USUAL,
		STS_SMTP_NO_STARTTLS, 0, STS_TLS_NOT_TRIED, 1, "not offered", 0},
	{"STARTTLS 454", {GREET, EHLO, OFFER, STARTTLS, P_SAY("454 not now\r\n"), QUIT}, AS_USUAL, STS_SMTP_STARTTLS_REFUSED, 454, STS_TLS_NOT_TRIED, 1, "454", 0},
	{"STARTTLS 501", {GREET, EHLO, OFFER, STARTTLS, P_SAY("501 no\r\n"), QUIT}, AS_USUAL, STS_SMTP_STARTTLS_REFUSED, 501, STS_TLS_NOT_TRIED, 1, "501", 0},
	{"STARTTLS 250", {GREET, EHLO, OFFER, STARTTLS, P_SAY("250 hm\r\n"), QUIT}, AS_USUAL, STS_SMTP_STARTTLS_BROKEN, 250, STS_TLS_NOT_TRIED, 1, "250", 0},
	{"no reply to STARTTLS", {GREET, EHLO, OFFER, STARTTLS, P_GONE, P_END}, AS_USUAL, STS_SMTP_STARTTLS_BROKEN, 0, STS_TLS_NOT_TRIED, 1, "in time", 0},
	{"injection in the same segment", {GREET, EHLO, OFFER, STARTTLS, P_SAY("220 go\r\n250 pwned\r\n"), P_GONE, P_END}, AS_USUAL, STS_SMTP_INJECTION, 0,
		STS_TLS_NOT_TRIED, 1, "11 octets", 0},
	{"octets in clear in place of TLS", {TO_TLS, P_WAIT(100), P_SAY("250 not TLS\r\n"), P_GONE, P_END}, AS_USUAL, STS_SMTP_TLS, 0, STS_TLS_NOT_TLS, 1,
		"answers \"250 not TLS\"", 0},
	{"closed after STARTTLS", {TO_TLS, P_WAIT(100), P_END}, AS_USUAL, STS_SMTP_TLS, 0, STS_TLS_CLOSED, 1, "during the handshake", 0},
	{"handshake stalls", {TO_TLS, P_GONE, P_END}, AS_USUAL, STS_SMTP_TLS, 0, STS_TLS_TIMEOUT, 1, "no answer", 0},
	{"alert", {TO_TLS, P_TLS_FAILS, P_END}, REFUSES_NAME, STS_SMTP_TLS, 0, STS_TLS_ALERT, 1, "unrecognized_name", 0},
	{"alert behind the handshake", {TO_TLS, P_TLS_FAILS, P_END}, WANTS_CLIENT, STS_SMTP_TLS, 0, STS_TLS_ALERT, 1, "certificate_required", 0},
	{"TLS 1.1 only, confirmed", {TO_TLS, P_TLS_FAILS, P_AGAIN, TO_TLS, P_TLS, P_GONE, P_END}, ONLY_OLD, STS_SMTP_TLS, 0, STS_TLS_PROTOCOL_OLD, 2,
		"nothing newer than TLSv1.1", 0},
	{"TLS 1.1 only, greylisted when asked again", {TO_TLS, P_TLS_FAILS, P_AGAIN, P_SAY("450 later\r\n"), QUIT}, ONLY_OLD, STS_SMTP_TLS, 0, STS_TLS_ALERT, 2,
		"protocol_version", 0},
};

struct result {
	bool called;
};

static void done(struct sts_smtp *out, void *arg)
{
	struct result *r = arg;

	(void)out;
	EXPECT(!r->called);
	r->called = true;
	sts_loop_stop(loop);
}

static struct sts_smtp_params usual(uint16_t port)
{
	return (struct sts_smtp_params){
		.host = HOST,
		.helo = "probe.example",
		.port = port,
		.address = peer_address(),
		.judged_at = PKI_NOW,
		.deadline_ms = sts_now_ms() + 20000,
		.connect_ms = 400,
		.greeting_ms = 600,
		.reply_ms = 500,
	};
}

static void probe(const struct sts_smtp_params *params, struct sts_arena *arena, struct sts_smtp *out)
{
	struct result r = {false};

	(void)sts_smtp_start(loop, tls, arena, params, out, done, &r);
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
	struct sts_smtp_params params;
	struct sts_smtp out;
	struct peer peer;

	CASE("%s", rows[i].name);
	peer_start(&peer, rows[i].steps, &kind);
	params = usual(peer.port);
	probe(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, rows[i].end);
	EXPECT_INT(out.code, rows[i].code);
	EXPECT_INT(out.tls.state, rows[i].tls);
	EXPECT_INT(out.attempts, rows[i].attempts);
	EXPECT_INT(out.tls.problems, rows[i].problems);
	EXPECT_INT(out.tls.dane, STS_DANE_NONE);
	expect_words(out.error, rows[i].words);
	EXPECT((out.reply != NULL) == (rows[i].code != 0));
	EXPECT(out.injected == 0 || out.end == STS_SMTP_INJECTION);
	sts_arena_free(arena);
}

static void test_facts(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {P_SAY("220-mx1\n220 ESMTP\r\n"), EHLO, OFFER, STARTTLS, GO, P_TLS, EHLO,
		P_SAY("250-mx1\r\n250-STARTTLS\r\n250 requiretls\r\n"), QUIT};
	struct peer_tls kind = kind_of(AS_USUAL);
	struct sts_smtp_params params;
	struct sts_smtp out;
	struct peer peer;

	CASE("facts of a session");
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	probe(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_CSTR(out.banner, "mx1\nESMTP");
	EXPECT_INT(out.ehlo_count, 2);
	EXPECT_CSTR(out.ehlo[0], "SIZE 1000");
	EXPECT(out.starttls);
	EXPECT(out.starttls_again);
	EXPECT(out.requiretls);
	EXPECT(out.bare_lf);
	EXPECT_INT(out.ehlo2_code, 250);
	EXPECT_CSTR(out.tls.version, "TLSv1.3");
	EXPECT_INT(out.tls.chain_count, 2);
}

/* Acknowledgements at once: a server with Nagle's algorithm must not cost 40 ms for each piece of a reply. */
static void test_no_stall(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {P_SAY("220-mx1\r\n"), P_SAY("220-a\r\n"), P_SAY("220 b\r\n"), EHLO, P_SAY("250-mx1\r\n"),
		P_SAY("250-A\r\n"), P_SAY("250-B\r\n"), P_SAY("250-C\r\n"), P_SAY("250 STARTTLS\r\n"), STARTTLS, P_SAY("220-a\r\n"), P_SAY("220 b\r\n"),
		P_TLS, EHLO, P_SAY("250-mx1\r\n"), P_SAY("250 A\r\n"), QUIT};
	struct peer_tls kind = kind_of(AS_USUAL);
	struct sts_smtp_params params;
	struct sts_smtp out;
	struct peer peer;

	CASE("no stall with a server that holds small pieces back");
	kind.nagle = true;
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	probe(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_SMTP_OK);
	if (out.duration_ms >= 80)
		printf("    it took %" PRId64 " ms\n", out.duration_ms);
	EXPECT(out.duration_ms < 80);
}

static void test_ends(struct sts_arena *arena)
{
	static const struct peer_step silent[] = {P_GONE, P_END};
	struct peer_tls kind = kind_of(AS_USUAL);
	struct sts_smtp_params params = usual(peer_closed_port());
	struct sts_smtp out;
	struct peer peer;
	int hold[8];

	CASE("refused");
	probe(&params, arena, &out);
	EXPECT_INT(out.end, STS_SMTP_TCP_REFUSED);
	EXPECT_INT(out.attempts, 1);
	CASE("private address denied");
	params.deny_private = true;
	probe(&params, arena, &out);
	EXPECT_INT(out.end, STS_SMTP_PRIVATE);
	EXPECT_INT(out.attempts, 0);
	params = usual(peer_silent_port(hold));
	CASE("no answer to SYN");
	probe(&params, arena, &out);
	EXPECT_INT(out.end, STS_SMTP_TCP_TIMEOUT);
	for (int i = 0; i < 8; i++)
		close(hold[i]);
	CASE("the check's deadline comes first");
	peer_start(&peer, silent, &kind);
	params = usual(peer.port);
	params.deadline_ms = sts_now_ms() + 200;
	probe(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_SMTP_CANCELLED);
}

/* ---- DANE -------------------------------------------------------------------------------------------------------- */

enum of { OF_CERT, OF_KEY };

/* A record for a certificate: usage and matching as given. */
static struct sts_tlsa tlsa(struct sts_arena *arena, uint8_t usage, enum of selector, uint8_t matching, const struct pki_cert *c)
{
	struct sts_tlsa out;
	unsigned char *der = NULL;
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned md_len = 0;
	char rdata[4096];
	int len = selector == OF_CERT ? i2d_X509(c->cert, &der) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->cert), &der);

	rdata[0] = (char)usage;
	rdata[1] = (char)selector;
	rdata[2] = (char)matching;
	if (matching == 0) {
		memcpy(rdata + 3, der, (size_t)len);
		md_len = (unsigned)len;
	} else {
		EVP_Digest(der, (size_t)len, md, &md_len, matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
		memcpy(rdata + 3, md, md_len);
	}
	OPENSSL_free(der);
	sts_tlsa_parse(sts_str(rdata, 3 + md_len), arena, &out);
	return out;
}

struct record {
	uint8_t usage;
	enum of selector;
	uint8_t matching;
	const struct pki_cert *cert;
};

static const struct {
	const char *name;
	struct record records[4];
	const struct pki_cert *chain[3];
	enum sts_dane_state dane;
	unsigned problems;   /* the usual verdict, of the same handshake */
	const char *matched; /* beginning of the record that matched */
	const char *words;
	const char *type; /* what senders report */
} dane_rows[] = {
	{"3 1 1", {{3, OF_KEY, 1, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 1 1 ", NULL, NULL},
	{"3 0 2", {{3, OF_CERT, 2, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 0 2 ", NULL, NULL},
	{"3 0 0", {{3, OF_CERT, 0, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 0 0 ", NULL, NULL},
	{"3 1 0", {{3, OF_KEY, 0, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 1 0 ", NULL, NULL},
	{"3 1 1 of the next key and of this one", {{3, OF_KEY, 1, &other}, {3, OF_KEY, 1, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 1 1 ", NULL, NULL},
	{"3 1 1 of another key", {{3, OF_KEY, 1, &other}}, {&good, &ca}, STS_DANE_MISMATCH, 0, NULL, "no TLSA record matches", "tlsa-invalid"},
	{"3 1 1, self-signed for another name: DANE alone", {{3, OF_KEY, 1, &bad}}, {&bad}, STS_DANE_PASS, STS_CERT_SELF_SIGNED | STS_CERT_NAME_MISMATCH,
		"3 1 1 ", NULL, NULL},
	{"3 1 1, expired: DANE alone", {{3, OF_KEY, 1, &stale}}, {&stale, &ca}, STS_DANE_PASS, STS_CERT_EXPIRED, "3 1 1 ", NULL, NULL},
	{"2 0 1 of the CA", {{2, OF_CERT, 1, &ca}}, {&good, &ca}, STS_DANE_PASS, 0, "2 0 1 ", NULL, NULL},
	{"2 1 1 of the CA", {{2, OF_KEY, 1, &ca}}, {&good, &ca}, STS_DANE_PASS, 0, "2 1 1 ", NULL, NULL},
	{"2 0 1 of the root, which was not sent", {{2, OF_CERT, 1, &root}}, {&good, &ca}, STS_DANE_MISMATCH, 0, NULL, "no TLSA record matches", "tlsa-invalid"},
	{"2 0 1 of the root, sent", {{2, OF_CERT, 1, &root}}, {&good, &ca, &root}, STS_DANE_PASS, 0, "2 0 1 ", NULL, NULL},
	{"2 0 0 of the CA, which was not sent", {{2, OF_CERT, 0, &ca}}, {&good}, STS_DANE_PASS, STS_CERT_CHAIN_INCOMPLETE, "2 0 0 ", NULL, NULL},
	{"2 0 1, expired", {{2, OF_CERT, 1, &ca}}, {&stale, &ca}, STS_DANE_MISMATCH, STS_CERT_EXPIRED, NULL, "has expired", "certificate-expired"},
	{"2 0 1, another name", {{2, OF_CERT, 1, &ca}}, {&other, &ca}, STS_DANE_MISMATCH, STS_CERT_NAME_MISMATCH, NULL, "other names", "certificate-host-mismatch"},
	{"2 0 1, the mail domain's name", {{2, OF_CERT, 1, &ca}}, {&mail_domain, &ca}, STS_DANE_PASS, STS_CERT_NAME_MISMATCH, "2 0 1 ", NULL, NULL},
	{"2 0 1, common name", {{2, OF_CERT, 1, &ca}}, {&cn_only, &ca}, STS_DANE_PASS, STS_CERT_NAME_MISMATCH, "2 0 1 ", NULL, NULL},
	{"0 and 1 are of no use", {{0, OF_CERT, 1, &root}, {1, OF_KEY, 1, &good}}, {&good, &ca}, STS_DANE_UNUSABLE, 0, NULL, NULL, NULL},
	{"1 1 1 beside 3 1 1", {{1, OF_KEY, 1, &other}, {3, OF_KEY, 1, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 1 1 ", NULL, NULL},
	{"unknown matching type", {{3, OF_KEY, 7, &good}}, {&good, &ca}, STS_DANE_UNUSABLE, 0, NULL, NULL, NULL},
	/* The stronger digest of a usage and selector counts alone.  [RFC 7671 section 9] */
	{"agility: SHA-512 wrong, SHA-256 right", {{3, OF_KEY, 2, &other}, {3, OF_KEY, 1, &good}}, {&good, &ca}, STS_DANE_MISMATCH, 0, NULL, "no TLSA", "tlsa-invalid"},
	{"agility: SHA-512 right, SHA-256 wrong", {{3, OF_KEY, 2, &good}, {3, OF_KEY, 1, &other}}, {&good, &ca}, STS_DANE_PASS, 0, "3 1 2 ", NULL, NULL},
	{"agility: another selector is another matter", {{3, OF_CERT, 2, &other}, {3, OF_KEY, 1, &good}}, {&good, &ca}, STS_DANE_PASS, 0, "3 1 1 ", NULL, NULL},
};

static void test_dane(size_t i)
{
	static const struct peer_step steps[] = {TO_TLS, INSIDE};
	struct sts_arena *arena = sts_arena_new();
	struct peer_tls kind = {.chain = {dane_rows[i].chain[0], dane_rows[i].chain[1], dane_rows[i].chain[2]}};
	struct sts_tlsa records[4];
	struct sts_smtp_params params;
	struct sts_smtp out;
	struct peer peer;
	size_t count = 0;

	CASE("DANE: %s", dane_rows[i].name);
	for (; count < 4 && dane_rows[i].records[count].cert != NULL; count++) {
		const struct record *r = &dane_rows[i].records[count];

		records[count] = tlsa(arena, r->usage, r->selector, r->matching, r->cert);
	}
	peer_start(&peer, steps, &kind);
	params = usual(peer.port);
	params.tlsa = records;
	params.tlsa_count = count;
	params.tlsa_base = HOST;
	params.next_hop = "example.com";
	probe(&params, arena, &out);
	EXPECT_INT(peer_end(&peer), 0);
	EXPECT_INT(out.end, STS_SMTP_OK);
	EXPECT_INT(out.tls.dane, dane_rows[i].dane);
	EXPECT_INT(out.tls.problems, dane_rows[i].problems);
	EXPECT((out.tls.dane_matched != NULL) == (dane_rows[i].matched != NULL));
	if (dane_rows[i].matched != NULL && out.tls.dane_matched != NULL)
		EXPECT(strncmp(out.tls.dane_matched, dane_rows[i].matched, strlen(dane_rows[i].matched)) == 0);
	expect_words(out.tls.dane_error, dane_rows[i].words);
	EXPECT_CSTR(out.tls.dane_type, dane_rows[i].type);
	sts_arena_free(arena);
}

/* TLSA records and no TLS to hold them against. */
static void test_dane_without_tls(struct sts_arena *arena)
{
	static const struct {
		const char *name;
		struct peer_step steps[9];
		enum sts_dane_state dane;
	} cases[] = {
		{"no STARTTLS", {GREET, EHLO, P_SAY("250 mx1\r\n"), QUIT}, STS_DANE_NO_TLS},
		{"STARTTLS refused", {GREET, EHLO, OFFER, STARTTLS, P_SAY("454 no\r\n"), QUIT}, STS_DANE_NO_TLS},
		{"EHLO refused", {GREET, EHLO, P_SAY("502 no\r\n"), QUIT}, STS_DANE_NO_TLS},
		{"EHLO refused for now", {GREET, EHLO, P_SAY("421 no\r\n"), QUIT}, STS_DANE_UNKNOWN},
		{"turned away", {P_SAY("450 no\r\n"), QUIT}, STS_DANE_UNKNOWN},
		{"closed in the handshake", {TO_TLS, P_WAIT(50), P_END}, STS_DANE_NO_TLS},
	};
	struct sts_tlsa record = tlsa(arena, 3, OF_KEY, 1, &good);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct peer_tls kind = kind_of(AS_USUAL);
		struct sts_smtp_params params;
		struct sts_smtp out;
		struct peer peer;

		CASE("DANE without TLS: %s", cases[i].name);
		peer_start(&peer, cases[i].steps, &kind);
		params = usual(peer.port);
		params.tlsa = &record;
		params.tlsa_count = 1;
		probe(&params, arena, &out);
		EXPECT_INT(peer_end(&peer), 0);
		EXPECT_INT(out.tls.dane, cases[i].dane);
	}
}

static void never(struct sts_smtp *out, void *arg)
{
	(void)out;
	(void)arg;
	test_expect(false, TEST_HERE, "called back after cancel");
}

static void test_cancel(struct sts_arena *arena)
{
	static const struct peer_step steps[] = {TO_TLS, P_TLS, EHLO, P_GONE, P_END};
	struct peer_tls kind = kind_of(AS_USUAL);

	for (int turns = 0; turns < 12; turns++) {
		struct sts_smtp_params params;
		struct sts_smtp_op *op;
		struct sts_smtp out;
		struct peer peer;

		CASE("cancelled after %d turns", turns);
		peer_start(&peer, steps, &kind);
		params = usual(peer.port);
		params.reply_ms = 10000;
		op = sts_smtp_start(loop, tls, arena, &params, &out, never, NULL);
		for (int i = 0; i < turns && out.tls.state != STS_TLS_OK; i++)
			EXPECT_INT(sts_loop_run_once(loop), STS_OK);
		sts_smtp_cancel(op);
		kill(peer.pid, SIGTERM);
		(void)peer_end(&peer);
	}
}

static void make_certs(char path[static 32])
{
	root = pki_make(&(struct pki_spec){.cn = "Root", .basic = "critical,CA:TRUE"});
	ca = pki_make(&(struct pki_spec){.cn = "CA", .issuer = &root, .basic = "critical,CA:TRUE"});
	good = pki_make(&(struct pki_spec){.cn = "x", .names = "DNS:" HOST, .issuer = &ca});
	bad = pki_make(&(struct pki_spec){.cn = "localhost", .names = "DNS:localhost"});
	other = pki_make(&(struct pki_spec){.cn = HOST, .names = "DNS:www.example.org", .issuer = &ca});
	mail_domain = pki_make(&(struct pki_spec){.cn = "x", .names = "DNS:example.com", .issuer = &ca});
	stale = pki_make(&(struct pki_spec){.cn = "x", .names = "DNS:" HOST, .issuer = &ca, .not_after = PKI_NOW - 5});
	cn_only = pki_make(&(struct pki_spec){.cn = HOST, .issuer = &ca});
	peer_write_pem(&root, path);
}

int main(void)
{
	struct pki_cert *all[] = {&root, &ca, &good, &bad, &other, &mail_domain, &stale, &cn_only};
	struct sts_arena *arena = sts_arena_new();
	const char *why = NULL;
	char path[32];

	memset(long_line, 'x', sizeof long_line - 1);
	make_certs(path);
	loop = sts_loop_new();
	CASE("a file of roots");
	EXPECT_INT(sts_tls_ctx_new(path, &tls, &why), STS_OK);
	unlink(path);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		test_row(i);
	test_facts(arena);
	test_no_stall(arena);
	test_ends(arena);
	for (size_t i = 0; i < COUNT_OF(dane_rows); i++)
		test_dane(i);
	test_dane_without_tls(arena);
	test_cancel(arena);
	sts_tls_ctx_free(tls);
	sts_loop_free(loop);
	for (size_t i = 0; i < COUNT_OF(all); i++)
		pki_free(all[i]);
	sts_arena_free(arena);
	return test_done();
}
