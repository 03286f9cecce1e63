/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of the journal (contract section 7).
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_LINE_H
#define MQFERRY_CONTROLLER_JOURNAL_LINE_H

#include <stdint.h>

#include "api/base/buffer.h"
#include "controller/journal/journal.h"

/* What all lines of one plan have in common; copies. */
struct journal_frame {
    char *run, *sync, *declared_digest;
    struct text destination; /* the journal's address */
    struct identity identity;
    struct catalog *catalog; /* a reference */
    struct capabilities capabilities;
    uint64_t records; /* queued or being written; counted on the loop */
    uint64_t *open;   /* bits: rows with an intent and without a result; the loop's, as is their number */
    uint32_t open_count;
    struct journal_frame *next;
};

struct journal_frame *journal_frame_new(const struct journal_context *context, struct text destination);
void journal_frame_free(struct journal_frame *frame); /* NULL is fine */

struct journal_line {
    uint32_t row;
    enum journal_event event;
    uint32_t attempt;
    int cause;
    const char *request_id; /* NULL: none */
    int64_t unix_ms;
    uint64_t uid;
};

/* Errors collect in the buffer. */
void journal_line_append(struct buffer *out, const struct journal_frame *frame, const struct journal_line *line);

#endif
