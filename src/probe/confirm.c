#include "probe/confirm.h"

#include "proto/dnsmsg.h"

#include <stdlib.h>

/* keys of the trust anchor's zone, where there is validation -> the question -> (a key or DS did not arrive) that key or DS */

struct sts_confirmer {
	struct sts_path *path;
	struct sts_validator *validator; /* one for all that confirm at the same time, gone when the last has ended */
	size_t users;
};

struct sts_confirm {
	struct sts_confirmer *confirmer;
	struct sts_arena *arena;
	const char *name;
	uint16_t type;
	sts_confirm_fn *done;
	void *arg;
	struct sts_ask *ask;
	struct sts_ask_result bogus; /* kept while the last step runs */
};

static void top_answered(const struct sts_ask_result *result, void *arg);
static void question_answered(const struct sts_ask_result *result, void *arg);
static void key_answered(const struct sts_ask_result *result, void *arg);

struct sts_confirmer *sts_confirmer_new(struct sts_path *path)
{
	struct sts_confirmer *c = calloc(1, sizeof *c);

	if (c != NULL)
		c->path = path;
	return c;
}

void sts_confirmer_free(struct sts_confirmer *c)
{
	if (c == NULL)
		return;
	sts_validator_free(c->validator);
	free(c);
}

static void release(struct sts_confirm *c)
{
	struct sts_confirmer *confirmer = c->confirmer;

	if (c->ask != NULL)
		sts_ask_cancel(c->ask);
	c->ask = NULL;
	if (--confirmer->users != 0)
		return;
	sts_validator_free(confirmer->validator);
	confirmer->validator = NULL;
}

void sts_confirm_cancel(struct sts_confirm *c)
{
	release(c);
}

static void end(struct sts_confirm *c, enum sts_confirm_end how, const struct sts_ask_result *result, const char *words)
{
	release(c);
	c->done(how, result, words, c->arg);
}

static void ask(struct sts_confirm *c, const char *name, uint16_t type, sts_ask_fn *then)
{
	c->ask = sts_ask(c->confirmer->validator, name, type, then, c);
	if (c->ask == NULL)
		end(c, STS_CONFIRM_UNKNOWN, NULL, "it failed, and could not be repeated");
}

struct sts_confirm *sts_confirm_start(struct sts_confirmer *confirmer, struct sts_arena *arena, const char *name, uint16_t type,
	sts_confirm_fn *done, void *arg)
{
	struct sts_confirm *c = STS_NEW(arena, struct sts_confirm);

	*c = (struct sts_confirm){.confirmer = confirmer, .arena = arena, .name = name, .type = type, .done = done, .arg = arg};
	if (confirmer->users == 0)
		confirmer->validator = sts_path_fresh(confirmer->path);
	if (confirmer->validator == NULL)
		return NULL;
	if (sts_path_kind(confirmer->path) == STS_PATH_UNVALIDATED)
		c->ask = sts_ask(confirmer->validator, name, type, question_answered, c);
	else
		c->ask = sts_ask(confirmer->validator, sts_path_top(confirmer->path), STS_T_DNSKEY, top_answered, c);
	if (c->ask == NULL && confirmer->users == 0) {
		sts_validator_free(confirmer->validator);
		confirmer->validator = NULL;
	}
	if (c->ask == NULL)
		return NULL;
	confirmer->users++;
	return c;
}

static void top_answered(const struct sts_ask_result *result, void *arg)
{
	struct sts_confirm *c = arg;

	c->ask = NULL;
	if (result->failed)
		end(c, STS_CONFIRM_UNKNOWN, NULL, "it failed, and then nothing answered any more");
	else if (result->verdict != STS_ASK_SECURE)
		end(c, STS_CONFIRM_STRIPPED, NULL, sts_strdup(c->arena, result->why));
	else
		ask(c, c->name, c->type, question_answered);
}

/* "for key example.com. while …": the name behind one of libunbound's phrases, or NULL. */
static const char *name_behind(struct sts_confirm *c, const char *why, const char *phrase)
{
	const char *at = strstr(why, phrase);
	size_t len;

	if (at == NULL)
		return NULL;
	at += strlen(phrase);
	len = strcspn(at, " ,");
	return len == 0 ? NULL : sts_strndup(c->arena, at, len);
}

/* What the validator missed, if its reason tells of something missed. A zone may truly lack it: then the question for it is answered. */
static const char *missed(struct sts_confirm *c, const char *why, uint16_t *type)
{
	const char *name;

	*type = STS_T_DNSKEY;
	if (why == NULL)
		return NULL;
	if (strstr(why, "No DNSKEY record") != NULL || strstr(why, "no DNSKEY rrset") != NULL) {
		name = name_behind(c, why, "for key ");
		return name != NULL ? name : name_behind(c, why, "for trust anchor ");
	}
	*type = STS_T_DS;
	return strstr(why, "no DS") != NULL ? name_behind(c, why, "for DS ") : NULL;
}

static void keep(struct sts_confirm *c, const struct sts_ask_result *result)
{
	uint8_t *packet = sts_alloc(c->arena, result->packet_len);

	memcpy(packet, result->packet, result->packet_len);
	c->bogus = *result;
	c->bogus.packet = packet;
	c->bogus.why = sts_strdup(c->arena, result->why);
}

static void question_answered(const struct sts_ask_result *result, void *arg)
{
	struct sts_confirm *c = arg;
	const char *name;
	uint16_t type;

	c->ask = NULL;
	if (result->failed) {
		end(c, STS_CONFIRM_UNKNOWN, NULL, "it failed, and then nothing answered any more");
	} else if (result->verdict != STS_ASK_BOGUS) {
		end(c, STS_CONFIRM_OTHERWISE, result, NULL);
	} else if ((name = missed(c, result->why, &type)) != NULL) {
		keep(c, result);
		ask(c, name, type, key_answered);
	} else {
		end(c, STS_CONFIRM_BOGUS, result, NULL);
	}
}

static void key_answered(const struct sts_ask_result *result, void *arg)
{
	struct sts_confirm *c = arg;

	c->ask = NULL;
	if (result->failed || result->verdict == STS_ASK_SECURE)
		end(c, STS_CONFIRM_UNKNOWN, NULL, sts_sprintf(c->arena, "could not be validated, something needed did not arrive: %s", c->bogus.why));
	else
		end(c, STS_CONFIRM_BOGUS, &c->bogus, NULL);
}
