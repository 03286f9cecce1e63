/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a frame. What was read lies within what came; written again and read again it is the same.
 */
#include "api/cluster/frame.h"
#include "tests/fuzz/fuzz.h"

enum { FRAME_BYTES_MAX = 1 << 24 };

static void demand_readable(struct arena *memory, struct text text)
{
    demand(arena_string(memory, text) != NULL);
}

static void demand_same(const struct frame *a, const struct frame *b)
{
    demand(a->code == b->code && a->opaque == b->opaque && a->flag == b->flag);
    demand(text_equal(a->remark, b->remark) && text_equal(a->body, b->body) && a->field_count == b->field_count);
    for (uint32_t i = 0; i < a->field_count; i++)
        demand(text_equal(a->fields[i].name, b->fields[i].name) && text_equal(a->fields[i].value, b->fields[i].value));
}

static void write_again(const struct frame *frame, enum frame_header header, struct arena *memory)
{
    struct failure why = FAILURE_INIT;
    struct frame again;
    struct buffer out;

    buffer_init(&out, FRAME_BYTES_MAX);
    if (frame_write(frame, header, &out) == 0) {
        demand(frame_read(buffer_text(&out), memory, &again, &why) == 0);
        demand_same(frame, &again);
    }
    buffer_release(&out);
}

/* Texts of binary headers are any bytes; JSON headers hold UTF-8. */
static enum frame_header header_of(const uint8_t *data)
{
    return data[FRAME_PREFIX_BYTES] == FRAME_BINARY ? FRAME_BINARY : FRAME_JSON;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {(const char *)data, bytes};
    struct failure why = FAILURE_INIT;
    struct arena memory = ARENA_INIT;
    struct frame frame;
    size_t whole;

    if (frame_measure(text, FRAME_BYTES_MAX, &whole, &why) > 0)
        demand(whole <= FRAME_BYTES_MAX);
    if (frame_read(text, &memory, &frame, &why) == 0) {
        demand(frame.field_count <= FRAME_FIELDS_MAX);
        demand_readable(&memory, frame.remark);
        demand_readable(&memory, frame.body);
        for (uint32_t i = 0; i < frame.field_count; i++) {
            demand_readable(&memory, frame.fields[i].name);
            demand_readable(&memory, frame.fields[i].value);
        }
        write_again(&frame, header_of(data), &memory);
    } else {
        demand(why.cause != 0);
    }
    arena_release(&memory);
    return 0;
}
