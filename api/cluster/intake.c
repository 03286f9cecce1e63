/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/intake.h"

#include <assert.h>
#include <stdlib.h>

#include "api/base/json.h"
#include "api/cluster/frame.h"

void intake_init(struct intake *intake, size_t bytes_max)
{
    intake->bytes_max = bytes_max;
    intake->begin = intake->end = 0;
    intake->large = NULL;
}

void intake_release(struct intake *intake)
{
    free(intake->large);
    intake->large = NULL;
}

void intake_room(struct intake *intake, char **out, size_t *out_bytes)
{
    if (intake->large) {
        *out = intake->large + intake->large_held;
        *out_bytes = intake->large_bytes - intake->large_held;
        return;
    }
    memmove(intake->room, intake->room + intake->begin, intake->end - intake->begin);
    intake->end -= intake->begin;
    intake->begin = 0;
    *out = intake->room + intake->end;
    *out_bytes = sizeof intake->room - intake->end;
}

void intake_filled(struct intake *intake, size_t bytes)
{
    if (intake->large)
        intake->large_held += bytes;
    else
        intake->end += bytes;
    assert(intake->end <= sizeof intake->room && (!intake->large || intake->large_held <= intake->large_bytes));
}

static int take_large(struct intake *intake, char **out, size_t *out_bytes)
{
    if (intake->large_held < intake->large_bytes)
        return 0;
    *out = intake->large;
    *out_bytes = intake->large_bytes;
    intake->large = NULL;
    return 1;
}

static char *padded(size_t bytes, struct failure *why)
{
    char *frame = malloc(bytes + JSON_PADDING);

    if (frame)
        memset(frame + bytes, 0, JSON_PADDING);
    else
        failure_no_memory(why, "an answer");
    return frame;
}

int intake_next(struct intake *intake, char **out, size_t *out_bytes, struct failure *why)
{
    struct text held = {intake->room + intake->begin, intake->end - intake->begin};
    size_t bytes;

    if (intake->large)
        return take_large(intake, out, out_bytes);
    int known = frame_measure(held, intake->bytes_max, &bytes, why);
    if (known <= 0 || (bytes > held.bytes && bytes <= sizeof intake->room))
        return known < 0 ? -1 : 0;
    char *frame = padded(bytes, why);
    if (!frame)
        return -1;
    size_t here = bytes < held.bytes ? bytes : held.bytes;
    memcpy(frame, held.data, here);
    intake->begin += here;
    if (here < bytes) {
        intake->large = frame;
        intake->large_bytes = bytes;
        intake->large_held = here;
        return 0;
    }
    *out = frame;
    *out_bytes = bytes;
    return 1;
}
