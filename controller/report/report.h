/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of a command, for people (table) and for scripts (json, jsonl; contract section 7).
 *
 * Same input, same bytes: topics before groups, then by name bytes. Outside text is escaped. Output is streamed: memory
 * does not grow with the number of resources. Writing blocks; commands print after their loop has done its work.
 */
#ifndef MQFERRY_CONTROLLER_REPORT_REPORT_H
#define MQFERRY_CONTROLLER_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"
#include "controller/plan/evaluate.h"
#include "controller/runner/runner.h"

enum output { OUTPUT_TABLE = 0, OUTPUT_JSON, OUTPUT_JSONL };

struct report_options {
    int fd; /* standard output; borrowed */
    enum output output;
    bool color;
    bool quiet; /* table: nothing */
    bool show_extra, show_system, show_excluded;
    bool results;                        /* apply: rows have results */
    const char *command;                 /* "plan", … */
    const struct evaluation *evaluation; /* evaluate: rows have verdicts, the whole a forecast; else NULL */
    const char *const *sources;          /* as given */
    uint32_t source_count;
    const char *destination; /* canonical address */
};

/* 0, or -1 with STATE_UNWRITABLE when the descriptor cannot be written. */
int report_print(const struct report_options *options, const struct runner_result *result, struct failure *why);
/* {"version": 1, "command": …, "error": {…}} for json and jsonl: a command that failed before it had a report. */
int report_error(const struct report_options *options, const struct failure *failure);

/* --- shared by the formats and by the daemon's status
 * -------------------------------------------------------------------- */

/* What a row is after the command: its state now, as members of section 7. `outcome` NULL: without a result. */
void report_row_members(struct json_writer *json, const struct plan *plan, uint32_t row,
                        const struct row_outcome *outcome);
/* What only the destination has, as an object: a row of the observed catalog (plan_next_extra). */
void report_extra_json(struct json_writer *json, const struct plan *plan, uint32_t observed);
/* And of what a live source declares no more: a row of plan->vanished (plan_next_vanished). */
void report_vanished_json(struct json_writer *json, const struct plan *plan, uint32_t row);
/* Members of a failure: cause, message, hint, providerCode, providerMessage, requestId. */
void report_failure_json(struct json_writer *json, const struct failure *failure);
/* {"Topic": {…}, "ConsumerGroup": {…}} */
void report_summary_json(struct json_writer *json, const struct runner_result *result);

/* Streams a buffer into a descriptor: flush when it is large enough, or at the end. */
struct report_sink {
    int fd;
    struct buffer buffer;
    bool failed;
    int error; /* errno of the first failed write */
};
void report_sink_init(struct report_sink *sink, int fd);
void report_sink_drain(struct report_sink *sink, bool all);
/* Flushes and releases; 0 or -1. A reader who has left (`| head`) is no failure. */
int report_sink_end(struct report_sink *sink, struct failure *why);

/* The formats: table.c, json.c. */
void report_table(struct report_sink *sink, const struct report_options *options, const struct runner_result *result);
void report_json(struct report_sink *sink, const struct report_options *options, const struct runner_result *result);

#endif
