/* SPDX-License-Identifier: Apache-2.0
 *
 * One TCP connection, plain or TLS, from the look-up of its peer's name to its end. It is made once and never mended:
 * connection.h makes another one.
 *
 *   RESOLVING ──► CONNECTING ──► SHAKING ──► OPEN
 *       │             │             │          │       any: stream_close, or `ended` told
 *       └─────────────┴─────────────┴──────────┴──► CLOSING ──► closed
 *
 * Addresses of a name are tried one after the other, each within its share of the time-out.
 */
#ifndef MQFERRY_API_CLUSTER_STREAM_H
#define MQFERRY_API_CLUSTER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/cluster/reach.h"

struct uv_loop_s;
struct tls;
struct stream;

struct stream_events {
    void (*ready)(void *data); /* bytes may be sent */
    /* A whole frame (intake.h), the receiver's to free(). It may close the stream. */
    void (*frame)(void *data, char *bytes, size_t count);
    /* It could not be made, or was lost: UNREACHABLE, or BAD_ANSWER for bytes that are no frames. Nothing but `closed`
     * comes after it. */
    void (*ended)(void *data, const struct failure *why);
    void (*closed)(void *data); /* the stream is gone; after `ended` or stream_close, always later, once */
};

struct stream_options {
    struct uv_loop_s *loop;
    const char *host; /* name or address, IPv6 without brackets; copied */
    uint16_t port;
    struct tls *tls;     /* NULL: plain */
    uint32_t connect_ms; /* until it is ready, per address */
    size_t frame_bytes_max;
    const struct stream_events *events;
    void *data;
};

/* Begins at once; nothing is called inside. 0, or -1: no memory, and `closed` does not come. */
int stream_open(const struct stream_options *options, struct stream **out, struct failure *why);
/* In `ended`, of one that was never ready: how far it came. */
enum reach stream_reach(const struct stream *stream);
bool stream_is_connecting(const struct stream *stream); /* to an address; TLS is later */
bool stream_is_ready(const struct stream *stream);
/* The stream must be ready. The text is copied. 0, or -1: it must be closed. */
int stream_write(struct stream *stream, struct text text, struct failure *why);
void stream_close(struct stream *stream);

#endif
