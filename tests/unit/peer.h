/* A scripted server in a process of its own: plays its part line by line, and says at the end whether the other side played theirs. */
#ifndef STS_TESTS_PEER_H
#define STS_TESTS_PEER_H

#include "pki.h"

#include "proto/seen.h"

#include <sys/types.h>

enum peer_what {
	PEER_END,     /* close the connection; the script is over */
	PEER_SAY,     /* send text (n octets of it when n is not 0) */
	PEER_HEAR,    /* read a line; it must begin with text */
	PEER_REQUEST, /* read up to a blank line; text must be in it, and n, when not 0, is the number of lines */
	PEER_TLS,     /* the server's side of a handshake; it must succeed unless n is 1 */
	PEER_WAIT,    /* n milliseconds */
	PEER_FLOOD,   /* send text n times, or until the other side has had enough */
	PEER_GONE,    /* read on until the other side closes */
	PEER_AGAIN,   /* close; wait for the next connection */
	PEER_RESET,   /* end with a reset */
	PEER_UNLESS,  /* nobody may connect again within n milliseconds */
};

struct peer_step {
	enum peer_what what;
	const char *text;
	int n;
};

#define P_END {PEER_END, NULL, 0}
#define P_SAY(words) {PEER_SAY, words, 0}
#define P_OCTETS(literal) {PEER_SAY, literal, sizeof literal - 1}
#define P_HEAR(beginning) {PEER_HEAR, beginning, 0}
#define P_TLS {PEER_TLS, NULL, 0}
#define P_TLS_FAILS {PEER_TLS, NULL, 1}
#define P_WAIT(ms) {PEER_WAIT, NULL, ms}
#define P_FLOOD(words, times) {PEER_FLOOD, words, times}
#define P_GONE {PEER_GONE, NULL, 0}
#define P_AGAIN {PEER_AGAIN, NULL, 0}
#define P_RESET {PEER_RESET, NULL, 0}
#define P_UNLESS(ms) {PEER_UNLESS, NULL, ms}

/** How the server speaks TLS. */
struct peer_tls {
	const struct pki_cert *chain[4];
	int min_version; /* of OpenSSL, 0: any */
	int max_version;
	bool refuses_name; /* alert unrecognized_name */
	bool wants_client_cert;
	bool nagle;
	const char *ciphers;
};

struct peer {
	pid_t pid;
	uint16_t port;
	int fd;
};

/** Start it on a free port of 127.0.0.1. steps ends with PEER_END (or PEER_RESET, PEER_UNLESS). */
void peer_start(struct peer *peer, const struct peer_step *steps, const struct peer_tls *tls);
/** 0: every step held; else the number of the step that did not, counted from 1. */
int peer_end(struct peer *peer);
/** 127.0.0.1. */
struct sts_address peer_address(void);
/** A port of 127.0.0.1 where nobody listens, and one that does not answer at all (until *hold is closed). */
uint16_t peer_closed_port(void);
uint16_t peer_silent_port(int hold[static 8]);
/** A file with the certificate in PEM form, removed by the caller. */
void peer_write_pem(const struct pki_cert *cert, char path[static 32]);

#endif
