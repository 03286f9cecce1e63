/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"

static const struct command_info commands[COMMANDS] = {
#define COMMAND(id, name, arguments, doc) {name, arguments, doc},
#include "controller/commands/options.def"
};

static const struct option_info infos[OPTIONS] = {
#define OPTION(id, name, type, argument, commands, doc) {name, OPTION_TYPE_##type, argument, commands, doc},
#include "controller/commands/options.def"
};

enum { COUNT_MAX = 1000000000, RATE_MAX = 100000 };

const struct command_info *command_info(enum command command)
{
    return &commands[command];
}

const struct option_info *option_info(enum option option)
{
    return &infos[option];
}

enum command command_by_name(const char *name)
{
    enum command command = 0;
    while (command < COMMANDS && strcmp(commands[command].name, name) != 0)
        command++;
    return command;
}

bool options_has(const struct options *options, enum option option)
{
    return options->values[option].count > 0;
}

const char *options_text(const struct options *options, enum option option, const char *otherwise)
{
    const struct option_value *value = &options->values[option];
    return value->count > 0 ? value->texts[value->count - 1] : otherwise;
}

uint64_t options_number(const struct options *options, enum option option, uint64_t otherwise)
{
    return options_has(options, option) ? options->values[option].number : otherwise;
}

/* --- values
 * ------------------------------------------------------------------------------------------------------------ */

static int push(const char ***texts, uint32_t *count, const char *text, struct failure *why)
{
    const char **grown = realloc(*texts, (*count + 2) * sizeof *grown);
    if (grown == NULL)
        return failure_no_memory(why, "the command line");
    grown[(*count)++] = text;
    grown[*count] = NULL;
    *texts = grown;
    return 0;
}

/* Is `text` one of a|b|c? */
static bool is_choice(const char *choices, const char *text)
{
    size_t bytes = strlen(text);
    for (const char *choice = choices; choice != NULL; choice = strchr(choice, '|')) {
        if (*choice == '|')
            choice++;
        size_t length = strcspn(choice, "|");
        if (length == bytes && memcmp(choice, text, bytes) == 0)
            return true;
    }
    return false;
}

static bool parse_count(const char *text, size_t bytes, uint64_t max, uint64_t *out)
{
    int64_t number;
    if (!number_parse((struct text){text, bytes}, &number) || number < 1 || (uint64_t)number > max)
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool parse_rate(const char *text, uint64_t *out)
{
    size_t bytes = strlen(text);
    return bytes > 2 && strcmp(text + bytes - 2, "/s") == 0 && parse_count(text, bytes - 2, RATE_MAX, out);
}

/* What the value should look like, or NULL when it does. */
static const char *check_value(const struct option_info *info, const char *text, uint64_t *out_number)
{
    switch (info->type) {
    case OPTION_TYPE_DURATION:
        return duration_parse(text_of(text), out_number) ? NULL : "a duration like 90s, 10m or 24h";
    case OPTION_TYPE_COUNT:
        return parse_count(text, strlen(text), COUNT_MAX, out_number) ? NULL : "a whole number from 1";
    case OPTION_TYPE_RATE:
        return parse_rate(text, out_number) ? NULL : "a rate like 10/s";
    case OPTION_TYPE_CHOICE:
        return is_choice(info->argument, text) ? NULL : info->argument;
    case OPTION_TYPE_TEXT:
    case OPTION_TYPE_TEXTS:
        return text[0] != '\0' ? NULL : "a value that is not empty";
    case OPTION_TYPE_FLAG:
        break;
    }
    return NULL;
}

void option_variable(enum option option, char out[static OPTION_VARIABLE_BYTES])
{
    static const char prefix[] = "MQFERRY_";
    size_t length = sizeof prefix - 1;

    memcpy(out, prefix, length);
    for (const char *c = infos[option].name; *c != '\0'; c++)
        out[length++] = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    out[length] = '\0';
}

static int take_value(struct options *options, enum option option, const char *text, enum origin origin,
                      struct failure *why)
{
    struct option_value *value = &options->values[option];
    const char *wanted = check_value(&infos[option], text, &value->number);

    if (wanted != NULL) {
        if (origin == ORIGIN_ENVIRONMENT) {
            char variable[OPTION_VARIABLE_BYTES];
            option_variable(option, variable);
            return failure_set(why, CAUSE_USAGE, "%s is '%s' in the environment; it takes %s", variable, text, wanted);
        }
        return failure_set(why, CAUSE_USAGE, "--%s takes %s, not '%s'", infos[option].name, wanted, text);
    }
    if (value->count > 0 && infos[option].type != OPTION_TYPE_TEXTS && infos[option].type != OPTION_TYPE_FLAG)
        return failure_set(why, CAUSE_USAGE, "--%s is given twice", infos[option].name);
    value->origin = origin;
    return push(&value->texts, &value->count, text, why);
}

/* --- the line
 * ---------------------------------------------------------------------------------------------------------- */

static enum option option_by_name(const char *name, size_t bytes)
{
    enum option option = 0;
    while (option < OPTIONS && !text_is((struct text){name, bytes}, infos[option].name))
        option++;
    return option;
}

static int fail_unknown_option(enum command command, const char *name, size_t bytes, struct failure *why)
{
    const char *known[OPTIONS + 1];
    size_t count = 0;

    for (enum option option = 0; option < OPTIONS; option++) {
        if ((infos[option].commands & (1U << command)) != 0)
            known[count++] = infos[option].name;
    }
    known[count] = NULL;
    const char *near = nearest_spelling((struct text){name, bytes}, known);
    if (near != NULL)
        return failure_set(why, CAUSE_USAGE, "there is no option --%.*s; did you mean --%s?", (int)bytes, name, near);
    return failure_set(why, CAUSE_USAGE, "there is no option --%.*s; see mqferry help %s", (int)bytes, name,
                       commands[command].name);
}

/* "--name=value" or "--name value": consumes one or two of argv; the number goes to *at. */
static int take_option(struct options *options, int argc, char **argv, int *at, struct failure *why)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t bytes = equals != NULL ? (size_t)(equals - name) : strlen(name);
    enum option option = option_by_name(name, bytes);

    if (option == OPTIONS)
        return fail_unknown_option(options->command, name, bytes, why);
    if ((infos[option].commands & (1U << options->command)) == 0)
        return failure_set(why, CAUSE_USAGE, "mqferry %s takes no --%s; see mqferry help %s",
                           commands[options->command].name, infos[option].name, commands[options->command].name);
    (*at)++;
    if (infos[option].type == OPTION_TYPE_FLAG) {
        if (equals != NULL)
            return failure_set(why, CAUSE_USAGE, "--%s takes no value", infos[option].name);
        return take_value(options, option, "true", ORIGIN_FLAG, why);
    }
    if (equals != NULL)
        return take_value(options, option, equals + 1, ORIGIN_FLAG, why);
    if (*at >= argc)
        return failure_set(why, CAUSE_USAGE, "--%s needs %s", infos[option].name, infos[option].argument);
    return take_value(options, option, argv[(*at)++], ORIGIN_FLAG, why);
}

/* How many words besides options a command takes. */
static uint32_t arguments_max(enum command command)
{
    switch (command) {
    case COMMAND_VALIDATE:
        return UINT32_MAX;
    case COMMAND_APPLY: /* PLAN */
    case COMMAND_CONFIG:
    case COMMAND_STATUS: /* SYNC */
    case COMMAND_HELP:
        return 1;
    default:
        return 0;
    }
}

static int check_arguments(const struct options *options, struct failure *why)
{
    if (options->argument_count <= arguments_max(options->command))
        return 0;
    return failure_set(why, CAUSE_USAGE, "mqferry %s does not know what to do with '%s'",
                       commands[options->command].name, options->arguments[options->argument_count - 1]);
}

static int take_line(struct options *options, int argc, char **argv, struct failure *why)
{
    for (int at = 0; at < argc;) {
        if (strcmp(argv[at], "--") == 0) {
            for (at++; at < argc; at++) {
                if (push(&options->arguments, &options->argument_count, argv[at], why) < 0)
                    return -1;
            }
        } else if (strncmp(argv[at], "--", 2) == 0) {
            if (take_option(options, argc, argv, &at, why) < 0)
                return -1;
        } else if (argv[at][0] == '-' && argv[at][1] != '\0') {
            return failure_set(why, CAUSE_USAGE, "there are no short options like %s; see mqferry help %s", argv[at],
                               commands[options->command].name);
        } else if (push(&options->arguments, &options->argument_count, argv[at++], why) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A flag is on when its variable says true, yes or 1. */
static int take_environment(struct options *options, struct failure *why)
{
    for (enum option option = 0; option < OPTIONS; option++) {
        char variable[OPTION_VARIABLE_BYTES];
        if (options_has(options, option) || (infos[option].commands & (1U << options->command)) == 0 ||
            option == OPTION_HELP || option == OPTION_VERSION)
            continue;
        option_variable(option, variable);
        const char *text = getenv(variable);
        if (text == NULL || text[0] == '\0')
            continue;
        if (infos[option].type == OPTION_TYPE_FLAG && strcmp(text, "true") != 0 && strcmp(text, "yes") != 0 &&
            strcmp(text, "1") != 0)
            continue;
        if (take_value(options, option, text, ORIGIN_ENVIRONMENT, why) < 0)
            return -1;
    }
    return 0;
}

int command_unknown(const char *name, struct failure *why)
{
    const char *known[COMMANDS + 1];
    for (enum command command = 0; command < COMMANDS; command++)
        known[command] = commands[command].name;
    known[COMMANDS] = NULL;
    const char *near = nearest_spelling(text_of(name), known);
    if (near != NULL)
        return failure_set(why, CAUSE_USAGE, "there is no command '%s'; did you mean %s?", name, near);
    return failure_set(why, CAUSE_USAGE, "there is no command '%s'; see mqferry help", name);
}

int options_parse(struct options *options, int argc, char **argv, struct failure *why)
{
    memset(options, 0, sizeof *options);
    options->command = COMMAND_HELP;
    if (argc == 0)
        return 0;
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return 0;
    if (strcmp(argv[0], "--version") == 0) {
        options->command = COMMAND_VERSION;
        return 0;
    }
    if (argv[0][0] == '-')
        return failure_set(why, CAUSE_USAGE, "the command comes first: mqferry COMMAND %s; see mqferry help", argv[0]);
    options->command = command_by_name(argv[0]);
    if (options->command == COMMANDS) {
        options->command = COMMAND_HELP;
        return command_unknown(argv[0], why);
    }
    if (take_line(options, argc - 1, argv + 1, why) < 0 || check_arguments(options, why) < 0)
        return -1;
    return take_environment(options, why);
}

void options_release(struct options *options)
{
    for (enum option option = 0; option < OPTIONS; option++)
        free(options->values[option].texts);
    free(options->arguments);
}
