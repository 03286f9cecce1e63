/* SPDX-License-Identifier: Apache-2.0
 *
 * Performs the effects of a pass on the loop and its workers and posts their answers back as events. It decides
 * nothing.
 *
 * One runner per sync (or command); it keeps what lives between passes: doors, ledger, journal, the declared set in
 * force, the last plan. One pass at a time. Everything on the loop thread; files, sorting, planning and syncing go to
 * the worker pool.
 */
#ifndef MQFERRY_CONTROLLER_RUNNER_RUNNER_H
#define MQFERRY_CONTROLLER_RUNNER_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/log.h"
#include "api/base/worker.h"
#include "controller/pass/pass.h"
#include "controller/plan/guard.h"
#include "manifests/manifests.h"
#include "manifests/mapping.h"

struct runner;
struct file_mark;
struct runner_record;
struct runner_result;
struct journal;

/* One live side: an address with what goes with it (contract section 6). Borrowed until the runner is closed. */
struct side_options {
    const char *address; /* as given */
    const char *endpoint, *ca_file, *cert_file, *key_file, *credentials, *address_map;
    bool imagined; /* no file: an empty instance of the kind that it stands for */
    bool unsafe_attributes;
    enum instance_kind stands_for; /* INSTANCE_KINDS: not said */
    const struct expectation *expect;
    uint32_t expect_count;
    uint32_t rate_per_s, concurrency, share_percent; /* 0: not limited */
};

/* Told what happens in a runner, while it happens; loop thread. Members may be NULL. */
struct runner_watcher {
    /* There is something newer to look at (record.h): a plan that was made, or a pass that has ended (before `done`).
     * A reference of one's own keeps it. */
    void (*shown)(void *context, struct runner_record *record);
    /* That became of creates of one kind; `cause` of NOTE_FAILED, else 0. */
    void (*noted)(void *context, enum kind kind, enum note note, int cause, uint32_t count);
    /* As in instance_options. */
    void (*request_ended)(void *context, const char *operation, int cause, uint64_t took_ms);
    void *context;
};

struct runner_options {
    uv_loop_t *loop;
    struct worker_pool *workers;
    struct cloud **cloud; /* as in instance_options, for all runners of the loop; NULL: one of its own */
    struct log *log;
    const char *sync; /* name for logs and the journal; "" for commands */
    const char *run;  /* id of this run */
    const struct side_options *destination;
    bool must_exist; /* export: the destination is a source, its file must be there; never created in */
    const struct side_options *sources; /* live ones */
    uint16_t source_count;
    const char *const *paths; /* manifests */
    uint32_t path_count;
    const char *const *exclude_files; /* NULL-terminated or NULL */
    const char *mapping_path;         /* NULL: none; loaded anew each pass, on the worker */
    const struct mapping *flags; /* --include, --exclude, --kind, --default-message-type, --source-masters, on top */
    struct catalog *fixed;       /* a saved plan's rows instead of any source; NULL: none */
    const char *fixed_digest;
    const struct guard *guard;
    const char *state_dir;    /* of the journal; NULL only with read_only */
    uint64_t declared_before; /* with read_only: what the last good pass declared (controller/journal/good.h) */
    bool read_only;           /* plan, verify, export: no journal, no create */
    bool source_once;         /* apply: later passes keep the first pass's declared set */
    bool keep_last_good;      /* the daemon: files that do not load leave the last good ones in force */
    uint32_t concurrency;
    const struct runner_watcher *watcher; /* borrowed until closed; NULL: nobody */
    /* Asked by EFFECT_CONFIRM, with what is known so far (no results yet); answer with runner_confirm. NULL: yes. */
    void (*confirm)(void *context, const struct runner_result *result);
    void *context;
};

/* What a pass knew, for report, status, metrics. Valid until the next runner_start or runner_close, so that a worker
 * can write a report from it. */
struct runner_result {
    const struct pass_report *report;
    const struct pass *pass;
    const struct plan *plan; /* NULL: none was made */
    const struct source_counts *counts;
    const struct mapping_counts *mapping_counts;
    const struct complaints *mistakes, *notices;
    const struct description *destination; /* NULL: not described */
    const struct mapping *mapping;         /* in force */
    const char *declared_digest;           /* "": nothing was planned */
    bool loaded;                           /* files were read anew in this pass: notices are of today */
    bool more_vanished;                    /* of plan->vanished something has in this pass */
    bool last_good;                        /* today's files do not load: `mistakes` says why, older ones are in force */
    bool parity;                           /* the report's, and the declared set is today's */
    struct failure failure;                /* the report's, else INPUT_WRONG when last_good; cause 0: none */
};
typedef void (*runner_done_cb)(void *context, const struct runner_result *result);

/* Opens the doors, which reads nothing yet. The journal is opened by the first pass that may create; when that fails,
 * the first intent says why (STATE_LOCKED, STATE_UNWRITABLE), and the next pass tries again. 0; or -1, and what was
 * made goes while the loop runs on. */
int runner_new(const struct runner_options *options, struct runner **out, struct failure *why);
/* Starts a pass; calls back once, later, when it has ended. 0 or -1 (one is under way, or no memory). `give_up_ms` as
 * in pass_options. */
int runner_start(struct runner *runner, enum pass_mode mode, uint64_t give_up_ms, runner_done_cb done, void *context,
                 struct failure *why);
void runner_confirm(struct runner *runner, bool yes);
void runner_source_changed(struct runner *runner);
void runner_stop(struct runner *runner); /* drain; the pass ends and calls back */
bool runner_busy(const struct runner *runner);
/* The file that the mapping in force is in, and those that it names; what was there when they were read. Valid until
 * the next runner_start or runner_close. */
const struct file_mark *runner_mapping_files(const struct runner *runner, uint32_t *out_count);
/* Grows with everything that the passes get done: one that does not while a pass is under way is stuck. */
uint64_t runner_beats(const struct runner *runner);
/* Before the first pass: what the one that it replaces knew of the last good pass, for guard.maxShrinkPercent. */
void runner_inherit(struct runner *runner, const struct runner *from);
/* Creates a second that may leave to the destination now; INFINITY: not limited, or not known yet. */
double runner_pace_limit(const struct runner *runner);
void runner_progress(const struct runner *runner, struct pass_progress *out);
/* Cancels what is under way (a pass ends and calls back first), closes doors and journal, frees everything, calls back
 * once, later; then it is gone. */
void runner_close(struct runner *runner, void (*closed)(void *context), void *context);

#endif
