#include "net/chain.h"

#include "base/buf.h"
#include "base/clock.h"
#include "net/cert.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* Links of a path; the public Web needs four. */
#define DEPTH_MAX 16
/* Octets of the words for one kind of problem. */
#define TEXT_MAX 600
/* Names listed in a mismatch. */
#define NAMES_SHOWN 10
/* Names kept of certificates that are not the host's own. */
#define ISSUER_NAMES_MAX 8

#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 224

struct judge {
	struct sts_arena *arena;
	const struct sts_chain_params *params;
	struct sts_tls *out;
	STACK_OF(X509) * sent;
	STACK_OF(X509) *
		path;        /* what could be built from what was sent and the store; borrowed from the store context */
	int from_server;     /* certificates of path that came from the server */
	bool issuer_missing; /* path ends at a certificate whose issuer is nowhere */
	X509_STORE_CTX_verify_fn whole; /* the library's own verification of signatures and dates */
};

/* ---- noting ------------------------------------------------------------------------------------------------------ */

int sts_cert_problem_first(unsigned problems)
{
	for (int i = 0; i < STS_CERT_PROBLEM_COUNT; i++)
		if ((problems & 1u << i) != 0)
			return i;
	return -1;
}

const char *sts_cert_problem_name(unsigned problems)
{
	static const char *const names[STS_CERT_PROBLEM_COUNT] = {
		"expired",
		"not-yet-valid",
		"self-signed",
		"untrusted",
		"chain-incomplete",
		"name-mismatch",
		"weak",
	};
	int first = sts_cert_problem_first(problems);

	return first < 0 ? NULL : names[first];
}

static void note(struct judge *j, enum sts_cert_problem problem, const char *text)
{
	int bit = sts_cert_problem_first(problem);
	const char *before = j->out->problem_text[bit];

	j->out->problems |= problem;
	if (before == NULL)
		j->out->problem_text[bit] = text;
	else if (strlen(before) + strlen(text) < TEXT_MAX && strstr(before, text) == NULL)
		j->out->problem_text[bit] = sts_sprintf(j->arena, "%s; %s", before, text);
}

/* "the certificate", or which of the others it is. */
static const char *label(struct judge *j, X509 *cert, int depth)
{
	const char *title;

	if (depth <= 0 || cert == NULL)
		return "the certificate";
	title = sts_cert_title(X509_get_subject_name(cert), j->arena);
	if (X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0)
		return sts_sprintf(j->arena, "the root \"%s\"", title);
	return sts_sprintf(j->arena, "the intermediate \"%s\"", title);
}

static const char *issuer_title(struct judge *j, X509 *cert)
{
	return sts_cert_title(X509_get_issuer_name(cert), j->arena);
}

/* ---- what OpenSSL finds ------------------------------------------------------------------------------------------ */

static void note_self_signed_top(struct judge *j, X509 *top)
{
	note(j, STS_CERT_UNTRUSTED,
		sts_sprintf(j->arena, "the chain ends in the root \"%s\", which is not trusted",
			sts_cert_title(X509_get_subject_name(top), j->arena)));
}

/* Faults of the path that have no kind of their own. */
static const char *words_for(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
		return "bears a signature that is not its issuer's";
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_INVALID_NON_CA:
		return "is not allowed to issue certificates, but issued one";
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
		return "is not allowed to sign certificates, but signed one";
	case X509_V_ERR_INVALID_PURPOSE:
		return "is not meant for TLS servers (key usage)";
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED:
		return "allows fewer CAs below it than there are";
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
		return "holds a name that a CA above it may not certify (name constraints)";
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return "has a critical extension that is not understood";
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
		return "has dates that cannot be read";
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
		return "has a public key that cannot be read";
	case X509_V_ERR_CERT_REJECTED:
	case X509_V_ERR_CERT_UNTRUSTED:
		return "is not trusted for TLS servers here";
	default:
		return NULL;
	}
}

static void note_other(struct judge *j, int error, X509 *cert, int depth)
{
	const char *words = words_for(error);

	if (error == X509_V_ERR_CERT_CHAIN_TOO_LONG)
		note(j, STS_CERT_UNTRUSTED, "the chain is too long");
	else if (words != NULL)
		note(j, STS_CERT_UNTRUSTED, sts_sprintf(j->arena, "%s %s", label(j, cert, depth), words));
	else
		note(j, STS_CERT_UNTRUSTED,
			sts_sprintf(j->arena, "%s is not valid: %s", label(j, cert, depth),
				X509_verify_cert_error_string(error)));
}

static void note_error(struct judge *j, int error, X509 *cert, int depth)
{
	if (j->out->verify_error == NULL)
		j->out->verify_error = X509_verify_cert_error_string(error);
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return; /* judge_dates() looks at every certificate of the path, these two included */
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		note(j, STS_CERT_SELF_SIGNED,
			"the certificate is signed by its own key; no certificate authority stands behind it");
		return;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		note_self_signed_top(j, cert);
		return;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		j->issuer_missing = true;
		return;
	default:
		note_other(j, error, cert, depth);
	}
}

/* Record and go on, so that one fault does not hide another. */
static int on_error(int ok, X509_STORE_CTX *ctx)
{
	if (!ok)
		note_error(X509_STORE_CTX_get_app_data(ctx), X509_STORE_CTX_get_error(ctx),
			X509_STORE_CTX_get_current_cert(ctx), X509_STORE_CTX_get_error_depth(ctx));
	return 1;
}

/* ---- signatures --------------------------------------------------------------------------------------------------- */

/* Those of what was sent are known already. */
static const char *sha256_of(const struct judge *j, const X509 *cert, char room[static 65])
{
	for (size_t i = 0; i < j->out->chain_count; i++)
		if (sk_X509_value(j->sent, (int)i) == cert)
			return j->out->chain[i].sha256;
	sts_cert_sha256(cert, room);
	return room;
}

/* The last second is left to the library. */
static bool is_in_time(const X509 *cert, int64_t at)
{
	int64_t not_before = 0, not_after = 0;

	return sts_cert_time(X509_get0_notBefore(cert), &not_before) && sts_cert_time(X509_get0_notAfter(cert), &not_after) &&
		not_before <= at && at < not_after;
}

static bool link_holds(const struct judge *j, STACK_OF(X509) *path, int depth)
{
	char room[65], room_above[65];
	X509 *subject = sk_X509_value(path, depth), *issuer = sk_X509_value(path, depth + 1);

	return sts_link_holds(j->params->links, (struct sts_link_end){subject, sha256_of(j, subject, room)},
		(struct sts_link_end){issuer, sha256_of(j, issuer, room_above)}, depth == 0);
}

/* In place of the library's own step, which comes when the path is built and its extensions are judged: where nothing at all is wrong, no signature is
 * computed twice. Whatever is wrong, the library says. */
static int verify_signatures(X509_STORE_CTX *ctx)
{
	const struct judge *j = X509_STORE_CTX_get_app_data(ctx);
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
	int count = sk_X509_num(path);
	bool good = count > 1 && j->out->verify_error == NULL && X509_STORE_CTX_get_error(ctx) == X509_V_OK;

	for (int i = 0; i < count && good; i++)
		good = is_in_time(sk_X509_value(path, i), j->params->judged_at);
	for (int i = 0; i + 1 < count && good; i++)
		good = link_holds(j, path, i);
	ERR_clear_error();
	return good ? 1 : j->whole(ctx);
}

/* ---- what we look at ourselves ----------------------------------------------------------------------------------- */

static bool is_ca(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;
}

static bool points_to_issuer(X509 *cert)
{
	AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(aia) && !found; i++)
		found = OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(aia, i)->method) == NID_ad_ca_issuers;
	AUTHORITY_INFO_ACCESS_free(aia);
	return found;
}

static void judge_missing_issuer(struct judge *j)
{
	int count = sk_X509_num(j->path);
	X509 *top = sk_X509_value(j->path, count - 1);
	const char *issuer = issuer_title(j, top);
	const char *others = sk_X509_num(j->sent) > count ? ", and what was sent beside it does not belong to it" : "";

	if (count > 1 && is_ca(top))
		note(j, STS_CERT_UNTRUSTED,
			sts_sprintf(j->arena,
				"the chain sent leads to \"%s\", which is neither a trusted root nor among the "
				"certificates sent",
				issuer));
	else if (points_to_issuer(top))
		note(j, STS_CERT_CHAIN_INCOMPLETE,
			sts_sprintf(
				j->arena, "its issuer \"%s\" is an intermediate that was not sent%s", issuer, others));
	else
		note(j, STS_CERT_CHAIN_INCOMPLETE,
			sts_sprintf(
				j->arena, "its issuer \"%s\" was not sent and is no trusted root%s", issuer, others));
}

static void judge_date(struct judge *j, X509 *cert, int depth)
{
	int64_t not_before = 0;
	int64_t not_after = 0;
	char when[21];

	if (!sts_cert_time(X509_get0_notBefore(cert), &not_before) ||
		!sts_cert_time(X509_get0_notAfter(cert), &not_after)) {
		note_other(j, X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, cert, depth);
		return;
	}
	if (not_after < j->params->judged_at) {
		sts_format_time(not_after, when);
		note(j, STS_CERT_EXPIRED, sts_sprintf(j->arena, "%s expired on %s", label(j, cert, depth), when));
	}
	if (not_before > j->params->judged_at) {
		sts_format_time(not_before, when);
		note(j, STS_CERT_NOT_YET_VALID,
			sts_sprintf(j->arena, "%s is valid only from %s on", label(j, cert, depth), when));
	}
}

static void judge_key(struct judge *j, X509 *cert, int depth)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);
	const char *type = NULL;

	switch (key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		type = bits < RSA_BITS_MIN ? "RSA" : NULL;
		break;
	case EVP_PKEY_DSA:
		type = bits < RSA_BITS_MIN ? "DSA" : NULL;
		break;
	case EVP_PKEY_EC:
		type = bits < EC_BITS_MIN ? "elliptic-curve" : NULL;
		break;
	default:
		break;
	}
	if (type != NULL)
		note(j, STS_CERT_WEAK,
			sts_sprintf(j->arena, "%s has an %s key of %d bits only", label(j, cert, depth), type, bits));
}

static void judge_signature(struct judge *j, X509 *cert, int depth)
{
	int digest = NID_undef;

	if (X509_get_signature_info(cert, &digest, NULL, NULL, NULL) != 1)
		return;
	switch (digest) {
	case NID_sha1:
	case NID_md5_sha1:
		note(j, STS_CERT_WEAK, sts_sprintf(j->arena, "%s is signed with SHA-1", label(j, cert, depth)));
		break;
	case NID_md2:
	case NID_md4:
	case NID_md5:
		note(j, STS_CERT_WEAK, sts_sprintf(j->arena, "%s is signed with MD5 or older", label(j, cert, depth)));
		break;
	default:
		break;
	}
}

/* Roots are trusted as they are: nothing hangs on their signature. */
static void judge_strength(struct judge *j, X509 *cert, int depth)
{
	bool signs_itself = X509_self_signed(cert, 0) == 1;

	if (depth > 0 && (depth >= j->from_server || signs_itself))
		return;
	judge_key(j, cert, depth);
	if (!signs_itself && depth < j->from_server)
		judge_signature(j, cert, depth);
}

static void list_names(struct sts_buf *b, const struct sts_cert *leaf)
{
	for (size_t i = 0; i < leaf->name_count && i < NAMES_SHOWN; i++) {
		sts_buf_puts(b, i == 0 ? "" : ", ");
		sts_buf_escape(b, sts_str_of(leaf->names[i]), 100);
	}
	if (leaf->name_total > NAMES_SHOWN)
		sts_buf_printf(b, " and %zu more", leaf->name_total - NAMES_SHOWN);
}

static void judge_name(struct judge *j, X509 *cert)
{
	const struct sts_cert *leaf = &j->out->chain[0];
	struct sts_buf b;

	if (sts_cert_is_for(cert, j->params->name))
		return;
	sts_buf_init(&b, 4096);
	sts_buf_printf(&b, "the certificate is not for %s", j->params->name);
	if (leaf->name_total > 0) {
		sts_buf_puts(&b, " but for ");
		list_names(&b, leaf);
	} else if (leaf->common_name != NULL) {
		sts_buf_puts(&b, ": it holds no DNS name (its common name \"");
		sts_buf_escape(&b, sts_str_of(leaf->common_name), 100);
		sts_buf_puts(&b, "\" does not count)");
	} else {
		sts_buf_puts(&b, ": it holds no DNS name");
	}
	note(j, STS_CERT_NAME_MISMATCH, sts_strndup(j->arena, b.ptr == NULL ? "" : b.ptr, b.len));
	sts_buf_clear(&b);
	if (j->out->verify_error == NULL)
		j->out->verify_error = X509_verify_cert_error_string(X509_V_ERR_HOSTNAME_MISMATCH);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void describe(struct judge *j)
{
	int total = sk_X509_num(j->sent);
	int count = total > STS_CERT_CHAIN_MAX ? STS_CERT_CHAIN_MAX : total;

	j->out->chain = sts_alloc_array(j->arena, (size_t)count, sizeof *j->out->chain);
	for (int i = 0; i < count; i++)
		sts_cert_describe(sk_X509_value(j->sent, i), i == 0 ? STS_CERT_NAMES_MAX : ISSUER_NAMES_MAX, j->arena, &j->out->chain[i]);
	j->out->chain_count = (size_t)count;
	j->out->chain_total = (size_t)total;
}

static void prepare(struct judge *j, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	X509_STORE_CTX_set_default(ctx, "ssl_server");
	X509_VERIFY_PARAM_set_time(param, (time_t)j->params->judged_at);
	X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
	/* Strength is judged here, not by the library's level. A file of trusted certificates may hold an intermediate.
	 */
	X509_VERIFY_PARAM_set_auth_level(param, 0);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_CTX_set_app_data(ctx, j);
	X509_STORE_CTX_set_verify_cb(ctx, on_error);
	j->whole = X509_STORE_CTX_get_verify(ctx);
	if (j->whole != NULL)
		X509_STORE_CTX_set_verify(ctx, verify_signatures);
}

static void judge_path(struct judge *j, X509_STORE_CTX *ctx)
{
	j->path = X509_STORE_CTX_get0_chain(ctx);
	j->from_server = X509_STORE_CTX_get_num_untrusted(ctx);
	if (sk_X509_num(j->path) < 1) {
		j->path = j->sent;
		j->from_server = 1;
	}
	if (j->issuer_missing)
		judge_missing_issuer(j);
	for (int i = 0; i < sk_X509_num(j->path) && (i == 0 || j->path != j->sent); i++) {
		judge_date(j, sk_X509_value(j->path, i), i);
		judge_strength(j, sk_X509_value(j->path, i), i);
	}
	judge_name(j, sk_X509_value(j->sent, 0));
}

static void verify(struct judge *j, X509_STORE_CTX *ctx)
{
	int r = X509_verify_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	judge_path(j, ctx);
	/* A certificate holds to the last second of its notAfter (RFC 5280 section 4.1.2.5); the library ends it one
	 * earlier. */
	if (j->out->problems == 0 && r == 1 && error == X509_V_ERR_CERT_HAS_EXPIRED) {
		j->out->verify_error = NULL;
		return;
	}
	/* Whatever went wrong without a word of the callback must never pass for good. */
	if (j->out->problems == 0 && (r != 1 || error != X509_V_OK))
		note_other(j, error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error, NULL, 0);
}

static STACK_OF(X509) * first_certs(STACK_OF(X509) * sent)
{
	STACK_OF(X509) *few = sk_X509_new_null();

	for (int i = 0; few != NULL && i < sk_X509_num(sent) && i < STS_CHAIN_JUDGED_MAX; i++)
		sk_X509_push(few, sk_X509_value(sent, i));
	return few;
}

void sts_chain_judge(
	STACK_OF(X509) * sent, const struct sts_chain_params *params, struct sts_arena *arena, struct sts_tls *out)
{
	struct judge j = {.arena = arena, .params = params, .out = out, .sent = sent};
	STACK_OF(X509) *few = first_certs(sent);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(params->library, NULL);

	describe(&j);
	if (few != NULL && ctx != NULL && X509_STORE_CTX_init(ctx, params->store, sk_X509_value(sent, 0), few) == 1) {
		prepare(&j, ctx);
		verify(&j, ctx);
	} else {
		note_other(&j, X509_V_ERR_OUT_OF_MEM, NULL, 0);
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(few);
}
