#include "check/rules_tls.h"

#include "check/phrase.h"

#include <inttypes.h>

#define DAY_S 86400
/* Days left at which a certificate's end is worth a notice, a warning. */
#define EXPIRING_NOTICE_DAYS 14
#define EXPIRING_WARNING_DAYS 7

/* Findings and TLSRPT result types by side.  [RFC 8460 section 4.3] */
struct side {
	enum sts_finding_id problem[STS_CERT_PROBLEM_COUNT];
	const char *problem_type[STS_CERT_PROBLEM_COUNT];
	enum sts_finding_id not_tls, failed, protocol_old, timeout, expiring;
	const char *tls_type;
	bool weak_fatal;
};

static const struct side sides[] = {
	[STS_SIDE_POLICY_HOST] =
		{
			.problem = {STS_F_HOST_CERT_EXPIRED, STS_F_HOST_CERT_NOT_YET_VALID, STS_F_HOST_CERT_SELF_SIGNED,
				STS_F_HOST_CERT_UNTRUSTED, STS_F_HOST_CERT_CHAIN_INCOMPLETE,
				STS_F_HOST_CERT_NAME_MISMATCH, STS_F_HOST_CERT_WEAK},
			.problem_type = {"sts-webpki-invalid", "sts-webpki-invalid", "sts-webpki-invalid",
				"sts-webpki-invalid", "sts-webpki-invalid", "sts-webpki-invalid", "sts-webpki-invalid"},
			.not_tls = STS_F_HOST_TLS_NOT_TLS,
			.failed = STS_F_HOST_TLS_ALERT,
			.protocol_old = STS_F_HOST_TLS_PROTOCOL_OLD,
			.timeout = STS_F_HOST_TLS_TIMEOUT,
			.expiring = STS_F_HOST_CERT_EXPIRING,
			.tls_type = "sts-policy-fetch-error",
			.weak_fatal = true,
		},
	[STS_SIDE_MX] =
		{
			.problem = {STS_F_MX_CERT_EXPIRED, STS_F_MX_CERT_NOT_YET_VALID, STS_F_MX_CERT_SELF_SIGNED,
				STS_F_MX_CERT_UNTRUSTED, STS_F_MX_CERT_CHAIN_INCOMPLETE, STS_F_MX_CERT_NAME_MISMATCH,
				STS_F_MX_CERT_WEAK},
			.problem_type = {"certificate-expired", "certificate-not-trusted", "certificate-not-trusted",
				"certificate-not-trusted", "certificate-not-trusted", "certificate-host-mismatch",
				"certificate-not-trusted"},
			.not_tls = STS_F_MX_TLS_FAILED,
			.failed = STS_F_MX_TLS_FAILED,
			.protocol_old = STS_F_MX_TLS_PROTOCOL_OLD,
			.timeout = STS_F_MX_TLS_TIMEOUT,
			.expiring = STS_F_MX_CERT_EXPIRING,
			.tls_type = "validation-failure",
		},
};

/* ---- the handshake ----------------------------------------------------------------------------------------------- */

static const char *refusal(struct sts_arena *arena, const struct sts_tls *tls)
{
	if (tls->alert != NULL && strcmp(tls->alert, "unrecognized_name") == 0)
		return "The server breaks off the TLS handshake with the alert unrecognized_name: it has nothing set "
		       "up for this name.";
	if (tls->alert != NULL)
		return sts_sprintf(arena, "The server breaks off the TLS handshake with the alert %s.",
			sts_name(arena, tls->alert));
	if (tls->state == STS_TLS_CLOSED)
		return "The server closes the connection during the TLS handshake, without an alert.";
	if (tls->error != NULL)
		return sts_sprintf(arena, "The TLS handshake fails: %s.", sts_name(arena, tls->error));
	return "The TLS handshake fails.";
}

static void handshake(struct sts_spots *spots, const char *address, const struct sts_tls *tls, const struct side *side)
{
	struct sts_note note = {.result_type = side->tls_type, .fix_type = STS_FIX_SERVER};

	switch (tls->state) {
	case STS_TLS_NOT_TRIED:
	case STS_TLS_OK:
		return;
	case STS_TLS_NOT_TLS:
		note.id = side->not_tls;
		note.detail = "What answers is not TLS.";
		break;
	case STS_TLS_PROTOCOL_OLD:
		note.id = side->protocol_old;
		note.detail = "The server speaks nothing newer than TLS 1.1; senders ask for TLS 1.2 or newer.";
		break;
	case STS_TLS_TIMEOUT:
		note.id = side->timeout;
		note.detail = "The TLS handshake was begun, but the server did not finish it in time.";
		break;
	case STS_TLS_ALERT:
	case STS_TLS_CLOSED:
	case STS_TLS_FAILED:
		note.id = side->failed;
		note.detail = refusal(spots->arena, tls);
		break;
	}
	sts_spot_add(spots, address, true, &note);
}

/* ---- the certificate --------------------------------------------------------------------------------------------- */

static void problems(struct sts_spots *spots, const char *address, const struct sts_tls *tls, const struct side *side)
{
	for (size_t bit = 0; bit < STS_CERT_PROBLEM_COUNT; bit++) {
		bool weak = bit == STS_CERT_PROBLEM_COUNT - 1;

		if ((tls->problems & 1u << bit) == 0)
			continue;
		sts_spot_add(spots, address, !weak || side->weak_fatal,
			&(struct sts_note){
				.id = side->problem[bit],
				.detail = tls->problem_text[bit] == NULL
						  ? NULL
						  : sts_sprintf(spots->arena, "%s.",
							    sts_capital(spots->arena,
								    sts_show(spots->arena,
									    sts_str_of(tls->problem_text[bit])))),
				.result_type = side->problem_type[bit],
				.fix_type = STS_FIX_SERVER,
			});
	}
}

/* Rounded down, also before zero. */
static int64_t days_between(int64_t from, int64_t to)
{
	int64_t s = to - from;

	return s >= 0 ? s / DAY_S : -((-s + DAY_S - 1) / DAY_S);
}

static void expiring(struct sts_spots *spots, const char *address, const struct sts_tls *tls, const struct side *side,
	int64_t judged_at)
{
	int64_t days;

	if (tls->chain_count == 0 || (tls->problems & STS_CERT_EXPIRED) != 0)
		return;
	days = days_between(judged_at, tls->chain[0].not_after);
	if (days < 0 || days > EXPIRING_NOTICE_DAYS)
		return;
	sts_spot_add(spots, address, false,
		&(struct sts_note){
			.id = side->expiring,
			.severity = days <= EXPIRING_WARNING_DAYS ? STS_WARNING : STS_NOTICE,
			.has_severity = true,
			.detail = sts_sprintf(spots->arena, "The certificate expires on %s, in %" PRId64 " day%s.",
				sts_date(spots->arena, tls->chain[0].not_after), days, days == 1 ? "" : "s"),
			.fix_type = STS_FIX_SERVER,
		});
}

void sts_tls_spots(struct sts_spots *spots, const char *address, const struct sts_tls *tls, enum sts_tls_side which,
	int64_t judged_at)
{
	const struct side *side = &sides[which];

	handshake(spots, address, tls, side);
	if (tls->state != STS_TLS_OK)
		return;
	problems(spots, address, tls, side);
	expiring(spots, address, tls, side, judged_at);
}
