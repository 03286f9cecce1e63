/* SPDX-License-Identifier: Apache-2.0
 *
 * What a daemon said (documents of /v1/status and /v1/syncs/NAME), for people and for scripts.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_STATUS_PRINT_H
#define MQFERRY_CONTROLLER_COMMANDS_STATUS_PRINT_H

#include <stdbool.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"
#include "controller/report/report.h"

/* Between the pages of one answer; zeroed before the first. */
struct status_pages {
    bool more; /* the last one printed was not the last */
    struct json_writer json;
};

/* Appends to `out`. The document is followed by JSON_PADDING readable bytes. With json and jsonl pages make one text,
 * whatever buffers its pieces go to: a page that is not the last sets pages->more. A table shows one page. BAD_ANSWER
 * when it is no such document: the same page may be tried again. 0 or -1. */
int status_print(struct text document, enum output output, bool color, struct status_pages *pages, struct buffer *out,
                 struct failure *why);
/* The message of {"error": …}; false: there is none. */
bool status_error(struct text document, struct failure *out);

#endif
