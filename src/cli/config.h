/* Configuration files: the long options as "name = value" lines under [section] heads.  [interface.md section 5] */
#ifndef STS_CLI_CONFIG_H
#define STS_CLI_CONFIG_H

#include "cli/cli.h"

/**
 * Set a command's options from its section of the configuration: /etc/mtasts/mtasts.conf, then $XDG_CONFIG_HOME/mtasts/mtasts.conf
 * (or ~/.config/…), which wins; or only_file in place of both, which then has to be there.
 *
 * @param args  the command's struct of arguments
 * @return -1: go on; otherwise leave with this status, the complaint is printed
 */
int cli_read_config(const struct cli_command *command, const char *only_file, void *args);

#endif
