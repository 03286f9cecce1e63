/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/line_counter.h"

#include <string.h>

/* Sixteen bytes at a time, in the vector types of gcc and clang: one comparison and one subtraction for all of them. */
typedef uint8_t lanes __attribute__((vector_size(16)));

/* A lane counts up to here before it would wrap. */
enum { ROUNDS_MAX = 255 };

void line_counter_init(struct line_counter *counter, struct text text)
{
    *counter = (struct line_counter){.text = text, .line = 1};
}

static uint32_t sum_of(lanes counts)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < sizeof counts; i++)
        sum += counts[i];
    return sum;
}

static uint32_t count_newlines(const char *from, const char *end)
{
    uint32_t count = 0;

    while (end - from >= (ptrdiff_t)sizeof(lanes)) {
        lanes counts = {0}, bytes;
        for (int round = 0; round < ROUNDS_MAX && end - from >= (ptrdiff_t)sizeof bytes; round++) {
            memcpy(&bytes, from, sizeof bytes);
            counts -= (lanes)(bytes == '\n');
            from += sizeof bytes;
        }
        count += sum_of(counts);
    }
    for (; from < end; from++)
        count += *from == '\n';
    return count;
}

void line_counter_find(struct line_counter *counter, size_t offset, uint32_t *out_line, uint32_t *out_column)
{
    if (offset > counter->text.bytes)
        offset = counter->text.bytes;
    if (offset < counter->offset)
        line_counter_init(counter, counter->text);
    if (offset > counter->offset) {
        const char *from = counter->text.data + counter->offset;
        const char *newline = memrchr(from, '\n', offset - counter->offset);
        if (newline) {
            counter->line += count_newlines(from, newline + 1);
            counter->line_start = (size_t)(newline + 1 - counter->text.data);
        }
        counter->offset = offset;
    }
    *out_line = counter->line;
    *out_column = (uint32_t)(offset - counter->line_start) + 1;
}
