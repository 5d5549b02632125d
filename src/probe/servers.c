#include "probe/servers.h"

#include "net/address.h"

#include <stdio.h>

#define DNS_PORT 53

static bool parse_port(const char *text, uint16_t *out)
{
	uint64_t port;

	if (!sts_str_u64(sts_str_of(text), &port) || port == 0 || port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

/* The address may carry "%scope"; inet_pton does not know it. */
static bool parse_address(char *text, struct sts_arena *arena, struct sts_server *out)
{
	char *percent = strchr(text, '%');

	out->scope = NULL;
	if (percent != NULL) {
		*percent = '\0';
		out->scope = sts_strdup(arena, percent + 1);
	}
	return sts_address_parse(text, &out->address) && (out->scope == NULL || out->address.family == 6);
}

bool sts_server_parse(const char *text, struct sts_arena *arena, struct sts_server *out)
{
	char *copy = sts_strdup(arena, text);
	char *colon = strrchr(copy, ':');
	char *bracket = strchr(copy, ']');

	out->port = DNS_PORT;
	if (*copy == '[') {
		if (bracket == NULL || (bracket[1] != '\0' && (bracket[1] != ':' || !parse_port(bracket + 2, &out->port))))
			return false;
		*bracket = '\0';
		return parse_address(copy + 1, arena, out) && out->address.family == 6;
	}
	/* One colon is a port, more are IPv6. */
	if (colon != NULL && strchr(copy, ':') == colon) {
		if (!parse_port(colon + 1, &out->port))
			return false;
		*colon = '\0';
	}
	return parse_address(copy, arena, out);
}

static void take_line(char *line, struct sts_arena *arena, struct sts_servers *out)
{
	char *save = NULL;
	char *word = strtok_r(line, " \t\r\n", &save);
	struct sts_server *server = &out->list[out->count];

	if (word == NULL || strcmp(word, "nameserver") != 0)
		return;
	word = strtok_r(NULL, " \t\r\n", &save);
	if (word == NULL || !parse_address(word, arena, server))
		return;
	server->port = DNS_PORT;
	out->count++;
}

void sts_servers_read(const char *file, struct sts_arena *arena, struct sts_servers *out)
{
	FILE *f = fopen(file, "re");
	char line[512];

	out->count = 0;
	if (f == NULL)
		return;
	while (out->count < STS_SERVERS_MAX && fgets(line, sizeof line, f) != NULL)
		take_line(line, arena, out);
	fclose(f);
}

static const char *one_text(const struct sts_server *s, struct sts_arena *arena)
{
	const char *text = s->scope == NULL ? s->address.text : sts_sprintf(arena, "%s%%%s", s->address.text, s->scope);

	if (s->port == DNS_PORT)
		return text;
	return sts_sprintf(arena, s->address.family == 6 ? "[%s]:%u" : "%s:%u", text, (unsigned)s->port);
}

const char *sts_servers_text(const struct sts_servers *servers, struct sts_arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < servers->count; i++)
		text = sts_sprintf(arena, "%s%s%s", text, i == 0 ? "" : ", ", one_text(&servers->list[i], arena));
	return text;
}
