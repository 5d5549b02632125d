#include "proto/readers.h"

const char *sts_sender_name(enum sts_sender sender)
{
	static const char *const names[STS_SENDER_COUNT] = {"mox", "postfix-tlspol", "postfix-mta-sts-resolver",
		"maddy", "chasquid", "KumoMTA", "Stalwart", "mailauth", "Halon"};

	return names[sender];
}

/* Go's way: strings compared without regard to the grammar, a final full stop of the pattern dropped, one label for the
 * asterisk. */
static bool match_loosely(struct sts_str pattern, struct sts_str host)
{
	size_t dot = sts_str_find(host, '.', 0);

	if (pattern.len > 1 && pattern.ptr[pattern.len - 1] == '.')
		pattern.len--;
	if (sts_str_starts(pattern, "*."))
		return dot > 0 && dot < host.len && sts_str_eqi(sts_str_from(pattern, 1), sts_str_from(host, dot));
	return host.len > 0 && sts_str_eqi(pattern, host);
}

/* Postfix's match list ".example.com", and mailauth: the asterisk takes as many labels as there are. */
static bool match_deeply(struct sts_str pattern, struct sts_str host)
{
	struct sts_str suffix = sts_str_from(pattern, 1);

	if (!sts_str_starts(pattern, "*."))
		return host.len > 0 && sts_str_eqi(pattern, host);
	return host.len > suffix.len && sts_str_eqi(sts_str_from(host, host.len - suffix.len), suffix);
}

bool sts_reader_match(enum sts_sender sender, struct sts_str pattern, struct sts_str host)
{
	struct sts_str bare = host;

	if (bare.len > 0 && bare.ptr[bare.len - 1] == '.')
		bare.len--;
	switch (sender) {
	case STS_SENDER_MADDY:
	case STS_SENDER_CHASQUID:
		return match_loosely(pattern, bare);
	case STS_SENDER_TLSPOL:
	case STS_SENDER_PMSR:
		return match_deeply(pattern, bare);
	case STS_SENDER_MAILAUTH:
		return match_deeply(pattern, host);
	case STS_SENDER_MOX:
	case STS_SENDER_KUMOMTA:
	case STS_SENDER_STALWART:
	case STS_SENDER_HALON:
	case STS_SENDER_COUNT:
		break;
	}
	return sts_mx_match(pattern, host);
}
