/* SPDX-License-Identifier: Apache-2.0
 *
 * What the log says of a pass: mistakes of files, what was created and what could not be, what vanished, the end.
 */
#ifndef MQFERRY_CONTROLLER_DAEMON_TELLING_H
#define MQFERRY_CONTROLLER_DAEMON_TELLING_H

#include "api/base/log.h"
#include "controller/runner/runner.h"

enum { TELLING_LINES_MAX = 100 }; /* of one sort and pass; how many more there are is said */

/* *trouble, 0 at first, says which rows could not be created in the pass before: the same ones are not told again. */
void tell_pass(struct log *log, const char *sync, const struct runner_result *result, uint64_t *trouble);
/* Each with its place; `sync` NULL: the configuration's. NULL `complaints` are none. */
void tell_complaints(struct log *log, enum log_level level, const char *event, const char *sync,
                     const struct complaints *complaints);

#endif
