#include "net/dane.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

static bool add_record(SSL *ssl, const struct sts_tlsa *t)
{
	bool added;

	if (!t->usable)
		return false;
	ERR_clear_error();
	/* 0: unusable after all (its certificate or key cannot be read, say). */
	added = SSL_dane_tlsa_add(
			ssl, t->usage, t->selector, t->matching, (const unsigned char *)t->data.ptr, t->data.len) > 0;
	ERR_clear_error();
	return added;
}

bool sts_dane_prepare(SSL *ssl, const struct sts_tls_params *p, enum sts_dane_state *state)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	bool any = false;

	*state = p->tlsa_count == 0 ? STS_DANE_NONE : STS_DANE_UNKNOWN;
	if (p->tlsa_count == 0 || SSL_dane_enable(ssl, p->tlsa_base != NULL ? p->tlsa_base : p->name) <= 0)
		return false;
	for (size_t i = 0; i < p->tlsa_count; i++)
		any = add_record(ssl, &p->tlsa[i]) || any;
	if (!any) {
		*state = STS_DANE_UNUSABLE;
		return false;
	}
	/* Usage 3 looks at neither names nor dates; usage 2 at both, with the mail domain as one more name.  [RFC 7672
	 * section 3.1] */
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	X509_VERIFY_PARAM_add1_host(param, p->name, 0);
	if (p->next_hop != NULL)
		X509_VERIFY_PARAM_add1_host(param, p->next_hop, 0);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	X509_VERIFY_PARAM_set_time(param, (time_t)p->judged_at);
	return true;
}

/* [RFC 8460 section 4.3.1, 4.3.2.1] */
static const char *type_for(int error)
{
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return "certificate-host-mismatch";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "certificate-expired";
	case X509_V_ERR_DANE_NO_MATCH:
		return "tlsa-invalid";
	default:
		return "certificate-not-trusted";
	}
}

static const char *words_for(int error)
{
	switch (error) {
	case X509_V_ERR_DANE_NO_MATCH:
		return "no TLSA record matches the certificate or its chain";
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return "the trust anchor matches, but the certificate is for other names";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "the trust anchor matches, but a certificate has expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "the trust anchor matches, but a certificate is not valid yet";
	default:
		return X509_verify_cert_error_string(error);
	}
}

enum sts_dane_state sts_dane_judge(X509_STORE_CTX *ctx, const char **words, const char **type)
{
	int r = X509_verify_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	if (r == 1 && error == X509_V_OK)
		return STS_DANE_PASS;
	*words = words_for(error);
	*type = type_for(error);
	return STS_DANE_MISMATCH;
}

const char *sts_dane_matched(SSL *ssl, struct sts_arena *arena)
{
	struct sts_tlsa t = {0};
	const unsigned char *data = NULL;

	if (SSL_get0_dane_tlsa(ssl, &t.usage, &t.selector, &t.matching, &data, &t.data.len) < 0 || data == NULL)
		return NULL;
	t.data.ptr = (const char *)data;
	return sts_tlsa_text(&t, arena);
}
