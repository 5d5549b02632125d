#include "net/roots.h"

#include "base/str.h"

#include <dirent.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Debian's hashed directory: one small file is read per root used, where the bundle costs 40 ms. Environment variables
 * do not count, so that a verdict depends on nothing but the system and --ca-file. */
#define ROOTS_DIR "/etc/ssl/certs"
#define ROOTS_FILE "/etc/ssl/certs/ca-certificates.crt"

/* Hashed names are eight hex digits, a full stop and a number. */
static bool holds_hashed_roots(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (e = readdir(dir)) != NULL)
		found = strlen(e->d_name) >= 10 && strspn(e->d_name, "0123456789abcdef") == 8 && e->d_name[8] == '.' &&
			sts_is_digit(e->d_name[9]);
	closedir(dir);
	return found;
}

static enum sts_err load_file(
	X509_STORE *store, OSSL_LIB_CTX *library, const char *path, char **name, const char **why)
{
	static _Thread_local char text[512];
	unsigned long error;

	ERR_clear_error();
	*name = strdup(path);
	if (*name == NULL)
		return STS_ENOMEM;
	if (X509_STORE_load_file_ex(store, path, library, NULL) == 1)
		return STS_OK;
	error = ERR_peek_error();
	snprintf(text, sizeof text, "no trusted certificates can be read from %s: %s", path,
		ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : "it is not PEM, or holds none");
	*why = text;
	ERR_clear_error();
	return STS_EINVAL;
}

enum sts_err sts_roots_load(
	X509_STORE *store, OSSL_LIB_CTX *library, const char *ca_file, char **name, const char **why)
{
	if (ca_file != NULL)
		return load_file(store, library, ca_file, name, why);
	if (holds_hashed_roots(ROOTS_DIR)) {
		*name = strdup(ROOTS_DIR);
		if (*name == NULL)
			return STS_ENOMEM;
		return X509_STORE_load_path(store, ROOTS_DIR) == 1 ? STS_OK : STS_ENOMEM;
	}
	if (load_file(store, library, ROOTS_FILE, name, why) == STS_OK)
		return STS_OK;
	*why = "no trusted root certificates in " ROOTS_DIR " (Debian: package ca-certificates), and no --ca-file";
	return STS_ESYSTEM;
}
