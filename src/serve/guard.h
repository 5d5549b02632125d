/*
 * Who may ask, and about what: Host and Origin of requests (DNS rebinding, requests forged by web pages), clients
 * behind proxies, names that are not checked. Addresses are refused elsewhere: at the moment of connecting, by the
 * probes.
 */
#ifndef STS_SERVE_GUARD_H
#define STS_SERVE_GUARD_H

#include "proto/httpreq.h"
#include "proto/seen.h"

struct sts_guard_options {
	const char *const
		*hosts; /* names this server answers to, beside addresses, "localhost" and the machine's own name */
	size_t host_count;
	const char *const *origins; /* web origins whose pages may call, "https://app.example"; "*": all */
	size_t origin_count;
	const char *const *proxies; /* "ADDRESS" or "ADDRESS/BITS": their X-Forwarded-For is believed */
	size_t proxy_count;
	const char *deny_file;    /* names that are not checked, with all names below them; or NULL */
	bool allow_special_names; /* for labs */
};

struct sts_guard;

/**
 * @param why  on failure a sentence; good until the next call
 * @return STS_OK; STS_EINVAL: an option makes no sense; STS_EIO: the file cannot be read; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_guard_new(
	const struct sts_guard_options *options, struct sts_guard **out, const char **why);
void sts_guard_free(struct sts_guard *guard);
/** Read the file of names again; what was read before stays when that fails. */
STS_MUST_CHECK enum sts_err sts_guard_reload(struct sts_guard *guard, const char **why);

/** The request is meant for this server. */
bool sts_guard_host_ok(const struct sts_guard *guard, struct sts_str authority);

enum sts_origin {
	STS_ORIGIN_SAME,    /* no browser, or a page of this server */
	STS_ORIGIN_ALLOWED, /* a page of an origin that may call: it has to be told so (CORS) */
	STS_ORIGIN_FOREIGN, /* refuse */
};

/** Where does the request come from, as far as a browser tells? */
enum sts_origin sts_guard_origin(const struct sts_guard *guard, const struct sts_request *request);

/** A client as limits and rights see it. */
struct sts_client {
	struct sts_address address;
	bool local; /* on this machine, no trusted proxy, and nothing says that it speaks for somebody else */
};

/** The client behind a request that came from peer. */
struct sts_client sts_guard_client(
	const struct sts_guard *guard, const struct sts_request *request, const struct sts_address *peer);
bool sts_guard_is_proxy(const struct sts_guard *guard, const struct sts_address *peer);

enum sts_refusal { STS_REFUSAL_NONE, STS_REFUSAL_SPECIAL, STS_REFUSAL_LISTED };

/** Is this name (A-labels, lower case) kept from being checked? */
enum sts_refusal sts_guard_domain(const struct sts_guard *guard, const char *domain);
/** A sentence for the client; static. */
const char *sts_refusal_text(enum sts_refusal refusal);

#endif
