#include "net/cert.h"

#include "base/buf.h"
#include "base/clock.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

/* Octets of a distinguished name and of one of its parts that are kept. */
#define NAME_MAX_LEN 512
#define PART_MAX_LEN 256

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void hex(const unsigned char *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
}

void sts_sha256_hex(const void *data, size_t len, char out[static 65])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned md_len = 0;

	out[0] = '\0';
	if (EVP_Digest(data == NULL ? "" : data, len, md, &md_len, EVP_sha256(), NULL) == 1)
		hex(md, md_len, out);
}

/* NUL octets would cut the text where the eye cannot see it: they come out as "\0". */
static const char *text_of(const unsigned char *data, int len, size_t max, struct sts_arena *arena)
{
	struct sts_buf b;
	const char *copy;

	sts_buf_init(&b, max);
	for (int i = 0; i < len && !b.failed; i++) {
		if (data[i] == '\0')
			sts_buf_puts(&b, "\\0");
		else
			sts_buf_addc(&b, (char)data[i]);
	}
	copy = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return copy;
}

static const char *one_line(const X509_NAME *name, struct sts_arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text = "";
	char *data = NULL;
	long len;

	if (bio == NULL)
		return text;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		len = BIO_get_mem_data(bio, &data);
		text = text_of((const unsigned char *)data, len > NAME_MAX_LEN ? NAME_MAX_LEN : (int)len, NAME_MAX_LEN, arena);
	}
	BIO_free(bio);
	return text;
}

const char *sts_cert_common_name(const X509_NAME *name, struct sts_arena *arena)
{
	int at = -1;
	int last = -1;
	unsigned char *utf8 = NULL;
	const char *text = NULL;
	int len;

	while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return NULL;
	len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	if (len >= 0)
		text = text_of(utf8, len, PART_MAX_LEN, arena);
	OPENSSL_free(utf8);
	return text;
}

const char *sts_cert_title(const X509_NAME *name, struct sts_arena *arena)
{
	const char *raw = sts_cert_common_name(name, arena);
	struct sts_buf b;
	const char *title;

	if (raw == NULL || raw[0] == '\0')
		raw = one_line(name, arena);
	sts_buf_init(&b, 2048);
	sts_buf_escape(&b, sts_str_of(raw), 120);
	title = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return title;
}

bool sts_cert_time(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = sts_civil_seconds((int64_t)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return true;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

bool sts_dns_id_matches(struct sts_str id, struct sts_str host)
{
	size_t label;

	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (id.len == 0 || host.len == 0 || memchr(id.ptr, '\0', id.len) != NULL)
		return false;
	if (!sts_str_starts(id, "*."))
		return sts_str_eqi(id, host);
	label = sts_str_find(host, '.', 0);
	/* The rest is compared as it is: another "*" in it equals nothing a host name holds. */
	return label > 0 && label < host.len && sts_str_eqi(sts_str_from(id, 1), sts_str_from(host, label));
}

static struct sts_str dns_id(const GENERAL_NAME *name)
{
	int type = 0;
	const ASN1_IA5STRING *s = GENERAL_NAME_get0_value(name, &type);

	if (type != GEN_DNS || s == NULL)
		return sts_str(NULL, 0);
	return sts_str((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static GENERAL_NAMES *alt_names(X509 *cert)
{
	return X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
}

bool sts_cert_is_for(X509 *cert, const char *host)
{
	GENERAL_NAMES *names = alt_names(cert);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = sts_dns_id_matches(dns_id(sk_GENERAL_NAME_value(names, i)), sts_str_of(host));
	GENERAL_NAMES_free(names);
	return found;
}

static void describe_names(X509 *cert, size_t names_max, struct sts_arena *arena, struct sts_cert *out)
{
	GENERAL_NAMES *names = alt_names(cert);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		struct sts_str id = dns_id(sk_GENERAL_NAME_value(names, i));

		if (id.ptr == NULL)
			continue;
		out->name_total++;
		if (out->name_count >= names_max)
			continue;
		*STS_PUSH(arena, out->names, out->name_count) =
			text_of((const unsigned char *)id.ptr, (int)id.len, PART_MAX_LEN, arena);
	}
	GENERAL_NAMES_free(names);
}

/* ---- key, digests ------------------------------------------------------------------------------------------------ */

static const char *key_type(X509 *cert, struct sts_arena *arena)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	ASN1_OBJECT *algorithm = NULL;
	char oid[80] = "unknown";

	switch (key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return "RSA";
	case EVP_PKEY_RSA_PSS:
		return "RSA-PSS";
	case EVP_PKEY_EC:
		return "EC";
	case EVP_PKEY_ED25519:
		return "Ed25519";
	case EVP_PKEY_ED448:
		return "Ed448";
	case EVP_PKEY_DSA:
		return "DSA";
	default:
		break;
	}
	if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert)) == 1)
		OBJ_obj2txt(oid, sizeof oid, algorithm, 0);
	return sts_strdup(arena, oid);
}

static const char *signature_name(const X509 *cert, struct sts_arena *arena)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *object = NULL;
	char name[80] = "unknown";

	X509_get0_signature(NULL, &algorithm, cert);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	OBJ_obj2txt(name, sizeof name, object, 0);
	return sts_strdup(arena, name);
}

static void digest_key(X509 *cert, char out[static 65])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (len > 0)
		sts_sha256_hex(der, (size_t)len, out);
	OPENSSL_free(der);
}

void sts_cert_sha256(const X509 *cert, char out[static 65])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	out[0] = '\0';
	if (X509_digest(cert, EVP_sha256(), md, &len) == 1)
		hex(md, len, out);
}

void sts_cert_describe(X509 *cert, size_t names_max, struct sts_arena *arena, struct sts_cert *out)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	*out = (struct sts_cert){
		.subject = one_line(X509_get_subject_name(cert), arena),
		.issuer = one_line(X509_get_issuer_name(cert), arena),
		.common_name = sts_cert_common_name(X509_get_subject_name(cert), arena),
		.key_type = key_type(cert, arena),
		.key_bits = key == NULL ? 0 : EVP_PKEY_get_bits(key),
		.signature = signature_name(cert, arena),
		.self_issued = X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0,
	};
	describe_names(cert, names_max, arena, out);
	if (!sts_cert_time(X509_get0_notBefore(cert), &out->not_before))
		out->not_before = 0;
	if (!sts_cert_time(X509_get0_notAfter(cert), &out->not_after))
		out->not_after = 0;
	sts_cert_sha256(cert, out->sha256);
	digest_key(cert, out->spki_sha256);
}
