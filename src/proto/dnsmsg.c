#include "proto/dnsmsg.h"

#include "proto/dnsname.h"

#define HEADER_OCTETS 12

#define FLAG_QR 0x8000u
#define FLAG_AA 0x0400u
#define FLAG_TC 0x0200u
#define FLAG_RD 0x0100u
#define FLAG_RA 0x0080u
#define FLAG_AD 0x0020u
#define FLAG_CD 0x0010u
#define EDNS_DO 0x8000u

/* ---- records ---- */

/* Character-strings joined without a blank.  [RFC 1035 section 3.3.14] */
static void read_txt(struct sts_rd *r, size_t end, struct sts_arena *arena, struct sts_dns_record *out)
{
	char *text = sts_alloc(arena, end - r->at + 1);
	size_t len = 0;

	while (sts_rd_ok(r) && r->at < end) {
		struct sts_str s = sts_rd_bytes(r, sts_rd_u8(r));

		if (r->at > end)
			sts_rd_fail(r);
		if (!sts_rd_ok(r))
			return;
		if (s.len > 0)
			memcpy(text + len, s.ptr, s.len);
		len += s.len;
		out->string_count++;
	}
	out->text = sts_str(text, len);
}

static void read_soa(struct sts_rd *r, struct sts_arena *arena, struct sts_dns_record *out)
{
	out->host = sts_rd_dns_name(r, arena);
	(void)sts_rd_dns_name(r, arena);
	sts_rd_skip(r, 16); /* serial, refresh, retry, expire */
	out->minimum_s = sts_rd_u32(r);
}

static void read_rrsig(struct sts_rd *r, size_t end, struct sts_arena *arena, struct sts_dns_record *out)
{
	out->covered = sts_rd_u16(r);
	sts_rd_skip(r, 1); /* algorithm */
	out->labels = sts_rd_u8(r);
	sts_rd_skip(r, 14); /* original TTL, expiration, inception, key tag */
	out->host = sts_rd_dns_name(r, arena);
	if (sts_rd_ok(r) && r->at < end)
		r->at = end; /* the signature */
}

/* The views of rdata by type. The cursor must come out at the end of rdata. */
static void read_views(struct sts_rd *r, size_t end, struct sts_arena *arena, struct sts_dns_record *out)
{
	switch (out->type) {
	case STS_T_NS:
	case STS_T_CNAME:
	case STS_T_DNAME:
		out->host = sts_rd_dns_name(r, arena);
		break;
	case STS_T_MX:
		out->preference = sts_rd_u16(r);
		out->host = sts_rd_dns_name(r, arena);
		break;
	case STS_T_TXT:
		read_txt(r, end, arena, out);
		if (out->string_count == 0)
			sts_rd_fail(r); /* one string at least */
		break;
	case STS_T_SOA:
		read_soa(r, arena, out);
		break;
	case STS_T_RRSIG:
		read_rrsig(r, end, arena, out);
		break;
	case STS_T_A:
		sts_rd_skip(r, 4);
		break;
	case STS_T_AAAA:
		sts_rd_skip(r, 16);
		break;
	default:
		r->at = end;
	}
	if (sts_rd_ok(r) && r->at != end)
		sts_rd_fail(r);
}

static void read_record(struct sts_rd *r, struct sts_arena *arena, struct sts_dns_record *out)
{
	struct sts_str rdata;
	uint16_t len;
	size_t start;

	out->owner = sts_rd_dns_name(r, arena);
	out->type = sts_rd_u16(r);
	out->class_ = sts_rd_u16(r);
	out->ttl_s = sts_rd_u32(r);
	len = sts_rd_u16(r);
	start = r->at;
	rdata = sts_rd_bytes(r, len);
	if (!sts_rd_ok(r))
		return;
	out->rdata = sts_str(sts_strndup(arena, rdata.ptr == NULL ? "" : rdata.ptr, rdata.len), rdata.len);
	if (out->ttl_s > INT32_MAX && out->type != STS_T_OPT)
		out->ttl_s = 0;
	r->at = start;
	if (out->class_ == STS_C_IN || out->type == STS_T_OPT)
		read_views(r, start + len, arena, out);
	else
		r->at = start + len;
}

static void read_opt(struct sts_dnsmsg *m, const struct sts_dns_record *opt)
{
	m->edns = true;
	m->rcode |= (unsigned)(opt->ttl_s >> 24) << 4;
}

/* ---- message ---- */

static void read_flags(struct sts_dnsmsg *m, uint16_t flags)
{
	m->response = flags & FLAG_QR;
	m->authoritative = flags & FLAG_AA;
	m->truncated = flags & FLAG_TC;
	m->recursion_available = flags & FLAG_RA;
	m->authentic = flags & FLAG_AD;
	m->opcode = flags >> 11 & 15;
	m->rcode = flags & 15;
}

static bool fail(const char **why, const char *text)
{
	if (why != NULL)
		*why = text;
	return false;
}

static bool read_question(struct sts_rd *r, uint16_t count, struct sts_arena *arena, struct sts_dnsmsg *out)
{
	if (count > 1)
		return false;
	if (count == 1) {
		out->question = sts_rd_dns_name(r, arena);
		out->question_type = sts_rd_u16(r);
		sts_rd_skip(r, 2);
	}
	return sts_rd_ok(r);
}

/* One section; false when a record cannot be read. */
static bool read_section(
	struct sts_rd *r, enum sts_section section, uint16_t count, struct sts_arena *arena, struct sts_dnsmsg *out)
{
	for (uint16_t i = 0; i < count; i++) {
		struct sts_dns_record record = {.section = section};

		read_record(r, arena, &record);
		if (!sts_rd_ok(r))
			return false;
		if (record.type == STS_T_OPT && section == STS_SECTION_ADDITIONAL && !out->edns)
			read_opt(out, &record);
		*STS_PUSH(arena, out->records, out->count) = record;
	}
	return true;
}

bool sts_dnsmsg_parse(const void *data, size_t len, struct sts_arena *arena, struct sts_dnsmsg *out, const char **why)
{
	struct sts_rd r = sts_rd(data, len);
	uint16_t counts[4];
	size_t records;

	*out = (struct sts_dnsmsg){0};
	if (len < HEADER_OCTETS)
		return fail(why, "the answer is too short to be a DNS message");
	out->id = sts_rd_u16(&r);
	read_flags(out, sts_rd_u16(&r));
	for (size_t i = 0; i < 4; i++)
		counts[i] = sts_rd_u16(&r);
	records = (size_t)counts[1] + counts[2] + counts[3];
	if (!read_question(&r, counts[0], arena, out))
		return fail(why, "the question section of the answer is broken");
	if (records > STS_DNS_RECORDS_MAX)
		return fail(why, "the answer claims more records than any answer has");
	for (size_t i = 0; i < 3; i++) {
		if (read_section(&r, (enum sts_section)i, counts[i + 1], arena, out))
			continue;
		return out->truncated || fail(why, "a record in the answer is broken");
	}
	return true;
}

bool sts_dnsmsg_answers(const struct sts_dnsmsg *m, uint16_t id, const char *name, uint16_t type)
{
	if (!m->response || m->id != id || m->opcode != 0)
		return false;
	if (m->question == NULL)
		return m->rcode == STS_RCODE_FORMERR || m->rcode == STS_RCODE_NOTIMP || m->rcode == STS_RCODE_REFUSED ||
		       m->rcode == STS_RCODE_SERVFAIL;
	return m->question_type == type && sts_dns_name_same(m->question, name);
}

/* ---- the answer to one question ---- */

static const struct sts_dns_record *find(
	const struct sts_dnsmsg *m, enum sts_section section, const char *owner, uint16_t type)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct sts_dns_record *r = &m->records[i];

		if (r->section == section && r->type == type && r->class_ == STS_C_IN &&
			(owner == NULL || sts_dns_name_same(r->owner, owner)))
			return r;
	}
	return NULL;
}

static void lower_ttl(struct sts_answer *out, uint32_t ttl_s, bool first)
{
	if (first || ttl_s < out->ttl_s)
		out->ttl_s = ttl_s;
}

/* What the signature over type at owner tells: who signed, and whether a wildcard was expanded.  [RFC 4034
 * section 3.1.3] */
static void read_signature(
	const struct sts_dnsmsg *m, enum sts_section section, const char *owner, uint16_t type, struct sts_answer *out)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct sts_dns_record *r = &m->records[i];

		if (r->section != section || r->type != STS_T_RRSIG || r->covered != type ||
			!sts_dns_name_same(r->owner, owner))
			continue;
		out->signer = r->host;
		if (section == STS_SECTION_ANSWER && r->labels < sts_dns_name_labels(owner) &&
			strncmp(owner, "*.", 2) != 0)
			out->wildcard = true;
		return;
	}
}

static bool in_chain(const struct sts_answer *out, const char *target)
{
	if (sts_dns_name_same(out->name, target))
		return true;
	for (size_t i = 0; i < out->cname_count; i++)
		if (sts_dns_name_same(out->cname[i], target))
			return true;
	return false;
}

/* Follow CNAMEs inside the answer section; the owner that the records should have, or NULL with out->state set. */
static const char *follow(const struct sts_dnsmsg *m, struct sts_arena *arena, struct sts_answer *out)
{
	const char *owner = out->name;
	const struct sts_dns_record *link;

	while (out->type != STS_T_CNAME && (link = find(m, STS_SECTION_ANSWER, owner, STS_T_CNAME)) != NULL) {
		if (in_chain(out, link->host)) {
			out->state = STS_DNS_CNAME_LOOP;
			return NULL;
		}
		if (out->cname_count == STS_CNAME_MAX) {
			out->state = STS_DNS_CNAME_LONG;
			return NULL;
		}
		lower_ttl(out, link->ttl_s, out->cname_count == 0);
		read_signature(m, STS_SECTION_ANSWER, owner, STS_T_CNAME, out);
		*STS_PUSH(arena, out->cname, out->cname_count) = link->host;
		owner = link->host;
	}
	return owner;
}

static bool is_wanted(const struct sts_dns_record *r, const char *owner, uint16_t type)
{
	return r->section == STS_SECTION_ANSWER && r->type == type && r->class_ == STS_C_IN && sts_dns_name_same(r->owner, owner);
}

static bool same_data(const struct sts_dns_record *a, const struct sts_dns_record *b)
{
	if (a->host != NULL && b->host != NULL)
		return a->preference == b->preference && strcmp(a->host, b->host) == 0;
	return a->rdata.len == b->rdata.len && (a->rdata.len == 0 || memcmp(a->rdata.ptr, b->rdata.ptr, a->rdata.len) == 0);
}

/* Records are a set: one that is sent twice is one.  [RFC 2181 section 5] */
static bool came_before(const struct sts_dnsmsg *m, size_t index, const char *owner, uint16_t type)
{
	for (size_t i = 0; i < index; i++)
		if (m->records[i].type == type && same_data(&m->records[i], &m->records[index]) && is_wanted(&m->records[i], owner, type))
			return true;
	return false;
}

static void take_records(const struct sts_dnsmsg *m, const char *owner, struct sts_arena *arena, struct sts_answer *out)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct sts_dns_record *r = &m->records[i];
		bool text = r->type == STS_T_TXT;

		if (!is_wanted(r, owner, out->type) || came_before(m, i, owner, out->type))
			continue;
		lower_ttl(out, r->ttl_s, out->rr_count == 0 && out->cname_count == 0);
		*STS_PUSH(arena, out->rrs, out->rr_count) = (struct sts_rr){
			.ttl_s = r->ttl_s,
			.data = text ? r->text : r->rdata,
			.host = r->host,
			.preference = r->preference,
			.string_count = r->string_count,
		};
	}
	if (out->rr_count > 0)
		read_signature(m, STS_SECTION_ANSWER, owner, out->type, out);
}

/* A negative answer's zone and life.  [RFC 2308 section 5] */
static void read_negative(const struct sts_dnsmsg *m, struct sts_answer *out)
{
	const struct sts_dns_record *soa = find(m, STS_SECTION_AUTHORITY, NULL, STS_T_SOA);

	if (soa == NULL)
		return;
	lower_ttl(out, soa->ttl_s < soa->minimum_s ? soa->ttl_s : soa->minimum_s, out->cname_count == 0);
	out->signer = soa->owner;
}

static enum sts_dns_state state_of_rcode(unsigned rcode)
{
	switch (rcode) {
	case STS_RCODE_NOERROR:
		return STS_DNS_OK;
	case STS_RCODE_NXDOMAIN:
		return STS_DNS_NXDOMAIN;
	case STS_RCODE_SERVFAIL:
		return STS_DNS_SERVFAIL;
	case STS_RCODE_REFUSED:
	case STS_RCODE_NOTAUTH:
	case STS_RCODE_NOTIMP:
		return STS_DNS_REFUSED;
	default:
		return STS_DNS_MALFORMED;
	}
}

void sts_dnsmsg_answer(
	const struct sts_dnsmsg *m, const char *name, uint16_t type, struct sts_arena *arena, struct sts_answer *out)
{
	const char *owner;

	*out = (struct sts_answer){.name = sts_dns_name_plain(name, arena), .type = type};
	out->state = m->truncated ? STS_DNS_TRUNCATED : state_of_rcode(m->rcode);
	if (out->state != STS_DNS_OK && out->state != STS_DNS_NXDOMAIN)
		return;
	owner = follow(m, arena, out);
	if (owner == NULL)
		return;
	take_records(m, owner, arena, out);
	if (out->rr_count > 0) {
		if (out->state == STS_DNS_NXDOMAIN)
			out->state = STS_DNS_MALFORMED; /* there and not there */
		return;
	}
	if (out->state == STS_DNS_OK)
		out->state = STS_DNS_NODATA;
	read_negative(m, out);
}

const char *sts_dnsmsg_referral(const struct sts_dnsmsg *m)
{
	const struct sts_dns_record *ns = find(m, STS_SECTION_AUTHORITY, NULL, STS_T_NS);

	if (m->rcode != STS_RCODE_NOERROR || m->authoritative || ns == NULL ||
		find(m, STS_SECTION_AUTHORITY, NULL, STS_T_SOA) != NULL)
		return NULL;
	for (size_t i = 0; i < m->count; i++)
		if (m->records[i].section == STS_SECTION_ANSWER)
			return NULL;
	return ns->owner;
}

/* ---- queries ---- */

static void put16(uint8_t *out, unsigned v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
}

size_t sts_dns_query_build(const struct sts_dns_query *q, uint8_t out[static STS_DNS_QUERY_MAX])
{
	unsigned flags = (q->recurse ? FLAG_RD : 0) | (q->check_disabled ? FLAG_CD : 0) | (q->authentic ? FLAG_AD : 0);
	size_t at = HEADER_OCTETS;
	size_t name = sts_dns_name_wire(q->name, out + at);

	if (name == 0)
		return 0;
	memset(out, 0, HEADER_OCTETS);
	put16(out, q->id);
	put16(out + 2, flags);
	put16(out + 4, 1);
	at += name;
	put16(out + at, q->type);
	put16(out + at + 2, STS_C_IN);
	at += 4;
	if (q->udp_size == 0)
		return at;
	put16(out + 10, 1);
	memset(out + at, 0, 11); /* root owner; extended rcode, version, flags; no options */
	put16(out + at + 1, STS_T_OPT);
	put16(out + at + 3, q->udp_size);
	put16(out + at + 7, q->dnssec ? EDNS_DO : 0);
	return at + 11;
}
