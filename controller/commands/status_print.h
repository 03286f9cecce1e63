/* SPDX-License-Identifier: Apache-2.0
 *
 * What a daemon said (documents of /v1/status and /v1/syncs/NAME), for people and for scripts.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_STATUS_PRINT_H
#define MQFERRY_CONTROLLER_COMMANDS_STATUS_PRINT_H

#include <stdbool.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "controller/report/report.h"

/* Appends to `out`. The document is followed by JSON_PADDING readable bytes. With jsonl a page that is not the last
 * sets *out_more, and the summary comes with the last. BAD_ANSWER when it is no such document. 0 or -1. */
int status_print(struct text document, enum output output, bool color, struct buffer *out, bool *out_more,
                 struct failure *why);
/* The message of {"error": …}; false: there is none. */
bool status_error(struct text document, struct failure *out);

#endif
