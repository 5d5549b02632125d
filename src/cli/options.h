/*
 * Options from tables: the same table feeds the command line (--name value, --name=value), the configuration file (name = value) and
 * the text of --help. Options and operands come in any order; "--" ends the options; a single "-" is an operand.
 */
#ifndef STS_CLI_OPTIONS_H
#define STS_CLI_OPTIONS_H

#include "cli/cli.h"

enum cli_kind {
	CLI_FLAG,    /* bool becomes true */
	CLI_UNFLAG,  /* bool becomes false */
	CLI_TEXT,    /* const char * */
	CLI_LIST,    /* struct cli_list; repeatable */
	CLI_PORT,    /* uint16_t, 1 to 65535 */
	CLI_SECONDS, /* unsigned, 1 to 3600 */
	CLI_NUMBER,  /* unsigned, 0 to 1000000 */
	CLI_TIME,    /* int64_t, seconds since 1970, written by RFC 3339 */
	CLI_CHOICE,  /* int: index of the word in choices */
	CLI_FIXED,   /* int becomes value */
	CLI_NOTHING, /* accepted, without effect */
	CLI_REFUSED, /* known, but this build cannot do it: help says why */
};

struct cli_option {
	const char *name;           /* without the dashes; NULL ends a table */
	const char *arg;            /* "FILE", or NULL: takes no value */
	enum cli_kind kind;
	size_t offset;              /* of the variable in the command's struct of arguments */
	const char *const *choices; /* CLI_CHOICE: words, NULL-terminated */
	int value;                  /* CLI_FIXED */
	const char *help;
};

/** Texts in the order given. Those of a nearer source (command line, then the user's file, then the system's) replace the others. */
struct cli_list {
	const char **items;
	size_t count;
	int source;
};

/** It was given on the command line, not in a file. */
bool cli_list_is_typed(const struct cli_list *list);

/** What every command takes. */
struct cli_common {
	const char *config;      /* --config FILE */
	struct cli_list operands;
};

/**
 * Read the configuration files, then the command line, into args.
 *
 * @param args  the command's struct; its first member is a struct cli_common
 * @return -1: go on; otherwise leave with this status (--help was answered, or the complaint is printed)
 */
int cli_parse(const struct cli_command *command, int argc, char **argv, void *args);

/**
 * Set one option from a configuration file.
 *
 * @param source  grows with nearness
 * @param why     on failure a sentence, in the process's arena
 */
bool cli_set_by_name(const struct cli_command *command, const char *name, const char *value, int source, void *args, const char **why);

/** Text of `mtasts COMMAND --help` on standard output. */
void cli_print_help(const struct cli_command *command);

#endif
