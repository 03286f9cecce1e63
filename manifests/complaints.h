/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is wrong with what was read, and everything worth saying about it: file, line, column, sentence.
 *
 * Lists grow to COMPLAINTS_MAX entries; further ones are counted. Shown in order of file, line, column.
 */
#ifndef MQFERRY_MANIFESTS_COMPLAINTS_H
#define MQFERRY_MANIFESTS_COMPLAINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"

enum { COMPLAINTS_MAX = 10000 };

struct place {
    const char *path;      /* borrowed; copied when kept in a complaint */
    uint32_t line, column; /* from 1; 0: the file as a whole */
};

struct complaint {
    char *path;
    uint32_t line, column;
    char *text; /* the mistake and the rule that it breaks; lower case, no full stop */
};

struct complaints {
    struct complaint *items;
    uint32_t count;
    uint32_t capacity;
    uint64_t dropped;
    bool memory_failed; /* an entry was lost because memory ran out: the caller must fail */
};

void complaints_init(struct complaints *complaints);
void complaints_release(struct complaints *complaints);
void complain(struct complaints *complaints, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void complaints_sort(struct complaints *complaints);
/* "path:line:column: text\n" for each (escaped), and how many more there were. 0 or -1 (buffer). */
int complaints_append(struct buffer *out, const struct complaints *complaints);

#endif
