/* SPDX-License-Identifier: Apache-2.0
 *
 * What a runner has to show, kept beyond its next pass: the newest plan, and after the pass what became of its rows.
 *
 * A record never changes; any thread may read it. References move on the loop only. The runner that made it is not gone
 * before the last one is back: give records back before waiting for runner_close.
 */
#ifndef MQFERRY_CONTROLLER_RUNNER_RECORD_H
#define MQFERRY_CONTROLLER_RUNNER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "controller/pass/pass.h"
#include "controller/runner/runner.h"

struct runner_record;

struct runner_record *runner_record_ref(struct runner_record *record);
void runner_record_unref(struct runner_record *record); /* NULL is fine */

/* A view of it as of a pass: plan, counts, report, digest. `pass`, `mistakes`, `notices` and `destination` are NULL.
 * While the pass is under way the report is empty. Lives as long as the record. */
const struct runner_result *runner_record_result(const struct runner_record *record);
const struct runner *runner_record_runner(const struct runner_record *record); /* that made it */
bool runner_record_ended(const struct runner_record *record);                  /* the pass is over: rows have results */
int64_t runner_record_unix_ms(const struct runner_record *record);
uint64_t runner_record_number(const struct runner_record *record); /* newer ones of a process have higher ones */

/* What became of a row. `out` is always filled in; RESULT_NONE: nothing is known (yet). */
void runner_record_outcome(const struct runner_record *record, uint32_t row, struct row_outcome *out);
/* The same without the sentences. */
struct row_result runner_record_row(const struct runner_record *record, uint32_t row);

#endif
