#include "serve/guard.h"

#include "base/map.h"
#include "net/address.h"
#include "proto/domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROXIES_MAX 64

struct network {
	struct sts_address address;
	unsigned bits;
};

struct sts_guard {
	struct sts_guard_options options;
	char machine[256];
	struct network proxies[PROXIES_MAX];
	size_t proxy_count;
	struct sts_map denied;
};

static char message[512];

/* Names that mean something only here, or nothing at all. Public names below "test" or "example" do not exist; names
 * below the others would ask the operator's own network.  [RFC 6761, RFC 6762 appendix G, RFC 7686, RFC 8375, RFC 9476;
 * IANA special-use domain names; ICANN: internal] */
static const char *const special_names[] = {"localhost", "localdomain", "local", "internal", "intranet", "private",
	"corp", "home", "lan", "home.arpa", "onion", "invalid", "test", "example", "alt", "arpa"};

/* ---- making
 * ---------------------------------------------------------------------------------------------------------- */

static bool parse_network(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	char address[64];
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	uint64_t bits = 0;

	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!sts_address_parse(address, &out->address))
		return false;
	out->bits = out->address.family == 4 ? 32 : 128;
	if (slash == NULL)
		return true;
	if (!sts_str_u64(sts_str_of(slash + 1), &bits) || bits > out->bits)
		return false;
	out->bits = (unsigned)bits;
	return true;
}

static bool in_network(const struct network *n, const struct sts_address *a)
{
	unsigned whole = n->bits / 8;
	unsigned rest = n->bits % 8;
	uint8_t mask = (uint8_t)(0xFF << (8 - rest));

	if (n->address.family != a->family || memcmp(n->address.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || ((n->address.bytes[whole] ^ a->bytes[whole]) & mask) == 0;
}

static enum sts_err take_proxies(struct sts_guard *g, const char **why)
{
	for (size_t i = 0; i < g->options.proxy_count; i++) {
		if (g->proxy_count == PROXIES_MAX ||
			!parse_network(g->options.proxies[i], &g->proxies[g->proxy_count])) {
			snprintf(message, sizeof message, "'%.100s' is no ADDRESS or ADDRESS/BITS",
				g->options.proxies[i]);
			*why = message;
			return STS_EINVAL;
		}
		g->proxy_count++;
	}
	return STS_OK;
}

/* A value that only marks that the key is there. */
static char present;

static bool take_denied(struct sts_map *denied, char *text)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_str line = sts_str_of(text);
	struct sts_domain domain;
	const char *why;
	bool fine;

	while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
		line.len--;
	line = sts_str_trim(line);
	if (line.len == 0 || line.ptr[0] == '#') {
		sts_arena_free(arena);
		return true;
	}
	fine = arena != NULL && sts_domain_parse(line, arena, &domain, &why) == STS_OK &&
	       sts_map_put(denied, sts_str_of(domain.ascii), &present);
	sts_arena_free(arena);
	return fine;
}

enum sts_err sts_guard_reload(struct sts_guard *g, const char **why)
{
	struct sts_map denied = {0};
	char line[512];
	unsigned number = 0;
	bool fine = true;
	FILE *f;

	if (g->options.deny_file == NULL)
		return STS_OK;
	*why = message;
	f = fopen(g->options.deny_file, "re");
	if (f == NULL) {
		snprintf(message, sizeof message, "%.300s: %s", g->options.deny_file, strerror(errno));
		return STS_EIO;
	}
	while (fine && fgets(line, sizeof line, f) != NULL) {
		number++;
		fine = take_denied(&denied, line);
	}
	fclose(f);
	if (!fine) {
		snprintf(message, sizeof message, "%.300s, line %u: this is no domain", g->options.deny_file, number);
		sts_map_clear(&denied);
		return STS_EINVAL;
	}
	sts_map_clear(&g->denied);
	g->denied = denied;
	return STS_OK;
}

enum sts_err sts_guard_new(const struct sts_guard_options *options, struct sts_guard **out, const char **why)
{
	struct sts_guard *g = calloc(1, sizeof *g);
	enum sts_err err;

	*why = "out of memory";
	if (g == NULL)
		return STS_ENOMEM;
	g->options = *options;
	if (gethostname(g->machine, sizeof g->machine - 1) != 0)
		g->machine[0] = '\0';
	err = take_proxies(g, why);
	if (err == STS_OK)
		err = sts_guard_reload(g, why);
	if (err != STS_OK) {
		sts_guard_free(g);
		return err;
	}
	*out = g;
	return STS_OK;
}

void sts_guard_free(struct sts_guard *g)
{
	if (g == NULL)
		return;
	sts_map_clear(&g->denied);
	free(g);
}

/* ---- Host and Origin
 * --------------------------------------------------------------------------------------------------- */

/* "name:port", "name" or "[address]:port" to the name or address; false when it is none of them. */
static bool host_of(struct sts_str authority, char out[static 256])
{
	size_t end = authority.len;
	uint64_t port;

	if (authority.len > 0 && authority.ptr[0] == '[') {
		end = sts_str_find(authority, ']', 0);
		if (end == authority.len)
			return false;
		authority = sts_str_from(authority, 1);
		end--;
	} else {
		end = sts_str_find(authority, ':', 0);
	}
	if (end == 0 || end >= 256)
		return false;
	memcpy(out, authority.ptr, end);
	out[end] = '\0';
	authority = sts_str_from(authority, end);
	if (authority.len > 0 && authority.ptr[0] == ']')
		authority = sts_str_from(authority, 1);
	return authority.len == 0 ||
	       (authority.ptr[0] == ':' && sts_str_u64(sts_str_from(authority, 1), &port) && port <= 65535);
}

bool sts_guard_host_ok(const struct sts_guard *g, struct sts_str authority)
{
	struct sts_address address;
	char host[256];

	if (!host_of(authority, host))
		return false;
	/* a web page cannot point an address, or these names, at us by its own DNS */
	if (sts_address_parse(host, &address) || sts_cstr_eqi(host, "localhost") ||
		(g->machine[0] != '\0' && sts_cstr_eqi(host, g->machine)))
		return true;
	for (size_t i = 0; i < g->options.host_count; i++)
		if (sts_cstr_eqi(host, g->options.hosts[i]))
			return true;
	return false;
}

enum sts_origin sts_guard_origin(const struct sts_guard *g, const struct sts_request *q)
{
	struct sts_str origin = sts_req_field(q, "Origin");
	size_t slashes = sts_str_findi(origin, "://");
	bool any = false;

	for (size_t i = 0; i < g->options.origin_count; i++) {
		any = any || strcmp(g->options.origins[i], "*") == 0;
		if (origin.ptr != NULL && sts_str_eqi(origin, sts_str_of(g->options.origins[i])))
			return STS_ORIGIN_ALLOWED;
	}
	if (sts_req_field_count(q, "Origin") > 1)
		return STS_ORIGIN_FOREIGN;
	if (origin.ptr != NULL && slashes < origin.len && sts_str_eqi(sts_str_from(origin, slashes + 3), q->authority))
		return STS_ORIGIN_SAME;
	if (origin.ptr != NULL)
		return any ? STS_ORIGIN_ALLOWED : STS_ORIGIN_FOREIGN;
	/* images and the like of other sites come without Origin; following a link is fine */
	if (sts_str_is(sts_req_field(q, "Sec-Fetch-Site"), "cross-site") &&
		!sts_str_is(sts_req_field(q, "Sec-Fetch-Mode"), "navigate"))
		return any ? STS_ORIGIN_ALLOWED : STS_ORIGIN_FOREIGN;
	return STS_ORIGIN_SAME;
}

/* ---- clients
 * ------------------------------------------------------------------------------------------------------------- */

bool sts_guard_is_proxy(const struct sts_guard *g, const struct sts_address *peer)
{
	for (size_t i = 0; i < g->proxy_count; i++)
		if (in_network(&g->proxies[i], peer))
			return true;
	return false;
}

static bool parse_forwarded(struct sts_str text, struct sts_address *out)
{
	char copy[64];

	text = sts_str_trim(text);
	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return sts_address_parse(copy, out);
}

/* The rightmost address that is no proxy of ours: what stands left of it anybody may have written. */
static struct sts_address forwarded_for(
	const struct sts_guard *g, const struct sts_request *q, const struct sts_address *peer)
{
	struct sts_str list = sts_req_field(q, "X-Forwarded-For");
	struct sts_address client = *peer;
	size_t end = list.len;

	if (sts_req_field_count(q, "X-Forwarded-For") != 1)
		return client;
	while (end > 0) {
		size_t start = end;

		while (start > 0 && list.ptr[start - 1] != ',')
			start--;
		if (!parse_forwarded(sts_str(list.ptr + start, end - start), &client))
			return *peer;
		if (!sts_guard_is_proxy(g, &client))
			return client;
		end = start > 0 ? start - 1 : 0;
	}
	return client;
}

struct sts_client sts_guard_client(
	const struct sts_guard *g, const struct sts_request *q, const struct sts_address *peer)
{
	struct sts_client client = {.address = *peer};
	bool forwarded = sts_req_field_count(q, "X-Forwarded-For") > 0 || sts_req_field_count(q, "Forwarded") > 0 ||
			 sts_req_field_count(q, "X-Real-IP") > 0 || sts_req_field_count(q, "Via") > 0;
	bool proxy = sts_guard_is_proxy(g, peer);

	if (proxy)
		client.address = forwarded_for(g, q, peer);
	/* a proxy speaks for others even when it forgets to say so */
	client.local = !proxy && !forwarded && peer->special != NULL && strcmp(peer->special, "loopback") == 0;
	return client;
}

/* ---- names
 * ----------------------------------------------------------------------------------------------------------------- */

enum sts_refusal sts_guard_domain(const struct sts_guard *g, const char *domain)
{
	for (const char *name = domain; name != NULL; name = sts_domain_parent(name)) {
		if (sts_map_get(&g->denied, sts_str_of(name)) != NULL)
			return STS_REFUSAL_LISTED;
		for (size_t i = 0; !g->options.allow_special_names && i < sizeof special_names / sizeof *special_names;
			i++)
			if (strcmp(name, special_names[i]) == 0)
				return STS_REFUSAL_SPECIAL;
	}
	return STS_REFUSAL_NONE;
}

const char *sts_refusal_text(enum sts_refusal refusal)
{
	switch (refusal) {
	case STS_REFUSAL_SPECIAL:
		return "Names below this top-level name are for special use (RFC 6761) and have no mail for the "
		       "public; they are not checked.";
	case STS_REFUSAL_LISTED:
		return "The operator of this server does not check this domain.";
	case STS_REFUSAL_NONE:
		break;
	}
	return "";
}
