/* SPDX-License-Identifier: Apache-2.0
 *
 * From what came of a pass to the exit code of contract section 2. Pure.
 */
#ifndef MQFERRY_CONTROLLER_EXIT_CODE_H
#define MQFERRY_CONTROLLER_EXIT_CODE_H

#include <stdbool.h>

#include "controller/runner/runner.h"

enum {
    EXIT_DONE = 0,
    EXIT_CANNOT_CREATE = 1,
    EXIT_NOT_AT_PARITY = 2,
    EXIT_USAGE = 64,
    EXIT_INPUT = 65,
    EXIT_UNREACHABLE = 69,
    EXIT_CANNOT_WRITE = 74,
    EXIT_AGAIN = 75,
    EXIT_PERMISSION = 77,
    EXIT_CONFIGURATION = 78,
    EXIT_INTERRUPTED = 130,
    EXIT_TERMINATED = 143,
};

/* The worse of two, in the order 78, 77, 65, 69, 74, 1, 75, 2, 0. */
int exit_code_worse(int a, int b);
/* Of a cause that ended a pass. */
int exit_code_of_cause(int cause, bool created_any);
/* `created_any`: a create was sent by this or an earlier pass of the command. */
int exit_code_apply(const struct runner_result *result, bool created_any);
int exit_code_judge(const struct runner_result *result); /* verify, plan --detailed-exitcode: 0, 2, or why not judged */

#endif
