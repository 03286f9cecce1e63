/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "tests/lib/remoting_server.h"

enum { BYTES_MAX = 256 << 20 };

struct remote_peer {
    uv_tcp_t tcp;
    struct remoting_server *server;
    struct remote_peer *next;
    unsigned number, requests;
    unsigned pending; /* answers that are being held or written */
    bool closed;
    SSL *ssl;
    struct buffer plain;
    char bytes[65536];
};

struct delayed {
    uv_timer_t timer;
    uv_write_t write;
    struct remote_peer *peer;
    struct buffer bytes;
    bool close_after;
};

static void free_if_gone(struct remote_peer *peer)
{
    if (!peer->closed || peer->pending > 0)
        return;
    SSL_free(peer->ssl);
    buffer_release(&peer->plain);
    free(peer);
}

static void on_gone(uv_handle_t *handle)
{
    struct remote_peer *peer = handle->data;
    peer->closed = true;
    free_if_gone(peer);
}

static void drop(struct remote_peer *peer)
{
    if (uv_is_closing((uv_handle_t *)&peer->tcp))
        return;
    for (struct remote_peer **at = &peer->server->peers; *at != NULL; at = &(*at)->next)
        if (*at == peer) {
            *at = peer->next;
            break;
        }
    uv_close((uv_handle_t *)&peer->tcp, on_gone);
}

/* --- out */

static void on_timer_gone(uv_handle_t *handle)
{
    struct delayed *delayed = handle->data;
    struct remote_peer *peer = delayed->peer;
    buffer_release(&delayed->bytes);
    free(delayed);
    peer->pending--;
    free_if_gone(peer);
}

static void on_written(uv_write_t *write, int status)
{
    struct delayed *delayed = write->data;
    if (status == 0 && delayed->close_after)
        drop(delayed->peer);
    uv_close((uv_handle_t *)&delayed->timer, on_timer_gone);
}

/* What TLS has to say goes in front; sealed when it is sent, for the order counts. */
static void seal(struct delayed *delayed)
{
    SSL *ssl = delayed->peer->ssl;
    char *data;
    if (delayed->bytes.length > 0)
        assert_int_equal(SSL_write(ssl, delayed->bytes.data, (int)delayed->bytes.length), (int)delayed->bytes.length);
    long bytes = BIO_get_mem_data(SSL_get_wbio(ssl), &data);
    buffer_reset(&delayed->bytes);
    buffer_append(&delayed->bytes, data, (size_t)bytes);
    (void)BIO_reset(SSL_get_wbio(ssl));
}

static void on_due(uv_timer_t *timer)
{
    struct delayed *delayed = timer->data;
    if (!uv_is_closing((uv_handle_t *)&delayed->peer->tcp) && delayed->peer->ssl != NULL)
        seal(delayed);
    uv_buf_t bytes = uv_buf_init(delayed->bytes.data, (unsigned)delayed->bytes.length);
    delayed->write.data = delayed;
    if (uv_is_closing((uv_handle_t *)&delayed->peer->tcp) || bytes.len == 0 ||
        uv_write(&delayed->write, (uv_stream_t *)&delayed->peer->tcp, &bytes, 1, on_written) != 0)
        uv_close((uv_handle_t *)timer, on_timer_gone);
}

static void send_later(struct remote_peer *peer, struct buffer *bytes, uint64_t delay_ms, bool close_after)
{
    struct delayed *delayed = calloc(1, sizeof *delayed);
    assert_non_null(delayed);
    delayed->peer = peer;
    delayed->bytes = *bytes;
    delayed->close_after = close_after;
    peer->pending++;
    uv_timer_init(peer->tcp.loop, &delayed->timer);
    delayed->timer.data = delayed;
    uv_timer_start(&delayed->timer, on_due, delay_ms, 0);
}

static void write_answer(struct remote_peer *peer, struct remote_answer *answer)
{
    struct frame frame = {.code = answer->code,
                          .version = answer->version != 0 ? answer->version : peer->server->version,
                          .opaque = answer->request->opaque,
                          .flag = FRAME_IS_ANSWER,
                          .remark = text_of(answer->remark),
                          .body = buffer_text(&answer->body)};
    struct buffer out;
    buffer_init(&out, BYTES_MAX);
    if (answer->field.name.bytes > 0)
        frame.fields[frame.field_count++] = answer->field;
    assert_int_equal(frame_write(&frame, answer->header, &out), 0);
    if (answer->garbage != NULL) {
        buffer_reset(&out);
        buffer_append_string(&out, answer->garbage);
    }
    if (answer->cut > 0 && answer->cut < out.length)
        out.length = answer->cut;
    send_later(peer, &out, answer->delay_ms, answer->close_after || answer->cut > 0);
}

/* --- in */

static void serve(struct remote_peer *peer, struct text bytes)
{
    struct failure why = FAILURE_INIT;
    struct arena memory = ARENA_INIT;
    struct frame request;
    struct remote_answer answer = {.connection = peer->number, .on_connection = peer->requests++};
    buffer_init(&answer.body, BYTES_MAX);
    if (frame_read(bytes, &memory, &request, &why) != 0)
        fail_msg("what the client sent is no request: %s", why.text);
    answer.request = &request;
    peer->server->requests++;
    peer->server->sent[request.code & 65535]++;
    peer->server->handle(&answer, peer->server->context);
    if (answer.close)
        drop(peer);
    else if (!answer.silent)
        write_answer(peer, &answer);
    buffer_release(&answer.body);
    arena_release(&memory);
}

static void serve_all(struct remote_peer *peer)
{
    struct failure why = FAILURE_INIT;
    size_t begin = 0, bytes;
    for (;;) {
        struct text held = {peer->plain.data + begin, peer->plain.length - begin};
        if (uv_is_closing((uv_handle_t *)&peer->tcp) || frame_measure(held, BYTES_MAX, &bytes, &why) <= 0 ||
            bytes > held.bytes)
            break;
        serve(peer, (struct text){held.data, bytes});
        begin += bytes;
    }
    if (begin > 0)
        memmove(peer->plain.data, peer->plain.data + begin, peer->plain.length - begin);
    peer->plain.length -= begin;
}

static void decrypt(struct remote_peer *peer, size_t count)
{
    char room[16384];
    struct buffer none;
    int got;
    BIO_write(SSL_get_rbio(peer->ssl), peer->bytes, (int)count);
    while ((got = SSL_read(peer->ssl, room, sizeof room)) > 0)
        buffer_append(&peer->plain, room, (size_t)got);
    bool broken = SSL_get_error(peer->ssl, got) != SSL_ERROR_WANT_READ;
    buffer_init(&none, BYTES_MAX);
    send_later(peer, &none, 0, broken); /* the handshake's bytes */
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct remote_peer *peer = handle->data;
    (void)suggested;
    *out = uv_buf_init(peer->bytes, sizeof peer->bytes);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct remote_peer *peer = stream->data;
    if (count < 0) {
        drop(peer);
        return;
    }
    if (peer->ssl != NULL)
        decrypt(peer, (size_t)count);
    else
        buffer_append(&peer->plain, buf->base, (size_t)count);
    serve_all(peer);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct remoting_server *server = listener->data;
    struct remote_peer *peer = calloc(1, sizeof *peer);
    assert_int_equal(status, 0);
    assert_non_null(peer);
    peer->server = server;
    peer->number = server->connections++;
    buffer_init(&peer->plain, BYTES_MAX);
    uv_tcp_init(listener->loop, &peer->tcp);
    peer->tcp.data = peer;
    peer->next = server->peers;
    server->peers = peer;
    if (server->tls != NULL) {
        peer->ssl = SSL_new(server->tls);
        SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(peer->ssl);
    }
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    if (!server->hangs)
        uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
}

/* --- life */

static void fill_address(const char *host, struct sockaddr_storage *out)
{
    if (strchr(host, ':') != NULL)
        assert_int_equal(uv_ip6_addr(host, 0, (struct sockaddr_in6 *)out), 0);
    else
        assert_int_equal(uv_ip4_addr(host, 0, (struct sockaddr_in *)out), 0);
}

void remoting_server_begin(struct remoting_server *server, uv_loop_t *loop, const char *host,
                           void (*handle)(struct remote_answer *answer, void *context), void *context)
{
    struct sockaddr_storage address = {0};
    int bytes = sizeof address;

    signal(SIGPIPE, SIG_IGN); /* either side may be gone */
    memset(server, 0, sizeof *server);
    server->handle = handle;
    server->context = context;
    server->version = 479;
    snprintf(server->host, sizeof server->host, "%s", host);
    fill_address(host, &address);
    uv_tcp_init(loop, &server->listener);
    server->listener.data = server;
    assert_int_equal(uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 64, on_connection), 0);
    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &bytes);
    server->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                       : ((struct sockaddr_in *)&address)->sin_port);
}

void remoting_server_use_tls(struct remoting_server *server, const char *cert_file, const char *key_file,
                             const char *ca_file)
{
    server->tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_chain_file(server->tls, cert_file), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(server->tls, key_file, SSL_FILETYPE_PEM), 1);
    if (ca_file != NULL) {
        assert_int_equal(SSL_CTX_load_verify_locations(server->tls, ca_file, NULL), 1);
        SSL_CTX_set_verify(server->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
}

void remoting_server_cut(struct remoting_server *server)
{
    while (server->peers != NULL)
        drop(server->peers);
}

void remoting_server_end(struct remoting_server *server)
{
    if (uv_is_closing((uv_handle_t *)&server->listener))
        return;
    uv_close((uv_handle_t *)&server->listener, NULL);
    remoting_server_cut(server);
    SSL_CTX_free(server->tls);
    server->tls = NULL;
}
