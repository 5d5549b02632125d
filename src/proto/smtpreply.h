/* SMTP replies, read piece by piece.  [RFC 5321 sections 4.2 and 4.1.1.1] */
#ifndef STS_PROTO_SMTPREPLY_H
#define STS_PROTO_SMTPREPLY_H

#include "base/arena.h"
#include "base/buf.h"

/** Octets of one line, its end included.  RFC 5321 section 4.5.3.1.5 says 512; longer ones are met. */
#define STS_REPLY_LINE_MAX 2048
/** Octets of one whole reply. */
#define STS_REPLY_MAX 16384
#define STS_REPLY_LINES_MAX 100

enum sts_reply_state {
	STS_REPLY_MORE,     /* not whole yet: feed more */
	STS_REPLY_DONE,     /* *out holds a whole reply */
	STS_REPLY_GARBAGE,  /* not a reply: no three-digit code (100 to 599) where one must be, or neither SP nor "-"
			       after it */
	STS_REPLY_TOO_LONG, /* a bound above was passed */
};

/** One reply. Strings are the arena's, raw (escape before showing), NUL octets in them replaced by U+FFFD. */
struct sts_smtp_reply {
	int code;           /* of the last line; 0 in garbage */
	const char **lines; /* text behind code and separator, without line end */
	size_t line_count;
	const char *text; /* the lines joined by LF */
	bool bare_lf;     /* a line ended in LF alone */
	bool mixed_codes; /* lines of one reply with different codes.  [forbidden by RFC 5321 section 4.2.1] */
};

/** Reader of one connection's plain or TLS side. Use a new one (or reset) once TLS stands. */
struct sts_smtp_reader {
	struct sts_buf in;           /* what arrived and was not taken */
	size_t done;                 /* octets at the start of in that are whole lines of the reply under way */
	size_t lines;                /* such lines */
	bool overflow;               /* octets were dropped because nobody took the replies before them */
	enum sts_reply_state failed; /* STS_REPLY_GARBAGE or STS_REPLY_TOO_LONG once met */
};

void sts_smtp_reader_init(struct sts_smtp_reader *r);
/** Release the memory. */
void sts_smtp_reader_clear(struct sts_smtp_reader *r);
/** Forget everything that arrived: both sides start anew after the TLS handshake.  [RFC 3207 section 4.2] */
void sts_smtp_reader_reset(struct sts_smtp_reader *r);

/** Hand over octets as they arrived. Any amount; what passes the bounds is dropped and shows as STS_REPLY_TOO_LONG. */
void sts_smtp_reader_feed(struct sts_smtp_reader *r, const void *data, size_t len);

/**
 * Take the next whole reply, if it is there. Call before reading from the network: several replies may have come in one
 * piece.
 *
 * @param out  on DONE the reply; on GARBAGE and TOO_LONG what had come (lines, text: the last line raw and whole, code
 * included), for show; untouched on MORE
 */
enum sts_reply_state sts_smtp_reader_next(
	struct sts_smtp_reader *r, struct sts_arena *arena, struct sts_smtp_reply *out);

/** Octets that arrived behind the last reply taken. After the 220 to STARTTLS anything but 0 is plaintext injection. */
size_t sts_smtp_reader_left(const struct sts_smtp_reader *r);

/** An EHLO reply offers the keyword (any case, parameters behind it ignored); its first line, the greeting, never
 * counts. */
bool sts_ehlo_offers(const struct sts_smtp_reply *reply, const char *keyword);

#endif
