/* The scanner's parts that need no network: names in, what is done, state, pace, counts, and the fast way of writing. */
#include "base/clock.h"
#include "render/render.h"
#include "scan/input.h"
#include "scan/later.h"
#include "scan/list.h"
#include "scan/optout.h"
#include "scan/pace.h"
#include "scan/plain.h"
#include "scan/quick.h"
#include "scan/rate.h"
#include "scan/seqset.h"
#include "scan/state.h"
#include "stores.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char folder[] = "/tmp/mtasts-scan-test.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		abort();
}

/* ---- input ---- */

static void expect_names(const char *path, unsigned column, const char *want)
{
	struct sts_input *in = NULL;
	struct sts_str name;
	struct sts_buf got;
	uint64_t line;
	enum sts_err err = sts_input_open(path, column, &in);

	sts_buf_init(&got, 1000000);
	EXPECT_INT(err, STS_OK);
	if (err != STS_OK)
		return;
	while ((err = sts_input_next(in, &name, &line)) == STS_OK)
		sts_buf_printf(&got, "%u:%.*s ", (unsigned)line, STS_FMT(name));
	EXPECT_INT(err, STS_ENOENT);
	EXPECT_CSTR(got.ptr == NULL ? "" : got.ptr, want);
	sts_buf_clear(&got);
	sts_input_close(in);
}

static void input(void)
{
	static const char plain[] = "\xEF\xBB\xBF"
				    "a.test\r\n\n# no\n  b.test \t # yes\nc.test";
	static const char table[] = "name,\"domain\"\n1,a.test\n2,\"b.test\"\n\"x, y\",c.test,more\n4\n";
	char name[300];
	gzFile gz;

	CASE("input: lines, blanks, comments, CR, byte order mark, no end at the end");
	write_file(path_of("plain"), plain, sizeof plain - 1);
	expect_names(path_of("plain"), 0, "1:a.test 4:b.test 5:c.test ");
	CASE("input: a column of CSV, its head passed over, quotes taken off");
	write_file(path_of("table"), table, sizeof table - 1);
	expect_names(path_of("table"), 2, "2:a.test 3:b.test 4:c.test ");
	CASE("input: gzip of two members");
	snprintf(name, sizeof name, "%s", path_of("packed"));
	for (unsigned i = 0; i < 2; i++) {
		gz = gzopen(name, i == 0 ? "wb" : "ab");
		gzputs(gz, i == 0 ? "a.test\nb.te" : "st\nc.test\n");
		gzclose(gz);
	}
	expect_names(name, 0, "1:a.test 2:b.test 3:c.test ");
	CASE("input: an empty file");
	write_file(path_of("empty"), "", 0);
	expect_names(path_of("empty"), 0, "");
}

static void input_damaged(void)
{
	struct sts_input *in = NULL;
	struct sts_str name;
	char path[300];
	uint64_t line;
	struct stat st;
	gzFile gz;
	unsigned n = 0;
	enum sts_err err;

	CASE("input: gzip that was cut off is an error, not an end");
	snprintf(path, sizeof path, "%s", path_of("cut"));
	gz = gzopen(path, "wb");
	for (unsigned i = 0; i < 10000; i++)
		gzprintf(gz, "d%u.test\n", i * 7919);
	gzclose(gz);
	EXPECT(stat(path, &st) == 0 && truncate(path, st.st_size / 2) == 0);
	EXPECT_INT(sts_input_open(path, 0, &in), STS_OK);
	while ((err = sts_input_next(in, &name, &line)) == STS_OK)
		n++;
	EXPECT_INT(err, STS_EIO);
	EXPECT(n > 0 && n < 10000);
	sts_input_close(in);
	CASE("input: a line longer than any name is one name, and the next line is the next");
	{
		char *text = malloc(400002);

		memset(text, 'x', 400000);
		memcpy(text + 300000, "\nb\n", 3);
		write_file(path_of("long"), text, 300003);
		free(text);
	}
	EXPECT_INT(sts_input_open(path_of("long"), 0, &in), STS_OK);
	EXPECT_INT(sts_input_next(in, &name, &line), STS_OK);
	EXPECT(name.len <= STS_INPUT_LINE_MAX);
	EXPECT_INT(sts_input_next(in, &name, &line), STS_OK);
	EXPECT_STR(name, "b");
	EXPECT_INT(line, 2);
	sts_input_close(in);
}

/* ---- what is done ---- */

static void seqset(void)
{
	struct sts_seqset set = {0}, again = {0};
	struct sts_buf text;

	sts_buf_init(&text, 1000000);
	CASE("seqset: numbers, low mark, text and back");
	EXPECT(sts_seqset_add(&set, 0, 4));
	EXPECT(sts_seqset_add(&set, 6, 6));
	EXPECT(sts_seqset_add(&set, 10, 20000));
	EXPECT_INT(set.low, 5);
	EXPECT_INT(set.size, 5 + 1 + 19991);
	EXPECT(sts_seqset_has(&set, 4) && !sts_seqset_has(&set, 5) && sts_seqset_has(&set, 6));
	EXPECT(!sts_seqset_has(&set, 20001) && !sts_seqset_has(&set, (uint64_t)1 << 40));
	sts_seqset_write(&set, &text);
	EXPECT_CSTR(text.ptr, "0-4,6,10-20000");
	EXPECT(sts_seqset_read(&again, sts_buf_str(&text)));
	EXPECT_INT(again.size, set.size);
	CASE("seqset: a copy is on its own; holes close");
	{
		struct sts_seqset copy;

		EXPECT(sts_seqset_copy(&copy, &set));
		EXPECT(sts_seqset_add(&set, 5, 9));
		EXPECT_INT(set.low, 20001);
		EXPECT(!sts_seqset_has(&copy, 5));
		sts_seqset_clear(&copy);
	}
	CASE("seqset: what is no such text");
	EXPECT(!sts_seqset_read(&again, STS_STR("5-3")));
	EXPECT(!sts_seqset_read(&again, STS_STR("x")));
	EXPECT(!sts_seqset_read(&again, STS_STR("1;2")));
	EXPECT(!sts_seqset_read(&again, STS_STR("0-999999999999999")));
	CASE("seqset: numbers of a batch, in any order");
	{
		uint64_t seqs[] = {9, 3, 4, 2, 11, 10};

		sts_buf_reset(&text);
		sts_seqs_write(seqs, COUNT_OF(seqs), &text);
		EXPECT_CSTR(text.ptr, "2-4,9-11");
	}
	sts_buf_clear(&text);
	sts_seqset_clear(&set);
	sts_seqset_clear(&again);
}

/* ---- state ---- */

static void begin_state(const char *path)
{
	struct sts_state s = {.fd = -1};
	struct sts_tally tally = {0};
	uint64_t first[] = {2, 0, 1}, second[] = {5};

	unlink(path);
	EXPECT_INT(sts_state_begin(&s, path, "head 1", &tally), STS_OK);
	sts_tally_add(&tally, STS_STR("v:absent"), 3);
	EXPECT_INT(sts_state_add(&s, first, 3, 300, &tally), STS_OK);
	sts_tally_add(&tally, STS_STR("v:absent"), 1);
	sts_tally_add(&tally, STS_STR("c:mx mx.example.net"), 1);
	EXPECT_INT(sts_state_add(&s, second, 1, 400, &tally), STS_OK);
	sts_state_clear(&s);
	sts_tally_clear(&tally);
}

static void expect_state(const char *path, int64_t output, enum sts_err want, uint64_t size, int64_t length, uint64_t absent)
{
	struct sts_state s = {.fd = -1};
	struct sts_tally tally = {0};

	EXPECT_INT(sts_state_read(&s, path, "head 1", output, &tally), want);
	if (want == STS_OK) {
		EXPECT_INT(s.done.size, size);
		EXPECT_INT(s.output_len, length);
		EXPECT_INT(sts_tally_get(&tally, "v:absent"), absent);
	}
	sts_state_clear(&s);
	sts_tally_clear(&tally);
}

static void state(void)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof path, "%s", path_of("state"));
	CASE("state: written and read");
	begin_state(path);
	expect_state(path, 1000, STS_OK, 4, 400, 4);
	EXPECT(sts_state_unfinished(path));
	CASE("state: a line whose output is not there is not believed");
	expect_state(path, 399, STS_OK, 3, 300, 3);
	CASE("state: a line that is torn is not believed");
	EXPECT(stat(path, &st) == 0 && truncate(path, st.st_size - 1) == 0);
	expect_state(path, 1000, STS_OK, 3, 300, 3);
	CASE("state: cut anywhere, it tells of nothing that was not written");
	for (off_t len = st.st_size - 1; len >= 0; len--) {
		struct sts_state s = {.fd = -1};
		struct sts_tally tally = {0};
		enum sts_err err;

		EXPECT(truncate(path, len) == 0);
		err = sts_state_read(&s, path, "head 1", 1000, &tally);
		EXPECT(err == STS_OK || err == STS_ENOENT);
		EXPECT(s.done.size == 0 || s.done.size == 3);
		EXPECT(s.output_len == (s.done.size == 0 ? 0 : 300));
		sts_state_clear(&s);
		sts_tally_clear(&tally);
	}
	CASE("state: of another run; none at all");
	write_file(path, "head 2\n", 7);
	expect_state(path, 0, STS_EINVAL, 0, 0, 0);
	unlink(path);
	expect_state(path, 0, STS_ENOENT, 0, 0, 0);
}

static void tally(void)
{
	struct sts_tally t = {0}, u = {0};
	struct sts_arena *arena = sts_arena_new();
	const struct sts_count **top;
	struct sts_buf b;
	size_t count;

	sts_buf_init(&b, 10000);
	CASE("tally: changes are told once; the most frequent first");
	sts_tally_add(&t, STS_STR("f:a"), 2);
	sts_tally_add(&t, STS_STR("f:b"), 5);
	sts_tally_changes(&t, &b);
	EXPECT(sts_tally_read(&u, sts_buf_str(&b)));
	sts_buf_reset(&b);
	sts_tally_changes(&t, &b);
	EXPECT_INT(b.len, 0);
	sts_tally_add(&t, STS_STR("f:a"), 1);
	sts_tally_changes(&t, &b);
	EXPECT(sts_tally_read(&u, sts_buf_str(&b)));
	EXPECT_INT(sts_tally_get(&u, "f:a"), 3);
	EXPECT_INT(sts_tally_get(&u, "f:b"), 5);
	top = sts_tally_top(&u, "f:", 1, arena, &count);
	EXPECT_INT(count, 1);
	EXPECT_CSTR(top[0]->key, "f:b");
	CASE("tally: what is no such text");
	EXPECT(!sts_tally_read(&u, STS_STR("f:a\t1")));
	EXPECT(!sts_tally_read(&u, STS_STR("\tf:a")));
	EXPECT(!sts_tally_read(&u, STS_STR("\tf:a\tx")));
	sts_buf_clear(&b);
	sts_tally_clear(&t);
	sts_tally_clear(&u);
	sts_arena_free(arena);
}

/* ---- manners ---- */

static void rate(void)
{
	struct sts_rate r = sts_rate(100, 0);
	unsigned n = 0;

	CASE("rate: a hundred a second, a tenth of it at once, none when there is no limit to wait for");
	for (int64_t ms = 0; ms < 10000; ms++)
		while (sts_rate_take(&r, ms))
			n++;
	EXPECT(n >= 995 && n <= 1005);
	r = sts_rate(100, 0);
	for (n = 0; sts_rate_take(&r, 60000);)
		n++;
	EXPECT_INT(n, 10);
	r = sts_rate(0, 0);
	EXPECT(sts_rate_take(&r, 0) && sts_rate_take(&r, 0));
}

static void pace(void)
{
	struct sts_pace p = sts_pace(1000);
	int64_t now = 0;
	unsigned asked = 0;

	CASE("pace: begins low, grows with answers, stays under its bound; single failures do not count");
	EXPECT(sts_pace_room(&p, 99, now) && !sts_pace_room(&p, 100, now));
	for (unsigned i = 0; i < 10000; i++)
		sts_pace_note(&p, i % 20 == 0, now++);
	EXPECT(sts_pace_room(&p, 999, now) && !sts_pace_room(&p, 1000, now));
	CASE("pace: an outage cuts it, and lets only a few through until it ends");
	for (unsigned i = 0; i < 2000; i++)
		sts_pace_note(&p, true, now += 10);
	EXPECT(!sts_pace_room(&p, 10, now));
	for (unsigned i = 0; i < 1000; i++)
		asked += sts_pace_room(&p, 0, now++);
	EXPECT_INT(asked, 20);
	for (unsigned i = 0; i < 3000; i++)
		sts_pace_note(&p, false, now++);
	EXPECT(sts_pace_room(&p, 10, now));
}

static void optout(void)
{
	struct sts_optout o = {0};
	char why[512] = "";
	static const char list[] = "example.com\n# who asked\nXN--bcher-kva.test.\n.org.test\n";

	CASE("opt-out: the name and all below it, and nothing else");
	write_file(path_of("optout"), list, sizeof list - 1);
	EXPECT_INT(sts_optout_read(&o, path_of("optout"), why), STS_OK);
	EXPECT(sts_optout_has(&o, "example.com") && sts_optout_has(&o, "a.b.example.com"));
	EXPECT(!sts_optout_has(&o, "notexample.com") && !sts_optout_has(&o, "com"));
	EXPECT(sts_optout_has(&o, "xn--bcher-kva.test") && sts_optout_has(&o, "x.org.test"));
	sts_optout_clear(&o);
	CASE("opt-out: a line that is no name is an error");
	write_file(path_of("optout"), "a b\n", 4);
	EXPECT_INT(sts_optout_read(&o, path_of("optout"), why), STS_EINVAL);
	sts_optout_clear(&o);
}

static void later(void)
{
	struct sts_later *l = sts_later_new();
	char typed[STS_INPUT_LINE_MAX];
	uint64_t seq, line;
	size_t len;

	CASE("later: what was put off comes once, in the next turn");
	EXPECT(sts_later_put(l, 7, 8, STS_STR("a.test")));
	EXPECT(sts_later_put(l, 9, 10, STS_STR("b.test")));
	EXPECT(!sts_later_take(l, &seq, &line, typed, &len));
	EXPECT_INT(sts_later_turn(l), 2);
	EXPECT(sts_later_take(l, &seq, &line, typed, &len) && seq == 7 && line == 8 && len == 6);
	EXPECT(sts_later_put(l, 7, 8, sts_str(typed, len)));
	EXPECT(sts_later_take(l, &seq, &line, typed, &len) && seq == 9);
	EXPECT(!sts_later_take(l, &seq, &line, typed, &len));
	EXPECT_INT(sts_later_turn(l), 1);
	EXPECT(sts_later_take(l, &seq, &line, typed, &len) && seq == 7);
	EXPECT_INT(sts_later_turn(l), 0);
	sts_later_free(l);
}

/* A file may not grow past so much: as a disk that is full. */
static void later_full(void)
{
	struct rlimit before, little;
	struct sts_later *l = sts_later_new();
	char typed[STS_INPUT_LINE_MAX], name[1000];
	unsigned kept = 0, taken = 0;
	uint64_t seq, line;
	size_t len;
	bool full;

	CASE("later: a disk that is full is told at once, for the very name, and costs no other");
	memset(name, 'x', sizeof name);
	EXPECT(getrlimit(RLIMIT_FSIZE, &before) == 0);
	little = (struct rlimit){100500, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	EXPECT(setrlimit(RLIMIT_FSIZE, &little) == 0);
	while (kept < 1000 && sts_later_put(l, kept, kept, sts_str(name, sizeof name)))
		kept++;
	full = !sts_later_put(l, 5000, 5000, sts_str(name, sizeof name));
	EXPECT(setrlimit(RLIMIT_FSIZE, &before) == 0);
	EXPECT(full);
	EXPECT(kept > 90 && kept < 100);
	EXPECT(sts_later_put(l, kept, kept, sts_str(name, 7)));
	EXPECT_INT(sts_later_turn(l), kept + 1);
	EXPECT_INT(sts_later_left(l), kept + 1);
	for (; sts_later_take(l, &seq, &line, typed, &len); taken++)
		EXPECT(seq == taken && line == taken && len == (taken < kept ? sizeof name : 7) && typed[len - 1] == 'x');
	EXPECT_INT(taken, kept + 1);
	EXPECT_INT(sts_later_left(l), 0);
	CASE("later: turn after turn, with more each time than is read at once");
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < 300; i++)
			EXPECT(sts_later_put(l, turn * 1000 + i, i, sts_str(name, sizeof name - i)));
		EXPECT_INT(sts_later_turn(l), 300);
		for (taken = 0; sts_later_take(l, &seq, &line, typed, &len); taken++)
			EXPECT(seq == turn * 1000 + taken && len == sizeof name - taken);
		EXPECT_INT(taken, 300);
	}
	sts_later_free(l);
}

/* ---- a quick look at replies ---- */

#define HEAD(flags, code, counts) "\x12\x34" flags code "\0\1" counts
#define QUESTION "\10_mta-sts\1a\4test\0\0\20\0\1"
#define SOA "\xC0\x15\0\6\0\1\0\0\1\x2C\0\4\0\0\0\0"
#define NS "\xC0\x15\0\2\0\1\0\0\1\x2C\0\2\xC0\x15"
#define OPT "\0\0\x29\4\xD0\0\0\0\0\0\0"
#define OPT_MORE "\0\0\x29\4\xD0\1\0\0\0\0\0"

static void quick(void)
{
#define ROW(name, want, text) {name, want, text, sizeof(text) - 1}
	static const struct {
		const char *name;
		enum sts_dns_state want;
		const char *text;
		size_t len;
	} rows[] = {
		ROW("NXDOMAIN", STS_DNS_NXDOMAIN, HEAD("\x81", "\x83", "\0\0\0\1\0\1") QUESTION SOA OPT),
		ROW("NXDOMAIN alone", STS_DNS_NXDOMAIN, HEAD("\x81", "\x83", "\0\0\0\0\0\0") QUESTION),
		ROW("NODATA", STS_DNS_NODATA, HEAD("\x81", "\x80", "\0\0\0\1\0\1") QUESTION SOA OPT),
		ROW("NODATA, authoritative", STS_DNS_NODATA, HEAD("\x85", "\0", "\0\0\0\1\0\0") QUESTION SOA),
		ROW("neither AA nor RA", STS_DNS_NOT_ASKED, HEAD("\x81", "\0", "\0\0\0\1\0\0") QUESTION SOA),
		ROW("truncated", STS_DNS_NOT_ASKED, HEAD("\x83", "\x80", "\0\0\0\1\0\0") QUESTION SOA),
		ROW("an answer", STS_DNS_NOT_ASKED, HEAD("\x81", "\x80", "\0\1\0\1\0\0") QUESTION SOA SOA),
		ROW("SERVFAIL", STS_DNS_NOT_ASKED, HEAD("\x81", "\x82", "\0\0\0\1\0\0") QUESTION SOA),
		ROW("no SOA", STS_DNS_NOT_ASKED, HEAD("\x81", "\x80", "\0\0\0\0\0\1") QUESTION OPT),
		ROW("a referral", STS_DNS_NOT_ASKED, HEAD("\x81", "\x80", "\0\0\0\1\0\1") QUESTION NS OPT),
		ROW("a SOA, but not among the authorities", STS_DNS_NOT_ASKED, HEAD("\x81", "\x80", "\0\0\0\0\0\1") QUESTION SOA),
		ROW("BADVERS", STS_DNS_NOT_ASKED, HEAD("\x81", "\x80", "\0\0\0\1\0\1") QUESTION SOA OPT_MORE),
		ROW("BADMODE", STS_DNS_NOT_ASKED, HEAD("\x81", "\x83", "\0\0\0\1\0\1") QUESTION SOA OPT_MORE),
		ROW("no question", STS_DNS_NOT_ASKED, "\x12\x34\x81\x83\0\0\0\0\0\0\0\0"),
		ROW("a question", STS_DNS_NOT_ASKED, HEAD("\x01", "\x83", "\0\0\0\0\0\0") QUESTION),
	};
#undef ROW

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t *exact = malloc(rows[i].len);

		CASE("quick: %s", rows[i].name);
		memcpy(exact, rows[i].text, rows[i].len);
		EXPECT_INT(sts_quick_look(exact, rows[i].len), rows[i].want);
		free(exact);
	}
	CASE("quick: cut anywhere, it is no proof");
	for (size_t len = 0; len < rows[0].len; len++) {
		uint8_t *exact = malloc(len == 0 ? 1 : len);

		memcpy(exact, rows[0].text, len);
		EXPECT_INT(sts_quick_look(exact, len), STS_DNS_NOT_ASKED);
		free(exact);
	}
}

/* ---- leases ---- */

static size_t lease(struct sts_list *l, uint64_t *first)
{
	struct sts_list_block blocks[4];
	size_t count = 0;

	EXPECT_INT(sts_list_lease(l, COUNT_OF(blocks), blocks, &count), STS_OK);
	for (size_t i = 0; i < count; i++)
		free(blocks[i].names);
	*first = count > 0 ? blocks[0].first : UINT64_MAX;
	return count;
}

static void run_out(struct sts_list *l)
{
	EXPECT_INT(sts_store_run(l->store, "UPDATE scan_block SET leased_until = 1 WHERE state = 0 AND leased_until > 0", NULL, 0, NULL, NULL),
		STS_OK);
}

static void leases(const char *kind)
{
	struct sts_list a, b;
	struct sts_list_row row = {0, "absent", STS_STR("a.test"), {NULL, 0}, 1764000000};
	_Atomic bool stop = false;
	char place[300], names[300];
	uint64_t first;
	bool lost = true;

	snprintf(place, sizeof place, "%s", stores_fresh(kind, folder));
	snprintf(names, sizeof names, "%s", path_of("leases"));
	write_file(names, "a.test\n", 7);
	EXPECT_INT(sts_list_open(&a, place, "l", "head", names, 0, &stop), STS_OK);
	EXPECT_INT(sts_list_open(&b, place, "l", "head", names, 0, &stop), STS_OK);
	CASE("leases, %s: a block is one's alone", kind);
	EXPECT_INT(lease(&a, &first), 1);
	EXPECT_INT(first, 0);
	EXPECT_INT(lease(&b, &first), 0);
	CASE("leases, %s: one that ran out is another's, never a second one of the same process: it still works on the first", kind);
	run_out(&a);
	EXPECT_INT(lease(&a, &first), 0);
	EXPECT_INT(lease(&b, &first), 1);
	CASE("leases, %s: who lost a block writes nothing", kind);
	EXPECT_INT(sts_list_finish(&a, 0, &row, 1, &lost), STS_OK);
	EXPECT(lost);
	EXPECT_INT(sts_list_finish(&b, 0, &row, 1, &lost), STS_OK);
	EXPECT(!lost);
	CASE("leases, %s: what was given back is anybody's", kind);
	EXPECT_INT(sts_store_run(a.store, "UPDATE scan_block SET state = 0", NULL, 0, NULL, NULL), STS_OK);
	EXPECT_INT(lease(&a, &first), 1);
	sts_list_release(&a);
	EXPECT_INT(lease(&a, &first), 1);
	sts_list_close(&a);
	sts_list_close(&b);
}

/* ---- the fast way ---- */

static const char *const names[] = {"example.com", "a.b", "x--y.co.uk", "1970-01-02.test", "qx7mark-domain.zz-mark.test",
	"a-very-long-label-that-goes-on-and-on-and-on-and-on-for-a-while.another-very-long-label-that-goes-on.example.museum"};

/* Octet for octet what the usual renderer makes of it. */
static void expect_same(const struct sts_discovery *d, enum sts_dns_state state)
{
	struct sts_plain *p = sts_plain_new(d);
	struct sts_buf quick, usual;

	EXPECT(p != NULL);
	sts_buf_init(&quick, 1000000);
	sts_buf_init(&usual, 1000000);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_domain domain = {.ascii = names[i]};
		struct sts_answer answer = {.state = state};
		int64_t at = 1764000000 + (int64_t)i;

		EXPECT(sts_plain_takes(&domain));
		sts_plain_write(p, sts_str_of(names[i]), state, at, (int64_t)i * 7, &quick);
		sts_discovery_render(d, sts_discovery_judge(d, &domain, &answer, at, (int64_t)i * 7, arena), &usual);
		EXPECT(quick.len > 0 && strcmp(quick.ptr, usual.ptr) == 0);
		sts_arena_free(arena);
	}
	sts_buf_clear(&quick);
	sts_buf_clear(&usual);
	sts_plain_free(p);
}

static void plain(void)
{
	static const enum sts_format forms[] = {STS_FORMAT_JSON, STS_FORMAT_CSV};
	struct sts_discovery d = {.resolver = "192.0.2.53", .at = -1};
	struct sts_domain noted = {.ascii = "a.test", .unicode = "b.test"};

	for (size_t f = 0; f < COUNT_OF(forms); f++) {
		CASE("plain: form %zu: the same as the usual renderer", f);
		d.format = forms[f];
		d.at = -1;
		expect_same(&d, STS_DNS_NXDOMAIN);
		expect_same(&d, STS_DNS_NODATA);
		d.at = 1700000000;
		expect_same(&d, STS_DNS_NXDOMAIN);
	}
	CASE("plain: names in two forms go the usual way");
	EXPECT(!sts_plain_takes(&noted));
}

/* What was not looked at passes nothing. */
static void honest(void)
{
	struct sts_discovery d = {.resolver = "192.0.2.53", .at = -1, .format = STS_FORMAT_JSON};
	struct sts_arena *arena = sts_arena_new();
	struct sts_domain domain = {.ascii = "example.com"};
	struct sts_answer answer = {.state = STS_DNS_NXDOMAIN};
	const struct sts_report *r = sts_discovery_judge(&d, &domain, &answer, 1764000000, 5, arena);

	CASE("discovery: nothing there: absent, and no part passed");
	EXPECT_CSTR(sts_report_verdict(r), "absent");
	for (size_t i = 0; i < STS_PART_COUNT; i++)
		EXPECT(r->parts[i].result != STS_RESULT_PASS);
	CASE("discovery: no answer: unknown, never absent");
	answer = (struct sts_answer){.state = STS_DNS_SERVFAIL};
	r = sts_discovery_judge(&d, &domain, &answer, 1764000000, 5, arena);
	EXPECT_CSTR(sts_report_verdict(r), "unknown");
	sts_arena_free(arena);
}

int main(void)
{
	char command[350];

	if (mkdtemp(folder) == NULL)
		return 1;
	input();
	input_damaged();
	seqset();
	state();
	tally();
	rate();
	pace();
	optout();
	later();
	later_full();
	quick();
	leases("SQLite");
	if (getenv("MTASTS_TEST_PG") != NULL)
		leases("PostgreSQL");
	plain();
	honest();
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0)
		return 1;
	return test_done();
}
