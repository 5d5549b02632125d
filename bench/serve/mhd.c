/* The same on libmicrohttpd, one thread with epoll: mhd PORT FILE. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char page[1 << 20];
static struct MHD_Response *health, *result;

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data,
	size_t *len, void **state)
{
	(void)arg;
	(void)method;
	(void)version;
	(void)data;
	*len = 0;
	if (*state == NULL) { /* an answer to the head alone would close the connection */
		*state = page;
		return MHD_YES;
	}
	return MHD_queue_response(c, MHD_HTTP_OK, strcmp(url, "/healthz") == 0 ? health : result);
}

int main(int argc, char **argv)
{
	FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
	size_t len;

	if (f == NULL)
		return 2;
	len = fread(page, 1, sizeof page, f);
	fclose(f);
	health = MHD_create_response_from_buffer(3, (char[]){"ok\n"}, MHD_RESPMEM_MUST_COPY);
	result = MHD_create_response_from_buffer(len, page, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(health, "Content-Type", "text/plain");
	MHD_add_response_header(result, "Content-Type", "application/json");
	if (MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL, handle, NULL, MHD_OPTION_CONNECTION_LIMIT, 2000u,
		    MHD_OPTION_END) == NULL)
		return 1;
	for (;;)
		pause();
}
