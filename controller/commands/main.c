/* SPDX-License-Identifier: Apache-2.0
 *
 * Only dispatches.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "controller/commands/options.h"
#include "controller/commands/session.h"
#include "controller/exit_code.h"

enum { ARENAS_MAX = 2 }; /* a handful of threads: more arenas only hold memory back */

static int run_command(struct options *options)
{
    static int (*const commands[COMMANDS])(struct session *) = {
        [COMMAND_PLAN] = command_reconcile,    [COMMAND_APPLY] = command_reconcile,
        [COMMAND_VERIFY] = command_reconcile,  [COMMAND_EXPORT] = command_export,
        [COMMAND_VALIDATE] = command_validate, [COMMAND_RUN] = command_run,
        [COMMAND_JOURNAL] = command_journal,   [COMMAND_CONFIG] = command_config,
        [COMMAND_VERSION] = command_version,
    };
    struct session session;

    if (session_init(&session, options) < 0)
        return EXIT_AGAIN;
    int code = commands[options->command](&session);
    session_release(&session);
    return code;
}

static int run_help(const struct options *options)
{
    const char *topic = options->argument_count > 0 ? options->arguments[0] : NULL;

    if (topic == NULL) {
        help_overview();
    } else if (text_is(text_of(topic), "fields")) {
        help_fields();
    } else if (command_by_name(topic) < COMMANDS) {
        help_command(command_by_name(topic));
    } else {
        fprintf(stderr, "mqferry: there is no command '%s'; see mqferry help\n", topic);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct options options;
    struct failure why = FAILURE_INIT;
    int code = EXIT_DONE;

    mallopt(M_ARENA_MAX, ARENAS_MAX);
    signal(SIGPIPE, SIG_IGN);
    if (options_parse(&options, argc - 1, argv + 1, &why) < 0) {
        fprintf(stderr, "mqferry: %s\n", why.text);
        code = EXIT_USAGE;
    } else if (options_has(&options, OPTION_HELP)) {
        help_command(options.command);
    } else if (options_has(&options, OPTION_VERSION)) {
        options.command = COMMAND_VERSION;
        code = run_command(&options);
    } else if (options.command == COMMAND_HELP) {
        code = run_help(&options);
    } else {
        code = run_command(&options);
    }
    options_release(&options);
    return code;
}
