/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a sync, filtered, in order, one page of them. Everything here takes as long as there are rows, works on what
 * does not change, and may run on any thread.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_ROWS_H
#define MQFERRY_CONTROLLER_STATUS_ROWS_H

#include "api/base/json.h"
#include "controller/runner/record.h"
#include "controller/status/request.h"

/* Members of an object that is open: page, size, total, resources. Without a record there are none. */
void rows_write(struct json_writer *json, const struct runner_record *record, const struct row_query *query);

/* Part of a name, ASCII letter case does not count. */
bool rows_name_matches(struct text name, const char *search);

#endif
