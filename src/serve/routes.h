/* The table of paths, and what every request goes through before its handler sees it. */
#ifndef STS_SERVE_ROUTES_H
#define STS_SERVE_ROUTES_H

#include "serve/call.h"

enum sts_methods { STS_GET = 1, STS_POST = 2, STS_DELETE = 4 }; /* GET means HEAD, too */

enum sts_access {
	STS_OPEN,             /* everybody, and not counted: health, description */
	STS_ANYBODY,          /* everybody, counted */
	STS_CHECKER,          /* scope check where keys are configured */
	STS_LOCAL_OR_MONITOR, /* clients on this machine, or scope monitor */
};

struct route {
	const char *path; /* one segment may be {name} */
	unsigned methods; /* of enum sts_methods */
	enum sts_access access;
	bool makes_checks;
	size_t body_max;
	void (*handle)(struct call *call);
};

/** The routes, and how many. */
extern const struct route sts_routes[];
extern const size_t sts_route_count;

/** Hooks of the HTTP server; arg is the struct sts_server. */
size_t sts_route_body_max(struct sts_exchange *x, void *server);
void sts_route_handle(struct sts_exchange *x, void *server);
void sts_route_refuse(struct sts_exchange *x, unsigned status, const char *why, void *server);
void sts_route_answered(const struct sts_exchange *x, unsigned status, size_t body_len, void *server);

/* Handlers, by file. */
void rest_check(struct call *call); /* rest_check.c */
void rest_check_stream(struct call *call);
void rest_bulk(struct call *call);    /* rest_bulk.c */
void rest_lint(struct call *call);    /* rest_lint.c */
void rest_history(struct call *call); /* rest_history.c */
void rest_plan(struct call *call);    /* rest_plan.c */
void rest_monitor(struct call *call); /* rest_monitor.c */
void rest_monitor_one(struct call *call);
#define REST_MONITOR_BODY_MAX ((size_t)262144)
void rest_explain(struct call *call); /* rest.c */
void rest_explain_list(struct call *call);
void rest_healthz(struct call *call);
void rest_readyz(struct call *call);
void rest_metrics(struct call *call);
void rest_openapi(struct call *call);
void page_index(struct call *call); /* page_check.c */
void page_domain_form(struct call *call);
void page_domain(struct call *call);
void page_steps(struct call *call);
void page_history(struct call *call);
void page_learn(struct call *call); /* page_learn.c */
void page_explain(struct call *call);
void page_explain_list(struct call *call);
void page_lint(struct call *call); /* page_lint.c */
void page_fleet(struct call *call); /* page_fleet.c */
void page_fleet_csv(struct call *call);
void page_asset(struct call *call); /* page.c */
void page_robots(struct call *call);

#endif
