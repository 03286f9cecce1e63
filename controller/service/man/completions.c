/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/service/man/completions.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "controller/commands/options.h"

static bool takes(enum command command, const struct option_info *info)
{
    return (info->commands & 1U << command) != 0;
}

static bool takes_path(const struct option_info *info)
{
    return info->argument != NULL && (strcmp(info->argument, "PATH") == 0 || strcmp(info->argument, "SOURCE") == 0);
}

/* Of plan, apply, validate …: what is no option is the name of a file. */
static bool command_takes_path(enum command command)
{
    return strstr(command_info(command)->arguments, "PATH...") != NULL ||
           strstr(command_info(command)->arguments, "| PLAN") != NULL;
}

/* a|b|c as "a b c". */
static void put_choices(const char *choices)
{
    for (; *choices != '\0'; choices++)
        putchar(*choices == '|' ? ' ' : *choices);
}

/* Within single quotes of every shell; `also` is what else the place gives a meaning to. */
static void put_quoted(const char *text, const char *also)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        else if (strchr(also, *text) != NULL)
            putchar('\\');
        putchar(*text);
    }
}

/* --- bash
 * -------------------------------------------------------------------------------------------------------------------
 */

static void put_command_names(void)
{
    for (enum command command = 0; command < COMMANDS; command++)
        printf("%s%s", command == 0 ? "" : " ", command_info(command)->name);
}

static void write_bash_values(void)
{
    for (enum option option = 0; option < OPTIONS; option++) {
        const struct option_info *info = option_info(option);
        if (info->type == OPTION_TYPE_FLAG)
            continue;
        printf("    --%s)", info->name);
        if (info->type == OPTION_TYPE_CHOICE) {
            fputs(" mapfile -t COMPREPLY < <(compgen -W '", stdout);
            put_choices(info->argument);
            fputs("' -- \"$word\");", stdout);
        } else if (takes_path(info)) {
            fputs(" compopt -o default;", stdout);
        }
        fputs(" return ;;\n", stdout);
    }
}

static void write_bash_options(void)
{
    for (enum command command = 0; command < COMMANDS; command++) {
        printf("    %s) options='", command_info(command)->name);
        for (enum option option = 0; option < OPTIONS; option++) {
            if (takes(command, option_info(option)))
                printf("--%s ", option_info(option)->name);
        }
        printf("' files=%s ;;\n", command_takes_path(command) ? "yes" : "");
    }
}

static void write_bash(void)
{
    fputs("# bash completion of mqferry; made from its option table.\n"
          "_mqferry() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options='' files=''\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    put_command_names();
    fputs("' -- \"$word\")\n"
          "        return\n"
          "    fi\n"
          "    case $before in\n",
          stdout);
    write_bash_values();
    fputs("    esac\n"
          "    case ${COMP_WORDS[1]} in\n",
          stdout);
    write_bash_options();
    fputs("    esac\n"
          "    if [ \"${COMP_WORDS[1]}\" = help ] && [[ $word != -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W 'fields ",
          stdout);
    put_command_names();
    fputs("' -- \"$word\")\n"
          "    elif [[ $word == -* ]] || [ -z \"$files\" ]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
          "    else\n"
          "        compopt -o default\n"
          "    fi\n"
          "}\n"
          "complete -F _mqferry mqferry\n",
          stdout);
}

/* --- zsh
 * --------------------------------------------------------------------------------------------------------------------
 */

static void write_zsh_option(const struct option_info *info)
{
    printf("        '%s--%s[", info->type == OPTION_TYPE_TEXTS ? "*" : "", info->name);
    put_quoted(info->doc, "[]:");
    fputs("]", stdout);
    if (info->argument != NULL) {
        putchar(':');
        put_quoted(info->argument, ":");
        putchar(':');
    }
    if (info->type == OPTION_TYPE_CHOICE) {
        putchar('(');
        put_choices(info->argument);
        putchar(')');
    } else if (takes_path(info)) {
        fputs("_files", stdout);
    }
    fputs("' \\\n", stdout);
}

static void write_zsh(void)
{
    fputs("#compdef mqferry\n"
          "# Made from mqferry's option table.\n"
          "local -a commands\n"
          "commands=(\n",
          stdout);
    for (enum command command = 0; command < COMMANDS; command++) {
        printf("    '%s:", command_info(command)->name);
        put_quoted(command_info(command)->doc, ":");
        fputs("'\n", stdout);
    }
    fputs(")\n"
          "if (( CURRENT == 2 )); then\n"
          "    _describe command commands\n"
          "    return\n"
          "fi\n"
          "local command=$words[2]\n"
          "shift words\n"
          "(( CURRENT-- ))\n"
          "case $command in\n",
          stdout);
    for (enum command command = 0; command < COMMANDS; command++) {
        printf("%s)\n    _arguments \\\n", command_info(command)->name);
        for (enum option option = 0; option < OPTIONS; option++) {
            if (takes(command, option_info(option)))
                write_zsh_option(option_info(option));
        }
        fputs(command == COMMAND_HELP       ? "        '1:command:_describe command commands'\n"
              : command_takes_path(command) ? "        '*:file:_files'\n"
                                            : "        '*:: :'\n",
              stdout);
        fputs("    ;;\n", stdout);
    }
    fputs("esac\n", stdout);
}

/* --- fish
 * -------------------------------------------------------------------------------------------------------------------
 */

static void write_fish_option(const struct option_info *info)
{
    fputs("complete -c mqferry -n '__fish_seen_subcommand_from", stdout);
    for (enum command command = 0; command < COMMANDS; command++) {
        if (takes(command, info))
            printf(" %s", command_info(command)->name);
    }
    printf("' -l %s -d '", info->name);
    put_quoted(info->doc, "\\");
    putchar('\'');
    if (info->type != OPTION_TYPE_FLAG)
        fputs(takes_path(info) ? " -r -F" : " -x", stdout);
    if (info->type == OPTION_TYPE_CHOICE) {
        fputs(" -a '", stdout);
        put_choices(info->argument);
        putchar('\'');
    }
    putchar('\n');
}

static void write_fish(void)
{
    fputs("# fish completion of mqferry; made from its option table.\n"
          "complete -c mqferry -f\n",
          stdout);
    for (enum command command = 0; command < COMMANDS; command++) {
        printf("complete -c mqferry -n __fish_use_subcommand -a %s -d '", command_info(command)->name);
        put_quoted(command_info(command)->doc, "\\");
        fputs("'\n", stdout);
        if (command_takes_path(command))
            printf("complete -c mqferry -n '__fish_seen_subcommand_from %s' -F\n", command_info(command)->name);
    }
    for (enum option option = 0; option < OPTIONS; option++)
        write_fish_option(option_info(option));
}

int write_completions(const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(void);
    } shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};

    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write();
            return 0;
        }
    }
    return -1;
}
