/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes pages of the manual (scdoc) and completions of shells from the tables that the program itself uses, so that
 * they cannot drift. Run by the build; not installed.
 *
 *   describe page TEMPLATE    the template, each line "@TABLE@" replaced by what the table says
 *   describe bash|zsh|fish    completions
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/fields.h"
#include "controller/commands/help.h"
#include "controller/commands/options.h"
#include "controller/service/man/completions.h"

/* --- scdoc
 * ------------------------------------------------------------------------------------------------------------------ */

/* Text in which nothing is mark-up. */
static void put(const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("_*\\#<>[]|.~`", *text) != NULL && *text != '.')
            putchar('\\');
        putchar(*text);
    }
}

static void put_marked(char mark, const char *text)
{
    putchar(mark);
    put(text);
    putchar(mark);
}

static void put_commands(void)
{
    for (enum command command = 0; command < COMMANDS; command++) {
        const struct command_info *info = command_info(command);
        put_marked('*', info->name);
        putchar(' ');
        put(info->arguments);
        fputs("\n\t", stdout);
        put(info->doc);
        fputs("\n\n", stdout);
    }
}

/* Which commands take it. */
static void put_takers(const struct option_info *info)
{
    uint32_t all = (1U << COMMANDS) - 1;
    const char *comma = "";

    if ((info->commands & all) == all) {
        fputs("Every command.", stdout);
        return;
    }
    for (enum command command = 0; command < COMMANDS; command++) {
        if ((info->commands & 1U << command) == 0)
            continue;
        fputs(comma, stdout);
        put_marked('*', command_info(command)->name);
        comma = ", ";
    }
    putchar('.');
}

static void put_options(void)
{
    for (enum option option = 0; option < OPTIONS; option++) {
        const struct option_info *info = option_info(option);
        char variable[OPTION_VARIABLE_BYTES];
        fputs("*--", stdout);
        put(info->name);
        putchar('*');
        if (info->argument != NULL) {
            putchar(' ');
            put_marked('_', info->argument);
        }
        fputs("\n\t", stdout);
        put(info->doc);
        fputs(". ", stdout);
        put_takers(info);
        if (option != OPTION_HELP && option != OPTION_VERSION) {
            option_variable(option, variable);
            fputs(" Environment: ", stdout);
            put_marked('*', variable);
            putchar('.');
        }
        fputs("\n\n", stdout);
    }
}

static void put_causes(void)
{
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        put_marked('*', cause_name(cause));
        fputs("\n\t", stdout);
        put(cause_hint(cause));
        fputs("\n\n", stdout);
    }
}

static void put_holders(const struct field_info *info)
{
    static const struct {
        unsigned bit;
        const char *name;
    } holders[] = {{HELD_A, "apsaramq"}, {HELD_O, "ons"}, {HELD_R, "rocketmq"}, {HELD_R5, "rocketmq from 5.0"}};
    const char *comma = "Held by ";

    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        if ((info->held & holders[i].bit) == 0)
            continue;
        fputs(comma, stdout);
        fputs(holders[i].name, stdout);
        comma = ", ";
    }
    putchar('.');
}

static void put_fields(enum kind kind)
{
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        const struct field_info *info = field_info(field);
        char room[HELP_TYPE_BYTES];
        if (info->kind != kind)
            continue;
        put_marked('*', info->name);
        fputs("\n\t", stdout);
        put(info->doc);
        fputs(". ", stdout);
        put(help_type_word(info, room));
        if (info->default_text != NULL && info->default_text[0] != '\0') {
            fputs("; where nothing is said: ", stdout);
            put(info->default_text);
        }
        fputs(". ", stdout);
        put_holders(info);
        fputs("\n\n", stdout);
    }
}

static void put_topic_fields(void)
{
    put_fields(KIND_TOPIC);
}

static void put_group_fields(void)
{
    put_fields(KIND_GROUP);
}

/* --- the page
 * ---------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *mark;
    void (*write)(void);
} tables[] = {
    {"@commands@", put_commands},         {"@options@", put_options},           {"@causes@", put_causes},
    {"@topic-fields@", put_topic_fields}, {"@group-fields@", put_group_fields},
};
enum { TABLES = sizeof tables / sizeof *tables, LINE_BYTES = 1024 };

/* 0, or -1: a table of that name is not there. */
static int put_line(const char *line)
{
    size_t bytes = strcspn(line, "\n");

    if (line[0] != '@') {
        fputs(line, stdout);
        return 0;
    }
    for (size_t i = 0; i < TABLES; i++) {
        if (strlen(tables[i].mark) == bytes && memcmp(tables[i].mark, line, bytes) == 0) {
            tables[i].write();
            return 0;
        }
    }
    fprintf(stderr, "describe: there is no table %s", line);
    return -1;
}

static int write_page(const char *path)
{
    FILE *template = fopen(path, "r");
    char line[LINE_BYTES];
    int status = template == NULL ? -1 : 0;

    while (status == 0 && fgets(line, sizeof line, template) != NULL)
        status = put_line(line);
    if (template != NULL)
        fclose(template);
    return status;
}

int main(int argc, char **argv)
{
    int status = -1;

    if (argc == 3 && strcmp(argv[1], "page") == 0)
        status = write_page(argv[2]);
    else if (argc == 2)
        status = write_completions(argv[1]);
    if (status < 0)
        fputs("usage: describe page TEMPLATE | describe bash|zsh|fish\n", stderr);
    return status == 0 && fflush(stdout) == 0 ? 0 : 64;
}
