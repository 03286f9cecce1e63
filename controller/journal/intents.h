/* SPDX-License-Identifier: Apache-2.0
 *
 * Which creates of a journal's text have no result. Worker threads: a journal may have 64 MiB.
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_INTENTS_H
#define MQFERRY_CONTROLLER_JOURNAL_INTENTS_H

#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "controller/journal/journal.h"

/* Sorted by kind and name. */
struct intents {
    struct unresolved *items; /* names point into `names` */
    uint32_t count;
    char *names;
};
void intents_release(struct intents *intents); /* zeroed or released ones are fine */

/* `text` is padded as json.h wants it. *out_good: the length up to which it holds whole lines. 0, or -1: no memory. */
int intents_find(struct text text, struct intents *out, size_t *out_good, struct failure *why);
/* Appends their lines to `out`, marked "carried". 0, or -1: no memory. */
int intents_carry(struct text text, struct buffer *out, struct failure *why);

#endif
