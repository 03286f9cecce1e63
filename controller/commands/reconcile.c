/* SPDX-License-Identifier: Apache-2.0
 *
 * plan, apply, verify, evaluate: passes of one sync, then a report.
 *
 * Happy path: set up → pass → report. apply makes passes until trying again mends nothing more or its patience ends;
 * verify
 *   --wait until parity or the time is up.
 * What can go wrong: the pass itself tells (report, exit code). SIGINT and SIGTERM drain: creates in flight are
 * finished and recorded. A second one ends at once. On close: timers and signals, then the runner (doors, journal),
 * then the loop is empty.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/address.h"
#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/commands/deadline.h"
#include "controller/commands/progress.h"
#include "controller/commands/session.h"
#include "controller/commands/setup.h"
#include "controller/exit_code.h"
#include "controller/plan/evaluate.h"
#include "controller/plan/file.h"

enum {
    PATIENCE_MS = 10 * 60 * 1000, /* apply: without progress (contract section 1) */
    AGAIN_MS = 2000,              /* verify --wait, and passes that say "with back-off" at first */
    AGAIN_MS_MAX = 30 * 1000,
};

struct reconcile {
    struct session *session;
    struct setup setup;
    struct runner *runner;
    struct progress progress;
    struct deadline deadline;
    uv_timer_t again;
    uv_signal_t interrupted, terminated;
    uv_poll_t answer; /* standard input, while a person is asked */
    bool asking;
    uint64_t give_up_ms; /* monotonic */
    uint64_t wait_ms;    /* until the next pass, doubling */
    bool created_any;
    int stopped_by; /* signal; 0: none */
    int code;
};

static void start_pass(struct reconcile *reconcile);
static void finish(struct reconcile *reconcile);
static void on_closed(void *context);

static enum command command_of(const struct reconcile *reconcile)
{
    return reconcile->session->options->command;
}

/* --- asking
 * ------------------------------------------------------------------------------------------------------------ */

static void fill_report(const struct reconcile *reconcile, struct report_options *report)
{
    const struct options *options = reconcile->session->options;

    *report = (struct report_options){
        .fd = STDOUT_FILENO,
        .output = reconcile->session->output,
        .color = reconcile->session->color,
        .quiet = reconcile->session->quiet,
        .show_extra = options_has(options, OPTION_SHOW_EXTRA),
        .show_system = options_has(options, OPTION_SHOW_SYSTEM),
        .show_excluded = options_has(options, OPTION_SHOW_EXCLUDED),
        .results = options->command == COMMAND_APPLY,
        .command = command_info(options->command)->name,
        .sources = reconcile->setup.shown_sources,
        .source_count = reconcile->setup.shown_source_count,
        .destination = reconcile->setup.destination_text.data,
    };
}

static void stop_asking(struct reconcile *reconcile)
{
    if (!reconcile->asking)
        return;
    reconcile->asking = false;
    uv_poll_stop(&reconcile->answer);
    uv_close((uv_handle_t *)&reconcile->answer, NULL);
    progress_resume(&reconcile->progress);
}

static void on_answer(uv_poll_t *poll, int status, int events)
{
    struct reconcile *reconcile = poll->data;
    char line[64] = "";

    (void)events;
    ssize_t count = status < 0 ? -1 : read(STDIN_FILENO, line, sizeof line - 1);
    bool yes = count > 0 && (line[0] == 'y' || line[0] == 'Y');
    if (!yes)
        fputs("nothing was written\n", stderr);
    stop_asking(reconcile);
    runner_confirm(reconcile->runner, yes);
}

/* Shows the plan and asks. Only on a terminal: without one apply wants --yes or a saved plan before it begins. */
static void on_confirm(void *context, const struct runner_result *result)
{
    struct reconcile *reconcile = context;
    struct report_options report;
    struct failure ignored = FAILURE_INIT;

    progress_pause(&reconcile->progress);
    fill_report(reconcile, &report);
    report.results = false;
    report.output = OUTPUT_TABLE;
    report.fd = STDERR_FILENO;
    report_print(&report, result, &ignored);
    fputs("Create what is missing? [y/N] ", stderr);
    if (uv_poll_init(&reconcile->session->loop, &reconcile->answer, STDIN_FILENO) < 0) {
        runner_confirm(reconcile->runner, false);
        return;
    }
    reconcile->answer.data = reconcile;
    reconcile->asking = true;
    uv_poll_start(&reconcile->answer, UV_READABLE, on_answer);
}

/* --- after a pass
 * ------------------------------------------------------------------------------------------------------ */

/* When the next pass would begin, in ms from now: as the pass says, for verify after a fixed time. The last one begins
 * when the patience ends. false: none would do any good. */
static bool next_pass(const struct reconcile *reconcile, const struct runner_result *result, uint64_t *out_wait_ms)
{
    const struct pass_report *report = result->report;
    uint64_t now_ms = monotime_ms(), left_ms = reconcile->give_up_ms - now_ms;

    if (now_ms >= reconcile->give_up_ms)
        return false;
    if (command_of(reconcile) == COMMAND_VERIFY)
        *out_wait_ms = AGAIN_MS;
    else if (report->outcome == PASS_AGAIN_BACKOFF)
        *out_wait_ms = reconcile->wait_ms;
    else if (report->outcome == PASS_AGAIN_AT && report->again_ms <= reconcile->give_up_ms)
        *out_wait_ms = report->again_ms > now_ms ? report->again_ms - now_ms : 1;
    else
        return false;
    *out_wait_ms = *out_wait_ms < left_ms ? *out_wait_ms : left_ms;
    return true;
}

/* Is anything left that time may mend: to be tried again, or there but not in service yet? What is stuck, refused or
 * over a quota is not. A pass that failed as a whole is judged by its cause. */
static bool has_hope(const struct runner_result *result)
{
    const struct pass_report *report = result->report;

    if (result->failure.cause != CAUSE_NONE || result->plan == NULL)
        return true;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (report->pending[kind] > 0 || result->plan->counts[kind].states[STATE_CREATING] > 0)
            return true;
    }
    return false;
}

/* Would another pass of this command do any good? */
static bool goes_on(const struct reconcile *reconcile, const struct runner_result *result, uint64_t *out_wait_ms)
{
    const struct options *options = reconcile->session->options;
    int cause = result->failure.cause;

    if (reconcile->stopped_by != 0 || reconcile->deadline.over)
        return false;
    if (cause != CAUSE_NONE && (!cause_is_retried(cause) || cause == CAUSE_CANCELLED))
        return false;
    if (options->command == COMMAND_VERIFY)
        return options_has(options, OPTION_WAIT) && !result->parity && next_pass(reconcile, result, out_wait_ms);
    return options->command == COMMAND_APPLY && has_hope(result) && next_pass(reconcile, result, out_wait_ms);
}

/* Fills the evaluation and says in the exit code whether everything fits. */
static int judge_fit(struct reconcile *reconcile, const struct runner_result *result, struct evaluation *out,
                     struct failure *why)
{
    const struct side_options *destination = &reconcile->setup.destination;
    const struct evaluate_options options = {.rate_per_s = destination->rate_per_s,
                                             .share_percent = destination->share_percent};

    if (evaluate(result->plan, result->destination, &options, out, why) < 0)
        return -1;
    if (!out->fits)
        reconcile->code = exit_code_worse(reconcile->code, EXIT_NOT_AT_PARITY);
    return 0;
}

static void print_report(struct reconcile *reconcile, const struct runner_result *result)
{
    struct report_options report;
    struct evaluation evaluation = {0};
    struct failure why = FAILURE_INIT;

    fill_report(reconcile, &report);
    if (command_of(reconcile) == COMMAND_EVALUATE && result->plan != NULL) {
        if (judge_fit(reconcile, result, &evaluation, &why) < 0) {
            reconcile->code = session_fail(reconcile->session, &why);
            return;
        }
        report.evaluation = &evaluation;
    }
    if (report_print(&report, result, &why) < 0)
        reconcile->code = exit_code_worse(reconcile->code, session_say(&why));
    evaluation_release(&evaluation);
}

/* A plan is applied from anywhere: a snapshot's path is absolute in it. */
static int append_real_destination(const struct reconcile *reconcile, struct buffer *out, struct failure *why)
{
    struct address address;

    if (address_parse(buffer_text(&reconcile->setup.destination_text), &address, why) < 0 ||
        address_real(&address, why) < 0)
        return -1;
    return address_append(out, &address) < 0 ? failure_no_memory(why, "the plan's address") : 0;
}

static int write_plan(const struct reconcile *reconcile, const struct runner_result *result, struct failure *why)
{
    const char *path = options_text(reconcile->session->options, OPTION_OUT, NULL);
    struct buffer address;

    if (path == NULL || reconcile->code == EXIT_UNREACHABLE)
        return 0;
    buffer_init(&address, 2 * ADDRESS_BYTES_MAX);
    int status = append_real_destination(reconcile, &address, why);
    const struct plan_file_head head = {.address = address.data,
                                        .identity = &result->destination->identity,
                                        .kind = result->destination->capabilities.kind,
                                        .declared_digest = result->declared_digest};
    if (status == 0)
        status = plan_file_write(path, &head, result->plan, why);
    buffer_release(&address);
    return status;
}

/* An entry of accept that lets nothing through is worth a look: it may be misspelt, or not needed any more. */
static void warn_of_idle_accepts(const struct session *session, const struct plan *plan)
{
    struct complaints warnings;

    complaints_init(&warnings);
    for (uint32_t i = 0; i < plan->mapping->accept_count; i++)
        if (!plan->accepts_used[i])
            complain(&warnings, &plan->mapping->accepts[i].place,
                     "warning: this entry of accept matches no difference");
    complaints_sort(&warnings);
    session_notices(session, &warnings);
    complaints_release(&warnings);
}

static void conclude(struct reconcile *reconcile, const struct runner_result *result)
{
    enum command command = command_of(reconcile);
    struct failure room = FAILURE_INIT, why = FAILURE_INIT;
    const struct failure *failure = deadline_failure(&reconcile->deadline, &result->failure, &room);

    progress_pause(&reconcile->progress);
    session_mistakes(reconcile->session, result->mistakes);
    session_notices(reconcile->session, result->notices);
    if (result->plan != NULL)
        warn_of_idle_accepts(reconcile->session, result->plan);
    if (command == COMMAND_APPLY)
        reconcile->code = exit_code_apply(result, reconcile->created_any);
    else if (command == COMMAND_VERIFY || options_has(reconcile->session->options, OPTION_DETAILED_EXITCODE))
        reconcile->code = exit_code_judge(result);
    else
        reconcile->code = failure->cause == CAUSE_NONE ? EXIT_DONE : exit_code_judge(result);
    if (failure == &reconcile->deadline.before)
        reconcile->code = exit_code_of_cause(failure->cause, reconcile->created_any);
    if (failure->cause != CAUSE_NONE && result->plan == NULL) {
        session_fail(reconcile->session, failure);
    } else {
        print_report(reconcile, result);
        if (failure->cause != CAUSE_NONE)
            session_say(failure);
        if (command == COMMAND_PLAN && result->plan != NULL && write_plan(reconcile, result, &why) < 0)
            reconcile->code = exit_code_worse(reconcile->code, session_say(&why));
    }
    if (reconcile->stopped_by != 0)
        reconcile->code = reconcile->stopped_by == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
}

static void on_again(uv_timer_t *timer)
{
    start_pass(timer->data);
}

static void on_pass(void *context, const struct runner_result *result)
{
    struct reconcile *reconcile = context;
    uint64_t wait_ms = 0;

    if (result->report->created_any) {
        reconcile->created_any = true;
        reconcile->wait_ms = AGAIN_MS;
        if (!options_has(reconcile->session->options, OPTION_TIMEOUT) && command_of(reconcile) == COMMAND_APPLY)
            reconcile->give_up_ms = monotime_ms() + PATIENCE_MS;
    }
    if (!goes_on(reconcile, result, &wait_ms)) {
        conclude(reconcile, result);
        finish(reconcile);
        return;
    }
    deadline_remember(&reconcile->deadline, &result->failure);
    reconcile->wait_ms = reconcile->wait_ms * 2 < AGAIN_MS_MAX ? reconcile->wait_ms * 2 : AGAIN_MS_MAX;
    uv_timer_start(&reconcile->again, on_again, wait_ms, 0);
}

/* --- the way through
 * ---------------------------------------------------------------------------------------------------- */

static void start_pass(struct reconcile *reconcile)
{
    struct failure why = FAILURE_INIT;
    enum pass_mode mode = command_of(reconcile) == COMMAND_APPLY ? PASS_APPLY : PASS_PLAN;

    if (runner_start(reconcile->runner, mode, reconcile->give_up_ms, on_pass, reconcile, &why) == 0)
        return;
    reconcile->code = session_fail(reconcile->session, &why);
    finish(reconcile);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct reconcile *reconcile = handle->data;

    if (reconcile->stopped_by != 0)
        _exit(128 + number); /* the second one: at once; journal and snapshot are whole at any moment */
    reconcile->stopped_by = number;
    if (runner_busy(reconcile->runner)) {
        runner_stop(reconcile->runner);
        return;
    }
    reconcile->code = number == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
    finish(reconcile);
}

static void watch_signal(struct reconcile *reconcile, uv_signal_t *handle, int number)
{
    uv_signal_init(&reconcile->session->loop, handle);
    handle->data = reconcile;
    uv_signal_start(handle, on_signal, number);
}

static void finish(struct reconcile *reconcile)
{
    stop_asking(reconcile); /* whatever ended the pass, nobody is asked any more */
    progress_stop(&reconcile->progress);
    deadline_stop(&reconcile->deadline);
    uv_close((uv_handle_t *)&reconcile->again, NULL);
    uv_close((uv_handle_t *)&reconcile->interrupted, NULL);
    uv_close((uv_handle_t *)&reconcile->terminated, NULL);
    runner_close(reconcile->runner, on_closed, reconcile);
}

static void on_closed(void *context)
{
    struct reconcile *reconcile = context;
    reconcile->runner = NULL;
}

static uint64_t patience_of(const struct options *options)
{
    uint64_t timeout_ms = options_number(options, OPTION_TIMEOUT, PATIENCE_MS);
    uint64_t wait_ms = options_number(options, OPTION_WAIT, timeout_ms);

    return options_has(options, OPTION_TIMEOUT) && timeout_ms < wait_ms ? timeout_ms : wait_ms;
}

/* apply without a terminal wants --yes or a saved plan: usage. */
static int check_consent(struct reconcile *reconcile, struct failure *why)
{
    if (command_of(reconcile) != COMMAND_APPLY || options_has(reconcile->session->options, OPTION_YES) ||
        reconcile->setup.plan.catalog != NULL)
        return 0;
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
        return failure_set(why, CAUSE_USAGE,
                           "nobody can be asked here: give --yes, or apply a saved plan (mqferry plan --out)");
    reconcile->setup.runner.confirm = on_confirm;
    reconcile->setup.runner.context = reconcile;
    return 0;
}

static int begin(struct reconcile *reconcile, struct failure *why)
{
    struct session *session = reconcile->session;

    if (setup_reconcile(&reconcile->setup, session, why) < 0 || check_consent(reconcile, why) < 0 ||
        runner_new(&reconcile->setup.runner, &reconcile->runner, why) < 0)
        return -1;
    reconcile->give_up_ms = monotime_ms() + patience_of(session->options);
    reconcile->wait_ms = AGAIN_MS;
    uv_timer_init(&session->loop, &reconcile->again);
    reconcile->again.data = reconcile;
    watch_signal(reconcile, &reconcile->interrupted, SIGINT);
    watch_signal(reconcile, &reconcile->terminated, SIGTERM);
    progress_start(&reconcile->progress, &session->loop, reconcile->runner, session->quiet);
    deadline_start(&reconcile->deadline, &session->loop, session->options, reconcile->runner);
    start_pass(reconcile);
    return 0;
}

int command_reconcile(struct session *session)
{
    struct reconcile reconcile = {.session = session};
    struct failure why = FAILURE_INIT;

    if (begin(&reconcile, &why) < 0)
        reconcile.code = session_fail(session, &why);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    setup_release(&reconcile.setup);
    return reconcile.code;
}
