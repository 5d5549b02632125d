/*
 * RFC 9112:
 *
 *   HTTP-message  = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 *   status-line   = HTTP-version SP status-code SP [ reason-phrase ]
 *   field-line    = field-name ":" OWS field-value OWS
 *   chunked-body  = *chunk last-chunk trailer-section CRLF
 *   chunk         = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 */
#include "proto/httpresp.h"

#define LINE_MAX_OCTETS 16384
/* Folded header lines of one response; each copies its value anew. */
#define FOLDS_MAX 20

void sts_http_reader_init(struct sts_http_reader *r, struct sts_arena *arena, struct sts_http *out, size_t body_max)
{
	*r = (struct sts_http_reader){.arena = arena, .out = out, .body_max = body_max};
	*out = (struct sts_http){.reason = "", .version = "", .declared_length = -1};
	sts_buf_init(&r->line, LINE_MAX_OCTETS);
	sts_buf_init(&r->body, body_max);
}

void sts_http_reader_clear(struct sts_http_reader *r)
{
	sts_buf_clear(&r->line);
	sts_buf_clear(&r->body);
}

struct sts_str sts_http_reader_body(const struct sts_http_reader *r)
{
	return sts_buf_str(&r->body);
}

size_t sts_http_reader_body_total(const struct sts_http_reader *r)
{
	return r->body_total;
}

static void broken(struct sts_http_reader *r, const char *why)
{
	r->state = STS_HTTP_BROKEN;
	r->out->broken = why;
}

static void whole(struct sts_http_reader *r)
{
	r->state = STS_HTTP_DONE;
	r->part = STS_HTTP_END;
}

/* ---- characters ---- */

/* tchar  [RFC 9110 section 5.6.2] */
static bool is_token(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!sts_is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || strchr("!#$%&'*+-.^_`|~", s.ptr[i]) == NULL))
			return false;
	return s.len > 0;
}

static bool holds_bare_cr_or_nul(struct sts_str s)
{
	return sts_str_find(s, '\r', 0) < s.len || sts_str_find(s, '\0', 0) < s.len;
}

static const char *keep_lower(struct sts_arena *arena, struct sts_str s)
{
	char *copy = sts_strndup(arena, s.ptr == NULL ? "" : s.ptr, s.len);

	sts_lower_in_place(copy);
	return copy;
}

/* ---- fields ---- */

static const char *field_value(const struct sts_http *h, const char *name)
{
	for (size_t i = 0; i < h->header_count; i++)
		if (sts_cstr_eqi(h->headers[i].name, name))
			return h->headers[i].value;
	return NULL;
}

/* Every Content-Length, and every member of a list in it, must name the same number.  [RFC 9112 section 6.3] */
static bool read_length(struct sts_http *h, struct sts_str value)
{
	while (true) {
		size_t comma = sts_str_find(value, ',', 0);
		uint64_t n = 0;

		if (!sts_str_u64(sts_str_trim(sts_str(value.ptr, comma)), &n))
			return false;
		if (h->declared_length >= 0 && h->declared_length != (int64_t)n)
			return false;
		h->declared_length = (int64_t)n;
		if (comma == value.len)
			return true;
		value = sts_str_from(value, comma + 1);
	}
}

static void add_field(struct sts_http_reader *r, struct sts_str name, struct sts_str value)
{
	struct sts_header *header;

	if (r->out->header_count >= STS_HTTP_HEADERS_MAX) {
		broken(r, "more header fields than any server needs");
		return;
	}
	header = STS_PUSH(r->arena, r->out->headers, r->out->header_count);
	header->name = sts_strndup(r->arena, name.ptr, name.len);
	header->value = sts_strndup(r->arena, value.len == 0 ? "" : value.ptr, value.len);
}

/* obs-fold: the line goes on with the value before it.  [RFC 9112 section 5.2] */
static void unfold(struct sts_http_reader *r, struct sts_str line)
{
	struct sts_header *header;
	struct sts_str more = sts_str_trim(line);

	if (r->out->header_count == 0) {
		broken(r, "a blank stands before the first header field");
		return;
	}
	if (++r->folds > FOLDS_MAX) {
		broken(r, "header lines folded without end");
		return;
	}
	header = &r->out->headers[r->out->header_count - 1];
	header->value = sts_sprintf(r->arena, "%s %.*s", header->value, STS_FMT(more));
}

static void read_field(struct sts_http_reader *r, struct sts_str line)
{
	size_t colon = sts_str_find(line, ':', 0);
	struct sts_str name = sts_str(line.ptr, colon);

	if (holds_bare_cr_or_nul(line))
		broken(r, "a header field holds CR or NUL");
	else if (sts_is_wsp(line.ptr[0]))
		unfold(r, line);
	else if (colon == line.len)
		broken(r, "a header line has no colon");
	else if (!is_token(name))
		broken(r, "the name of a header field is malformed");
	else
		add_field(r, name, sts_str_trim(sts_str_from(line, colon + 1)));
}

/* ---- head ---- */

static void begin_head(struct sts_http_reader *r)
{
	*r->out = (struct sts_http){.reason = "", .version = "", .declared_length = -1};
	r->part = STS_HTTP_STATUS_LINE;
	r->length_bad = false;
	r->coding_bad = false;
}

static void read_status_line(struct sts_http_reader *r, struct sts_str line)
{
	struct sts_http *h = r->out;
	uint64_t status = 0;

	if (!sts_str_starts(line, "HTTP/1.") || line.len < 12 || !sts_is_digit(line.ptr[7]) || line.ptr[8] != ' ' ||
		!sts_str_u64(sts_str(line.ptr + 9, 3), &status) || (line.len > 12 && line.ptr[12] != ' ')) {
		broken(r, "the answer does not begin with an HTTP/1 status line");
		return;
	}
	if (holds_bare_cr_or_nul(line) || status < 100 || status > 599) {
		broken(r, "the status line is malformed");
		return;
	}
	h->version = sts_strndup(r->arena, line.ptr, 8);
	h->status = (int)status;
	h->reason = sts_strndup(r->arena, line.ptr, line.len) + (line.len > 12 ? 13 : line.len);
	r->part = STS_HTTP_FIELDS;
}

static void read_known_fields(struct sts_http_reader *r)
{
	struct sts_http *h = r->out;

	h->content_type = field_value(h, "Content-Type");
	h->location = field_value(h, "Location");
	h->last_modified = field_value(h, "Last-Modified");
	h->content_encoding = field_value(h, "Content-Encoding");
	if (h->content_encoding != NULL &&
		(sts_cstr_eqi(h->content_encoding, "identity") || *h->content_encoding == '\0'))
		h->content_encoding = NULL;
	if (h->content_type != NULL)
		(void)sts_media_type_parse(sts_str_of(h->content_type), r->arena, &h->media_type, &h->charset);
	for (size_t i = 0; i < h->header_count; i++) {
		if (sts_cstr_eqi(h->headers[i].name, "Content-Length") &&
			!read_length(h, sts_str_of(h->headers[i].value)))
			r->length_bad = true;
		if (sts_cstr_eqi(h->headers[i].name, "Transfer-Encoding")) {
			h->chunked = sts_cstr_eqi(h->headers[i].value, "chunked") && !r->coding_bad;
			r->coding_bad = !h->chunked;
		}
	}
}

static void begin_body(struct sts_http_reader *r)
{
	struct sts_http *h = r->out;

	if (r->coding_bad) {
		broken(r, "the body has a transfer coding that nobody asked for");
	} else if (h->chunked) {
		r->part = STS_HTTP_CHUNK_SIZE;
	} else if (r->length_bad) {
		broken(r, "Content-Length is no number, or stands there twice with different numbers");
	} else if (h->declared_length > (int64_t)r->body_max) {
		r->state = STS_HTTP_TOO_LARGE;
	} else if (h->declared_length == 0) {
		whole(r);
	} else {
		r->part = h->declared_length > 0 ? STS_HTTP_BODY_LENGTH : STS_HTTP_BODY_CLOSE;
		r->left = h->declared_length > 0 ? (uint64_t)h->declared_length : 0;
	}
}

static void end_head(struct sts_http_reader *r)
{
	read_known_fields(r);
	if (r->out->status == 101)
		broken(r, "the server switches to another protocol");
	else if (r->out->status < 200 && ++r->interim > STS_HTTP_INTERIM_MAX)
		broken(r, "interim responses without end");
	else if (r->out->status < 200)
		begin_head(r);
	else if (r->out->status == 200)
		begin_body(r);
	else
		whole(r); /* nobody reads the body of another status */
}

/* ---- chunks ---- */

static int hex_value(char c)
{
	if (sts_is_digit(c))
		return c - '0';
	c = sts_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_chunk_size(struct sts_http_reader *r, struct sts_str line)
{
	size_t digits = 0;

	r->left = 0;
	for (; digits < line.len && hex_value(line.ptr[digits]) >= 0; digits++) {
		if (r->left > UINT32_MAX >> 4) {
			r->state = STS_HTTP_TOO_LARGE;
			return;
		}
		r->left = r->left << 4 | (unsigned)hex_value(line.ptr[digits]);
	}
	line = sts_str_trim(sts_str_from(line, digits));
	if (digits == 0 || (line.len > 0 && line.ptr[0] != ';') || holds_bare_cr_or_nul(line))
		broken(r, "the size of a chunk is malformed");
	else
		r->part = r->left == 0 ? STS_HTTP_TRAILERS : STS_HTTP_CHUNK_DATA;
}

static void read_chunk_end(struct sts_http_reader *r, struct sts_str line)
{
	if (line.len > 0)
		broken(r, "a chunk is longer than its size says");
	else
		r->part = STS_HTTP_CHUNK_SIZE;
}

/* ---- lines ---- */

static void read_line(struct sts_http_reader *r, struct sts_str line)
{
	switch (r->part) {
	case STS_HTTP_STATUS_LINE:
		read_status_line(r, line);
		break;
	case STS_HTTP_FIELDS:
		if (line.len == 0)
			end_head(r);
		else
			read_field(r, line);
		break;
	case STS_HTTP_CHUNK_SIZE:
		read_chunk_size(r, line);
		break;
	case STS_HTTP_CHUNK_END:
		read_chunk_end(r, line);
		break;
	case STS_HTTP_TRAILERS:
		if (line.len == 0)
			whole(r); /* trailers mean nothing here */
		break;
	case STS_HTTP_BODY_LENGTH:
	case STS_HTTP_BODY_CLOSE:
	case STS_HTTP_CHUNK_DATA:
	case STS_HTTP_END:
		break;
	}
}

static bool in_head(const struct sts_http_reader *r)
{
	return r->part == STS_HTTP_STATUS_LINE || r->part == STS_HTTP_FIELDS || r->part == STS_HTTP_TRAILERS;
}

/* Room for framing is bounded: the head (with trailers) by one ceiling, what comes in chunks by another. */
static bool within_bounds(struct sts_http_reader *r, size_t n)
{
	size_t *total = in_head(r) ? &r->head_total : &r->wire_total;

	*total += n;
	if (r->line.failed || *total > (in_head(r) ? STS_HTTP_HEAD_MAX : STS_HTTP_WIRE_MAX)) {
		broken(r, in_head(r) ? "the header is larger than any server needs" : "more framing than body");
		return false;
	}
	return true;
}

/* What cannot become a status line is not waited for. */
static bool may_be_status_line(const struct sts_http_reader *r)
{
	size_t n = r->line.len < strlen("HTTP/1.") ? r->line.len : strlen("HTTP/1.");

	return r->part != STS_HTTP_STATUS_LINE || n == 0 || memcmp(r->line.ptr, "HTTP/1.", n) == 0;
}

/* Take octets up to the end of the line under way; read it when it is whole. */
static size_t take_line(struct sts_http_reader *r, struct sts_str data)
{
	size_t end = sts_str_find(data, '\n', 0);
	bool ended = end < data.len;
	struct sts_str line;

	sts_buf_add(&r->line, data.ptr, end);
	if (!within_bounds(r, end + ended))
		return data.len;
	if (!may_be_status_line(r)) {
		broken(r, "the answer does not begin with an HTTP/1 status line");
		return data.len;
	}
	if (!ended)
		return data.len;
	line = sts_buf_str(&r->line);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	read_line(r, line);
	sts_buf_reset(&r->line);
	return end + 1;
}

/* ---- body ---- */

static size_t take_body(struct sts_http_reader *r, struct sts_str data)
{
	size_t n = data.len;
	size_t room = r->body_max - r->body.len;

	if (r->part != STS_HTTP_BODY_CLOSE && n > r->left)
		n = (size_t)r->left;
	r->body_total += n;
	r->wire_total += n;
	sts_buf_add(&r->body, data.ptr, n < room ? n : room);
	if (n > room) {
		r->state = STS_HTTP_TOO_LARGE;
		return data.len;
	}
	if (r->part == STS_HTTP_BODY_CLOSE)
		return n;
	r->left -= n;
	if (r->left == 0 && r->part == STS_HTTP_BODY_LENGTH)
		whole(r);
	else if (r->left == 0)
		r->part = STS_HTTP_CHUNK_END;
	return n;
}

enum sts_http_state sts_http_reader_feed(struct sts_http_reader *r, const void *data, size_t len)
{
	struct sts_str rest = sts_str(data, len);

	while (rest.len > 0 && r->state == STS_HTTP_MORE) {
		bool body = r->part == STS_HTTP_BODY_LENGTH || r->part == STS_HTTP_BODY_CLOSE ||
			    r->part == STS_HTTP_CHUNK_DATA;

		rest = sts_str_from(rest, body ? take_body(r, rest) : take_line(r, rest));
	}
	if (r->state == STS_HTTP_DONE)
		r->surplus += rest.len;
	return r->state;
}

enum sts_http_state sts_http_reader_end(struct sts_http_reader *r)
{
	if (r->state != STS_HTTP_MORE)
		return r->state;
	if (r->part == STS_HTTP_BODY_CLOSE)
		whole(r);
	else if (r->part == STS_HTTP_STATUS_LINE && r->line.len == 0)
		broken(r, "the connection was closed without an answer");
	else if (in_head(r) && r->part != STS_HTTP_TRAILERS)
		broken(r, "the connection was closed inside the header");
	else
		broken(r, "the connection was closed before the end of the body");
	return r->state;
}

/* ---- media types ---- */

/* A token or the inside of a quoted string at the start of s, taken off it. */
static struct sts_str take_word(struct sts_str *s)
{
	struct sts_str word;
	size_t end = 0;

	if (s->len > 0 && s->ptr[0] == '"') {
		end = sts_str_find(*s, '"', 1);
		word = sts_str(s->ptr + 1, end - 1);
		*s = sts_str_from(*s, end + 1);
		return word;
	}
	while (end < s->len && s->ptr[end] != ';')
		end++;
	word = sts_str_trim(sts_str(s->ptr, end));
	*s = sts_str_from(*s, end);
	return word;
}

static void read_parameters(struct sts_str rest, struct sts_arena *arena, const char **charset)
{
	while (rest.len > 0 && *charset == NULL) {
		size_t semicolon = sts_str_find(rest, ';', 0);
		size_t equals;
		struct sts_str name;
		struct sts_str value;

		rest = sts_str_trim(sts_str_from(rest, semicolon + 1));
		equals = sts_str_find(rest, '=', 0);
		if (equals > sts_str_find(rest, ';', 0))
			continue;
		name = sts_str(rest.ptr, equals);
		rest = sts_str_from(rest, equals + 1);
		value = take_word(&rest);
		if (sts_str_eqi(name, STS_STR("charset")) && value.len > 0)
			*charset = keep_lower(arena, value);
	}
}

bool sts_media_type_parse(struct sts_str value, struct sts_arena *arena, const char **type, const char **charset)
{
	size_t semicolon = sts_str_find(value, ';', 0);
	struct sts_str full = sts_str_trim(sts_str(value.ptr, semicolon));
	size_t slash = sts_str_find(full, '/', 0);

	*type = NULL;
	*charset = NULL;
	if (!is_token(sts_str(full.ptr, slash)) || !is_token(sts_str_from(full, slash + 1)))
		return false;
	*type = keep_lower(arena, full);
	read_parameters(sts_str_from(value, semicolon), arena, charset);
	return true;
}
