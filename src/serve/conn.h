/* Inside of the server: a connection. Only for httpd.c and exchange.c. */
#ifndef STS_SERVE_CONN_H
#define STS_SERVE_CONN_H

#include "base/map.h"
#include "serve/httpd.h"

/** Octets that may wait unread while a request is being answered (pipelined requests). */
#define STS_CONN_IN_MAX 65536
/** Octets of a stream that may wait unsent when more is written. */
#define STS_CONN_STREAM_MAX ((size_t)1024 * 1024)

enum conn_phase {
	CONN_TLS,     /* shaking hands */
	CONN_READING, /* a request, or waiting for one */
	CONN_PENDING, /* the request is with its handler */
	CONN_STREAM,  /* the head of an answer is out, more comes */
	CONN_LINGER,  /* answered and closed for writing; what still arrives is dropped, or the client might lose the
			 answer to a reset */
};

struct sts_exchange {
	struct conn *conn;
	struct sts_arena *arena;
	struct sts_buf headers;
	void (*gone)(void *arg);
	void *gone_arg;
	void *data;
	int64_t whole_ms; /* when the request was whole */
	bool head_only;   /* HEAD */
	bool chunked;     /* the answer goes out in chunks */
};

struct conn {
	struct sts_httpd *httpd;
	struct conn *next;
	struct conn **link;
	int fd;
	struct sts_tls_peer *tls;
	struct sts_address peer;
	char client[48]; /* key in httpd->clients, or "" when exempt */
	enum conn_phase phase;
	struct sts_req_reader reader;
	struct sts_buf in;  /* arrived, not yet read */
	struct sts_buf out; /* to be sent */
	struct sts_exchange x;
	struct sts_watch watch;
	struct sts_timer again; /* a turn without waiting for readiness */
	int64_t phase_ms;       /* when the phase, or the head under way, or the body under way, began */
	int64_t out_deadline_ms;
	bool in_turn;
	bool served;    /* at least one request was read */
	bool closing;   /* close once out is sent */
	bool dead;      /* to be freed at the end of the turn */
	bool head_seen; /* the head of the request under way is read */
	bool tls_wants_write;
};

struct listener {
	struct sts_httpd *httpd;
	int fd;
	struct sts_watch watch;
	struct sts_timer pause; /* accept() failed for want of descriptors */
	struct listener *next;
};

struct sts_httpd {
	struct sts_loop *loop;
	struct sts_httpd_limits limits;
	struct sts_httpd_hooks hooks;
	struct sts_tls_server *tls;
	struct listener *listeners;
	struct conn *conns;
	size_t conn_count;
	struct sts_map clients; /* key of a client to struct client_count */
	uint64_t refused;
	bool draining;
	struct sts_timer drained_timer;
	int64_t date_s;
	char date[32]; /* IMF-fixdate of date_s */
};

/** Let the connection do whatever it can now, then wait. It may be freed. */
void conn_turn(struct conn *c);
/** A turn soon, from the loop. */
void conn_turn_later(struct conn *c);
/** The request is whole or refused: make the exchange ready for its handler. */
void exchange_start(struct conn *c);
/** Release what belongs to the exchange. */
void exchange_finish(struct sts_exchange *x);
/** Tell the handler that the client is gone, if it wants to know, and end the exchange. */
void exchange_abandon(struct sts_exchange *x);

#endif
