/*
 * HTTP/1.x requests, read piece by piece and strictly.  [RFC 9112, RFC 9110]
 *
 * Whatever two programs in a row could read differently is refused: bare LF or CR, folded lines, a blank before the
 * colon, two Content-Length or Host lines (even equal ones), a length together with chunked, any transfer coding but
 * one plain "chunked", signs or blanks in numbers, octets outside printable ASCII in the head.
 */
#ifndef STS_PROTO_HTTPREQ_H
#define STS_PROTO_HTTPREQ_H

#include "base/buf.h"

/** Octets of the request line. */
#define STS_REQ_LINE_MAX 8192
/** Octets of request line and fields together. */
#define STS_REQ_HEAD_MAX 16384
#define STS_REQ_FIELDS_MAX 64
/** Octets of one chunk-size line, of all chunk framing beside the body's length, and of the trailers. */
#define STS_REQ_CHUNK_LINE_MAX 256
#define STS_REQ_FRAMING_MAX ((size_t)65536)
#define STS_REQ_TRAILERS_MAX 4096

enum sts_req_state {
	STS_REQ_MORE, /* not whole yet: feed more */
	STS_REQ_HEAD, /* the head is whole: set body_max, then go on feeding */
	STS_REQ_DONE, /* the request is whole */
	STS_REQ_BAD,  /* refused: status and why tell; the connection cannot be used any further */
};

struct sts_req_field {
	struct sts_str name;  /* as sent */
	struct sts_str value; /* without blanks around it */
};

/** The head of a request. Slices point into the reader and are good until its next sts_req_reset() or _clear(). */
struct sts_request {
	struct sts_str method;
	struct sts_str path;      /* begins with "/", percent-encoding as sent; "*" for OPTIONS * */
	struct sts_str query;     /* behind the first "?", as sent */
	struct sts_str authority; /* of the target, or else of Host; empty in HTTP/1.0 without Host */
	unsigned minor;           /* HTTP/1.minor, 0 or 1 */
	struct sts_req_field fields[STS_REQ_FIELDS_MAX];
	size_t field_count;
	bool chunked;
	bool has_length;
	uint64_t length;       /* of Content-Length */
	bool keep_alive;       /* the client would send another request on this connection */
	bool expects_continue; /* it waits for 100 before it sends the body */
};

enum sts_req_part {
	STS_REQ_IN_HEAD,
	STS_REQ_AT_BODY, /* the head is whole, body_max may be set */
	STS_REQ_IN_LENGTH,
	STS_REQ_IN_CHUNK_LINE,
	STS_REQ_IN_CHUNK,
	STS_REQ_BEHIND_CHUNK,
	STS_REQ_IN_TRAILERS,
	STS_REQ_WHOLE,
};

struct sts_req_reader {
	struct sts_request request;
	struct sts_buf head;
	struct sts_buf line; /* chunk-size or trailer line under way */
	struct sts_buf body;
	size_t body_max;   /* set it while the state is STS_REQ_HEAD */
	size_t line_start; /* in head: of the line under way */
	size_t framing;
	size_t trailers;
	uint64_t left;
	enum sts_req_part part;
	enum sts_req_state state;
	unsigned status; /* STS_REQ_BAD: the status to answer with */
	const char *why; /* STS_REQ_BAD: a sentence; static */
};

void sts_req_init(struct sts_req_reader *r);
void sts_req_clear(struct sts_req_reader *r);
/** Make ready for the next request; memory is kept. */
void sts_req_reset(struct sts_req_reader *r);

/**
 * Hand over octets as they arrived. Reading stops at the end of the head and at the end of the request.
 *
 * @param used  octets taken, at most len; the rest belongs to what comes next
 */
enum sts_req_state sts_req_feed(struct sts_req_reader *r, const void *data, size_t len, size_t *used);

/** Octets of the request have arrived. */
static inline bool sts_req_begun(const struct sts_req_reader *r)
{
	return r->head.len > 0;
}

/** The body once the state is STS_REQ_DONE; good until the next reset. */
static inline struct sts_str sts_req_body(const struct sts_req_reader *r)
{
	return sts_buf_str(&r->body);
}

/** Value of the first field of that name (any case); ptr NULL when there is none. */
struct sts_str sts_req_field(const struct sts_request *r, const char *name);
/** How many fields have that name. */
size_t sts_req_field_count(const struct sts_request *r, const char *name);

/** A character of an RFC 9110 token. */
bool sts_is_tchar(char c);

#endif
