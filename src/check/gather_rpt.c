/* TLSRPT's strand: TXT at _smtp._tls, and whether its destinations can take a report.  [RFC 8460 section 3] */
#include "check/gather.h"
#include "check/phrase.h"

#include "base/clock.h"
#include "net/address.h"
#include "proto/dnsmsg.h"

struct rua_fetch {
	struct op op;
	struct rua_item *item;
	struct sts_fetch out;
};

static void no_mail(struct rua_item *r, const char *why)
{
	r->facts->state = STS_RUA_NO_MAIL;
	r->facts->error = why;
}

/* Neither good nor bad: a look-up failed. Of two answers the one that failed tells why. */
static void not_looked_up(struct rua_item *r, const char *error, const struct sts_answer *a, const struct sts_answer *b)
{
	r->facts->error = error;
	r->facts->reason = sts_lookup_reason(sts_answer_certain(a) ? b : a);
}

/* ---- mailto ---------------------------------------------------------------------------------------------------- */

static void mailbox_addresses_known(struct check *c, void *ctx)
{
	struct rua_item *r = ctx;

	(void)c;
	if (--r->pending > 0)
		return;
	if (r->a.state == STS_DNS_OK || r->aaaa.state == STS_DNS_OK)
		r->facts->state = STS_RUA_OK;
	else if (sts_answer_absent(&r->a) && sts_answer_absent(&r->aaaa))
		no_mail(r, "its domain has neither an MX record nor an address");
	else
		not_looked_up(r, "its domain could not be looked up", &r->a, &r->aaaa);
}

static void mailbox_mx_known(struct check *c, void *ctx)
{
	struct rua_item *r = ctx;

	if (r->mx.state == STS_DNS_OK) {
		bool null_mx = r->mx.rr_count == 1 && r->mx.rrs[0].host != NULL && strcmp(r->mx.rrs[0].host, ".") == 0;

		if (null_mx)
			no_mail(r, "its domain takes no mail (null MX, RFC 7505)");
		else
			r->facts->state = STS_RUA_OK;
	} else if (r->mx.state == STS_DNS_NXDOMAIN) {
		no_mail(r, "its domain does not exist");
	} else if (r->mx.state == STS_DNS_NODATA) {
		r->pending = 2;
		check_ask(c, r->rua->host, STS_T_A, &r->a, mailbox_addresses_known, r);
		check_ask(c, r->rua->host, STS_T_AAAA, &r->aaaa, mailbox_addresses_known, r);
	} else {
		not_looked_up(r, "its domain could not be looked up", &r->mx, &r->mx);
	}
}

/* ---- https ----------------------------------------------------------------------------------------------------- */

/* Why an address could not be tried, or NULL when it was. */
static const char *untested(const struct sts_fetch *f)
{
	switch (f->end) {
	case STS_FETCH_NO_FAMILY:
		return f->address.family == 6 ? "no-ipv6-here" : "no-ipv4-here";
	case STS_FETCH_PRIVATE:
		return "private-denied";
	case STS_FETCH_NOT_TRIED:
	case STS_FETCH_CANCELLED:
		return "timeout";
	default:
		return NULL;
	}
}

/* One address that verifies is enough: a reporter tries them in turn. */
static void endpoint_tried(struct sts_fetch *result, void *arg)
{
	struct rua_fetch *f = arg;
	struct rua_item *r = f->item;

	if (result->end == STS_FETCH_OK && result->tls.problems == 0) {
		r->facts->state = STS_RUA_OK;
		r->facts->error = NULL;
	} else if (r->facts->state != STS_RUA_OK && untested(result) == NULL) {
		r->facts->state = STS_RUA_UNREACHABLE;
		r->facts->error = result->tls.problems != 0 ? sts_sprintf(r->check->arena, "%s: certificate %s",
			result->address.text, sts_cert_problem_name(result->tls.problems)) :
			sts_sprintf(r->check->arena, "%s: %s", result->address.text,
				result->error != NULL ? result->error : "no TLS session");
	} else if (r->facts->state == STS_RUA_NOT_TESTED) {
		r->facts->error = "its addresses could not be tried from here";
		r->facts->reason = untested(result);
	}
	op_end(&f->op);
}

static void endpoint_cancel(void *handle)
{
	sts_fetch_cancel(handle);
}

static void try_endpoint(struct rua_item *r, const struct sts_address *address)
{
	struct check *c = r->check;
	struct rua_fetch *f = STS_NEW(c->arena, struct rua_fetch);
	struct sts_fetch_params params = fetch_params(c, r->rua->host, address);

	params.tls_only = true;
	/* The URL's own port counts; a lab that moves HTTPS moves it here as well. */
	if (r->rua->port != 443)
		params.port = r->rua->port;
	f->item = r;
	op_begin(&f->op, c,
		sts_fetch_start(c->engine->loop, c->engine->tls, c->arena, &params, &f->out, endpoint_tried, f), endpoint_cancel);
}

static void endpoint_addresses_known(struct check *c, void *ctx)
{
	struct rua_item *r = ctx;
	struct sts_host found = {0};

	if (--r->pending > 0)
		return;
	host_add(c->arena, &found, &r->a);
	host_add(c->arena, &found, &r->aaaa);
	for (size_t i = 0; i < found.address_count && i < 4; i++)
		try_endpoint(r, &found.addresses[i]);
	if (found.address_count > 0)
		return;
	if (sts_answer_absent(&r->a) && sts_answer_absent(&r->aaaa)) {
		r->facts->state = STS_RUA_UNREACHABLE;
		r->facts->error = "its host has no address";
	} else {
		not_looked_up(r, "its host could not be looked up", &r->a, &r->aaaa);
	}
}

/* ---- the record ------------------------------------------------------------------------------------------------ */

static void look_into(struct check *c, const struct sts_rua *rua, struct sts_rua_facts *facts)
{
	struct rua_item *r = STS_NEW(c->arena, struct rua_item);

	*r = (struct rua_item){.check = c, .facts = facts, .rua = rua};
	*facts = (struct sts_rua_facts){
		.uri = sts_strndup(c->arena, rua->uri.ptr, rua->uri.len),
		.scheme = sts_strndup(c->arena, rua->scheme.ptr, rua->scheme.len),
		.host = rua->host,
		.state = rua->usable ? STS_RUA_NOT_TESTED : STS_RUA_INVALID,
	};
	if (!rua->usable || rua->host == NULL)
		return;
	if (sts_str_is(rua->scheme, "mailto")) {
		check_ask(c, rua->host, STS_T_MX, &r->mx, mailbox_mx_known, r);
	} else if (c->engine->options.deny_private && rua->port != 443) {
		/* strangers choose the record: a public checker must not be a way to knock at any port */
		facts->error = "this checker connects to port 443 only";
		facts->reason = "switched-off";
	} else {
		r->pending = 2;
		check_ask(c, rua->host, STS_T_A, &r->a, endpoint_addresses_known, r);
		check_ask(c, rua->host, STS_T_AAAA, &r->aaaa, endpoint_addresses_known, r);
	}
}

/* More destinations than this are not tried: no reporter would. */
#define RUA_MAX 16

static void rpt_known(struct check *c, void *ctx)
{
	struct sts_facts *f = c->facts;
	size_t count = f->rpt.state == STS_DNS_OK ? f->rpt.rr_count : 0;
	struct sts_str *texts = sts_alloc_array(c->arena, count == 0 ? 1 : count, sizeof *texts);

	(void)ctx;
	check_step(c, "reports: TXT %s: %s", f->rpt.name, answer_words(c, &f->rpt));
	for (size_t i = 0; i < count; i++)
		texts[i] = f->rpt.rrs[i].data;
	sts_tlsrpt_parse(texts, count, c->arena, &f->tlsrpt);
	f->rua_count = f->tlsrpt.rua_count > RUA_MAX ? RUA_MAX : f->tlsrpt.rua_count;
	f->rua = sts_alloc_array(c->arena, f->rua_count == 0 ? 1 : f->rua_count, sizeof *f->rua);
	for (size_t i = 0; i < f->rua_count; i++)
		look_into(c, &f->tlsrpt.rua[i], &f->rua[i]);
}

void gather_rpt_start(struct check *c)
{
	check_ask(c, sts_sprintf(c->arena, "_smtp._tls.%s", c->facts->domain), STS_T_TXT, &c->facts->rpt, rpt_known, NULL);
}
