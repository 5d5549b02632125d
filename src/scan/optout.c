#include "scan/optout.h"

#include "proto/domain.h"
#include "scan/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static char listed;

/* A public suffix may opt out as well: sts_domain_parse() would refuse it. */
static bool take(struct sts_optout *o, struct sts_str typed)
{
	char name[254];

	if (typed.len > 0 && typed.ptr[typed.len - 1] == '.')
		typed.len--;
	if (typed.len > 1 && typed.ptr[0] == '.')
		typed = sts_str_from(typed, 1);
	if (!sts_domain_to_ascii(typed, name) || name[0] == '\0')
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!sts_is_alnum(*p) && strchr("-._", *p) == NULL)
			return false;
	sts_lower_in_place(name);
	return sts_map_put(&o->names, sts_str_of(name), &listed);
}

enum sts_err sts_optout_read(struct sts_optout *o, const char *path, char why[static 512])
{
	struct sts_input *in = NULL;
	enum sts_err err = sts_input_open(path, 0, &in);
	struct sts_str typed;
	uint64_t line;

	if (err != STS_OK) {
		snprintf(why, 512, "%s cannot be read: %s", path, err == STS_EIO ? strerror(errno) : sts_strerror(err));
		return err;
	}
	while ((err = sts_input_next(in, &typed, &line)) == STS_OK) {
		if (take(o, typed))
			continue;
		snprintf(why, 512, "%s: line %" PRIu64 " is no name", path, line);
		sts_input_close(in);
		return STS_EINVAL;
	}
	if (err == STS_EIO)
		snprintf(why, 512, "%s cannot be read to its end", path);
	sts_input_close(in);
	return err == STS_ENOENT ? STS_OK : err;
}

void sts_optout_clear(struct sts_optout *o)
{
	sts_map_clear(&o->names);
}

bool sts_optout_has(const struct sts_optout *o, const char *name)
{
	if (o->names.count == 0)
		return false;
	for (; name != NULL; name = sts_domain_parent(name))
		if (sts_map_get(&o->names, sts_str_of(name)) != NULL)
			return true;
	return false;
}
