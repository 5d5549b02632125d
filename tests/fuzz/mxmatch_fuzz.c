/* A pattern and a host, parted by LF. */
#include "fuzz.h"

#include "proto/readers.h"

static size_t labels(struct sts_str s)
{
	size_t count = 1;

	for (size_t i = 0; i < s.len; i++)
		count += s.ptr[i] == '.';
	return count;
}

static bool is_ascii(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_str host = sts_str((const char *)data, size);
	struct sts_str pattern = fuzz_take(&host, '\n');
	bool valid = sts_mx_pattern_valid(pattern);
	bool wildcard = sts_str_starts(pattern, "*.");
	bool match = sts_mx_match(pattern, host);

	must(!match || valid);
	must(!valid || wildcard || sts_mx_match(pattern, pattern));
	must(!valid || !wildcard || !sts_mx_match(pattern, sts_str_from(pattern, 2)));
	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (!is_ascii(host))
		return 0; /* the rest speaks of what DNS can answer */
	must(!match || labels(host) == labels(pattern));
	must(!match || wildcard || sts_str_eqi(pattern, host));
	for (size_t i = 0; i < STS_SENDER_COUNT; i++)
		must(sts_reader_match((enum sts_sender)i, pattern, host) || !match);
	return 0;
}
