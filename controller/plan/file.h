/* SPDX-License-Identifier: Apache-2.0
 *
 * Saved plans (contract section 1): what `plan --out` writes and `apply PLAN` carries out, without reading any source.
 *
 *     {"version": 1, "kind": "Plan", "time": "…", "address": "snapshot:/srv/demo.json", "declaredDigest": "sha256:…",
 *      "standsFor": "apsaramq", "identity": {…}, "topics": [
 *      {"name": "orders", "sourceName": "a|b", "declaredAt": "topics.yaml:3:1", "createOnly": ["messageType"],
 *       "messageType": "FIFO"}, … ], "consumerGroups": [ … ],
 *      "digest": "sha256:…"}
 *
 * Rows are those that the plan creates, with the settings that a create carries; items are those of a snapshot, and
 * sourceName, declaredAt, createOnly (settings that are not compared) and estimated besides; of an item with brokers
 * these two are told per broker ({"broker-a": ["perm"]}). The digest is over all bytes before it, so that a file that
 * somebody edited is recognised. Both calls block: worker threads, or before the loop runs.
 */
#ifndef MQFERRY_CONTROLLER_PLAN_FILE_H
#define MQFERRY_CONTROLLER_PLAN_FILE_H

#include <stdint.h>

#include "api/base/digest.h"
#include "api/base/failure.h"
#include "api/instance.h"
#include "controller/plan/guard.h"
#include "controller/plan/plan.h"

enum { PLAN_FILE_VERSION = 1 };

/* The digest's surroundings: with them every plan ends, to the byte. */
#define PLAN_FILE_BEFORE_DIGEST ",\n  \"digest\": \""
#define PLAN_FILE_AFTER_DIGEST  "\"\n}\n"

struct plan_file_head {
    const char *address;             /* of the destination; of a snapshot with its absolute path */
    const struct identity *identity; /* as describe told it */
    enum instance_kind kind;         /* what the destination is, or stands for */
    const char *declared_digest;
    int64_t time_unix_ms; /* 0: now */
};

/* Puts the plan's rows to create into the file, whole or not at all. STATE_UNWRITABLE. 0 or -1. */
int plan_file_write(const char *path, const struct plan_file_head *head, const struct plan *plan, struct failure *why);

struct plan_file {
    char *address;
    enum instance_kind kind;
    struct expectation expect[IDENTITY_MAX]; /* the identity that the destination must still have */
    uint32_t expect_count;
    char declared_digest[DIGEST_TEXT_BYTES];
    int64_t time_unix_ms;
    struct catalog *catalog; /* the rows, with policy create; a reference */
};

/* INPUT_WRONG: no saved plan, or one of another version. GUARD_REFUSED: a plan that is not as it was written. 0, or -1
 * and nothing to release. */
int plan_file_read(const char *path, struct plan_file *out, struct failure *why);
/* The same of a text that is in memory, with JSON_PADDING bytes behind it. */
int plan_file_parse(struct text text, struct plan_file *out, struct failure *why);
void plan_file_release(struct plan_file *file); /* zeroed or released structs are fine */

/* GUARD_REFUSED when the plan is older than max_age_ms (0: any age will do). 0 or -1. */
int plan_file_check_age(const struct plan_file *file, int64_t now_unix_ms, uint64_t max_age_ms, struct failure *why);

#endif
