/* src/monitor/deliver_*.c and net/hmac.c, without a network: signatures by published vectors, mails that hold nothing
 * but what they should. */
#include "test.h"

#include "monitor/deliver.h"
#include "net/hmac.h"

static struct sts_arena *arena;

static void signatures(void)
{
	static const unsigned char rfc4231_2[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
		0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9,
		0x64, 0xec, 0x38, 0x43};
	unsigned char digest[32];

	CASE("RFC 4231, test case 2");
	EXPECT(sts_hmac_sha256(STS_STR("Jefe"), STS_STR("what do ya want for nothing?"), digest));
	EXPECT(memcmp(digest, rfc4231_2, sizeof digest) == 0);
	CASE("the example of the Standard Webhooks libraries");
	EXPECT_CSTR(sts_webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			    1614265330, STS_STR("{\"test\": 2432232314}"), arena),
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	CASE("a secret that says it is base64 and is not");
	EXPECT(sts_webhook_sign("whsec_not base64", "m", 1, STS_STR("x"), arena) == NULL);
	EXPECT(sts_webhook_sign("whsec_", "m", 1, STS_STR("x"), arena) == NULL);
}

/* A mail of this title and text. */
static const char *mail(const char *title, const char *text)
{
	struct sts_route route = {
		.name = "ops", .address = "a@example.com, b@example.com", .mail_from = "m@example.com"};
	struct sts_message m = {.name = "msg_1", .thread = "alert_1", .severity = STS_ERROR};
	struct sts_json items[] = {
		{.type = STS_JSON_STRING, .name = STS_STR("title"), .text = sts_str_of(title)},
		{.type = STS_JSON_STRING, .name = STS_STR("text"), .text = sts_str_of(text)},
		{.type = STS_JSON_STRING, .name = STS_STR("kind"), .text = STS_STR("new")},
	};
	struct sts_json alert = {.type = STS_JSON_OBJECT, .items = items, .count = COUNT_OF(items)};
	struct sts_delivery d = {&route, &m, &alert, 1780000000, arena, NULL};
	struct sts_buf out;
	const char *copy;

	sts_buf_init(&out, 1 << 20);
	sts_mail_write(&d, &out);
	copy = sts_strndup(arena, out.ptr, out.len);
	sts_buf_clear(&out);
	return copy;
}

/* Every line ends by CRLF, none is too long, none holds an octet that 7-bit mail cannot have. */
static bool is_clean(const char *m)
{
	size_t column = 0;

	for (const char *c = m; *c != '\0'; c++) {
		if (*c == '\n' && (c == m || c[-1] != '\r'))
			return false;
		if (*c == '\r' && c[1] != '\n')
			return false;
		column = *c == '\n' ? 0 : column + 1;
		if (column > 998 || (unsigned char)*c >= 0x7f ||
			((unsigned char)*c < ' ' && strchr("\r\n\t", *c) == NULL))
			return false;
	}
	return true;
}

/* Lines above the first empty one that begin like this. */
static int headers(const char *m, const char *name)
{
	const char *end = strstr(m, "\r\n\r\n");
	int n = 0;

	for (const char *line = m; line < end; line = strstr(line, "\r\n") + 2)
		n += strncmp(line, name, strlen(name)) == 0;
	return n;
}

static void keep(const char *m, int n)
{
	const char *folder = getenv("MTASTS_TEST_MAILS");
	FILE *f = folder == NULL ? NULL : fopen(sts_sprintf(arena, "%s/%d.eml", folder, n), "we");

	if (f == NULL)
		return;
	fputs(m, f);
	fclose(f);
}

static void mails(void)
{
	static const struct {
		const char *name;
		const char *title;
		const char *text;
	} rows[] = {
		{"plain", "a.test: certificate has expired", "a.test: certificate has expired\n\nDomain: a.test\n"},
		{"line ends in the title", "a.test\r\nBcc: c@example.com\r\n\r\nHello", "x\n"},
		{"letters of other tongues",
			"m\303\274nchen.test: Zertifikat von "
			"\346\227\245\346\234\254\350\252\236\343\201\256\343\203\206\343"
			"\202\271\343\203\210 abgelaufen, und noch viel mehr davon",
			"\303\244 = \303\266\n  ein langer Satz, der \303\274ber das Ende der Zeile hinausgeht, weil "
			"er so lang ist und nicht "
			"aufh\303\266rt\nend \n"},
		{"a line to paste of 3000 octets", "t", NULL},
		{"dots", "t", ".\n..\n.hidden\n"},
	};
	char *paste = sts_alloc(arena, 3100);

	memset(paste, 'x', 3000);
	memcpy(paste, "      ", 6);
	paste[3000] = '\n';
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *m = mail(rows[i].title, rows[i].text == NULL ? paste : rows[i].text);

		CASE("mail: %s", rows[i].name);
		EXPECT(is_clean(m));
		EXPECT_INT(headers(m, "Subject: [mtasts] error: ") + headers(m, "Subject: =?utf-8?B?"), 1);
		EXPECT_INT(headers(m, "Bcc"), 0);
		EXPECT_INT(headers(m, "Auto-Submitted: auto-generated\r"), 1);
		EXPECT_INT(headers(m, "Date: Thu, 28 May 2026 20:26:40 +0000\r"), 1);
		EXPECT_INT(headers(m, "Message-ID: <msg_1@example.com>\r"), 1);
		keep(m, (int)i);
	}
}

static void recipients(void)
{
	size_t count;
	const char **to;

	CASE("recipients");
	to = sts_mail_recipients(" a@x.example,b@x.example  c@x.example,", arena, &count);
	EXPECT_INT(count, 3);
	EXPECT_CSTR(to[0], "a@x.example");
	EXPECT_CSTR(to[2], "c@x.example");
}

int main(void)
{
	arena = sts_arena_new();
	signatures();
	mails();
	recipients();
	sts_arena_free(arena);
	return test_done();
}
