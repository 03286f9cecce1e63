/* SPDX-License-Identifier: Apache-2.0
 *
 * Line and column of many places of one text, asked in order: each byte is looked at once. Pure.
 */
#ifndef MQFERRY_API_BASE_LINE_COUNTER_H
#define MQFERRY_API_BASE_LINE_COUNTER_H

#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"

struct line_counter {
    struct text text; /* borrowed */
    size_t offset;    /* up to here lines are counted */
    size_t line_start;
    uint32_t line;
};

void line_counter_init(struct line_counter *counter, struct text text);

/* Both from 1; columns count bytes. An offset before the last one is counted anew from the beginning. */
void line_counter_find(struct line_counter *counter, size_t offset, uint32_t *out_line, uint32_t *out_column);

#endif
