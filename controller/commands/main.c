/* SPDX-License-Identifier: Apache-2.0
 *
 * Only dispatches.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "api/cause.h"
#include "controller/commands/help.h"
#include "controller/commands/options.h"
#include "controller/commands/session.h"
#include "controller/exit_code.h"

enum {
    ARENAS_MAX = 2,              /* a handful of threads: more arenas only hold memory back */
    FREE_BYTES_MAX = 128 * 1024, /* the usual number; unless it is set, it grows with the largest block ever freed */
};

static int run_command(struct options *options)
{
    static int (*const commands[COMMANDS])(struct session *) = {
        [COMMAND_PLAN] = command_reconcile,    [COMMAND_APPLY] = command_reconcile,
        [COMMAND_VERIFY] = command_reconcile,  [COMMAND_EXPORT] = command_export,
        [COMMAND_VALIDATE] = command_validate, [COMMAND_RUN] = command_run,
        [COMMAND_JOURNAL] = command_journal,   [COMMAND_CONFIG] = command_config,
        [COMMAND_VERSION] = command_version,   [COMMAND_EVALUATE] = command_reconcile,
        [COMMAND_STATUS] = command_status,
    };
    struct session session;

    if (session_init(&session, options) < 0)
        return EXIT_AGAIN;
    int code = commands[options->command](&session);
    session_release(&session);
    return code;
}

static int run_help(const struct options *options, struct failure *why)
{
    const char *topic = options->argument_count > 0 ? options->arguments[0] : NULL;

    if (topic == NULL)
        help_overview();
    else if (text_is(text_of(topic), "fields"))
        help_fields();
    else if (command_by_name(topic) < COMMANDS)
        help_command(command_by_name(topic));
    else
        return command_unknown(topic, why);
    return EXIT_DONE;
}

/* The exit code; -1: wrong usage. */
static int dispatch(struct options *options, struct failure *why)
{
    if (options_has(options, OPTION_HELP)) {
        help_command(options->command);
        return EXIT_DONE;
    }
    if (options_has(options, OPTION_VERSION))
        options->command = COMMAND_VERSION;
    return options->command == COMMAND_HELP ? run_help(options, why) : run_command(options);
}

/* A standard stream that is closed must not become some file's or the loop's descriptor. What takes its place fails
 * when it is used, which is told as any other failure. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXIT_CANNOT_WRITE);
}

/* As after `| head`. Which of many writes failed, and errno after it, are not known here: the pipe is asked. */
static bool reader_has_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* What was printed may still be on its way. Who reads no further has what he wanted: the code is that of the work. */
static int flush_output(int code)
{
    struct failure why = FAILURE_INIT;

    bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    int error = errno;
    if (written || reader_has_left())
        return code;
    failure_set(&why, CAUSE_STATE_UNWRITABLE, "could not write to standard output: %s", strerror(error));
    return exit_code_worse(code, session_say(&why));
}

int main(int argc, char **argv)
{
    struct options options;
    struct failure why = FAILURE_INIT;

    hold_standard_streams();
    prctl(PR_SET_DUMPABLE, 0); /* keys in a core file, or read by another process of the same user: neither */
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    mallopt(M_TRIM_THRESHOLD, FREE_BYTES_MAX);
    signal(SIGPIPE, SIG_IGN); /* these two: the write fails, and what could not be written is said */
    signal(SIGXFSZ, SIG_IGN);
    int code = options_parse(&options, argc - 1, argv + 1, &why);
    if (code == 0)
        code = dispatch(&options, &why);
    if (code < 0)
        code = session_say(&why);
    options_release(&options);
    return flush_output(code);
}
