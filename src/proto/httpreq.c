#include "proto/httpreq.h"

/*
 * request-line  = method SP request-target SP HTTP-version
 * field-line    = field-name ":" OWS field-value OWS
 * chunk         = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 */

void sts_req_init(struct sts_req_reader *r)
{
	*r = (struct sts_req_reader){0};
	sts_buf_init(&r->head, STS_REQ_HEAD_MAX + 2);
	sts_buf_init(&r->line,
		STS_REQ_CHUNK_LINE_MAX > STS_REQ_TRAILERS_MAX ? STS_REQ_CHUNK_LINE_MAX : STS_REQ_TRAILERS_MAX);
	sts_buf_init(&r->body, 0);
}

void sts_req_clear(struct sts_req_reader *r)
{
	sts_buf_clear(&r->head);
	sts_buf_clear(&r->line);
	sts_buf_clear(&r->body);
}

void sts_req_reset(struct sts_req_reader *r)
{
	struct sts_buf head = r->head;
	struct sts_buf line = r->line;
	struct sts_buf body = r->body;

	sts_buf_reset(&head);
	sts_buf_reset(&line);
	/* one big body must not stay for the life of an idle connection */
	if (body.size > 65536)
		sts_buf_clear(&body);
	sts_buf_reset(&body);
	r->request.field_count = 0;
	*r = (struct sts_req_reader){.head = head, .line = line, .body = body};
}

static enum sts_req_state bad(struct sts_req_reader *r, unsigned status, const char *why)
{
	r->status = status;
	r->why = why;
	r->state = STS_REQ_BAD;
	return STS_REQ_BAD;
}

bool sts_is_tchar(char c)
{
	return sts_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!sts_is_tchar(s.ptr[i]))
			return false;
	return s.len > 0;
}

/* ---- request line --------------------------------------------------------------------------------------------------
 */

static bool method_fits(struct sts_str method)
{
	for (size_t i = 0; i < method.len; i++)
		if (method.ptr[i] < 'A' || method.ptr[i] > 'Z')
			return false;
	return method.len > 0;
}

/* uri-host [ ":" port ] without percent-encoding or user part */
static bool authority_fits(struct sts_str a)
{
	for (size_t i = 0; i < a.len; i++)
		if (!sts_is_alnum(a.ptr[i]) && (a.ptr[i] == '\0' || strchr("-._~[]:", a.ptr[i]) == NULL))
			return false;
	return a.len > 0;
}

static bool target_fits(struct sts_str target)
{
	for (size_t i = 0; i < target.len; i++)
		if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7F || target.ptr[i] == '#')
			return false;
	return target.len > 0;
}

static bool split_target(struct sts_request *q, struct sts_str target)
{
	size_t mark;

	if (sts_str_is(target, "*") && sts_str_is(q->method, "OPTIONS")) {
		q->path = target;
		return true;
	}
	if (sts_str_startsi(target, "http://") || sts_str_startsi(target, "https://")) {
		/* absolute-form: its authority counts, Host does not.  [RFC 9112 section 3.2.2] */
		size_t start = sts_str_find(target, '/', 0) + 2;
		size_t end = start;

		while (end < target.len && target.ptr[end] != '/' && target.ptr[end] != '?')
			end++;
		q->authority = sts_str(target.ptr + start, end - start);
		if (!authority_fits(q->authority))
			return false;
		target = sts_str_from(target, end);
		if (target.len == 0)
			target = STS_STR("/");
	}
	if (target.ptr[0] != '/')
		return false;
	mark = sts_str_find(target, '?', 0);
	q->path = sts_str(target.ptr, mark);
	q->query = sts_str_from(target, mark + 1);
	return true;
}

static bool read_version(struct sts_req_reader *r, struct sts_str version)
{
	if (version.len != 8 || !sts_str_starts(version, "HTTP/") || !sts_is_digit(version.ptr[5]) ||
		version.ptr[6] != '.' || !sts_is_digit(version.ptr[7])) {
		bad(r, 400, "The request line does not end in an HTTP version.");
		return false;
	}
	if (version.ptr[5] != '1' || version.ptr[7] > '1') {
		bad(r, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
		return false;
	}
	r->request.minor = (unsigned)(version.ptr[7] - '0');
	return true;
}

static bool read_request_line(struct sts_req_reader *r, struct sts_str line)
{
	struct sts_request *q = &r->request;
	size_t first = sts_str_find(line, ' ', 0);
	size_t second = sts_str_find(line, ' ', first + 1);
	struct sts_str target;

	q->method = sts_str(line.ptr, first);
	if (!method_fits(q->method)) {
		bad(r, 400, "The request does not begin with a method in capital letters.");
		return false;
	}
	if (first >= line.len || second >= line.len) {
		bad(r, 400, "The request line is not a method, a target and a version.");
		return false;
	}
	target = sts_str(line.ptr + first + 1, second - first - 1);
	if (!read_version(r, sts_str_from(line, second + 1)))
		return false;
	if (!target_fits(target) || !split_target(q, target)) {
		bad(r, 400,
			"The request target is neither a path nor an http URL, or holds octets that must be "
			"percent-encoded.");
		return false;
	}
	return true;
}

/* ---- fields --------------------------------------------------------------------------------------------------------
 */

static bool value_fits(struct sts_str v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((v.ptr[i] < ' ' && v.ptr[i] != '\t') || v.ptr[i] >= 0x7F)
			return false;
	return true;
}

static const char *split_field(struct sts_str line, struct sts_req_field *out)
{
	size_t colon = sts_str_find(line, ':', 0);

	out->name = sts_str(line.ptr, colon);
	out->value = sts_str_trim(sts_str_from(line, colon + 1));
	if (sts_is_wsp(line.ptr[0]))
		return "A header line is folded, or begins with a blank.";
	if (colon == line.len)
		return "A header line has no colon.";
	if (!is_token(out->name))
		return "A header name holds something else than a token, or a blank stands before its colon.";
	if (!value_fits(out->value))
		return "A header value holds octets outside printable ASCII.";
	return NULL;
}

static bool read_field(struct sts_req_reader *r, struct sts_str line)
{
	struct sts_request *q = &r->request;
	const char *why;

	if (q->field_count == STS_REQ_FIELDS_MAX) {
		bad(r, 431, "There are too many header lines.");
		return false;
	}
	why = split_field(line, &q->fields[q->field_count]);
	if (why != NULL) {
		bad(r, 400, why);
		return false;
	}
	q->field_count++;
	return true;
}

struct sts_str sts_req_field(const struct sts_request *r, const char *name)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (sts_str_eqi(r->fields[i].name, sts_str_of(name)))
			return r->fields[i].value;
	return sts_str(NULL, 0);
}

size_t sts_req_field_count(const struct sts_request *r, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < r->field_count; i++)
		if (sts_str_eqi(r->fields[i].name, sts_str_of(name)))
			count++;
	return count;
}

/* A comma-separated list in any number of Connection lines holds the token. */
static bool connection_says(const struct sts_request *q, const char *token)
{
	for (size_t i = 0; i < q->field_count; i++) {
		struct sts_str rest = q->fields[i].value;

		if (!sts_str_eqi(q->fields[i].name, STS_STR("Connection")))
			continue;
		while (rest.len > 0) {
			size_t comma = sts_str_find(rest, ',', 0);

			if (sts_str_eqi(sts_str_trim(sts_str(rest.ptr, comma)), sts_str_of(token)))
				return true;
			rest = sts_str_from(rest, comma + 1);
		}
	}
	return false;
}

static bool judge_host(struct sts_req_reader *r)
{
	struct sts_request *q = &r->request;
	size_t count = sts_req_field_count(q, "Host");
	struct sts_str host = sts_req_field(q, "Host");

	if (count > 1 || (count == 0 && q->minor > 0)) {
		bad(r, 400, count > 1 ? "There are several Host lines." : "The Host line is missing.");
		return false;
	}
	if (count == 1 && !authority_fits(host)) {
		bad(r, 400, "The Host line holds no host name.");
		return false;
	}
	if (q->authority.len == 0)
		q->authority = host;
	return true;
}

static bool judge_transfer(struct sts_req_reader *r, size_t codings)
{
	struct sts_request *q = &r->request;

	if (codings == 0)
		return true;
	if (q->minor == 0) {
		bad(r, 400, "HTTP/1.0 has no Transfer-Encoding.");
		return false;
	}
	if (codings > 1 || !sts_str_eqi(sts_req_field(q, "Transfer-Encoding"), STS_STR("chunked"))) {
		bad(r, 501, "The only transfer coding taken here is chunked.");
		return false;
	}
	q->chunked = true;
	return true;
}

/* How long is the body? Any doubt ends the connection.  [RFC 9112 section 6.3] */
static bool judge_length(struct sts_req_reader *r)
{
	struct sts_request *q = &r->request;
	size_t lengths = sts_req_field_count(q, "Content-Length");
	size_t codings = sts_req_field_count(q, "Transfer-Encoding");

	if (lengths > 0 && codings > 0) {
		bad(r, 400, "There are a Content-Length and a Transfer-Encoding.");
		return false;
	}
	if (lengths > 1) {
		bad(r, 400, "There are several Content-Length lines.");
		return false;
	}
	q->has_length = lengths == 1;
	if (q->has_length && !sts_str_u64(sts_req_field(q, "Content-Length"), &q->length)) {
		bad(r, 400, "The Content-Length is no number of at most 18 digits.");
		return false;
	}
	return judge_transfer(r, codings);
}

static bool judge_expect(struct sts_req_reader *r)
{
	struct sts_request *q = &r->request;

	if (sts_req_field_count(q, "Expect") == 0)
		return true;
	if (!sts_str_eqi(sts_req_field(q, "Expect"), STS_STR("100-continue"))) {
		bad(r, 417, "The only expectation known here is 100-continue.");
		return false;
	}
	/* HTTP/1.0 knows no interim responses.  [RFC 9110 section 10.1.1] */
	q->expects_continue = q->minor > 0;
	return true;
}

/* All lines of the head; the first one is the request line. Each ends in CRLF. */
static enum sts_req_state head_whole(struct sts_req_reader *r)
{
	struct sts_str rest = sts_buf_str(&r->head);
	struct sts_request *q = &r->request;
	bool first = true;

	while (rest.len > 2) {
		size_t end = sts_str_find(rest, '\n', 0);
		struct sts_str line = sts_str(rest.ptr, end - 1);

		if (!(first ? read_request_line(r, line) : read_field(r, line)))
			return r->state;
		first = false;
		rest = sts_str_from(rest, end + 1);
	}
	if (!judge_host(r) || !judge_length(r) || !judge_expect(r))
		return r->state;
	q->keep_alive = q->minor == 1 ? !connection_says(q, "close") : connection_says(q, "keep-alive");
	r->part = STS_REQ_AT_BODY;
	r->state = STS_REQ_HEAD;
	return r->state;
}

/* A line of the head ended. One empty line before a request is forgiven.  [RFC 9112 section 2.2] */
static enum sts_req_state line_whole(struct sts_req_reader *r)
{
	size_t len = r->head.len - r->line_start;

	if (len < 2 || r->head.ptr[r->head.len - 2] != '\r')
		return bad(r, 400, "A line of the head ends in LF without CR.");
	if (len == 2 && r->line_start == 0 && r->framing == 0) {
		sts_buf_reset(&r->head);
		r->framing = 2;
		return STS_REQ_MORE;
	}
	if (len == 2)
		return r->line_start == 0 ? bad(r, 400, "There is no request line.") : head_whole(r);
	r->line_start = r->head.len;
	return STS_REQ_MORE;
}

static enum sts_req_state read_head(struct sts_req_reader *r, struct sts_str in, size_t *used)
{
	while (*used < in.len && r->state == STS_REQ_MORE && r->part == STS_REQ_IN_HEAD) {
		struct sts_str rest = sts_str_from(in, *used);
		size_t end = sts_str_find(rest, '\n', 0);
		size_t take = end < rest.len ? end + 1 : rest.len;
		bool in_request_line = r->line_start == 0;

		if (r->head.len - r->line_start + take > STS_REQ_LINE_MAX + 2 && in_request_line)
			return bad(r, 414, "The request line is too long.");
		if (r->head.len + take > STS_REQ_HEAD_MAX)
			return bad(r, 431, "The header lines are too long.");
		sts_buf_add(&r->head, rest.ptr, take);
		*used += take;
		if (r->head.failed)
			return bad(r, 503, "There is no memory for this request.");
		if (end < rest.len)
			line_whole(r);
	}
	return r->state;
}

/* ---- body ----------------------------------------------------------------------------------------------------------
 */

static enum sts_req_state whole(struct sts_req_reader *r)
{
	r->part = STS_REQ_WHOLE;
	r->state = STS_REQ_DONE;
	return r->state;
}

static enum sts_req_state begin_body(struct sts_req_reader *r)
{
	r->state = STS_REQ_MORE;
	r->body.max = r->body_max;
	r->framing = 0;
	if (r->request.chunked) {
		r->part = STS_REQ_IN_CHUNK_LINE;
		return r->state;
	}
	if (r->request.length == 0)
		return whole(r);
	if (r->request.length > r->body_max)
		return bad(r, 413, "The body is longer than what is taken here.");
	r->left = r->request.length;
	r->part = STS_REQ_IN_LENGTH;
	return r->state;
}

static void take_body(struct sts_req_reader *r, struct sts_str in, size_t *used)
{
	size_t take = in.len - *used < r->left ? in.len - *used : (size_t)r->left;

	sts_buf_add(&r->body, in.ptr + *used, take);
	*used += take;
	r->left -= take;
	if (r->body.failed)
		bad(r, 503, "There is no memory for this body.");
	else if (r->left == 0 && r->part == STS_REQ_IN_LENGTH)
		whole(r);
	else if (r->left == 0)
		r->part = STS_REQ_BEHIND_CHUNK;
}

/* Collect a line that ends in CRLF, without it. False: not whole yet, or refused. */
static bool take_line(struct sts_req_reader *r, struct sts_str in, size_t *used, size_t max)
{
	struct sts_str rest = sts_str_from(in, *used);
	size_t end = sts_str_find(rest, '\n', 0);
	size_t take = end < rest.len ? end + 1 : rest.len;

	r->framing += take;
	if (r->line.len + take > max || r->framing > STS_REQ_FRAMING_MAX + r->body.len / 8) {
		bad(r, 400, "The chunks of the body are framed with more octets than they deserve.");
		return false;
	}
	sts_buf_add(&r->line, rest.ptr, take);
	*used += take;
	if (end == rest.len)
		return false;
	if (r->line.len < 2 || r->line.ptr[r->line.len - 2] != '\r') {
		bad(r, 400, "A line between chunks ends in LF without CR.");
		return false;
	}
	r->line.len -= 2;
	return true;
}

/* chunk-size of at most 8 digits, then nothing or an extension, which means nothing here */
static bool chunk_size(struct sts_str line, uint64_t *out)
{
	size_t digits = 0;
	unsigned value;

	*out = 0;
	while (digits < line.len && sts_hex_value(line.ptr[digits], &value)) {
		*out = *out << 4 | value;
		if (++digits > 8)
			return false;
	}
	return digits > 0 && (digits == line.len || (line.ptr[digits] == ';' && value_fits(line)));
}

static void chunk_line_whole(struct sts_req_reader *r)
{
	uint64_t size = 0;
	bool fits = chunk_size(sts_buf_str(&r->line), &size);

	sts_buf_reset(&r->line);
	if (!fits)
		bad(r, 400, "A chunk does not begin with its size in hexadecimal.");
	else if (size > r->body_max - r->body.len)
		bad(r, 413, "The body is longer than what is taken here.");
	else if (size == 0)
		r->part = STS_REQ_IN_TRAILERS;
	else
		r->part = STS_REQ_IN_CHUNK;
	r->left = size;
}

static void behind_chunk_whole(struct sts_req_reader *r)
{
	if (r->line.len != 0)
		bad(r, 400, "A chunk is longer than its size says.");
	sts_buf_reset(&r->line);
	r->part = STS_REQ_IN_CHUNK_LINE;
}

/* Trailers are checked like fields, and dropped. */
static void trailer_whole(struct sts_req_reader *r)
{
	struct sts_req_field field;

	r->trailers += r->line.len + 2;
	if (r->line.len == 0)
		whole(r);
	else if (r->trailers > STS_REQ_TRAILERS_MAX || split_field(sts_buf_str(&r->line), &field) != NULL)
		bad(r, 400, "The trailers behind the body are malformed or too long.");
	sts_buf_reset(&r->line);
}

static void read_chunked(struct sts_req_reader *r, struct sts_str in, size_t *used)
{
	if (!take_line(r, in, used, r->part == STS_REQ_IN_TRAILERS ? STS_REQ_TRAILERS_MAX : STS_REQ_CHUNK_LINE_MAX))
		return;
	if (r->part == STS_REQ_IN_CHUNK_LINE)
		chunk_line_whole(r);
	else if (r->part == STS_REQ_BEHIND_CHUNK)
		behind_chunk_whole(r);
	else
		trailer_whole(r);
}

enum sts_req_state sts_req_feed(struct sts_req_reader *r, const void *data, size_t len, size_t *used)
{
	struct sts_str in = sts_str(data, len);

	*used = 0;
	if (r->state == STS_REQ_DONE || r->state == STS_REQ_BAD)
		return r->state;
	if (r->part == STS_REQ_IN_HEAD)
		return read_head(r, in, used);
	if (r->part == STS_REQ_AT_BODY)
		begin_body(r);
	while (r->state == STS_REQ_MORE && *used < in.len) {
		if (r->part == STS_REQ_IN_LENGTH || r->part == STS_REQ_IN_CHUNK)
			take_body(r, in, used);
		else
			read_chunked(r, in, used);
	}
	return r->state;
}
