/* Print fixtures in a form, for scripts that read the forms with other programs: fixture_print FORMAT-NUMBER WIDTH NAME... */
#include "fixture.h"
#include "mtasts/report.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const struct sts_report *reports[16];
	size_t count = 0;
	struct sts_render_options options = {0};
	char *out = NULL;
	size_t len = 0;

	if (argc < 4 || argc > 18)
		return 2;
	options.width = (unsigned)strtoul(argv[2], NULL, 10);
	options.color = getenv("FORCE_COLOR") != NULL;
	for (int i = 3; i < argc; i++) {
		reports[count] = fixture(argv[i]);
		if (reports[count++] == NULL)
			return 2;
	}
	if (sts_report_render(reports, count, (enum sts_format)atoi(argv[1]), &options, &out, &len) != STS_OK)
		return 1;
	fwrite(out, 1, len, stdout);
	free(out);
	for (size_t i = 0; i < count; i++)
		sts_report_free((struct sts_report *)reports[i]);
	return ferror(stdout) ? 1 : 0;
}
