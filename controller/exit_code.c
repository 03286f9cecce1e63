/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/exit_code.h"

#include <stddef.h>

#include "api/cause.h"

/* Worst first. */
static const int order[] = {EXIT_CONFIGURATION, EXIT_PERMISSION,    EXIT_INPUT, EXIT_UNREACHABLE,
                            EXIT_CANNOT_WRITE,  EXIT_CANNOT_CREATE, EXIT_AGAIN, EXIT_NOT_AT_PARITY};

int exit_code_worse(int a, int b)
{
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (a == order[i] || b == order[i])
            return order[i];
    }
    return a != 0 ? a : b;
}

/* A cause that ended a pass. After the first create only what is left to say counts: 74, or try again. */
int exit_code_of_cause(int cause, bool created_any)
{
    int code = cause_exit_code(cause);
    if (!created_any)
        return code != 0 ? code : EXIT_AGAIN;
    return code == EXIT_CANNOT_WRITE ? code : EXIT_AGAIN;
}

static bool any(const uint64_t counts[KINDS])
{
    return counts[KIND_TOPIC] > 0 || counts[KIND_GROUP] > 0;
}

/* Declared to be created, and cannot be as it stands. Policy observe counts for verify only. */
static bool anything_impossible(const struct plan *plan)
{
    for (uint32_t row = 0; row < plan->row_count; row++) {
        enum state state = plan->rows[row].state;
        if ((state == STATE_CONFLICT || state == STATE_INVALID) &&
            catalog_rows(plan->declared)[row].policy == POLICY_CREATE)
            return true;
    }
    return false;
}

/* Rows that are skipped because their whole kind is blocked, by a quota, cannot be created as things stand. */
static bool anything_blocked(const struct runner_result *result)
{
    if (!any(result->report->skipped))
        return false;
    for (uint32_t row = 0; row < result->plan->row_count; row++) {
        struct row_result one = pass_result(result->pass, row);
        if (one.result == RESULT_SKIPPED && cause_scope(one.cause) == SCOPE_KIND)
            return true;
    }
    return false;
}

int exit_code_apply(const struct runner_result *result, bool created_any)
{
    const struct pass_report *report = result->report;
    int code = EXIT_DONE;

    if (result->failure.cause != CAUSE_NONE)
        code = exit_code_of_cause(result->failure.cause, created_any);
    if (result->plan == NULL || (code != EXIT_DONE && !created_any))
        return code;
    if (any(report->failed) || anything_impossible(result->plan) || anything_blocked(result))
        code = exit_code_worse(code, EXIT_CANNOT_CREATE);
    if (any(report->pending) || result->plan->counts[KIND_TOPIC].states[STATE_CREATING] > 0 ||
        result->plan->counts[KIND_GROUP].states[STATE_CREATING] > 0)
        code = exit_code_worse(code, EXIT_AGAIN);
    return code;
}

int exit_code_judge(const struct runner_result *result)
{
    if (result->parity)
        return EXIT_DONE;
    if (result->failure.cause != CAUSE_NONE)
        return exit_code_of_cause(result->failure.cause, false);
    return result->report->complete ? EXIT_NOT_AT_PARITY : EXIT_AGAIN;
}
