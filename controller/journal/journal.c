/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal on the loop: a queue, and one job at a time that writes it.
 *
 * happy path: intend and note queue records → the job takes all of them, formats, writes, syncs → what waits for the
 *             group is told; meanwhile the next group gathers.
 * what can go wrong: a write or sync fails: the journal is broken, this group and everything queued is told why, and
 *             the descriptor is never used again. Rotation fails: what was written is durable and told so; then broken.
 * on close: one last job writes what is queued and closes the file; then `closed`.
 *
 * Frames (what the lines of one plan have in common) are freed by the job: a catalog may be large.
 */
#include "controller/journal/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "controller/journal/file.h"
#include "controller/journal/line.h"

enum {
    NO_REQUEST_ID = UINT32_MAX,
    REQUEST_IDS_BYTES_MAX = 1 << 30,
    WRITE_BYTES = 1 << 20, /* lines are formatted and written in pieces of about this size */
    LINE_BYTES_MAX = 64 << 20,
};

struct record {
    struct journal_frame *frame;
    const uint32_t *rows; /* NULL: `row` alone */
    uint32_t *owned;      /* the same, when they are ours to free */
    uint32_t row, count;
    uint32_t attempt;
    uint32_t request_id; /* offset in the group's texts, or NO_REQUEST_ID */
    int64_t unix_ms;
    uint16_t cause;
    uint8_t event;
};

struct waiters {
    struct waiter {
        journal_durable_cb durable;
        void *data;
    } * items;
    size_t count, capacity;
};

/* What one job writes. */
struct group {
    struct record *records;
    size_t count, capacity;
    struct waiters waiters;
    struct buffer request_ids; /* each with its '\0' */
    bool notes;                /* holds results: a good moment to rotate after it */
};

struct journal {
    struct journal_file file; /* the job's while it runs */
    struct intents unresolved;
    char *address;
    uint64_t uid;
    struct worker_pool *workers;
    struct journal_frame *frame; /* current; NULL before the first context */
    struct journal_frame *older; /* with records still under way */
    struct journal_frame *retired, *freeing;
    struct group queued, writing;
    struct job job;
    bool earlier_open; /* intents of earlier runs and plans may be without a result */
    bool under_way;    /* when this job has written, some of the plan's are; the job's */
    bool any_open;     /* any may be; the job's */
    bool busy;
    bool letting_go;                            /* the lock, when nothing is queued any more */
    bool last;                                  /* this job closes the file */
    struct failure job_failure, rotate_failure; /* the job's */
    struct failure broken;                      /* cause 0: it is not */
    void (*closed)(void *data);
    void *closed_data;
};

/* ---- opening */

static void group_init(struct group *group)
{
    *group = (struct group){.count = 0};
    buffer_init(&group->request_ids, REQUEST_IDS_BYTES_MAX);
}

int journal_open(const char *state_dir, struct text address, struct journal **out, struct failure *why)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return failure_no_memory(why, "the journal");
    journal->uid = (uint64_t)getuid();
    journal->address = strndup(address.data, address.bytes);
    group_init(&journal->queued);
    group_init(&journal->writing);
    if (!journal->address) {
        free(journal);
        return failure_no_memory(why, "the journal");
    }
    if (journal_file_open(&journal->file, state_dir, address, &journal->unresolved, why) != 0) {
        free(journal->address);
        free(journal);
        return -1;
    }
    journal->earlier_open = journal->unresolved.count > 0;
    *out = journal;
    return 0;
}

const struct unresolved *journal_unresolved(const struct journal *journal, uint32_t *out_count)
{
    *out_count = journal->unresolved.count;
    return journal->unresolved.items;
}

void journal_use(struct journal *journal, struct worker_pool *workers)
{
    journal->workers = workers;
}

bool journal_broken(const struct journal *journal)
{
    return journal->broken.cause != 0;
}

/* ---- the lock between passes */

static void let_go_when_idle(struct journal *journal)
{
    if (!journal->letting_go || journal->busy || journal->queued.count > 0)
        return;
    journal->letting_go = false;
    journal_file_let_go(&journal->file);
}

void journal_let_go(struct journal *journal)
{
    journal->letting_go = journal_is_held(journal);
    let_go_when_idle(journal);
}

bool journal_is_held(const struct journal *journal)
{
    return journal->file.lock.fd >= 0;
}

bool journal_keep(struct journal *journal)
{
    journal->letting_go = false;
    return journal_is_held(journal);
}

int journal_take_again(struct journal *journal, struct failure *why)
{
    return journal_file_take_again(&journal->file, why);
}

/* ---- frames */

/* Frames that nothing refers to any more go to the next job. */
static void retire_frames(struct journal *journal)
{
    for (struct journal_frame **link = &journal->older; *link;) {
        struct journal_frame *frame = *link;
        if (frame->records > 0) {
            link = &frame->next;
            continue;
        }
        *link = frame->next;
        frame->next = journal->retired;
        journal->retired = frame;
    }
}

/* A row is open from its intent to its result. */
static void open_rows(struct journal_frame *frame, const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = UINT64_C(1) << (rows[i] % 64), *word = &frame->open[rows[i] / 64];
        frame->open_count += (*word & bit) == 0;
        *word |= bit;
    }
}

static void close_rows(struct journal_frame *frame, const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = UINT64_C(1) << (rows[i] % 64), *word = &frame->open[rows[i] / 64];
        frame->open_count -= (*word & bit) != 0;
        *word &= ~bit;
    }
}

static void free_frames(struct journal_frame **frames)
{
    while (*frames) {
        struct journal_frame *frame = *frames;
        *frames = frame->next;
        journal_frame_free(frame);
    }
}

static void start_job(struct journal *journal);

int journal_context(struct journal *journal, const struct journal_context *context, struct failure *why)
{
    struct journal_frame *frame = journal_frame_new(context, text_of(journal->address));
    if (!frame)
        return failure_no_memory(why, "the journal");
    journal->earlier_open = journal->earlier_open || (journal->frame && journal->frame->open_count > 0);
    if (journal->frame && journal->frame->records == 0 && journal->frame->catalog == frame->catalog) {
        journal_frame_free(journal->frame); /* cheap: the catalog stays */
    } else if (journal->frame) {
        journal->frame->next = journal->older;
        journal->older = journal->frame;
    }
    journal->frame = frame;
    retire_frames(journal);
    if (journal->workers)
        start_job(journal); /* passes that write nothing leave frames too */
    return 0;
}

/* ---- queueing */

static void *grown(void *items, size_t *capacity, size_t count, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *more = realloc(items, wanted * item_bytes);
    if (more)
        *capacity = wanted;
    return more;
}

static bool reserve_record(struct group *group)
{
    void *records = grown(group->records, &group->capacity, group->count, sizeof *group->records);
    if (records)
        group->records = records;
    return records;
}

static bool reserve_waiter(struct waiters *waiters)
{
    void *items = grown(waiters->items, &waiters->capacity, waiters->count, sizeof *waiters->items);
    if (items)
        waiters->items = items;
    return items;
}

static void add_record(struct journal *journal, struct record record)
{
    record.frame = journal->frame;
    record.unix_ms = walltime_unix_ms();
    journal->frame->records++;
    journal->queued.records[journal->queued.count++] = record;
}

int journal_intend(struct journal *journal, const uint32_t *rows, uint32_t count, uint32_t attempt,
                   journal_durable_cb durable, void *data, struct failure *why)
{
    struct group *group = &journal->queued;

    if (journal_broken(journal)) {
        *why = journal->broken;
        return -1;
    }
    if (!reserve_record(group) || !reserve_waiter(&group->waiters))
        return failure_no_memory(why, "the journal");
    add_record(
        journal,
        (struct record){
            .rows = rows, .count = count, .attempt = attempt, .event = JOURNAL_SENDING, .request_id = NO_REQUEST_ID});
    open_rows(journal->frame, rows, count);
    group->waiters.items[group->waiters.count++] = (struct waiter){durable, data};
    start_job(journal);
    return 0;
}

/* The offset of a copy, NO_REQUEST_ID where there is none (or no room: the line goes without it). */
static uint32_t keep_request_id(struct group *group, const char *request_id)
{
    size_t offset = group->request_ids.length;

    if (!request_id || request_id[0] == '\0' || group->request_ids.failed ||
        buffer_append(&group->request_ids, request_id, strlen(request_id) + 1) != 0)
        return NO_REQUEST_ID;
    return (uint32_t)offset;
}

/* One record of a result; what it owns is its own also after a failure. */
static int add_note(struct journal *journal, const struct journal_note *note, struct record record, struct failure *why)
{
    struct group *group = &journal->queued;

    if (!journal_broken(journal) && reserve_record(group)) {
        record.event = (uint8_t)note->event;
        record.attempt = note->attempt;
        record.cause = (uint16_t)note->cause;
        record.request_id = keep_request_id(group, note->request_id);
        add_record(journal, record);
        close_rows(journal->frame, record.rows ? record.rows : &record.row, record.count);
        group->notes = true;
        start_job(journal);
        return 0;
    }
    free(record.owned);
    if (!journal_broken(journal))
        return failure_no_memory(why, "the journal");
    *why = journal->broken;
    return -1;
}

int journal_note_row(struct journal *journal, uint32_t row, const struct journal_note *note, struct failure *why)
{
    return add_note(journal, note, (struct record){.row = row, .count = 1}, why);
}

int journal_note_rows(struct journal *journal, uint32_t *rows, uint32_t count, const struct journal_note *note,
                      struct failure *why)
{
    return add_note(journal, note, (struct record){.rows = rows, .owned = rows, .count = count}, why);
}

/* ---- the job: on a worker, it owns `writing`, `file` and `freeing` */

static int flush(struct journal *journal, struct buffer *lines, size_t at_least)
{
    if (lines->failed)
        return failure_no_memory(&journal->job_failure, "the lines of the journal");
    if (lines->length < at_least)
        return 0;
    if (journal_file_append(&journal->file, buffer_text(lines), &journal->job_failure) != 0)
        return -1;
    buffer_reset(lines);
    return 0;
}

static int write_record(struct journal *journal, struct buffer *lines, const struct record *record)
{
    struct journal_line line = {
        .event = (enum journal_event)record->event,
        .attempt = record->attempt,
        .cause = record->cause,
        .unix_ms = record->unix_ms,
        .uid = journal->uid,
        .request_id =
            record->request_id == NO_REQUEST_ID ? NULL : journal->writing.request_ids.data + record->request_id,
    };

    for (uint32_t i = 0; i < record->count; i++) {
        line.row = record->rows ? record->rows[i] : record->row;
        journal_line_append(lines, record->frame, &line);
        if (flush(journal, lines, WRITE_BYTES) != 0)
            return -1;
    }
    return 0;
}

static int write_group(struct journal *journal)
{
    struct buffer lines;
    int status = 0;

    buffer_init(&lines, LINE_BYTES_MAX);
    for (size_t i = 0; status == 0 && i < journal->writing.count; i++)
        status = write_record(journal, &lines, &journal->writing.records[i]);
    if (status == 0)
        status = flush(journal, &lines, 1);
    if (status == 0)
        status = journal_file_sync(&journal->file, &journal->job_failure);
    buffer_release(&lines);
    return status;
}

/* Reading a large file for what is open is worth waiting for what is under way. */
static void rotate(struct journal *journal)
{
    uint64_t most = journal->under_way ? JOURNAL_BYTES_MAX : JOURNAL_ROTATE_BYTES;

    if (journal->file.bytes >= most)
        journal_file_rotate(&journal->file, journal->any_open, &journal->rotate_failure);
}

static struct journal *journal_of(struct job *job)
{
    return job->data;
}

static void work(struct job *job)
{
    struct journal *journal = journal_of(job);

    free_frames(&journal->freeing);
    if (journal->writing.count > 0 && write_group(journal) == 0 && journal->writing.notes)
        rotate(journal);
    if (journal->last) {
        journal_file_close(&journal->file);
        intents_release(&journal->unresolved);
    }
}

/* ---- back on the loop */

/* The group's waiters leave, so that what they call back may queue anew. */
static struct waiters take_waiters(struct group *group)
{
    struct waiters waiters = group->waiters;

    group->waiters = (struct waiters){0};
    return waiters;
}

static void tell(struct waiters waiters, const struct failure *failure)
{
    for (size_t i = 0; i < waiters.count; i++)
        waiters.items[i].durable(waiters.items[i].data, failure->cause != 0 ? failure : NULL);
    free(waiters.items);
}

static void release_group(struct group *group)
{
    free(group->records);
    free(group->waiters.items);
    buffer_release(&group->request_ids);
}

/* Gives the memory back too: most of the time a journal waits. */
static void empty_group(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        group->records[i].frame->records--;
        free(group->records[i].owned);
    }
    release_group(group);
    group_init(group);
}

static void release(struct journal *journal)
{
    if (journal->frame) {
        journal->frame->next = journal->older;
        journal->older = journal->frame;
    }
    free_frames(&journal->older);
    free_frames(&journal->retired);
    free_frames(&journal->freeing);
    release_group(&journal->queued);
    release_group(&journal->writing);
    free(journal->address);
    free(journal);
}

static void on_last_done(struct journal *journal, struct waiters waiters)
{
    struct failure failure = journal->job_failure;
    void (*closed)(void *data) = journal->closed;
    void *data = journal->closed_data;

    release(journal);
    tell(waiters, &failure);
    closed(data);
}

static void on_done(struct job *job)
{
    struct journal *journal = journal_of(job);
    struct failure failure = journal->job_failure;
    struct failure broken = failure.cause != 0 ? failure : journal->rotate_failure;
    struct waiters dropped = {0};

    journal->busy = false;
    journal->broken = broken;
    struct waiters waiters = take_waiters(&journal->writing);
    empty_group(&journal->writing);
    if (broken.cause != 0) { /* what is queued is written nowhere */
        dropped = take_waiters(&journal->queued);
        empty_group(&journal->queued);
    }
    retire_frames(journal);
    if (journal->last) {
        on_last_done(journal, waiters);
        return;
    }
    start_job(journal);
    let_go_when_idle(journal);
    tell(waiters, &failure);
    tell(dropped, &broken);
}

static void start_job(struct journal *journal)
{
    struct group empty = journal->writing;

    if (journal->busy || (journal->queued.count == 0 && !journal->retired && !journal->closed))
        return;
    journal->writing = journal->queued;
    journal->queued = empty;
    journal->freeing = journal->retired;
    journal->retired = NULL;
    journal->under_way = journal->frame && journal->frame->open_count > 0;
    journal->any_open = journal->under_way || journal->earlier_open;
    journal->busy = true;
    journal->last = journal->closed != NULL;
    journal->job.work = work;
    journal->job.done = on_done;
    journal->job.data = journal;
    worker_submit(journal->workers, &journal->job);
}

/* ---- closing */

void journal_close(struct journal *journal, void (*closed)(void *data), void *data)
{
    journal->closed = closed;
    journal->closed_data = data;
    start_job(journal);
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    journal_file_close(&journal->file);
    intents_release(&journal->unresolved);
    release(journal);
}
