/* SPDX-License-Identifier: Apache-2.0
 *
 * Append-only record of every create, one file and one lock per destination (contract section 7, design section 5).
 *
 * Appends are queued and written by one job of the worker pool at a time: everything queued meanwhile goes with one
 * write and one fdatasync. journal_intend calls back when its lines are durable; journal_note never does. After a
 * failed write or sync the descriptor writes no more: every further intend fails with STATE_UNWRITABLE, and the file is
 * not touched. A torn last line is cut at opening. At 64 MiB the file is rotated (journal.jsonl.1 …; unresolved intents
 * are carried over).
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_H
#define MQFERRY_CONTROLLER_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/worker.h"
#include "api/fields.h"
#include "api/instance.h"

struct journal;

/* Said once per pass; borrowed until journal_close or the next journal_context. */
struct journal_context {
    const char *run;  /* id of this run: UUID-like text */
    const char *sync; /* name, or "" for commands */
    const struct identity *identity;
    const char *declared_digest;
};

/* An intent without a result: what a crashed run may have sent. Names borrowed from the journal until it closes. */
struct unresolved {
    enum kind kind;
    struct text name;
    int64_t sent_unix_ms;
};

struct journal_line {
    enum kind kind;
    struct text name;
    const char *event;              /* "sending", "created", "existed", "failed", "settled" */
    const char *cause, *request_id; /* NULL: none */
    uint32_t attempt;
    const struct draft *settings; /* "sending": what is sent; else NULL */
};

/* Opens (creating it) state_dir/<address digest>/journal.jsonl under its lock: STATE_LOCKED with who holds it,
 * STATE_UNWRITABLE. Blocks: before the loop runs, or on a worker. `unresolved` out: NULL-able. */
int journal_open(const char *state_dir, struct text address, struct journal **out, struct failure *why);
const struct unresolved *journal_unresolved(const struct journal *journal, uint32_t *out_count);
void journal_use(struct journal *journal, struct worker_pool *workers);
void journal_context(struct journal *journal, const struct journal_context *context);

/* Queues a line; sent with the next group. -1: no memory or not writable any more. */
int journal_append(struct journal *journal, const struct journal_line *line, struct failure *why);
/* Calls back once, later, on the loop, when everything appended so far is durable, or with why it is not. */
int journal_sync(struct journal *journal, void (*durable)(void *context, const struct failure *failure), void *context,
                 struct failure *why);
/* Writes what is queued and closes; calls back once, later. */
void journal_close(struct journal *journal, void (*closed)(void *context), void *context);

/* Where state lives: --state-dir, $STATE_DIRECTORY, the XDG state directory. 0 or -1. */
int journal_state_dir(const char *flag, struct buffer *out, struct failure *why);

#endif
