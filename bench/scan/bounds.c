/*
 * The bounds of a scan: what the same questions, fetches and probes cost a loop that does nothing else.
 *
 *     bounds dns-bare|dns-cares SERVER FILE IN_FLIGHT     lines "NAME TYPE"
 *     bounds https|starttls CA_FILE FILE IN_FLIGHT        lines "ADDRESS NAME"
 *     bounds crypto ROUNDS
 *
 * Prints one line of JSON: how many, how many well, seconds of wall and of processor, microseconds of processor each.
 */
#include "loop.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static struct rusage usage_at_start;
static int64_t started_ms;

_Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static char *file_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	long len;
	char *text;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
		die(path);
	text = malloc((size_t)len + 1);
	if (text == NULL || fread(text, 1, (size_t)len, f) != (size_t)len)
		die(path);
	text[len] = '\0';
	fclose(f);
	return text;
}

struct list list_read(const char *path)
{
	struct list list = {.text = file_read(path)};
	size_t room = 0;
	char *save = NULL;

	for (char *line = strtok_r(list.text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (blank == NULL)
			continue;
		if (list.count == room) {
			room = room == 0 ? 1024 : room * 2;
			list.items = realloc(list.items, room * sizeof *list.items);
			if (list.items == NULL)
				die(path);
		}
		*blank = '\0';
		list.items[list.count++] = (struct item){line, blank + 1};
	}
	return list;
}

void clock_start(void)
{
	started_ms = now_ms();
	getrusage(RUSAGE_SELF, &usage_at_start);
}

static double seconds(struct timeval after, struct timeval before)
{
	return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_usec - before.tv_usec) / 1e6;
}

void clock_print(const char *name, const struct tally *tally)
{
	struct rusage usage;
	double cpu;

	getrusage(RUSAGE_SELF, &usage);
	cpu = seconds(usage.ru_utime, usage_at_start.ru_utime) + seconds(usage.ru_stime, usage_at_start.ru_stime);
	printf("{\"bound\":\"%s\",\"count\":%zu,\"good\":%zu,\"lost\":%zu,\"wall_s\":%.3f,\"cpu_s\":%.4f,\"cpu_us_each\":%.3f}\n", name,
		tally->done, tally->good, tally->lost, (double)(now_ms() - started_ms) / 1000, cpu,
		tally->done == 0 ? 0.0 : cpu * 1e6 / (double)tally->done);
}

/* ---- arithmetic of a handshake: a key of ours, a shared secret, three signatures of P-256 ---------------------------- */

static EVP_PKEY *x25519_new(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
}

static void shared_secret(EVP_PKEY *own, EVP_PKEY *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	unsigned char secret[32];
	size_t len = sizeof secret;

	if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 || EVP_PKEY_derive(ctx, secret, &len) != 1)
		die("derive");
	EVP_PKEY_CTX_free(ctx);
}

static void signature(EVP_PKEY *key, unsigned char *sig, size_t *len, int verify)
{
	static const unsigned char text[] = "what a certificate says";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = verify ? EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
				  EVP_DigestVerify(ctx, sig, *len, text, sizeof text) == 1
			: EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
				  EVP_DigestSign(ctx, sig, len, text, sizeof text) == 1;

	if (!ok)
		die("signature");
	EVP_MD_CTX_free(ctx);
}

void crypto_only(size_t rounds)
{
	EVP_PKEY *signer = EVP_EC_gen("P-256");
	EVP_PKEY *server = x25519_new();
	unsigned char sig[80];
	size_t len = sizeof sig;
	struct tally tally = {.done = rounds, .good = rounds};

	if (signer == NULL || server == NULL)
		die("keys");
	signature(signer, sig, &len, 0);
	clock_start();
	for (size_t i = 0; i < rounds; i++) {
		EVP_PKEY *own = x25519_new();

		shared_secret(own, server);
		for (int n = 0; n < 3; n++)
			signature(signer, sig, &len, 1);
		EVP_PKEY_free(own);
	}
	clock_print("crypto", &tally);
	EVP_PKEY_free(server);
	EVP_PKEY_free(signer);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(const char *, const struct list *, size_t);
	} loops[] = {
		{"dns-bare", dns_bare},
		{"dns-cares", dns_cares},
		{"https", https_fetch},
		{"starttls", starttls_probe},
	};

	if (argc == 3 && strcmp(argv[1], "crypto") == 0) {
		crypto_only(strtoul(argv[2], NULL, 10));
		return 0;
	}
	for (size_t i = 0; argc == 5 && i < sizeof loops / sizeof *loops; i++) {
		if (strcmp(argv[1], loops[i].name) == 0) {
			struct list list = list_read(argv[3]);

			loops[i].fn(argv[2], &list, strtoul(argv[4], NULL, 10));
			free(list.items);
			free(list.text);
			return 0;
		}
	}
	fputs("usage: bounds dns-bare|dns-cares SERVER FILE IN_FLIGHT, https|starttls CA_FILE FILE IN_FLIGHT, crypto ROUNDS\n", stderr);
	return 2;
}
