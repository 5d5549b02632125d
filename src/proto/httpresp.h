/* HTTP/1.x responses, read piece by piece.  [RFC 9112, RFC 9110] */
#ifndef STS_PROTO_HTTPRESP_H
#define STS_PROTO_HTTPRESP_H

#include "base/buf.h"
#include "proto/seen.h"

/** Octets of all status lines and fields (interim responses and trailers included). */
#define STS_HTTP_HEAD_MAX 65536
#define STS_HTTP_HEADERS_MAX 200
/** Interim (1xx) responses that are skipped before the real one. */
#define STS_HTTP_INTERIM_MAX 10
/** Octets of the body on the wire, chunk framing included; more framing than that is broken. */
#define STS_HTTP_WIRE_MAX ((size_t)1024 * 1024)

enum sts_http_state {
	STS_HTTP_MORE,      /* not whole yet: feed more */
	STS_HTTP_DONE,      /* whole */
	STS_HTTP_BROKEN,    /* out->broken says why; what could be read before (status, fields) is in *out */
	STS_HTTP_TOO_LARGE, /* the body is, or is declared to be, longer than body_max */
};

enum sts_http_part {
	STS_HTTP_STATUS_LINE,
	STS_HTTP_FIELDS,
	STS_HTTP_BODY_LENGTH, /* left octets to come */
	STS_HTTP_BODY_CLOSE,  /* until the connection ends */
	STS_HTTP_CHUNK_SIZE,
	STS_HTTP_CHUNK_DATA, /* left octets to come */
	STS_HTTP_CHUNK_END,
	STS_HTTP_TRAILERS,
	STS_HTTP_END,
};

/**
 * One response to one GET. Decisions: lines may end in LF alone; obsolete line folding is unfolded to one SP; a blank
 * before the colon, a bare CR or NUL in the head, conflicting Content-Length values, a transfer coding other than
 * chunked, 101 and a protocol other than HTTP/1.x are broken; chunked wins over Content-Length. Only the body of a 200
 * matters: any other final status is DONE as soon as its fields are read. Content-Encoding is noted, never decoded.
 */
struct sts_http_reader {
	struct sts_arena *arena;
	struct sts_http *out;
	struct sts_buf line; /* line under way */
	struct sts_buf body;
	size_t body_max;
	uint64_t left;
	size_t head_total;
	size_t wire_total;
	size_t body_total;
	unsigned folds;
	unsigned interim;
	size_t surplus; /* octets that arrived behind a whole response (Content-Length too short, say); tells nothing
			   but for a 200 */
	enum sts_http_part part;
	enum sts_http_state state;
	bool length_bad;
	bool coding_bad;
};

/**
 * @param arena     owns strings of *out
 * @param out       zeroed first, filled as fields come
 * @param body_max  largest body accepted, STS_POLICY_MAX
 */
void sts_http_reader_init(struct sts_http_reader *r, struct sts_arena *arena, struct sts_http *out, size_t body_max);
void sts_http_reader_clear(struct sts_http_reader *r);

/** Hand over octets as they arrived. Once the state is not MORE it stays. */
enum sts_http_state sts_http_reader_feed(struct sts_http_reader *r, const void *data, size_t len);

/** The connection ended: DONE when the response is whole (bodies without length end so), else BROKEN (early close; or
 * nothing came at all). */
enum sts_http_state sts_http_reader_end(struct sts_http_reader *r);

/** Body so far, chunk framing removed, at most body_max octets; good until clear or the next feed. */
struct sts_str sts_http_reader_body(const struct sts_http_reader *r);

/** Octets of body received (without framing), those past body_max that came in the same piece included. */
size_t sts_http_reader_body_total(const struct sts_http_reader *r);

/**
 * Take a Content-Type value apart.  [RFC 9110 section 8.3.1]
 *
 * @param type     "text/plain", lower case
 * @param charset  value of the charset parameter, lower case, quotes taken off, or NULL
 * @return false: not a media type at all (*type, *charset NULL). Broken parameters behind a good type are ignored.
 */
bool sts_media_type_parse(struct sts_str value, struct sts_arena *arena, const char **type, const char **charset);

#endif
