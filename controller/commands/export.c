/* SPDX-License-Identifier: Apache-2.0
 *
 * export: one read of an instance through its door, then a file or standard output.
 *
 * It is a plan of nothing: an empty declared set against the instance, whose observed side is what is written down.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/commands/deadline.h"
#include "controller/commands/progress.h"
#include "controller/commands/session.h"
#include "controller/commands/setup.h"
#include "controller/exit_code.h"
#include "controller/export.h"

enum { NEW_FILE_MODE = 0644 };

struct export_run {
    struct session *session;
    struct setup setup;
    struct runner *runner;
    struct progress progress;
    struct deadline deadline;
    int code;
};

static enum export_format format_of(const struct options *options)
{
    const char *name = options_text(options, OPTION_FORMAT, "yaml");
    return strcmp(name, "snapshot") == 0   ? EXPORT_SNAPSHOT
           : strcmp(name, "metadata") == 0 ? EXPORT_METADATA
                                           : EXPORT_YAML;
}

static int deliver(const struct options *options, const struct buffer *text, struct failure *why)
{
    const char *path = options_text(options, OPTION_OUT, NULL);
    struct report_sink sink;

    if (path != NULL)
        return file_replace(path, buffer_text(text), NEW_FILE_MODE, why);
    report_sink_init(&sink, STDOUT_FILENO);
    buffer_append_text(&sink.buffer, buffer_text(text));
    return report_sink_end(&sink, why);
}

/* "2 static topics": nothing where there are none. */
static void append_count(char room[static 160], uint32_t count, const char *what)
{
    size_t used = strlen(room);

    if (count > 0)
        snprintf(room + used, 160 - used, "%s%" PRIu32 " %s%s", used > 0 ? ", " : "", count, what,
                 count == 1 ? "" : "s");
}

/* What an instance holds and an export does not (contract section 9). */
static void tell_left_out(const struct session *session, const struct catalog *catalog)
{
    const struct resource *rows = catalog_rows(catalog);
    uint32_t statics = 0, system[KINDS] = {0};
    char said[160] = "";

    for (uint32_t row = 0; row < catalog_count(catalog); row++) {
        statics += rows[row].status == STATUS_STATIC;
        system[rows[row].kind] += rows[row].status == STATUS_SYSTEM;
    }
    append_count(said, statics, "static topic");
    append_count(said, system[KIND_TOPIC], "system topic");
    append_count(said, system[KIND_GROUP], "system consumer group");
    if (said[0] != '\0' && !session->quiet)
        fprintf(stderr, "left out: %s\n", said);
}

static int write_down(struct export_run *run, const struct runner_result *result, struct failure *why)
{
    struct buffer text;

    buffer_init(&text, EXPORT_BYTES_MAX);
    int status =
        export_write(&text, format_of(run->session->options), result->plan->observed, result->destination, why);
    if (status == 0)
        status = deliver(run->session->options, &text, why);
    if (status == 0)
        tell_left_out(run->session, result->plan->observed);
    buffer_release(&text);
    return status;
}

static void on_closed(void *context)
{
    ((struct export_run *)context)->runner = NULL;
}

static void finish(struct export_run *run)
{
    progress_stop(&run->progress);
    deadline_stop(&run->deadline);
    runner_close(run->runner, on_closed, run);
}

static void on_pass(void *context, const struct runner_result *result)
{
    struct export_run *run = context;
    struct failure room = FAILURE_INIT, why = FAILURE_INIT;

    progress_pause(&run->progress);
    if (result->failure.cause != CAUSE_NONE)
        run->code = session_fail(run->session, deadline_failure(&run->deadline, &result->failure, &room));
    else if (result->plan == NULL)
        run->code = EXIT_AGAIN;
    else if (write_down(run, result, &why) < 0)
        run->code = session_fail(run->session, &why);
    finish(run);
}

/* As in pass_options. */
static uint64_t give_up_ms(const struct options *options)
{
    return options_has(options, OPTION_TIMEOUT) ? monotime_ms() + options_number(options, OPTION_TIMEOUT, 0) : 0;
}

static int begin(struct export_run *run, struct failure *why)
{
    struct session *session = run->session;

    if (setup_export(&run->setup, session, why) < 0 || runner_new(&run->setup.runner, &run->runner, why) < 0)
        return -1;
    progress_start(&run->progress, &session->loop, run->runner, session->quiet);
    deadline_start(&run->deadline, &session->loop, session->options, run->runner);
    if (runner_start(run->runner, PASS_PLAN, give_up_ms(session->options), on_pass, run, why) == 0)
        return 0;
    finish(run);
    return -1;
}

int command_export(struct session *session)
{
    struct export_run run = {.session = session};
    struct failure why = FAILURE_INIT;

    if (begin(&run, &why) < 0)
        run.code = session_fail(session, &why);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    setup_release(&run.setup);
    return run.code;
}
