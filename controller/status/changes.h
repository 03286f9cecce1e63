/* SPDX-License-Identifier: Apache-2.0
 *
 * What was created, and what was refused, at a sync's destination: the newest lines of its journal. Blocks: a worker.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_CHANGES_H
#define MQFERRY_CONTROLLER_STATUS_CHANGES_H

#include "api/base/json.h"

enum {
    CHANGES_MAX = 200,
    CHANGES_BYTES = 512 * 1024, /* of the journal's end, looked at */
};

/* The member "changes" of an object that is open, newest first: objects of the journal (contract section 7). */
void changes_write(struct json_writer *json, const char *state_dir, const char *address);

#endif
