#include "proto/sniff.h"

/* Octets at the start that are searched for tags. */
#define LOOK_AT 2048

static bool is_blank(char c)
{
	return sts_is_wsp(c) || c == '\r' || c == '\n';
}

static struct sts_str skip_blanks(struct sts_str s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = sts_str_from(s, 1);
	return s;
}

static bool holds(struct sts_str s, const char *needle)
{
	return sts_str_findi(s, needle) < s.len;
}

/* Two lines that begin as fields of a policy do: it is one, whatever else is wrong with it. */
static bool has_policy_lines(struct sts_str body)
{
	static const char *const names[] = {"version:", "mode:", "mx:", "max_age:"};
	unsigned met = 0;

	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		for (size_t at = 0; at < body.len; at++) {
			if ((at == 0 || body.ptr[at - 1] == '\n' || body.ptr[at - 1] == '\r') &&
				sts_str_startsi(sts_str_from(body, at), names[n])) {
				met++;
				break;
			}
		}
	}
	return met >= 2;
}

static const char *sniff_markup(struct sts_str body)
{
	struct sts_str head = sts_str(body.ptr, body.len < LOOK_AT ? body.len : LOOK_AT);

	if (sts_str_startsi(body, "<!doctype html") || holds(head, "<html") || holds(head, "<head") ||
		holds(head, "<body"))
		return "this is an HTML page";
	if (has_policy_lines(body))
		return NULL;
	return sts_str_startsi(body, "<?xml") ? "this is an XML document" : "this is HTML or XML";
}

/* The record's text, alone, in quotation marks or as a line of a zone file. */
static bool is_record_text(struct sts_str body)
{
	struct sts_str head = sts_str(body.ptr, body.len < LOOK_AT ? body.len : LOOK_AT);

	return holds(head, "v=STSv1") || holds(head, "v=TLSRPTv1");
}

const char *sts_policy_sniff(struct sts_str body)
{
	body = skip_blanks(body);
	if (sts_str_starts(body, "\x1F\x8B"))
		return "this is compressed data (gzip)";
	if (sts_str_starts(body, "{\\rtf"))
		return "this is an RTF document, not plain text";
	if (sts_str_starts(body, "%PDF-"))
		return "this is a PDF document";
	if (body.len > 0 && body.ptr[0] == '<')
		return sniff_markup(body);
	if (has_policy_lines(body))
		return NULL;
	if (body.len > 0 && (body.ptr[0] == '{' || body.ptr[0] == '['))
		return "this is JSON";
	if (is_record_text(body))
		return "this is the text of a TXT record, which belongs into DNS";
	return NULL;
}

bool sts_sniff_utf16(struct sts_str body)
{
	size_t zeros[2] = {0, 0};
	size_t pairs = body.len / 2;

	if (sts_str_starts(body, "\xFF\xFE") || sts_str_starts(body, "\xFE\xFF"))
		return true;
	for (size_t i = 0; i < 2 * pairs; i++)
		zeros[i % 2] += body.ptr[i] == '\0';
	return pairs >= 4 && (zeros[0] > pairs * 3 / 4 || zeros[1] > pairs * 3 / 4);
}
