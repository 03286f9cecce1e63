/* SPDX-License-Identifier: Apache-2.0
 *
 * One frame of the remoting protocol, to bytes and back: length, header as JSON or binary ("ROCKETMQ"), body. Pure.
 * Source: rocketmq-remoting 3.1 and 3.4. What we send is JSON; an answer tells by its own type byte what it is.
 *
 * An answer may be foreign in many ways and still be read: numbers, booleans and null among the extFields, code and
 * opaque as text, bare number keys, members nobody knows. What is not read is refused with BAD_ANSWER.
 */
#ifndef MQFERRY_API_CLUSTER_FRAME_H
#define MQFERRY_API_CLUSTER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/arena.h"
#include "api/base/buffer.h"
#include "api/base/failure.h"

enum {
    FRAME_FIELDS_MAX = 32,            /* extFields that are kept; more are passed over */
    FRAME_PREFIX_BYTES = 4,           /* the length, which does not count itself */
    FRAME_HEADER_BYTES_MAX = 1 << 20, /* remarks hold traces of exceptions */
    FRAME_VERSION = 401,              /* 4.9.4: strict JSON for routes, no GO_AWAY (3.5) */
    FRAME_IS_ANSWER = 1,              /* flag */
    FRAME_IS_ONE_WAY = 2,
};

enum frame_header { FRAME_JSON = 0, FRAME_BINARY = 1 };

struct frame_field {
    struct text name, value;
};

struct frame {
    int32_t code, version, opaque, flag;
    struct text remark;
    uint32_t field_count;
    struct frame_field fields[FRAME_FIELDS_MAX];
    struct text body;
};

/* Appends the frame. version 0: FRAME_VERSION. Texts must be UTF-8; a binary header cannot hold a code above 32767.
 * 0, or -1: the ceiling of `out`, memory, or what a header cannot hold. */
int frame_write(const struct frame *frame, enum frame_header header, struct buffer *out);

/* How long is the frame that begins with these bytes? 1: *out_bytes, the length counted in; 0: too few bytes to tell;
 * -1: BAD_ANSWER, shorter than a header or longer than bytes_max. */
int frame_measure(struct text begin, size_t bytes_max, size_t *out_bytes, struct failure *why);

/* Reads one whole frame, its length in front. The body is within `bytes`, the other texts are in `memory`.
 * BAD_ANSWER or OUT_OF_MEMORY. 0 or -1. */
int frame_read(struct text bytes, struct arena *memory, struct frame *out, struct failure *why);

/* The value of a field; the empty text when it is absent. */
struct text frame_field(const struct frame *frame, const char *name);

/* A field of a request; room for it is asserted. */
void frame_add(struct frame *frame, const char *name, struct text value);

#endif
