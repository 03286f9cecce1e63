/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/http_server.h"

enum { BYTES_MAX = 256 << 20 };

struct served {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct http_server *server;
    struct served *next;
    struct buffer request;
    struct exchange exchange;
    uv_write_t write;
    unsigned handles;
    char bytes[65536];
};

static void on_gone(uv_handle_t *handle)
{
    struct served *served = handle->data;
    if (--served->handles > 0)
        return;
    buffer_release(&served->request);
    buffer_release(&served->exchange.answer);
    free(served);
}

static void drop(struct served *served)
{
    for (struct served **at = &served->server->served; *at != NULL; at = &(*at)->next)
        if (*at == served) {
            *at = served->next;
            break;
        }
    uv_close((uv_handle_t *)&served->timer, on_gone);
    if (!uv_is_closing((uv_handle_t *)&served->tcp))
        uv_close((uv_handle_t *)&served->tcp, on_gone);
}

static void finish(struct served *served)
{
    if (served->exchange.afterwards == RESET_AFTER) {
        uv_tcp_close_reset(&served->tcp, on_gone);
        drop(served);
    } else if (served->exchange.afterwards == CLOSE_AFTER) {
        drop(served);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct served *served = write->data;
    if (status == 0 && !uv_is_closing((uv_handle_t *)&served->tcp))
        finish(served);
}

static void on_due(uv_timer_t *timer)
{
    struct served *served = timer->data;
    uv_buf_t bytes = uv_buf_init(served->exchange.answer.data, (unsigned)served->exchange.answer.length);
    if (bytes.len == 0) {
        finish(served);
        return;
    }
    served->write.data = served;
    assert_int_equal(uv_write(&served->write, (uv_stream_t *)&served->tcp, &bytes, 1, on_written), 0);
}

/* Bytes of the first whole request; 0: it is not complete. */
static size_t whole_request(struct text text)
{
    char *end = memmem(text.data, text.bytes, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - text.data) + 4, body = 0;
    const char *length = strcasestr(text.data, "\r\nContent-Length:");
    if (length != NULL && length < end)
        body = strtoul(length + 17, NULL, 10);
    return text.bytes >= head + body ? head + body : 0;
}

static void serve(struct served *served)
{
    size_t bytes = whole_request(buffer_text(&served->request));
    if (bytes == 0)
        return;
    served->exchange.request = (struct text){served->request.data, bytes};
    served->exchange.afterwards = STAY_OPEN;
    served->exchange.delay_ms = 0;
    buffer_reset(&served->exchange.answer);
    served->server->requests++;
    served->server->handle(&served->exchange, served->server->context);
    served->exchange.on_connection++;
    buffer_reset(&served->request);
    uv_timer_start(&served->timer, on_due, served->exchange.delay_ms, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct served *served = handle->data;
    (void)suggested;
    *out = uv_buf_init(served->bytes, sizeof served->bytes);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    struct served *served = stream->data;
    if (count < 0) {
        drop(served);
        return;
    }
    buffer_append(&served->request, bytes->base, (size_t)count);
    serve(served);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *server = listener->data;
    struct served *served = calloc(1, sizeof *served);
    assert_int_equal(status, 0);
    assert_non_null(served);
    served->server = server;
    served->handles = 2;
    served->exchange.connection = server->connections++;
    buffer_init(&served->request, BYTES_MAX);
    buffer_init(&served->exchange.answer, BYTES_MAX);
    uv_tcp_init(listener->loop, &served->tcp);
    uv_timer_init(listener->loop, &served->timer);
    served->tcp.data = served->timer.data = served;
    served->next = server->served;
    server->served = served;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&served->tcp), 0);
    uv_read_start((uv_stream_t *)&served->tcp, on_alloc, on_read);
}

void http_server_begin(struct http_server *server, uv_loop_t *loop,
                       void (*handle)(struct exchange *exchange, void *context), void *context)
{
    struct sockaddr_in address;
    int bytes = sizeof address;
    *server = (struct http_server){.handle = handle, .context = context};
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &server->listener);
    server->listener.data = server;
    assert_int_equal(uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 64, on_connection), 0);
    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &bytes);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

void http_server_end(struct http_server *server)
{
    uv_close((uv_handle_t *)&server->listener, NULL);
    while (server->served != NULL)
        drop(server->served);
}

void exchange_answer(struct exchange *exchange, unsigned status, const char *headers, const char *body)
{
    buffer_append_format(&exchange->answer, "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body),
                         headers, body);
}

int exchange_has(const struct exchange *exchange, const char *part)
{
    return memmem(exchange->request.data, exchange->request.bytes, part, strlen(part)) != NULL;
}
