#include "monitor/deliver.h"

#include <errno.h>
#include <stdio.h>

/* One line, whoever else writes there. */
enum sts_err sts_deliver_stdout(const struct sts_delivery *d, const char **why)
{
	struct sts_str title = sts_json_text(d->alert, "title");
	struct sts_str at = sts_json_text(d->alert, "at");
	struct sts_buf line;
	bool done;

	sts_buf_init(&line, d->message->doc.len + 4096);
	if (d->route->text)
		sts_buf_printf(
			&line, "%.*s %s %.*s", STS_FMT(at), sts_severity_name(d->message->severity), STS_FMT(title));
	else
		sts_buf_add(&line, d->message->doc.ptr, d->message->doc.len);
	sts_buf_addc(&line, '\n');
	errno = 0;
	flockfile(stdout);
	done = !line.failed && fwrite(line.ptr, 1, line.len, stdout) == line.len && fflush(stdout) == 0;
	if (!done)
		clearerr(stdout);
	funlockfile(stdout);
	sts_buf_clear(&line);
	if (done)
		return STS_OK;
	*why = sts_sprintf(d->arena, "standard output: %s", errno != 0 ? strerror(errno) : "too long");
	return STS_EIO;
}
