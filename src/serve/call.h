/* One request on its way through the routes, and the answers all of them give alike. */
#ifndef STS_SERVE_CALL_H
#define STS_SERVE_CALL_H

#include "base/jsonw.h"
#include "mtasts/finding.h"
#include "serve/server.h"

/** In the exchange's arena: it ends with the exchange. */
struct call {
	struct sts_server *server;
	struct sts_exchange *x;
	const struct sts_request *request;
	struct sts_arena *arena;
	const char *id;    /* of the request, for the client to quote */
	const char *param; /* what stands for {…} in the route's path, decoded; or NULL */
	struct sts_client client;
	struct sts_key *key; /* a copy of the key that came with it (keys may be read again meanwhile); NULL: none */
	enum sts_origin origin;
	struct sts_allowance requests; /* once counted */
	bool counted;                  /* against the allowance of requests */
	bool makes_checks;             /* the route may start checks: their allowance is told, too */
	bool has_cache_control;
	bool is_page; /* the answer is for a browser to show: it may use our own style, script and images */
};

/**
 * Answer with a problem.  [RFC 9457]
 *
 * @param type    last part of its URN ("invalid-domain"); NULL: about:blank
 * @param detail  for a person; may quote what the client sent, it is escaped
 */
void call_problem(struct call *call, unsigned status, const char *type, const char *detail);
/** The same with more members: JSON members with a comma in front, e.g. ",\"limit\":5"; or "". */
void call_problem_with(
	struct call *call, unsigned status, const char *type, const char *detail, struct sts_str members);
/** The problem as JSON, for streams. */
void call_problem_json(struct sts_buf *out, const struct call *call, unsigned status, const char *type,
	const char *detail, struct sts_str members);
/** Answer with a JSON body, 200. */
void call_json(struct call *call, struct sts_str json);
/** As call_json(), with the LF that ends it added. */
void call_json_line(struct call *call, struct sts_str json);
/** Answer with any body; adds the headers every answer has. type may be NULL. */
void call_send(struct call *call, unsigned status, const char *type, struct sts_str body);
/** Begin a stream with the headers every answer has. */
void call_begin(struct call *call, const char *type);
/** Cache-Control of this answer in place of no-store. */
void call_cacheable(struct call *call, const char *cache_control);

/** The client may see and change what is watched, and read the metrics: it is on this machine, or its key is for that. */
bool call_may_monitor(const struct call *call);

/**
 * The value of a query parameter, decoded.
 *
 * @return 0: it is not there; 1: *value is set (NUL-terminated, UTF-8 without NUL); 2: it is there twice or malformed
 */
int call_query(struct call *call, const char *name, const char **value);
/** Every value of a parameter, decoded, in order. @return false: more than max, or one is malformed */
bool call_query_list(struct call *call, const char *name, const char **values, size_t max, size_t *count);
/** Percent-decoding; plus: "+" is a blank. NULL when it is malformed, holds NUL or is no UTF-8. */
const char *sts_percent_decode(struct sts_arena *arena, struct sts_str text, bool plus);
/** The client takes a media type ("application/json").  [RFC 9110 section 12.5.1] */
bool sts_accepts(const struct sts_request *request, const char *type);
/** The body says that it is of this type; parameters do not matter. */
bool sts_content_is(const struct sts_request *request, const char *type);

enum sts_admission { STS_ADMIT, STS_ADMIT_CLIENT_LIMIT, STS_ADMIT_DOMAIN_LIMIT };
/** Take one new check from the allowances of the client (or its key) and of the domain. */
enum sts_admission call_admit(struct call *call, const char *domain, unsigned *retry_after_s);
/** Take one request from the allowance of the client (or its key). */
struct sts_allowance call_take_request(struct call *call);

#endif
