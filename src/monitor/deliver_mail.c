/* A mail for a person: headers that keep automatons quiet and threads together, a body of wrapped text. */
#include "monitor/deliver.h"

#include "base/base64.h"
#include "monitor/post.h"

#include <stdio.h>
#include <time.h>

#define MAIL_MAX ((size_t)2 * 1024 * 1024)
#define WIDTH 76
/* Lines to paste stand behind so many blanks, and are never wrapped. */
#define PASTE_INDENT 6
/* Octets of one encoded word: 60 letters of base64 and what is around them stay under 76.  [RFC 2047 section 2] */
#define WORD_OCTETS 42
/* Without encoding, lines must stay below this.  [RFC 5322 section 2.1.1] */
#define LINE_MAX_LEN 990

const char **sts_mail_recipients(const char *list, struct sts_arena *arena, size_t *count)
{
	char *copy = sts_strdup(arena, list);
	const char **out = NULL;
	char *save = NULL;

	*count = 0;
	for (char *word = strtok_r(copy, ", \t", &save); word != NULL; word = strtok_r(NULL, ", \t", &save))
		*STS_PUSH(arena, out, *count) = word;
	return out;
}

/* ---- headers --------------------------------------------------------------------------------------------------- */

static bool is_ascii(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

/* No octet of it can end the header. */
static struct sts_str header_text(struct sts_arena *arena, struct sts_str s)
{
	char *copy = sts_strndup(arena, s.ptr, s.len);

	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = '?';
	return sts_str(copy, s.len);
}

/* Blank by blank, folded before the line gets too long.  [RFC 5322 section 2.2.3] */
static void put_folded(struct sts_buf *b, size_t column, struct sts_str s)
{
	while (s.len > 0) {
		size_t n = sts_str_find(s, ' ', 1);

		if (column + n > WIDTH && s.ptr[0] == ' ' && n > 1) {
			sts_buf_puts(b, "\r\n");
			column = 0;
		}
		sts_buf_add(b, s.ptr, n);
		column += n;
		s = sts_str_from(s, n);
	}
}

/* Encoded words, none of which breaks a character.  [RFC 2047 section 5] */
static void put_encoded(struct sts_buf *b, struct sts_str s)
{
	for (bool first = true; s.len > 0; first = false) {
		size_t n = s.len < WORD_OCTETS ? s.len : WORD_OCTETS;

		while (n < s.len && n > 1 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
			n--;
		sts_buf_puts(b, first ? "=?utf-8?B?" : "\r\n =?utf-8?B?");
		sts_base64_put(b, sts_str(s.ptr, n));
		sts_buf_puts(b, "?=");
		s = sts_str_from(s, n);
	}
}

static void put_subject(struct sts_buf *b, const struct sts_delivery *d)
{
	struct sts_str title = sts_json_text(d->alert, "title");
	const char *all =
		sts_sprintf(d->arena, "[mtasts] %s: %.*s", sts_severity_name(d->message->severity), STS_FMT(title));
	struct sts_str s = header_text(d->arena, sts_str_of(all));

	sts_buf_puts(b, "Subject: ");
	if (is_ascii(s))
		put_folded(b, 9, s);
	else
		put_encoded(b, s);
	sts_buf_puts(b, "\r\n");
}

static void put_date(struct sts_buf *b, int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)at;
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	sts_buf_printf(b, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * tm.tm_wday, tm.tm_mday,
		months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_recipients(struct sts_buf *b, const struct sts_delivery *d)
{
	size_t count;
	const char **to = sts_mail_recipients(d->route->address, d->arena, &count);

	for (size_t i = 0; i < count; i++)
		sts_buf_printf(b, "%s%s", i == 0 ? "To: " : ",\r\n ", to[i]);
	sts_buf_puts(b, "\r\n");
}

static void put_headers(struct sts_buf *b, const struct sts_delivery *d, bool plain)
{
	const struct sts_message *m = d->message;
	const char *host = strchr(d->route->mail_from, '@') + 1;
	struct sts_str kind = sts_json_text(d->alert, "kind");

	sts_buf_printf(b, "From: %s\r\n", d->route->mail_from);
	put_recipients(b, d);
	put_subject(b, d);
	put_date(b, d->sent_at);
	/* The same in every try: whoever gets it twice can tell. The thread's name is that of no mail, but all of them
	 * refer to it. */
	sts_buf_printf(b, "Message-ID: <%s@%s>\r\nIn-Reply-To: <%s@%s>\r\nReferences: <%s@%s>\r\n", m->name, host,
		m->thread, host, m->thread, host);
	sts_buf_puts(b, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
	sts_buf_printf(b, "X-Mtasts-Alert: %.*s; severity=%s\r\n", STS_FMT(kind), sts_severity_name(m->severity));
	sts_buf_printf(b,
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
		plain ? "7bit" : "quoted-printable");
}

/* ---- body ------------------------------------------------------------------------------------------------------ */

static size_t indent_of(struct sts_str line)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] == ' ')
		n++;
	return n;
}

/* Octets of the line's beginning that fit, up to a blank. */
static size_t fitting(struct sts_str line, size_t indent)
{
	size_t best = 0;

	for (size_t n = indent + 1; n <= line.len; n++)
		if (n == line.len || line.ptr[n] == ' ') {
			if (n > WIDTH && best > 0)
				return best;
			best = n;
		}
	return best;
}

static void put_wrapped(struct sts_buf *b, struct sts_str line)
{
	size_t indent = indent_of(line);

	if (indent >= PASTE_INDENT || line.len <= WIDTH) {
		sts_buf_add(b, line.ptr, line.len);
		sts_buf_addc(b, '\n');
		return;
	}
	for (bool first = true; line.len > 0; first = false) {
		size_t n;

		if (!first)
			sts_buf_printf(b, "%*s", (int)indent, "");
		n = first ? fitting(line, indent) : fitting(line, 0);
		sts_buf_add(b, line.ptr, n);
		sts_buf_addc(b, '\n');
		line = sts_str_from(line, n);
		while (line.len > 0 && line.ptr[0] == ' ')
			line = sts_str_from(line, 1);
	}
}

static void put_text(struct sts_buf *b, const struct sts_delivery *d)
{
	struct sts_str rest = sts_json_text(d->alert, "text");

	while (rest.len > 0) {
		size_t n = sts_str_find(rest, '\n', 0);

		put_wrapped(b, sts_str(rest.ptr, n));
		rest = sts_str_from(rest, n + 1);
	}
	sts_buf_printf(b, "\n-- \nmtasts monitor, route %s, message %s\n", d->route->name, d->message->name);
}

static bool goes_plain(struct sts_str text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		column = text.ptr[i] == '\n' ? 0 : column + 1;
		if (column > LINE_MAX_LEN || (unsigned char)text.ptr[i] >= 0x7f ||
			((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\n' && text.ptr[i] != '\t'))
			return false;
	}
	return true;
}

static void put_lines(struct sts_buf *b, struct sts_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			sts_buf_addc(b, '\r');
		sts_buf_addc(b, text.ptr[i]);
	}
}

/* [RFC 2045 section 6.7] */
static void put_quoted(struct sts_buf *b, struct sts_str text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool at_end = i + 1 == text.len || text.ptr[i + 1] == '\n';
		bool as_is = (c > ' ' && c < 0x7f && c != '=') || (c == ' ' && !at_end);

		if (c == '\n') {
			sts_buf_puts(b, "\r\n");
			column = 0;
			continue;
		}
		if (column + (as_is ? 1 : 3) > 75) {
			sts_buf_puts(b, "=\r\n");
			column = 0;
		}
		if (as_is)
			sts_buf_addc(b, (char)c);
		else
			sts_buf_printf(b, "=%02X", c);
		column += as_is ? 1 : 3;
	}
}

void sts_mail_write(const struct sts_delivery *d, struct sts_buf *out)
{
	struct sts_buf text;
	bool plain;

	sts_buf_init(&text, MAIL_MAX);
	put_text(&text, d);
	plain = goes_plain(sts_buf_str(&text));
	put_headers(out, d, plain);
	if (plain)
		put_lines(out, sts_buf_str(&text));
	else
		put_quoted(out, sts_buf_str(&text));
	if (text.failed)
		out->failed = true;
	sts_buf_clear(&text);
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

static enum sts_err send_mail(const struct sts_delivery *d, struct sts_str mail, const char *password, const char **why)
{
	size_t count;
	const char **to = sts_mail_recipients(d->route->address, d->arena, &count);

	return sts_post_mail(
		&(struct sts_post_mail){
			.url = d->route->smtp,
			.from = d->route->mail_from,
			.to = to,
			.to_count = count,
			.message = mail,
			.user = d->route->smtp_user,
			.password = password,
			.ca_file = d->route->ca_file,
			.plain = d->route->smtp_plain,
			.timeout_s = sts_delivery_timeout(d->route),
		},
		d->arena, why);
}

enum sts_err sts_deliver_mail(const struct sts_delivery *d, const char **why)
{
	const char *password = NULL;
	struct sts_buf mail;
	enum sts_err err = STS_OK;

	if (d->route->smtp_password_file != NULL)
		err = sts_secret_read(d->route->smtp_password_file, d->arena, &password, why);
	if (err != STS_OK)
		return err;
	sts_buf_init(&mail, 4 * MAIL_MAX);
	sts_mail_write(d, &mail);
	if (mail.failed) {
		*why = "the message is too long for a mail";
		err = STS_EINVAL;
	} else {
		err = send_mail(d, sts_buf_str(&mail), password, why);
	}
	sts_buf_clear(&mail);
	return err;
}
