/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line and MQFERRY_* environment, checked against one table (options.def).
 *
 * GNU long options, no abbreviations, "--" ends them. Flags come before the environment, the environment before the
 * configuration. Every mistake of the line is found at parsing: types, ranges, options of other commands, unknown ones
 * with the nearest spelling.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_OPTIONS_H
#define MQFERRY_CONTROLLER_COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"

enum command {
#define COMMAND(id, name, arguments, doc) COMMAND_##id,
#include "controller/commands/options.def"
    COMMANDS
};

enum {
#define COMMAND(id, name, arguments, doc) FOR_##id = 1 << COMMAND_##id,
#include "controller/commands/options.def"
};

enum option {
#define OPTION(id, name, type, argument, commands, doc) OPTION_##id,
#include "controller/commands/options.def"
    OPTIONS
};

enum option_type {
    OPTION_TYPE_FLAG,
    OPTION_TYPE_TEXT,
    OPTION_TYPE_TEXTS,
    OPTION_TYPE_DURATION,
    OPTION_TYPE_COUNT,
    OPTION_TYPE_RATE,
    OPTION_TYPE_CHOICE
};

struct command_info {
    const char *name, *arguments, *doc;
};

struct option_info {
    const char *name;
    enum option_type type;
    const char *argument; /* NULL for flags */
    uint32_t commands;    /* FOR_… */
    const char *doc;
};

const struct command_info *command_info(enum command command);
const struct option_info *option_info(enum option option);
/* "MQFERRY_LOG_LEVEL" for --log-level. */
enum { OPTION_VARIABLE_BYTES = 64 };
void option_variable(enum option option, char out[static OPTION_VARIABLE_BYTES]);
enum command command_by_name(const char *name);             /* COMMANDS when unknown */
int command_unknown(const char *name, struct failure *why); /* -1: says so, with the nearest one */

enum origin { ORIGIN_DEFAULT = 0, ORIGIN_CONFIGURATION, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

struct option_value {
    const char **texts; /* borrowed from argv or the environment; NULL-terminated */
    uint32_t count;
    uint64_t number; /* DURATION ms, COUNT, RATE per second */
    enum origin origin;
};

struct options {
    enum command command;
    struct option_value values[OPTIONS];
    const char **arguments; /* what is not an option; NULL-terminated */
    uint32_t argument_count;
};

/* argv without the program's name. cause USAGE. 0 or -1; release in both cases. */
int options_parse(struct options *options, int argc, char **argv, struct failure *why);
void options_release(struct options *options);

bool options_has(const struct options *options, enum option option);
const char *options_text(const struct options *options, enum option option, const char *otherwise);
uint64_t options_number(const struct options *options, enum option option, uint64_t otherwise);

#endif
