/* SPDX-License-Identifier: Apache-2.0
 *
 * How much the last good pass of a sync declared, beside its journal: a source that shrank while nobody ran is noticed
 * by the next process (guard maxShrinkPercent). Both calls block: workers, or before the loop runs.
 *
 *     {"version": 1, "sync": "cutover", "declared": 812, "declaredDigest": "sha256:…"}
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_GOOD_H
#define MQFERRY_CONTROLLER_JOURNAL_GOOD_H

#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

/* 0: nothing is known, or it is another sync's, or no such file. */
uint64_t good_read(const char *state_dir, struct text address, const char *sync);
/* Whole or not at all; the journal's directory is there. 0 or -1 with STATE_UNWRITABLE. */
int good_write(const char *state_dir, struct text address, const char *sync, uint64_t declared, const char *digest,
               struct failure *why);

#endif
