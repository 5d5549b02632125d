#include "probe/servers.h"
#include "test.h"

#include <unistd.h>

static const struct {
	const char *text;
	const char *want; /* as sts_servers_text shows it; NULL: refused */
} rows[] = {
	{"192.0.2.53", "192.0.2.53"},
	{"192.0.2.53:53", "192.0.2.53"},
	{"192.0.2.53:5353", "192.0.2.53:5353"},
	{"2001:DB8::53", "2001:db8::53"},
	{"[2001:db8::53]", "2001:db8::53"},
	{"[2001:db8::53]:53", "2001:db8::53"},
	{"[2001:db8::53]:65535", "[2001:db8::53]:65535"},
	{"::1", "::1"},
	{"fe80::1%lo", "fe80::1%lo"},
	{"[fe80::1%lo]:5353", "[fe80::1%lo]:5353"},
	{"", NULL},
	{"dns.example", NULL},
	{"192.0.2.53:", NULL},
	{"192.0.2.53:0", NULL},
	{"192.0.2.53:65536", NULL},
	{"192.0.2.53:53x", NULL},
	{"192.0.2.53%lo", NULL},
	{"192.0.2.256", NULL},
	{"[192.0.2.53]:53", NULL},
	{"[2001:db8::53", NULL},
	{"[2001:db8::53]53", NULL},
	{"[2001:db8::53]:", NULL},
	{"[2001:db8::53]:53 ", NULL},
	{"192.0.2.53@5353", NULL},
	{":53", NULL},
};

static const struct {
	const char *name;
	const char *content;
	const char *want;
} files[] = {
	{"empty", "", ""},
	{"usual", "# made by hand\nsearch example\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions edns0\n", "192.0.2.1, 2001:db8::1"},
	{"tabs and CRLF", "nameserver\t192.0.2.1\t# here\r\n  nameserver 192.0.2.2\r\n", "192.0.2.1, 192.0.2.2"},
	{"link-local", "nameserver fe80::1%eth0\n", "fe80::1%eth0"},
	{"nonsense passed over", "nameserver\nnameserver here\nnameservers 192.0.2.9\n;nameserver 192.0.2.8\nnameserver 192.0.2.3", "192.0.2.3"},
	{"too many", "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\nnameserver 10.0.0.5\n"
		"nameserver 10.0.0.6\nnameserver 10.0.0.7\nnameserver 10.0.0.8\nnameserver 10.0.0.9\n",
		"10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8"},
};

static void test_one(struct sts_arena *arena)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sts_servers s = {.count = 1};
		bool ok = sts_server_parse(rows[i].text, arena, &s.list[0]);

		CASE("server \"%s\"", rows[i].text);
		EXPECT_CSTR(ok ? sts_servers_text(&s, arena) : NULL, rows[i].want);
	}
}

static void test_file(struct sts_arena *arena)
{
	struct sts_servers s;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char name[] = "/tmp/sts-servers-XXXXXX";
		int fd = mkstemp(name);
		size_t len = strlen(files[i].content);

		CASE("resolv.conf, %s", files[i].name);
		EXPECT(fd >= 0 && write(fd, files[i].content, len) == (ssize_t)len);
		sts_servers_read(name, arena, &s);
		EXPECT_CSTR(sts_servers_text(&s, arena), files[i].want);
		close(fd);
		unlink(name);
	}
	CASE("resolv.conf, missing");
	sts_servers_read("/nonexistent/resolv.conf", arena, &s);
	EXPECT_INT(s.count, 0);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_one(arena);
	test_file(arena);
	sts_arena_free(arena);
	return test_done();
}
