/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: the name is looked up (an address needs none) → connected → with TLS, hands are shaken → ready; what
 *             comes is taken in and handed over frame by frame.
 * what can go wrong: no such name, nobody listens, the time-out, a certificate, a peer that closes or sends no frames.
 *             While it connects, the next address of the name is tried; else `ended` says why.
 * on close: a look-up that runs is awaited (it cannot be stopped); when look-up, socket and timer are gone, `closed`.
 */
#include "api/cluster/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/cause.h"
#include "api/cluster/intake.h"
#include "api/cluster/tls.h"

enum { ADDRESSES_MAX = 8, HOST_BYTES = 256, KEEPALIVE_S = 60, CIPHER_BYTES = 1 << 14 };

enum stage { STAGE_RESOLVING, STAGE_CONNECTING, STAGE_SHAKING, STAGE_OPEN, STAGE_CLOSING };

struct stream {
    enum stage stage;
    const struct stream_events *events;
    void *data;
    struct tls *tls;
    struct tls_session *session;
    uint32_t connect_ms;
    char host[HOST_BYTES];
    uint16_t port;
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    uint32_t address_count, address;
    struct failure failure; /* of the last address */
    enum reach reach;
    uv_loop_t *loop;
    uv_getaddrinfo_t lookup;
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_timer_t timer;
    bool tcp_open, timer_open, looking_up;
    struct intake intake;
    char cipher[CIPHER_BYTES];
};

static void connect_next(struct stream *stream);

/* --- the end ---------------------------------------------------------------------------------------------------------
 */

static void close_if_gone(struct stream *stream)
{
    if (stream->stage != STAGE_CLOSING || stream->tcp_open || stream->timer_open || stream->looking_up)
        return;
    const struct stream_events *events = stream->events;
    void *data = stream->data;
    tls_session_free(stream->session);
    intake_release(&stream->intake);
    free(stream);
    events->closed(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    stream->timer_open = false;
    close_if_gone(stream);
}

static void on_tcp_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;

    stream->tcp_open = false;
    if (stream->stage == STAGE_CONNECTING)
        connect_next(stream);
    else
        close_if_gone(stream);
}

void stream_close(struct stream *stream)
{
    if (stream->stage == STAGE_CLOSING)
        return;
    stream->stage = STAGE_CLOSING;
    if (stream->looking_up)
        uv_cancel((uv_req_t *)&stream->lookup);
    if (stream->tcp_open && !uv_is_closing((uv_handle_t *)&stream->tcp))
        uv_close((uv_handle_t *)&stream->tcp, on_tcp_closed);
    uv_close((uv_handle_t *)&stream->timer, on_timer_closed);
}

static void end(struct stream *stream, const struct failure *why)
{
    struct failure told = *why;

    if (stream->stage == STAGE_CLOSING)
        return;
    stream_close(stream);
    stream->events->ended(stream->data, &told);
}

/* --- out -------------------------------------------------------------------------------------------------------------
 */

struct parcel {
    uv_write_t write;
    char bytes[];
};

static void on_written(uv_write_t *write, int status)
{
    struct stream *stream = write->data;

    free((struct parcel *)write); /* its first member */
    if (status < 0 && status != UV_ECANCELED) {
        struct failure why;
        failure_set(&why, CAUSE_UNREACHABLE, "the connection was lost: %s", uv_strerror(status));
        end(stream, &why);
    }
}

static int send_bytes(struct stream *stream, struct text text, struct failure *why)
{
    struct parcel *parcel = malloc(sizeof *parcel + text.bytes);

    if (!parcel)
        return failure_no_memory(why, "a request");
    memcpy(parcel->bytes, text.data, text.bytes);
    parcel->write.data = stream;
    uv_buf_t bytes = uv_buf_init(parcel->bytes, (unsigned)text.bytes);
    int status = uv_write(&parcel->write, (uv_stream_t *)&stream->tcp, &bytes, 1, on_written);
    if (status == 0)
        return 0;
    free(parcel);
    return failure_set(why, CAUSE_UNREACHABLE, "could not send: %s", uv_strerror(status));
}

/* What TLS has for the peer. */
static int flush(struct stream *stream, struct failure *why)
{
    struct text text = tls_outgoing(stream->session);
    int status = text.bytes > 0 ? send_bytes(stream, text, why) : 0;

    tls_sent(stream->session);
    return status;
}

int stream_write(struct stream *stream, struct text text, struct failure *why)
{
    assert(stream->stage == STAGE_OPEN);
    if (!stream->session)
        return send_bytes(stream, text, why);
    return tls_write(stream->session, text, why) == 0 ? flush(stream, why) : -1;
}

bool stream_is_connecting(const struct stream *stream)
{
    return stream->stage == STAGE_CONNECTING;
}

enum reach stream_reach(const struct stream *stream)
{
    return stream->reach;
}

bool stream_is_ready(const struct stream *stream)
{
    return stream->stage == STAGE_OPEN;
}

/* --- in --------------------------------------------------------------------------------------------------------------
 */

/* Hands over every whole frame that is there. */
static void deliver(struct stream *stream)
{
    struct failure why = FAILURE_INIT;
    char *frame;
    size_t bytes;
    int status = 0;

    while (stream->stage == STAGE_OPEN && (status = intake_next(&stream->intake, &frame, &bytes, &why)) > 0)
        stream->events->frame(stream->data, frame, bytes);
    if (stream->stage == STAGE_OPEN && status < 0)
        end(stream, &why);
}

static void become_ready(struct stream *stream)
{
    stream->stage = STAGE_OPEN;
    uv_timer_stop(&stream->timer);
    stream->events->ready(stream->data);
}

/* An alert of ours goes out before the end, so that the peer's log tells, too. */
static void fail_tls(struct stream *stream, const struct failure *why)
{
    struct failure ignored;

    flush(stream, &ignored);
    end(stream, why);
}

static void shake(struct stream *stream)
{
    struct failure why = FAILURE_INIT;
    int status = tls_shake(stream->session, &why);

    if (status < 0)
        fail_tls(stream, &why);
    else if (flush(stream, &why) != 0)
        end(stream, &why);
    else if (status > 0)
        become_ready(stream);
}

static void decrypt(struct stream *stream)
{
    struct failure why = FAILURE_INIT;
    int status = 1;

    while (status > 0 && stream->stage == STAGE_OPEN) {
        char *room;
        size_t bytes, count;
        intake_room(&stream->intake, &room, &bytes);
        status = tls_read(stream->session, room, bytes, &count, &why);
        if (status > 0) {
            intake_filled(&stream->intake, count);
            deliver(stream);
        }
    }
    if (stream->stage != STAGE_OPEN)
        return;
    if (status < 0)
        fail_tls(stream, &why);
    else if (flush(stream, &why) != 0) /* answers to new keys and the like */
        end(stream, &why);
}

static void take_cipher(struct stream *stream, size_t bytes)
{
    struct failure why = FAILURE_INIT;

    if (tls_take(stream->session, stream->cipher, bytes, &why) != 0) {
        end(stream, &why);
        return;
    }
    if (stream->stage == STAGE_SHAKING)
        shake(stream);
    if (stream->stage == STAGE_OPEN)
        decrypt(stream);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct stream *stream = handle->data;
    char *room = stream->cipher;
    size_t bytes = sizeof stream->cipher;

    (void)suggested;
    if (!stream->session)
        intake_room(&stream->intake, &room, &bytes);
    *out = uv_buf_init(room, (unsigned)(bytes < UINT32_MAX ? bytes : UINT32_MAX));
}

static void on_read(uv_stream_t *tcp, ssize_t count, const uv_buf_t *buf)
{
    struct stream *stream = tcp->data;
    struct failure why;

    (void)buf;
    if (stream->stage == STAGE_CLOSING || count == 0)
        return;
    if (count < 0) {
        failure_set(&why, CAUSE_UNREACHABLE,
                    stream->stage == STAGE_SHAKING ? "the TLS handshake was cut off by the peer: %s"
                                                   : "the connection was lost: %s",
                    count == UV_EOF ? "the peer closed it" : uv_strerror((int)count));
        end(stream, &why);
    } else if (stream->session) {
        take_cipher(stream, (size_t)count);
    } else {
        intake_filled(&stream->intake, (size_t)count);
        deliver(stream);
    }
}

/* --- connecting ------------------------------------------------------------------------------------------------------
 */

/* Closes the socket; the next address is tried when it is gone. */
static void fail_address(struct stream *stream, enum reach reach, const char *reason)
{
    stream->reach = reach;
    failure_set(&stream->failure, CAUSE_UNREACHABLE, "could not connect: %s", reason);
    stream->address++;
    uv_timer_stop(&stream->timer);
    if (stream->tcp_open)
        uv_close((uv_handle_t *)&stream->tcp, on_tcp_closed);
    else
        connect_next(stream);
}

static void on_timeout(uv_timer_t *timer)
{
    struct stream *stream = timer->data;
    struct failure why;

    if (stream->stage == STAGE_CONNECTING) {
        fail_address(stream, REACH_SILENT, "no answer in time");
        return;
    }
    if (stream->stage == STAGE_RESOLVING)
        stream->reach = REACH_NO_NAME;
    failure_set(&why, CAUSE_UNREACHABLE,
                stream->stage == STAGE_RESOLVING ? "could not connect: its name was not found in time"
                                                 : "the TLS handshake was not done in time");
    end(stream, &why);
}

static void on_connect(uv_connect_t *connecting, int status)
{
    struct stream *stream = connecting->data;
    struct failure why;

    if (stream->stage != STAGE_CONNECTING || uv_is_closing((uv_handle_t *)&stream->tcp))
        return; /* closed, or given up: status says cancelled */
    if (status < 0) {
        fail_address(stream, reach_of_status(status), uv_strerror(status));
        return;
    }
    stream->reach = REACH_UNKNOWN; /* what comes now is no matter of addresses */
    uv_tcp_nodelay(&stream->tcp, 1);
    uv_tcp_keepalive(&stream->tcp, 1, KEEPALIVE_S);
    stream->stage = STAGE_SHAKING;
    if (stream->tls && tls_session_new(stream->tls, stream->host, &stream->session, &why) != 0) {
        end(stream, &why);
        return;
    }
    uv_read_start((uv_stream_t *)&stream->tcp, on_alloc, on_read);
    if (stream->session)
        shake(stream);
    else
        become_ready(stream);
}

static void connect_next(struct stream *stream)
{
    if (stream->address >= stream->address_count) {
        end(stream, &stream->failure);
        return;
    }
    const struct sockaddr *address = (const struct sockaddr *)&stream->addresses[stream->address];
    bool more = stream->address + 1 < stream->address_count;
    int status = uv_tcp_init(stream->loop, &stream->tcp);
    stream->tcp.data = stream->connecting.data = stream;
    stream->tcp_open = status == 0;
    stream->stage = STAGE_CONNECTING;
    if (status == 0)
        status = uv_tcp_connect(&stream->connecting, &stream->tcp, address, on_connect);
    if (status < 0)
        fail_address(stream, reach_of_status(status), uv_strerror(status));
    else
        uv_timer_start(&stream->timer, on_timeout, more ? stream->connect_ms / 2 : stream->connect_ms, 0);
}

/* --- the name --------------------------------------------------------------------------------------------------------
 */

static void add_address(struct stream *stream, const struct sockaddr *address)
{
    size_t bytes = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (stream->address_count < ADDRESSES_MAX && (address->sa_family == AF_INET || address->sa_family == AF_INET6))
        memcpy(&stream->addresses[stream->address_count++], address, bytes);
}

static void on_lookup(uv_getaddrinfo_t *lookup, int status, struct addrinfo *list)
{
    struct stream *stream = lookup->data;
    struct failure why;

    stream->looking_up = false;
    for (struct addrinfo *one = list; one; one = one->ai_next)
        add_address(stream, one->ai_addr);
    uv_freeaddrinfo(list);
    if (stream->stage == STAGE_CLOSING) {
        close_if_gone(stream);
    } else if (status < 0 || stream->address_count == 0) {
        stream->reach = REACH_NO_NAME;
        failure_set(&why, CAUSE_UNREACHABLE, "could not connect: its name was not found: %s",
                    status < 0 ? uv_strerror(status) : "it has no address");
        end(stream, &why);
    } else {
        connect_next(stream);
    }
}

/* Is the host an address? Then it is the only one. */
static bool take_address(struct stream *stream, const char *host, uint16_t port)
{
    struct sockaddr_storage room = {0};

    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&room) != 0 &&
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)&room) != 0)
        return false;
    add_address(stream, (const struct sockaddr *)&room);
    return true;
}

static int look_up(struct stream *stream, const char *host, uint16_t port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    char service[8];
    int status;

    snprintf(service, sizeof service, "%u", port);
    stream->lookup.data = stream;
    status = uv_getaddrinfo(stream->loop, &stream->lookup, on_lookup, host, service, &hints);
    stream->looking_up = status == 0;
    return status;
}

/* The first turn of the loop begins it, so that nothing is called inside stream_open. */
static void on_begin(uv_timer_t *timer)
{
    struct stream *stream = timer->data;
    struct failure why;

    if (stream->address_count > 0) {
        connect_next(stream);
        return;
    }
    uv_timer_start(&stream->timer, on_timeout, stream->connect_ms, 0);
    int status = look_up(stream, stream->host, stream->port);
    if (status < 0) {
        failure_set(&why, CAUSE_UNREACHABLE, "could not connect: its name cannot be looked up: %s",
                    uv_strerror(status));
        end(stream, &why);
    }
}

int stream_open(const struct stream_options *options, struct stream **out, struct failure *why)
{
    struct stream *stream = malloc(sizeof *stream);

    if (!stream)
        return failure_no_memory(why, "a connection");
    memset(stream, 0, offsetof(struct stream, intake));
    intake_init(&stream->intake, options->frame_bytes_max);
    stream->events = options->events;
    stream->data = options->data;
    stream->tls = options->tls;
    stream->connect_ms = options->connect_ms;
    stream->loop = options->loop;
    stream->port = options->port;
    snprintf(stream->host, sizeof stream->host, "%s", options->host);
    take_address(stream, options->host, options->port);
    uv_timer_init(stream->loop, &stream->timer);
    stream->timer.data = stream;
    stream->timer_open = true;
    uv_timer_start(&stream->timer, on_begin, 0, 0);
    *out = stream;
    return 0;
}
