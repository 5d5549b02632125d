#include "cli/check_args.h"

#define ENGINE(member) offsetof(struct cli_check_args, engine.member)

const struct cli_option cli_engine_options[] = {
	{"resolver", "IP[:PORT]", CLI_LIST, offsetof(struct cli_check_args, resolvers), NULL, 0,
		"send DNS queries there (repeatable; IPv6: [IP]:PORT); by default the system's resolvers, or full recursion where "
		"these strip DNSSEC"},
	{"trust-anchor", "FILE", CLI_TEXT, ENGINE(trust_anchor), NULL, 0, "DNSSEC trust anchor in place of the root's"},
	{"root-hints", "FILE", CLI_TEXT, ENGINE(root_hints), NULL, 0, "root servers for recursion in place of the built-in ones"},
	{"ca-file", "FILE", CLI_TEXT, ENGINE(ca_file), NULL, 0, "trusted roots (PEM) in place of the system's"},
	{"https-port", "N", CLI_PORT, ENGINE(https_port), NULL, 0, "port of policy hosts, for labs (default 443)"},
	{"smtp-port", "N", CLI_PORT, ENGINE(smtp_port), NULL, 0, "port of mail hosts, for labs (default 25)"},
	{"timeout", "SECONDS", CLI_SECONDS, ENGINE(timeout_s), NULL, 0, "for the whole check of one domain (default 60; serve and mcp: 45)"},
	{"no-smtp", NULL, CLI_FLAG, ENGINE(no_smtp), NULL, 0, "do not connect to the MX hosts"},
	{"no-authoritative", NULL, CLI_FLAG, ENGINE(no_authoritative), NULL, 0, "do not ask the authoritative servers one by one"},
	{"allow-private", NULL, CLI_UNFLAG, ENGINE(deny_private), NULL, 0,
		"connect to loopback, private and other special addresses (the default, but not of serve)"},
	{"deny-private", NULL, CLI_FLAG, ENGINE(deny_private), NULL, 0, "never connect to them, nor to ports that strangers name"},
	{"helo", "NAME", CLI_TEXT, ENGINE(helo), NULL, 0, "name said in EHLO (default: this host's)"},
	{"at", "TIME", CLI_TIME, ENGINE(at), NULL, 0, "judge dates as of this RFC 3339 time"},
	{0},
};

void cli_check_args_init(struct cli_check_args *args)
{
	*args = (struct cli_check_args){.keep_days = 400};
	sts_options_init(&args->engine);
}

const struct sts_options *cli_check_args_engine(struct cli_check_args *args)
{
	args->engine.resolvers = args->resolvers.items;
	args->engine.resolver_count = args->resolvers.count;
	return &args->engine;
}
