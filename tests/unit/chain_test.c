/* Chains good and bad: which faults are found, all of them at once, and that no fault hides another. */
#include "net/cert.h"
#include "net/chain.h"
#include "net/lean.h"
#include "pki.h"
#include "test.h"

#include <openssl/x509v3.h>

#define HOST "mta-sts.example.com"
#define AIA "caIssuers;URI:http://ca.example/issuer.der"
#define NAMES "DNS:" HOST

/* Everybody who appears in a chain. */
enum who {
	NOBODY,
	ROOT,            /* trusted */
	ROOT_SHA1,       /* trusted, its own signature SHA-1 */
	ROOT_EXPIRED,    /* trusted, but expired */
	ROOT_UNKNOWN,
	CA,              /* of ROOT */
	CA_EXPIRED,
	CA_FUTURE,
	CA_WEAK,
	CA_SHA1,
	CA_PATH0,        /* may issue no further CA */
	CA_DEEP,         /* of CA_PATH0 */
	CA_CONSTRAINED,  /* for example.net only */
	CA_NOT,          /* no CA at all */
	CA_UNKNOWN,      /* of ROOT_UNKNOWN */
	CA_OTHER,        /* of ROOT, issued nothing here */
	CA_CROSS,        /* ROOT's key certified by ROOT_UNKNOWN long ago */
	GOOD,
	GOOD_RSA,
	OF_ROOT,
	OF_SHA1_ROOT,
	OF_EXPIRED_ROOT,
	EXPIRED,
	FUTURE,
	SELF,
	SELF_BAD,        /* of itself, expired, another name */
	OF_UNKNOWN_CA,
	OF_UNKNOWN_ROOT,
	OTHER_NAME,
	CN_ONLY,
	NO_NAME,
	WILDCARD,
	WEAK_RSA,
	WEAK_EC,
	BY_SHA1,
	BY_MD5,
	CLIENT,
	BROKEN,
	OF_EXPIRED_CA,
	OF_FUTURE_CA,
	OF_WEAK_CA,
	OF_SHA1_CA,
	OF_DEEP_CA,
	OF_CONSTRAINED_CA,
	OF_NO_CA,
	WITH_AIA,
	THREE_FAULTS,    /* expired, another name */
	WHO_COUNT
};

static struct pki_cert certs[WHO_COUNT];

#define CA_BASIC .basic = "critical,CA:TRUE", .usage = "critical,keyCertSign,cRLSign"

static const struct {
	enum who who;
	enum who issuer;
	struct pki_spec spec;
} people[] = {
	{ROOT, NOBODY, {.cn = "Root", CA_BASIC}},
	{ROOT_SHA1, NOBODY, {.cn = "Old Root", CA_BASIC, .digest = "SHA1"}},
	{ROOT_EXPIRED, NOBODY, {.cn = "Expired Root", CA_BASIC, .not_after = PKI_NOW - PKI_DAY}},
	{ROOT_UNKNOWN, NOBODY, {.cn = "Unknown Root", CA_BASIC}},
	{CA, ROOT, {.cn = "CA 1", CA_BASIC}},
	{CA_EXPIRED, ROOT, {.cn = "CA 2", CA_BASIC, .not_after = PKI_NOW - PKI_DAY}},
	{CA_FUTURE, ROOT, {.cn = "CA 3", CA_BASIC, .not_before = PKI_NOW + PKI_DAY}},
	{CA_WEAK, ROOT, {.cn = "CA 4", CA_BASIC, .key = PKI_RSA1024}},
	{CA_SHA1, ROOT, {.cn = "CA 5", CA_BASIC, .digest = "SHA1"}},
	{CA_PATH0, ROOT, {.cn = "CA 6", .basic = "critical,CA:TRUE,pathlen:0", .usage = "keyCertSign"}},
	{CA_DEEP, CA_PATH0, {.cn = "CA 7", CA_BASIC}},
	{CA_CONSTRAINED, ROOT, {.cn = "CA 8", CA_BASIC, .constraints = "critical,permitted;DNS:example.net"}},
	{CA_NOT, ROOT, {.cn = "CA 9", .basic = "critical,CA:FALSE"}},
	{CA_UNKNOWN, ROOT_UNKNOWN, {.cn = "Unknown CA", CA_BASIC}},
	{CA_OTHER, ROOT, {.cn = "Other CA", CA_BASIC}},
	{GOOD, CA, {.cn = HOST, .names = "DNS:other.example," NAMES, .purpose = "serverAuth,clientAuth"}},
	{GOOD_RSA, CA, {.cn = HOST, .names = NAMES, .key = PKI_RSA2048}},
	{OF_ROOT, ROOT, {.names = NAMES}},
	{OF_SHA1_ROOT, ROOT_SHA1, {.names = NAMES}},
	{OF_EXPIRED_ROOT, ROOT_EXPIRED, {.names = NAMES}},
	{EXPIRED, CA, {.cn = HOST, .names = NAMES, .not_after = PKI_NOW - 1}},
	{FUTURE, CA, {.cn = HOST, .names = NAMES, .not_before = PKI_NOW + 1}},
	{SELF, NOBODY, {.cn = HOST, .names = NAMES}},
	{SELF_BAD, NOBODY, {.cn = "localhost", .names = "DNS:localhost", .not_after = PKI_NOW - PKI_DAY, .key = PKI_RSA1024}},
	{OF_UNKNOWN_CA, CA_UNKNOWN, {.cn = HOST, .names = NAMES}},
	{OF_UNKNOWN_ROOT, ROOT_UNKNOWN, {.cn = HOST, .names = NAMES}},
	{OTHER_NAME, CA, {.cn = HOST, .names = "DNS:www.example.com,DNS:example.com"}},
	{CN_ONLY, CA, {.cn = HOST}},
	{NO_NAME, CA, {.cn = NULL, .names = "email:a@example.com"}},
	{WILDCARD, CA, {.names = "DNS:*.example.com"}},
	{WEAK_RSA, CA, {.names = NAMES, .key = PKI_RSA1024}},
	{WEAK_EC, CA, {.names = NAMES, .key = PKI_EC192}},
	{BY_SHA1, CA, {.names = NAMES, .digest = "SHA1"}},
	{BY_MD5, GOOD_RSA, {.names = NAMES, .digest = "MD5"}},
	{CLIENT, CA, {.names = NAMES, .purpose = "clientAuth"}},
	{BROKEN, CA, {.names = NAMES, .broken_signature = true}},
	{OF_EXPIRED_CA, CA_EXPIRED, {.names = NAMES}},
	{OF_FUTURE_CA, CA_FUTURE, {.names = NAMES}},
	{OF_WEAK_CA, CA_WEAK, {.names = NAMES}},
	{OF_SHA1_CA, CA_SHA1, {.names = NAMES}},
	{OF_DEEP_CA, CA_DEEP, {.names = NAMES}},
	{OF_CONSTRAINED_CA, CA_CONSTRAINED, {.names = NAMES}},
	{OF_NO_CA, CA_NOT, {.names = NAMES}},
	{WITH_AIA, CA, {.names = NAMES, .aia = AIA}},
	{THREE_FAULTS, CA, {.names = "DNS:old.example.com", .aia = AIA, .not_after = PKI_NOW - PKI_DAY}},
};

static const enum who trusted[] = {ROOT, ROOT_SHA1, ROOT_EXPIRED};

/* ROOT's name and key, certified by somebody else: what servers send for the sake of old clients. */
static struct pki_cert cross_sign(void)
{
	struct pki_cert c = pki_make(
		&(struct pki_spec){.cn = "Root", .issuer = &certs[ROOT_UNKNOWN], CA_BASIC, .not_after = PKI_NOW - PKI_DAY});

	X509_set_pubkey(c.cert, certs[ROOT].key);
	X509_sign(c.cert, certs[ROOT_UNKNOWN].key, EVP_sha256());
	return c;
}

static void make_people(void)
{
	for (size_t i = 0; i < COUNT_OF(people); i++) {
		struct pki_spec spec = people[i].spec;

		if (people[i].issuer != NOBODY)
			spec.issuer = &certs[people[i].issuer];
		certs[people[i].who] = pki_make(&spec);
	}
	certs[CA_CROSS] = cross_sign();
}

static X509_STORE *make_store(const enum who *roots, size_t count)
{
	X509_STORE *store = X509_STORE_new();

	for (size_t i = 0; i < count; i++)
		X509_STORE_add_cert(store, certs[roots[i]].cert);
	return store;
}

#define E STS_CERT_EXPIRED
#define Y STS_CERT_NOT_YET_VALID
#define S STS_CERT_SELF_SIGNED
#define U STS_CERT_UNTRUSTED
#define I STS_CERT_CHAIN_INCOMPLETE
#define N STS_CERT_NAME_MISMATCH
#define W STS_CERT_WEAK

static const struct {
	const char *name;
	enum who sent[6];
	unsigned problems;
	enum sts_cert_problem about; /* words of this problem hold … */
	const char *words;           /* … this */
} rows[] = {
	{"good, with its intermediate", {GOOD, CA}, 0, 0, NULL},
	{"good, RSA", {GOOD_RSA, CA}, 0, 0, NULL},
	{"good, root sent too", {GOOD, CA, ROOT}, 0, 0, NULL},
	{"good, issued by a root", {OF_ROOT}, 0, 0, NULL},
	{"good, out of order", {GOOD, ROOT, CA}, 0, 0, NULL},
	{"good, strangers sent beside it", {GOOD, CA_EXPIRED, CA_UNKNOWN, CA}, 0, 0, NULL},
	{"good, an expired cross-signed root sent", {GOOD, CA, CA_CROSS}, 0, 0, NULL},
	{"good, a root signed with SHA-1", {OF_SHA1_ROOT, ROOT_SHA1}, 0, 0, NULL},
	{"good, wildcard", {WILDCARD, CA}, 0, 0, NULL},
	{"expired", {EXPIRED, CA}, E, E, "the certificate expired on 2027-01-15T07:59:59Z"},
	{"not yet valid", {FUTURE, CA}, Y, Y, "2027-01-15T08:00:01Z"},
	{"intermediate expired", {OF_EXPIRED_CA, CA_EXPIRED}, E, E, "the intermediate \"CA 2\" expired"},
	{"intermediate not yet valid", {OF_FUTURE_CA, CA_FUTURE}, Y, Y, "the intermediate \"CA 3\""},
	{"trusted root expired", {OF_EXPIRED_ROOT}, E, E, "the root \"Expired Root\" expired"},
	{"self-signed", {SELF}, S, S, "signed by its own key"},
	{"self-signed, expired, another name, weak", {SELF_BAD}, S | E | N | W, N, "but for localhost"},
	{"unknown root, sent", {OF_UNKNOWN_CA, CA_UNKNOWN, ROOT_UNKNOWN}, U, U, "root \"Unknown Root\", which is not trusted"},
	{"unknown root, not sent", {OF_UNKNOWN_CA, CA_UNKNOWN}, U, U, "leads to \"Unknown Root\""},
	{"issued by an unknown root that is sent", {OF_UNKNOWN_ROOT, ROOT_UNKNOWN}, U, U, "Unknown Root"},
	{"intermediate missing, address of it given", {WITH_AIA}, I, I, "its issuer \"CA 1\" is an intermediate that was not sent"},
	{"intermediate missing", {GOOD}, I, I, "\"CA 1\" was not sent and is no trusted root"},
	{"intermediate missing, root sent", {GOOD, ROOT}, I, I, "does not belong to it"},
	{"wrong intermediate", {WITH_AIA, CA_OTHER}, I, I, "what was sent beside it does not belong to it"},
	{"three faults", {THREE_FAULTS}, E | N | I, N, "but for old.example.com"},
	{"other names", {OTHER_NAME, CA}, N, N, "not for " HOST " but for www.example.com, example.com"},
	{"common name only", {CN_ONLY, CA}, N, N, "common name \"" HOST "\" does not count"},
	{"no name at all", {NO_NAME, CA}, N, N, "it holds no DNS name"},
	{"RSA 1024", {WEAK_RSA, CA}, W, W, "RSA key of 1024 bits"},
	{"EC 192", {WEAK_EC, CA}, W, W, "key of 192 bits"},
	{"SHA-1", {BY_SHA1, CA}, W, W, "the certificate is signed with SHA-1"},
	{"weak intermediate", {OF_WEAK_CA, CA_WEAK}, W, W, "the intermediate \"CA 4\" has an RSA key"},
	{"intermediate signed with SHA-1", {OF_SHA1_CA, CA_SHA1}, W, W, "the intermediate \"CA 5\" is signed with SHA-1"},
	{"for clients only", {CLIENT, CA}, U, U, "not meant for TLS servers"},
	{"signature broken", {BROKEN, CA}, U, U, "signature that is not its issuer's"},
	{"path too long", {OF_DEEP_CA, CA_DEEP, CA_PATH0}, U, U, "allows fewer CAs"},
	{"name constraints", {OF_CONSTRAINED_CA, CA_CONSTRAINED}, U, U, "name constraints"},
	{"issuer is no CA", {OF_NO_CA, CA_NOT}, U, U, "\"CA 9\" is not allowed to issue"},
	{"issued by another server's certificate, MD5", {BY_MD5, GOOD_RSA, CA}, U | W, W, "MD5"},
};

static void judge(const enum who *sent, size_t max, X509_STORE *store, struct sts_arena *arena, struct sts_tls *out)
{
	const struct pki_cert *list[6];
	size_t count = 0;
	STACK_OF(X509) *stack;

	while (count < max && sent[count] != NOBODY) {
		list[count] = &certs[sent[count]];
		count++;
	}
	stack = pki_stack(list, count);
	*out = (struct sts_tls){0};
	sts_chain_judge(stack, &(struct sts_chain_params){store, HOST, PKI_NOW, NULL, NULL}, arena, out);
	sk_X509_free(stack);
	EXPECT_INT(out->chain_count, count);
}

static void test_rows(struct sts_arena *arena)
{
	X509_STORE *store = make_store(trusted, COUNT_OF(trusted));
	struct sts_tls out;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CASE("%s", rows[i].name);
		judge(rows[i].sent, COUNT_OF(rows[i].sent), store, arena, &out);
		EXPECT_INT(out.problems, rows[i].problems);
		EXPECT((out.verify_error == NULL) == ((rows[i].problems & ~(unsigned)W) == 0));
		for (int bit = 0; bit < STS_CERT_PROBLEM_COUNT; bit++)
			EXPECT((out.problem_text[bit] != NULL) == ((out.problems & 1u << bit) != 0));
		if (rows[i].words != NULL) {
			const char *text = out.problem_text[sts_cert_problem_first(rows[i].about)];

			EXPECT(text != NULL && strstr(text, rows[i].words) != NULL);
			if (text == NULL || strstr(text, rows[i].words) == NULL)
				printf("    \"%s\" instead of \"%s\"\n", text, rows[i].words);
		}
	}
	X509_STORE_free(store);
}

/* The same certificate, read with another library context. */
static X509 *reread(X509 *cert, OSSL_LIB_CTX *library)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	const unsigned char *p = der;
	X509 *copy = X509_new_ex(library, NULL);

	EXPECT(len > 0 && d2i_X509(&copy, &p, len) != NULL);
	OPENSSL_free(der);
	return copy;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void expect_same(const struct sts_tls *a, const struct sts_tls *b)
{
	EXPECT_INT(a->problems, b->problems);
	EXPECT(same_text(a->verify_error, b->verify_error));
	for (int bit = 0; bit < STS_CERT_PROBLEM_COUNT; bit++)
		EXPECT(same_text(a->problem_text[bit], b->problem_text[bit]));
	EXPECT_INT(a->chain_count, b->chain_count);
	for (size_t i = 0; i < a->chain_count && i < b->chain_count; i++) {
		EXPECT(same_text(a->chain[i].key_type, b->chain[i].key_type));
		EXPECT_INT(a->chain[i].key_bits, b->chain[i].key_bits);
		EXPECT(same_text(a->chain[i].sha256, b->chain[i].sha256));
		EXPECT(same_text(a->chain[i].spki_sha256, b->chain[i].spki_sha256));
	}
}

/* A library that lacks most of its readers judges every row as the whole one does; with signatures remembered of all the rows before, too. */
static void test_lean(struct sts_arena *arena)
{
	struct sts_lean lean;
	X509_STORE *store = make_store(trusted, COUNT_OF(trusted));
	X509_STORE *lean_store = X509_STORE_new();
	X509 *copies[WHO_COUNT] = {NULL};
	struct sts_links *links = sts_links_new();

	sts_lean_open(&lean);
	EXPECT(lean.library != NULL);
	for (size_t i = 0; i < WHO_COUNT; i++)
		if (certs[i].cert != NULL)
			copies[i] = reread(certs[i].cert, lean.library);
	for (size_t i = 0; i < COUNT_OF(trusted); i++)
		X509_STORE_add_cert(lean_store, copies[trusted[i]]);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_tls whole, little = {0};
		STACK_OF(X509) *sent = sk_X509_new_null();

		CASE("lean: %s", rows[i].name);
		judge(rows[i].sent, COUNT_OF(rows[i].sent), store, arena, &whole);
		for (size_t n = 0; n < COUNT_OF(rows[i].sent) && rows[i].sent[n] != NOBODY; n++)
			sk_X509_push(sent, copies[rows[i].sent[n]]);
		sts_chain_judge(sent, &(struct sts_chain_params){lean_store, HOST, PKI_NOW, lean.library, NULL}, arena, &little);
		expect_same(&whole, &little);
		for (int round = 0; round < 2; round++) {
			little = (struct sts_tls){0};
			sts_chain_judge(
				sent, &(struct sts_chain_params){lean_store, HOST, PKI_NOW, lean.library, links}, arena, &little);
			expect_same(&whole, &little);
		}
		sk_X509_free(sent);
	}
	for (size_t i = 0; i < WHO_COUNT; i++)
		X509_free(copies[i]);
	X509_STORE_free(lean_store);
	X509_STORE_free(store);
	sts_links_free(links);
	sts_lean_close(&lean);
}

static X509_STORE *store_of(X509 *root)
{
	X509_STORE *store = X509_STORE_new();

	EXPECT(store != NULL && X509_STORE_add_cert(store, root) == 1);
	return store;
}

/* A leaf, a CA and a root with keys of one kind, judged by the library at hand: read by it, and so verified by its own means. */
static void judge_kind(const struct pki_cert trio[static 3], OSSL_LIB_CTX *library, struct sts_arena *arena, struct sts_tls *out)
{
	X509 *copies[3];
	STACK_OF(X509) *sent = sk_X509_new_null();
	X509_STORE *store;

	for (size_t i = 0; i < 3; i++)
		copies[i] = reread(trio[i].cert, library);
	sk_X509_push(sent, copies[0]);
	sk_X509_push(sent, copies[1]);
	store = store_of(copies[2]);
	*out = (struct sts_tls){0};
	sts_chain_judge(sent, &(struct sts_chain_params){store, HOST, PKI_NOW, library, NULL}, arena, out);
	X509_STORE_free(store);
	sk_X509_free(sent);
	for (size_t i = 0; i < 3; i++)
		X509_free(copies[i]);
}

/* Every kind of key there is in certificates: a reader that the lean library lacks would be a key it cannot read. */
static void test_kinds(struct sts_arena *arena)
{
	static const struct {
		const char *name;
		enum pki_key kind;
	} kinds[] = {
		{"RSA", PKI_RSA2048},
		{"RSA-PSS", PKI_RSA_PSS},
		{"P-256", PKI_EC256},
		{"P-384", PKI_EC384},
		{"P-521", PKI_EC521},
		{"brainpoolP256r1", PKI_BRAINPOOL},
		{"Ed25519", PKI_ED25519},
		{"Ed448", PKI_ED448},
		{"DSA", PKI_DSA2048},
	};
	struct sts_lean lean;

	sts_lean_open(&lean);
	EXPECT(lean.library != NULL);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct pki_cert trio[3];
		struct sts_tls whole, little;

		for (int broken = 0; broken < 2; broken++) {
			CASE("kinds of keys: %s%s", kinds[i].name, broken ? ", a signature that is none" : "");
			trio[2] = pki_make(&(struct pki_spec){.cn = "Root", CA_BASIC, .key = kinds[i].kind});
			trio[1] = pki_make(&(struct pki_spec){.cn = "CA", CA_BASIC, .key = kinds[i].kind, .issuer = &trio[2]});
			trio[0] = pki_make(&(struct pki_spec){
				.cn = HOST, .names = NAMES, .key = kinds[i].kind, .issuer = &trio[1], .broken_signature = broken == 1});
			judge_kind(trio, NULL, arena, &whole);
			judge_kind(trio, lean.library, arena, &little);
			EXPECT_INT(whole.problems, broken ? U : 0);
			EXPECT(whole.chain_count == 2 && whole.chain[0].key_type != NULL);
			expect_same(&whole, &little);
			for (size_t n = 0; n < 3; n++)
				pki_free(&trio[n]);
		}
	}
	sts_lean_close(&lean);
}

static void test_other_stores(struct sts_arena *arena)
{
	X509_STORE *store = make_store((const enum who[]){SELF}, 1);
	struct sts_tls out;

	CASE("a self-signed certificate that is trusted");
	judge((const enum who[]){SELF}, 1, store, arena, &out);
	EXPECT_INT(out.problems, 0);
	X509_STORE_free(store);

	CASE("an intermediate that is trusted");
	store = make_store((const enum who[]){CA}, 1);
	judge((const enum who[]){GOOD}, 1, store, arena, &out);
	EXPECT_INT(out.problems, 0);
	X509_STORE_free(store);

	CASE("nothing is trusted");
	store = make_store(NULL, 0);
	judge((const enum who[]){GOOD, CA, ROOT}, 3, store, arena, &out);
	EXPECT_INT(out.problems, U);
	X509_STORE_free(store);
}

static void test_time(struct sts_arena *arena)
{
	X509_STORE *store = make_store(trusted, COUNT_OF(trusted));
	STACK_OF(X509) *stack = pki_stack((const struct pki_cert *[]){&certs[GOOD], &certs[CA]}, 2);
	static const struct {
		int64_t at;
		unsigned problems;
	} times[] = {
		{PKI_NOW + 60 * PKI_DAY, 0},
		{PKI_NOW + 60 * PKI_DAY + 1, E},
		{PKI_NOW - 30 * PKI_DAY, 0},
		{PKI_NOW - 30 * PKI_DAY - 1, Y},
		{0, Y},
		{INT64_C(4000000000), E},
	};

	for (size_t i = 0; i < COUNT_OF(times); i++) {
		struct sts_tls out = {0};

		CASE("judged at %" PRId64, times[i].at);
		sts_chain_judge(stack, &(struct sts_chain_params){store, HOST, times[i].at, NULL, NULL}, arena, &out);
		EXPECT_INT(out.problems, times[i].problems);
	}
	sk_X509_free(stack);
	X509_STORE_free(store);
}

/* ---- what is remembered ------------------------------------------------------------------------------------------ */

/* How a pair is judged, and that nothing remembered changes it. */
static unsigned judge_pair(X509 *leaf, X509 *ca, struct sts_chain_params params, struct sts_links *links, struct sts_arena *arena)
{
	STACK_OF(X509) *sent = sk_X509_new_null();
	struct sts_tls plain = {0}, out = {0};

	sk_X509_push(sent, leaf);
	sk_X509_push(sent, ca);
	sts_chain_judge(sent, &params, arena, &plain);
	params.links = links;
	sts_chain_judge(sent, &params, arena, &out);
	expect_same(&plain, &out);
	sk_X509_free(sent);
	return out.problems;
}

/* The same certificate with one bit of its signature turned. */
static X509 *tampered(X509 *cert)
{
	X509 *copy = X509_dup(cert);
	const ASN1_BIT_STRING *signature = NULL;

	X509_get0_signature(&signature, NULL, copy);
	EXPECT(signature != NULL && signature->length > 20);
	signature->data[signature->length - 3] ^= 1;
	return copy;
}

/* All that the CA's certificate says, signed by somebody else. */
static X509 *forged(void)
{
	X509 *copy = X509_dup(certs[CA].cert);

	EXPECT(X509_sign(copy, certs[ROOT_UNKNOWN].key, EVP_sha256()) > 0);
	return copy;
}

/* The same name and key identifier from the same root, but another key. */
static X509 *twin(void)
{
	X509 *copy = X509_dup(certs[CA].cert);

	EXPECT(X509_set_pubkey(copy, certs[CA_OTHER].key) == 1 && X509_sign(copy, certs[ROOT].key, EVP_sha256()) > 0);
	return copy;
}

static void test_links_facts(struct sts_arena *arena)
{
	X509_STORE *store = make_store(trusted, COUNT_OF(trusted)), *empty = make_store(NULL, 0);
	X509_STORE *other = make_store((const enum who[]){ROOT_UNKNOWN}, 1);
	struct sts_links *links = sts_links_new();
	X509 *leaf = certs[GOOD].cert, *ca = certs[CA].cert, *leaf_bad = tampered(leaf), *ca_bad = tampered(ca), *ca_forged = forged(), *ca_twin = twin();
	const struct {
		const char *name;
		X509 *leaf, *ca;
		struct sts_chain_params params;
		unsigned problems;
	} steps[] = {
		{"at first", leaf, ca, {store, HOST, PKI_NOW, NULL, NULL}, 0},
		{"again", leaf, ca, {store, HOST, PKI_NOW, NULL, NULL}, 0},
		{"for another name", leaf, ca, {store, "mail.example.com", PKI_NOW, NULL, NULL}, N},
		{"in its last second", leaf, ca, {store, HOST, PKI_NOW + 60 * PKI_DAY, NULL, NULL}, 0},
		{"a second later", leaf, ca, {store, HOST, PKI_NOW + 60 * PKI_DAY + 1, NULL, NULL}, E},
		{"in its first second", leaf, ca, {store, HOST, PKI_NOW - 30 * PKI_DAY, NULL, NULL}, 0},
		{"a second earlier", leaf, ca, {store, HOST, PKI_NOW - 30 * PKI_DAY - 1, NULL, NULL}, Y},
		{"with nothing trusted", leaf, ca, {empty, HOST, PKI_NOW, NULL, NULL}, U},
		{"with another root trusted", leaf, ca, {other, HOST, PKI_NOW, NULL, NULL}, U},
		{"now as before", leaf, ca, {store, HOST, PKI_NOW, NULL, NULL}, 0},
		{"the leaf's signature turned", leaf_bad, ca, {store, HOST, PKI_NOW, NULL, NULL}, U},
		{"the CA's signature turned", leaf, ca_bad, {store, HOST, PKI_NOW, NULL, NULL}, U},
		{"a CA that is forged", leaf, ca_forged, {store, HOST, PKI_NOW, NULL, NULL}, U},
		{"a CA of this name with another key", leaf, ca_twin, {store, HOST, PKI_NOW, NULL, NULL}, U},
		{"another CA in its place", leaf, certs[CA_OTHER].cert, {store, HOST, PKI_NOW, NULL, NULL}, I},
		{"for clients, of the same CA", certs[CLIENT].cert, ca, {store, HOST, PKI_NOW, NULL, NULL}, U},
		{"after all of that", leaf, ca, {store, HOST, PKI_NOW, NULL, NULL}, 0},
	};

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT_OF(steps); i++) {
			CASE("signatures remembered, round %d: %s", round, steps[i].name);
			EXPECT_INT(judge_pair(steps[i].leaf, steps[i].ca, steps[i].params, links, arena), steps[i].problems);
		}
	X509_free(leaf_bad);
	X509_free(ca_bad);
	X509_free(ca_forged);
	X509_free(ca_twin);
	sts_links_free(links);
	X509_STORE_free(store);
	X509_STORE_free(empty);
	X509_STORE_free(other);
}

/* That it spares the work it is there for, and no more than it may. */
static void test_links_work(struct sts_arena *arena)
{
	X509_STORE *store = make_store(trusted, COUNT_OF(trusted));
	struct sts_chain_params params = {store, HOST, PKI_NOW, NULL, NULL};
	struct sts_links *links = sts_links_new();
	X509 *ca = certs[CA].cert, *bad = tampered(certs[GOOD].cert);

	CASE("two signatures at first, then none, then a leaf's only");
	EXPECT_INT(judge_pair(certs[GOOD].cert, ca, params, links, arena), 0);
	EXPECT_INT(sts_links_computed(links), 2);
	EXPECT_INT(judge_pair(certs[GOOD].cert, ca, params, links, arena), 0);
	EXPECT_INT(sts_links_computed(links), 2);
	EXPECT_INT(judge_pair(certs[GOOD_RSA].cert, ca, params, links, arena), 0);
	EXPECT_INT(sts_links_computed(links), 3);

	CASE("a signature that is none is computed each time");
	EXPECT_INT(judge_pair(bad, ca, params, links, arena), U);
	EXPECT_INT(judge_pair(bad, ca, params, links, arena), U);
	EXPECT_INT(sts_links_computed(links), 5);

	CASE("so many leaves that they push each other out, but not the CA");
	for (int i = 0; i < 600; i++) {
		struct pki_cert c = pki_make(&(struct pki_spec){.names = NAMES, .issuer = &certs[CA], .broken_signature = i % 10 == 9});

		EXPECT_INT(judge_pair(c.cert, ca, params, links, arena), i % 10 == 9 ? U : 0);
		pki_free(&c);
		sts_arena_reset(arena);
	}
	EXPECT_INT(sts_links_computed(links), 605);
	EXPECT_INT(judge_pair(certs[GOOD].cert, ca, params, links, arena), 0);
	X509_free(bad);
	sts_links_free(links);
	X509_STORE_free(store);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *id;
	const char *host;
	bool matches;
	bool library_differs; /* OpenSSL's matcher says otherwise, and why we do not follow */
} names[] = {
	{"mta-sts.example.com", "mta-sts.example.com", true, false},
	{"MTA-STS.Example.COM", "mta-sts.example.com", true, false},
	{"mta-sts.example.com", "mta-sts.example.com.", true, true}, /* final full stop of DNS */
	{"mta-sts.example.com.", "mta-sts.example.com", false, false},
	{"example.com", "mta-sts.example.com", false, false},
	{".example.com", "mta-sts.example.com", false, false},
	{"*.example.com", "mta-sts.example.com", true, false},
	{"*.Example.com", "MTA-STS.example.com", true, false},
	{"*.example.com", "a.b.example.com", false, false},
	{"*.example.com", "example.com", false, false},
	{"*.example.com", ".example.com", false, true}, /* to OpenSSL any host under it; to us no host */
	{"*.com", "example.com", true, true}, /* RFC 9525 leaves public suffixes alone */
	{"mta-*.example.com", "mta-sts.example.com", false, false},
	{"*sts.example.com", "mta-sts.example.com", false, false},
	{"mta-sts.*.com", "mta-sts.example.com", false, false},
	{"*.*.com", "mta-sts.example.com", false, false},
	{"*", "localhost", false, false},
	{"*", "mta-sts.example.com", false, false},
	{"", "mta-sts.example.com", false, false},
};

static void test_names(void)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char san[128];
		struct pki_cert c;
		bool library;

		CASE("\"%s\" for \"%s\"", names[i].id, names[i].host);
		EXPECT_INT(sts_dns_id_matches(sts_str_of(names[i].id), sts_str_of(names[i].host)), names[i].matches);
		if (names[i].id[0] == '\0')
			continue;
		snprintf(san, sizeof san, "DNS:%s", names[i].id);
		c = pki_make(&(struct pki_spec){.names = san});
		EXPECT_INT(sts_cert_is_for(c.cert, names[i].host), names[i].matches);
		library = X509_check_host(c.cert, names[i].host, 0,
				  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
		EXPECT_INT(library != names[i].matches, names[i].library_differs);
		pki_free(&c);
	}
	CASE("a NUL octet in a name");
	EXPECT(!sts_dns_id_matches(sts_str("mta-sts.example.com\0.evil.example", 33), STS_STR("mta-sts.example.com")));
}

static void test_many_names(struct sts_arena *arena)
{
	size_t size = 5000 * 32;
	char *san = malloc(size);
	size_t len = 0;
	struct pki_cert c;
	struct sts_cert facts;

	CASE("thousands of names, the last one counts");
	for (int i = 0; i < 4999; i++)
		len += (size_t)snprintf(san + len, size - len, "DNS:n%d.example.net,", i);
	snprintf(san + len, size - len, "DNS:%s", HOST);
	c = pki_make(&(struct pki_spec){.names = san});
	free(san);
	EXPECT(sts_cert_is_for(c.cert, HOST));
	sts_cert_describe(c.cert, STS_CERT_NAMES_MAX, arena, &facts);
	EXPECT_INT(facts.name_total, 5000);
	EXPECT_INT(facts.name_count, STS_CERT_NAMES_MAX);
	EXPECT_CSTR(facts.names[99], "n99.example.net");
	pki_free(&c);
}

static void test_facts(struct sts_arena *arena)
{
	struct sts_cert c;

	CASE("facts of a certificate");
	sts_cert_describe(certs[GOOD].cert, STS_CERT_NAMES_MAX, arena, &c);
	EXPECT_CSTR(c.subject, "CN = " HOST ", O = Test");
	EXPECT_CSTR(c.issuer, "CN = CA 1, O = Test");
	EXPECT_CSTR(c.common_name, HOST);
	EXPECT_INT(c.name_count, 2);
	EXPECT_CSTR(c.names[1], HOST);
	EXPECT_INT(c.not_before, PKI_NOW - 30 * PKI_DAY);
	EXPECT_INT(c.not_after, PKI_NOW + 60 * PKI_DAY);
	EXPECT_CSTR(c.key_type, "EC");
	EXPECT_INT(c.key_bits, 256);
	EXPECT_CSTR(c.signature, "ecdsa-with-SHA256");
	EXPECT_INT(strlen(c.sha256), 64);
	EXPECT_INT(strlen(c.spki_sha256), 64);
	EXPECT(strcmp(c.sha256, c.spki_sha256) != 0);
	EXPECT(!c.self_issued);
	sts_cert_describe(certs[SELF].cert, STS_CERT_NAMES_MAX, arena, &c);
	EXPECT(c.self_issued);
	sts_cert_describe(certs[GOOD_RSA].cert, STS_CERT_NAMES_MAX, arena, &c);
	EXPECT_CSTR(c.key_type, "RSA");
	EXPECT_INT(c.key_bits, 2048);
	CASE("digest of octets");
	sts_sha256_hex("abc", 3, c.sha256);
	EXPECT_CSTR(c.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_names_of_problems(void)
{
	CASE("names of problems");
	EXPECT_CSTR(sts_cert_problem_name(0), NULL);
	EXPECT_CSTR(sts_cert_problem_name(E | N), "expired");
	EXPECT_CSTR(sts_cert_problem_name(N | W), "name-mismatch");
	EXPECT_CSTR(sts_cert_problem_name(W), "weak");
	EXPECT_CSTR(sts_cert_problem_name(I), "chain-incomplete");
}

/* A stranger may send hundreds of certificates that all claim to be each other's issuer. */
static void test_flood(struct sts_arena *arena)
{
	X509_STORE *store = make_store(trusted, COUNT_OF(trusted));
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct sts_tls out = {0};

	CASE("hundreds of certificates");
	sk_X509_push(stack, certs[GOOD].cert);
	for (int i = 0; i < 600; i++)
		sk_X509_push(stack, certs[i % 2 == 0 ? CA_DEEP : CA_OTHER].cert);
	sts_chain_judge(stack, &(struct sts_chain_params){store, HOST, PKI_NOW, NULL, NULL}, arena, &out);
	EXPECT_INT(out.chain_count, STS_CERT_CHAIN_MAX);
	EXPECT_INT(out.chain_total, 601);
	EXPECT_INT(out.problems, I);
	sk_X509_free(stack);
	X509_STORE_free(store);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	make_people();
	test_rows(arena);
	test_lean(arena);
	test_links_facts(arena);
	test_links_work(arena);
	test_kinds(arena);
	test_other_stores(arena);
	test_time(arena);
	test_names();
	test_many_names(arena);
	test_facts(arena);
	test_names_of_problems();
	test_flood(arena);
	for (size_t i = 0; i < WHO_COUNT; i++)
		pki_free(&certs[i]);
	sts_arena_free(arena);
	return test_done();
}
