/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share; board.h is for everybody else.
 *
 *   board.c      what happened?
 *   request.c    what is asked?
 *   document.c   what does /v1/status say?
 *   sheet.c      how does a document over all syncs come to be, a piece at a time?
 *   rows.c       which rows of a sync, and how do they look?     (any thread)
 *   changes.c    what was created last?                          (any thread)
 *   metrics.c    what does Prometheus get?
 *   fresh.c      who may have the same once more?
 *   routes.c     who answers what?
 *   wire.c       how does an answer look to the library?
 *   server.c     how does it go over the network?
 */
#ifndef MQFERRY_CONTROLLER_STATUS_STATE_H
#define MQFERRY_CONTROLLER_STATUS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/arena.h"
#include "api/base/buffer.h"
#include "api/base/digest.h"
#include "api/base/json.h"
#include "api/cause.h"
#include "controller/pass/pass.h"
#include "controller/runner/record.h"
#include "controller/status/board.h"

enum {
    HISTOGRAM_BOUNDS = 11,
    NOTES = NOTE_SETTLED + 1,
    SERIES_MAX = 512,    /* operations × results of one sync; more are counted as "other" */
    SAMPLES = 32,        /* of progress */
    SAMPLE_MS = 1000,    /* between two */
    SHOWN_MISTAKES = 20, /* of a pass or a reload */
    ANSWER_BYTES_MAX = 64 * 1024 * 1024,
};

struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* not cumulated; the last one is beyond every bound */
    uint64_t sum_ms;
};
extern const uint64_t request_bounds_ms[HISTOGRAM_BOUNDS], pass_bounds_ms[HISTOGRAM_BOUNDS];
void histogram_add(struct histogram *histogram, const uint64_t bounds_ms[], uint64_t ms);

struct series { /* requests of one operation that ended alike */
    const char *operation;
    int cause;
    uint64_t count;
};

struct operation {
    const char *name;
    struct histogram durations;
};

struct mistake {
    const char *path, *text;
    uint32_t line, column;
};

struct mistakes { /* the first ones */
    struct arena memory;
    struct mistake items[SHOWN_MISTAKES];
    uint32_t count;
    uint64_t total;
};

/* The last pass that ended. */
struct last_pass {
    bool any, parity, complete, shrunk, last_good;
    enum pass_outcome outcome;
    struct failure failure; /* cause 0: none */
    int64_t ended_unix_ms;
    uint64_t took_ms;
    uint64_t created[KINDS];
    struct mistakes mistakes;
};

struct sample {
    uint64_t ms, answered;
};

struct board_sync {
    struct board *board;
    struct board_sync *next;
    uint32_t references;
    struct arena memory; /* of the facts */
    struct board_facts facts;
    struct runner_watcher watcher;
    const struct runner *runner;  /* of the pass under way; NULL: none is */
    struct runner_record *record; /* the newest; a reference; NULL: nothing was ever planned */
    struct identity identity;     /* of the destination; count 0: not known */
    char status[64];              /* of the destination, in the provider's words */
    bool in_service;
    int64_t begun_unix_ms, next_unix_ms; /* 0: none */
    struct last_pass last;
    char digest[DIGEST_TEXT_BYTES];
    int64_t source_changed_unix_ms, parity_unix_ms, created_unix_ms; /* the last time; 0: never in this process */

    /* counters */
    uint64_t noted[NOTES][KINDS];
    uint64_t failures[CAUSE_COUNT];
    struct series *series;
    uint32_t series_count;
    struct operation *operations;
    uint32_t operation_count;
    struct histogram passes;
    double pace_limit; /* creates a second; INFINITY: not limited; below 0: nobody has asked yet */

    struct sample samples[SAMPLES]; /* of the pass under way, oldest first */
    uint32_t sample_count;
};

struct board {
    struct board_sync *first, **last;
    uint32_t edition; /* another one whenever a sync comes or goes */
    int64_t started_unix_ms;
    struct failure configuration; /* of the last reload; cause 0: none */
    struct mistakes mistakes;
    int64_t configuration_unix_ms;
};

struct board_sync *board_find(const struct board *board, const char *name); /* NULL: there is none */

/* Takes note of the pace of the pass under way; afterwards what it was stays. */
void board_look_at_pace(struct board_sync *sync);

/* How the creates of the pass under way go. */
struct speed {
    struct pass_progress progress;
    uint64_t answered;     /* creates that the destination has answered; those in doubt are still to be read back */
    double per_second;     /* over the last half minute; 0: nothing moved */
    uint64_t seconds_left; /* UINT64_MAX: not known */
};
/* false: no pass is under way. Takes a sample. */
bool board_speed(struct board_sync *sync, struct speed *out);

/* Members that say what failed: cause, message, hint, provider's words, places of mistakes. */
void status_write_failure(struct json_writer *json, const struct failure *failure, const struct mistakes *mistakes);
/* The members of a sync, into an object that is open. */
void status_write_sync(struct json_writer *json, struct board_sync *sync);
/* /v1/status, given what it says of all syncs together and the array of all, as JSON. */
void status_write_document(struct buffer *out, const struct board *board, bool ready, bool parity, struct text syncs);
/* {"version": 1, "error": …} */
void status_write_error(struct buffer *out, const struct failure *failure);
void status_write_ready(struct buffer *out, const struct board *board);
/* What Prometheus gets: the head, then metric for metric; each has a head, then the lines of every sync. */
void metrics_write_head(struct buffer *out, const struct board *board);
uint32_t metrics_count(void);
void metrics_write_metric(struct buffer *out, uint32_t metric);
void metrics_write_sync(struct buffer *out, uint32_t metric, struct board_sync *sync);

#endif
