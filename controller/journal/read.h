/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads journals back: all destinations' in the order of time, what one of them holds in the order it was written.
 *
 * A line that is torn or damaged is skipped and counted. A running writer is not disturbed: no lock is needed.
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_READ_H
#define MQFERRY_CONTROLLER_JOURNAL_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"
#include "controller/journal/journal.h"

struct journal_filter {
    bool created;          /* only what we made: created, and settled (perhaps another's) */
    int64_t since_unix_ms; /* 0: from the beginning */
    const char *run;       /* NULL: every run */
};

/* Texts live during the callback. Absent members are empty. */
struct journal_record {
    int64_t unix_ms;
    enum kind kind;
    enum journal_event event;
    bool carried; /* repeated at the head of a new file: journal_read leaves these out */
    uint32_t attempt;
    uint64_t uid;
    struct text run, sync, destination, name, cause, request_id, declared_digest;
    struct text line; /* the whole object as it stands in the file, without the newline */
};

typedef bool (*journal_record_cb)(void *data, const struct journal_record *record); /* false: stop */

/* A directory without journals gives no records. INPUT_WRONG when a file cannot be read. Keeps one file of each
 * destination open, and one line in memory. Blocks. 0 or -1. (all.c) */
int journal_read(const char *state_dir, const struct journal_filter *filter, journal_record_cb each, void *data,
                 uint64_t *out_damaged, struct failure *why);

/* The same of the last `bytes_max` bytes of the newest file of one destination, all events; a line that is cut there is
 * left out. The address is canonical and real, as the journal was opened with. Blocks. 0 or -1. */
int journal_tail(const char *state_dir, struct text address, size_t bytes_max, journal_record_cb each, void *data,
                 struct failure *why);

/* One line without its newline (padded: json.h), as a record whose texts live as long as the reader, which is the
 * caller's to free. false: damaged, or no memory. */
bool journal_record_read(struct text line, struct journal_record *record, struct json_reader **out_reader);

/* One file's text: each whole line as a record (damaged ones counted). Returns the length up to which the text is
 * good: what follows is a torn or damaged tail. */
size_t journal_scan(struct text text, journal_record_cb each, void *data, uint64_t *out_damaged);

#endif
