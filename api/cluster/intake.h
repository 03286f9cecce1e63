/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes as they come become whole frames. Small frames are cut out of one room that is filled over and over; a frame
 * larger than that room gets memory of its own, into which the rest of it is read directly: a table of tens of MB is
 * copied nowhere. Pure.
 *
 * Life: intake_init → (intake_room → intake_filled → intake_next until 0) … → intake_release.
 */
#ifndef MQFERRY_API_CLUSTER_INTAKE_H
#define MQFERRY_API_CLUSTER_INTAKE_H

#include <stddef.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

enum { INTAKE_ROOM_BYTES = 1 << 16 };

struct intake {
    size_t bytes_max;  /* of a frame */
    size_t begin, end; /* what the room holds */
    char *large;       /* the frame that does not fit into it; NULL: none */
    size_t large_bytes, large_held;
    char room[INTAKE_ROOM_BYTES];
};

void intake_init(struct intake *intake, size_t bytes_max);
void intake_release(struct intake *intake);

/* Where the next bytes go; never without room. */
void intake_room(struct intake *intake, char **out, size_t *out_bytes);
void intake_filled(struct intake *intake, size_t bytes);

/* 1: a whole frame, its length in front, with JSON_PADDING zero bytes behind; free() it. 0: more bytes are needed. -1:
 * BAD_ANSWER (no frame, or too long) or OUT_OF_MEMORY; nothing more comes of this stream. */
int intake_next(struct intake *intake, char **out, size_t *out_bytes, struct failure *why);

#endif
