/* What the bare loops share: a list of work read before the clock starts, and one line of JSON about how it went. */
#ifndef BENCH_SCAN_LOOP_H
#define BENCH_SCAN_LOOP_H

#include <stddef.h>
#include <stdint.h>

/** A line of the list: a question (name, type) or a connection (address, name). */
struct item {
	char *first;
	char *second;
};

struct list {
	struct item *items;
	size_t count;
	char *text;
};

/** Read a file of lines of two words. Ends the program when it cannot. */
struct list list_read(const char *path);

struct tally {
	size_t done;
	size_t good; /* answered as a client would wish: any DNS answer, 200, a finished handshake */
	size_t lost; /* never answered */
	size_t bytes;
};

/** Start of the measured time. */
void clock_start(void);
/** Print the tally and what it took since clock_start(). */
void clock_print(const char *name, const struct tally *tally);
int64_t now_ms(void);
/** Say why and end the program. */
_Noreturn void die(const char *what);

void dns_bare(const char *server, const struct list *questions, size_t in_flight);
void dns_cares(const char *server, const struct list *questions, size_t in_flight);
void https_fetch(const char *ca_file, const struct list *hosts, size_t in_flight);
void starttls_probe(const char *ca_file, const struct list *hosts, size_t in_flight);
void crypto_only(size_t rounds);

/** A question as it goes out: RD, AD, DO, 1232 octets. @return its length, 0 for a name that is none */
size_t question_write(unsigned char out[static 300], uint16_t id, const char *name, const char *type);

#endif
