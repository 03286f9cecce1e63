/* SPDX-License-Identifier: Apache-2.0
 *
 * From flags, and a Sync of the configuration where --sync names one, to the options of a runner.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_SETUP_H
#define MQFERRY_CONTROLLER_COMMANDS_SETUP_H

#include "controller/commands/session.h"
#include "controller/config/config.h"
#include "controller/plan/file.h"
#include "controller/runner/runner.h"
#include "manifests/mapping.h"

/* Everything that the runner borrows. */
struct setup {
    struct session *session;
    struct config *config; /* --sync; else NULL */
    struct plan_file plan; /* apply PLAN; else zeroed */
    struct runner_options runner;
    struct side_options destination, sources[PASS_SIDES_MAX - 1];
    struct guard guard;
    struct mapping flags;
    const char **paths;
    const char **shown_sources; /* as given, for reports; NULL-terminated */
    uint32_t shown_source_count;
    struct buffer destination_text; /* canonical */
    struct buffer state_dir;
    struct catalog *nothing; /* what export declares; else NULL */
};

/* cause USAGE, CONFIGURATION_WRONG, INPUT_WRONG (a saved plan) … 0 or -1; setup_release in both cases. */
int setup_reconcile(struct setup *setup, struct session *session, struct failure *why);
/* export: the one --from is what the runner lists; nothing is declared. */
int setup_export(struct setup *setup, struct session *session, struct failure *why);
void setup_release(struct setup *setup);

#endif
