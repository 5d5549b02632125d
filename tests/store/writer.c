/* clang-format off */
/*
 * Helper of the tests of stores: writes observations until it is killed, or checks what is there.
 *
 *   writer STORE write DOMAINS SEED   observe DOMAINS domains in turn, for ever; "domain time" on standard output for each that is committed
 *   writer STORE thin DOMAINS SEED    the same, and thin out in between
 *   writer STORE fill DOMAINS DAYS    observe them once a day and end
 *   writer STORE check FILE           every line of FILE (as write prints them) is there, what is derived is right, everything can be read
 *   writer STORE check                the same without a file, after thinning out
 */
/* clang-format on */
#include "seen.h"

#include "store/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define T0 INT64_C(1767225600)

/* Changes now and then, in everything, by a cheap random number that depends on domain and step alone. */
static unsigned dice(unsigned domain, unsigned step, unsigned salt)
{
	unsigned x = domain * 2654435761u ^ step * 40503u ^ salt * 97u;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return x;
}

static struct sts_observation *make(struct sts_arena *arena, unsigned domain, unsigned step, int64_t at)
{
	unsigned era = step / (3 + domain % 5);
	struct seen s = {
		.domain = sts_sprintf(arena, "d%u.example", domain),
		.at = at,
		.id = sts_sprintf(arena, "%u", era),
		.policy = seen_policy(dice(domain, era, 1) % 3 == 0 ? "testing" : "enforce",
			86400 + (long)(dice(domain, era, 2) % 5) * 86400,
			dice(domain, era, 3) % 4 == 0 ? "mx1.example *.example" : "mx1.example"),
		.hosts = dice(domain, step / 7, 4) % 2 == 0 ? "mx1.example" : "mx1.example mx2.example",
		.cert = dice(domain, step / 5, 5) % 2 == 0 ? "a" : "b",
		.findings =
			dice(domain, step, 6) % 4 == 0 ? "mx.cert.expired error mx1.example,rpt.absent notice x" : NULL,
		.unseen = dice(domain, step, 7) % 5 == 0 ? "mx." : NULL,
	};

	if (dice(domain, step, 8) % 9 == 0)
		s.policy = s.id = "?";
	return seen_make(arena, &s);
}

static int failed(const struct sts_history *h, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, sts_history_why(h));
	return 1;
}

static int put(struct sts_history *h, unsigned domain, unsigned step, int64_t at)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_observation *o = make(arena, domain, step, at);
	const char *result = sts_sprintf(arena,
		"{\"domain\":\"%s\",\"step\":%u,\"padding\":\"the same in all of them, to be packed\"}", o->domain,
		step);
	enum sts_err err = sts_history_put(h, o, sts_str_of(result), NULL);

	if (err == STS_OK)
		printf("%s %" PRId64 "\n", o->domain, o->at);
	fflush(stdout);
	sts_arena_free(arena);
	return err == STS_OK ? 0 : failed(h, "put");
}

static int write_on(struct sts_history *h, unsigned domains, unsigned seed, bool thin)
{
	sts_history_keep(h, 1);
	for (unsigned step = 0;; step++) {
		for (unsigned d = 0; d < domains; d++) {
			int64_t at = T0 + (int64_t)seed * 1000000 + step * 3600;
			char name[32];

			if (put(h, d, seed * 1000 + step, at) != 0)
				return 1;
			snprintf(name, sizeof name, "d%u.example", d);
			if (thin && step % 5 == 4 && sts_history_prune(h, name, at - 86400) != STS_OK)
				return failed(h, "prune");
		}
	}
}

static int fill(struct sts_history *h, unsigned domains, unsigned days)
{
	for (unsigned day = 0; day < days; day++)
		for (unsigned d = 0; d < domains; d++)
			if (put(h, d, day, T0 + day * 86400) != 0)
				return 1;
	return 0;
}

struct finding {
	struct sts_history *h;
	struct sts_arena *arena;
	unsigned missing;
};

static void look_for(struct finding *f, const char *domain, int64_t at)
{
	struct sts_kept kept;
	enum sts_err err = sts_history_at(f->h, domain, at, f->arena, &kept);

	if (err != STS_OK || kept.seen.at != at) {
		printf("missing: %s %" PRId64 "\n", domain, at);
		f->missing++;
	}
}

static int check_lines(struct sts_history *h, const char *path)
{
	FILE *f = fopen(path, "re");
	char domain[64];
	int64_t at;
	unsigned lines = 0;
	struct finding found = {.h = h};

	if (f == NULL)
		return 1;
	while (fscanf(f, "%63s %" SCNd64, domain, &at) == 2) {
		found.arena = sts_arena_new();
		look_for(&found, domain, at);
		sts_arena_free(found.arena);
		lines++;
	}
	fclose(f);
	printf("%u committed, %u missing\n", lines, found.missing);
	return found.missing > 0;
}

static enum sts_err count_one(const struct sts_kept *kept, void *arg)
{
	(void)kept;
	++*(unsigned *)arg;
	return STS_OK;
}

static int check(struct sts_history *h, const char *path)
{
	unsigned kept = 0;
	int rc = path == NULL ? 0 : check_lines(h, path);

	/* every row is read, every result unpacked */
	if (sts_history_each(h, NULL, count_one, &kept) != STS_OK)
		return failed(h, "each");
	for (unsigned d = 0; d < 50; d++) {
		char name[32];
		bool same = true;
		enum sts_err err;

		snprintf(name, sizeof name, "d%u.example", d);
		err = sts_history_verify(h, name, &same);
		if (err == STS_ENOENT)
			break;
		if (err != STS_OK || !same) {
			printf("what is derived for %s is not what its observations fold to\n", name);
			rc = 1;
		}
	}
	printf("%u observations kept\n", kept);
	return rc;
}

int main(int argc, char **argv)
{
	struct sts_history *h = NULL;
	char why[512];
	int rc = 2;

	if (argc < 3)
		return 2;
	if (sts_history_open(argv[1], &h, why) != STS_OK) {
		fprintf(stderr, "open: %s\n", why);
		return 1;
	}
	if ((strcmp(argv[2], "write") == 0 || strcmp(argv[2], "thin") == 0) && argc == 5)
		rc = write_on(h, (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), argv[2][0] == 't');
	else if (strcmp(argv[2], "fill") == 0 && argc == 5)
		rc = fill(h, (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
	else if (strcmp(argv[2], "check") == 0)
		rc = check(h, argc > 3 ? argv[3] : NULL);
	sts_history_close(h);
	return rc;
}
