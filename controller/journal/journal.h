/* SPDX-License-Identifier: Apache-2.0
 *
 * Append-only record of every create, one file and one lock per destination (contract section 7, design section 5).
 *
 * Lines are queued by reference (a row of the context's catalog) and formatted, written and synced by one job of the
 * worker pool at a time: everything queued meanwhile goes with one write and one fdatasync. journal_intend calls back
 * when its lines are durable; journal_note_… never do. After a failed write or sync the descriptor writes no more:
 * every further intend fails with STATE_UNWRITABLE, and the file is not touched again before it is opened anew. A torn
 * last line is cut at opening.
 *
 * Between passes a journal lets its lock go, so that others (another sync, a command) get their turn; what they wrote
 * meanwhile is noticed when it is taken again.
 *
 * At JOURNAL_ROTATE_BYTES journal.jsonl becomes journal.jsonl.N (1 is the oldest) and a new one begins with the
 * unresolved intents, marked "carried"; while creates are on their way that waits for their results, but not for ever.
 * Nothing is ever deleted: read.h reads it back.
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_JOURNAL_H
#define MQFERRY_CONTROLLER_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/worker.h"
#include "api/catalog.h"
#include "api/fields.h"
#include "api/instance.h"

#define JOURNAL_ROTATE_BYTES ((uint64_t)64 << 20)
#define JOURNAL_BYTES_MAX    (2 * JOURNAL_ROTATE_BYTES)

struct journal;

/* Said once per plan; everything in it is copied, the catalog by reference. */
struct journal_context {
    const char *run;  /* id of this run: UUID-like text */
    const char *sync; /* name, or "" for commands */
    const char *declared_digest;
    const struct identity *identity;
    struct catalog *catalog; /* declared; the rows below are its */
    const struct capabilities
        *capabilities; /* settings are written as the door sends them: completed, only held ones */
};

/* An intent without a result: what a crashed run may have sent. Names belong to the journal. */
struct unresolved {
    enum kind kind;
    struct text name;
    int64_t sent_unix_ms;
};

enum journal_event {
    JOURNAL_SENDING,
    JOURNAL_CREATED,
    JOURNAL_EXISTED,
    JOURNAL_FAILED,
    JOURNAL_SETTLED, /* there now, perhaps another's */
    JOURNAL_EVENTS
};
const char *journal_event_name(enum journal_event event); /* "sending", … */

/* Opens (creating it) state_dir/NAME/journal.jsonl, NAME being made from the address, under its lock: STATE_LOCKED with
 * who holds it, STATE_UNWRITABLE. Reads what is there; blocks: a worker, or before the loop runs. 0 or -1. */
int journal_open(const char *state_dir, struct text address, struct journal **out, struct failure *why);
/* What journal_open found, sorted by kind and name. */
const struct unresolved *journal_unresolved(const struct journal *journal, uint32_t *out_count);

/* The pool that writes; once, before the calls below. Loop thread from here on. */
void journal_use(struct journal *journal, struct worker_pool *workers);
/* For the lines that follow. 0, or -1 when memory runs out. */
int journal_context(struct journal *journal, const struct journal_context *context, struct failure *why);
/* Gives the lock up when nothing is queued any more. Until it is taken again nothing may be queued. */
void journal_let_go(struct journal *journal);
/* Is the lock ours? After journal_let_go this keeps it, where it has not gone yet. */
bool journal_keep(struct journal *journal);
bool journal_is_held(const struct journal *journal);
/* Takes the lock again that is not ours. Blocks: a worker, while nothing else is called. 0; or -1: STATE_LOCKED with
 * who holds it; INPUT_WRONG: others have written, so that it must be closed and opened anew. */
int journal_take_again(struct journal *journal, struct failure *why);
/* Has a write failed? Then close it, and open it again another time. */
bool journal_broken(const struct journal *journal);

typedef void (*journal_durable_cb)(void *context, const struct failure *failure); /* NULL: durable */

/* "sending" for each row (borrowed until the answer). 0: calls back once, later; -1: no memory, or broken. */
int journal_intend(struct journal *journal, const uint32_t *rows, uint32_t count, uint32_t attempt,
                   journal_durable_cb durable, void *data, struct failure *why);

/* A result. */
struct journal_note {
    enum journal_event event;
    uint32_t attempt;
    int cause;              /* CAUSE_NONE: none */
    const char *request_id; /* NULL or empty: none; copied */
};
/* Go with the next group. -1: no memory, or broken. The second: of many rows, malloc'd, the journal's from now on, also
 * after a failure. */
int journal_note_row(struct journal *journal, uint32_t row, const struct journal_note *note, struct failure *why);
int journal_note_rows(struct journal *journal, uint32_t *rows, uint32_t count, const struct journal_note *note,
                      struct failure *why);

/* Writes what is queued, answers intents, closes; calls back once, later. */
void journal_close(struct journal *journal, void (*closed)(void *data), void *data);
/* For a journal that journal_use never saw; NULL is fine. Blocks. */
void journal_free(struct journal *journal);

/* Where state lives: --state-dir (NULL or empty: not given), $STATE_DIRECTORY, $XDG_STATE_HOME/mqferry,
 * ~/.local/state/mqferry. 0 or -1. */
int journal_state_dir(const char *flag, struct buffer *out, struct failure *why);

#endif
