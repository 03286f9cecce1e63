/* SPDX-License-Identifier: Apache-2.0
 *
 * What every command has in common: where it writes, how it fails, the loop and its workers, signals.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_SESSION_H
#define MQFERRY_CONTROLLER_COMMANDS_SESSION_H

#include <stdbool.h>

#include <uv.h>

#include "api/base/log.h"
#include "api/base/worker.h"
#include "controller/commands/options.h"
#include "controller/report/report.h"
#include "manifests/complaints.h"

struct session {
    const struct options *options;
    struct log *log;
    enum output output;
    bool color; /* of standard output */
    bool quiet;
    uv_loop_t loop;
    struct worker_pool *workers;
    char run_id[37]; /* of this run: in logs and journals */
};

/* Sets up log and loop. 0 or -1 (said on standard error). */
int session_init(struct session *session, const struct options *options);
/* Closes the loop, which must have nothing left. */
void session_release(struct session *session);

/* Says what could not be done and what to do next on standard error; gives the exit code of the cause. */
int session_say(const struct failure *failure);
/* The same, and the error document on standard output where that is wanted: only where no report was written. */
int session_fail(struct session *session, const struct failure *failure);
/* Every mistake on a line of its own; how many there are. */
void session_mistakes(const struct session *session, const struct complaints *mistakes);
void session_notices(const struct session *session, const struct complaints *notices);

/* The commands; each gives the exit code. */
int command_reconcile(struct session *session); /* plan, apply, verify, evaluate */
int command_validate(struct session *session);
int command_export(struct session *session);
int command_run(struct session *session);
int command_status(struct session *session);
int command_journal(struct session *session);
int command_config(struct session *session);
int command_version(struct session *session);

#endif
