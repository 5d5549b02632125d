#include "scan/quick.h"

#include "proto/dnsmsg.h"

/* The position behind a name; compression ends it. @return past len: it does not end inside the message */
static size_t past_name(const uint8_t *m, size_t len, size_t at)
{
	while (at < len && m[at] != 0 && m[at] < 0xC0)
		at += (size_t)m[at] + 1;
	if (at >= len)
		return len + 1;
	return m[at] == 0 ? at + 1 : at + 2;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Walk over records. @return the position behind them; past len: they are not whole, or an OPT record extends the code */
static size_t past_records(const uint8_t *m, size_t len, size_t at, unsigned count, bool *soa)
{
	for (unsigned i = 0; i < count && at <= len; i++) {
		at = past_name(m, len, at);
		if (at + 10 > len)
			return len + 1;
		if (get16(m + at) == STS_T_OPT && m[at + 4] != 0)
			return len + 1;
		*soa = *soa || get16(m + at) == STS_T_SOA;
		at += 10 + get16(m + at + 8);
	}
	return at;
}

static bool whole(const uint8_t *m, size_t len, bool *soa)
{
	bool beside = false;
	size_t at = past_name(m, len, 12) + 4;

	if (get16(m + 4) != 1)
		return false;
	at = past_records(m, len, at, get16(m + 8), soa);
	at = past_records(m, len, at, get16(m + 10), &beside);
	return at <= len;
}

enum sts_dns_state sts_quick_look(const uint8_t *m, size_t len)
{
	bool response = len >= 12 && (m[2] & 0x80) != 0;
	bool truncated = response && (m[2] & 0x02) != 0;
	bool empty = response && get16(m + 6) == 0;
	bool entitled = response && ((m[2] & 0x04) != 0 || (m[3] & 0x80) != 0); /* AA or RA */
	bool soa = false;

	if (!empty || truncated || !entitled || !whole(m, len, &soa))
		return STS_DNS_NOT_ASKED;
	switch (m[3] & 0x0F) {
	case STS_RCODE_NXDOMAIN:
		return STS_DNS_NXDOMAIN;
	case STS_RCODE_NOERROR:
		return soa ? STS_DNS_NODATA : STS_DNS_NOT_ASKED;
	default:
		return STS_DNS_NOT_ASKED;
	}
}
