/* SPDX-License-Identifier: Apache-2.0
 *
 * status: what a running daemon knows, asked over HTTP; --watch keeps it on screen.
 *
 * happy path: ask → print → (watch: wait, ask …).
 * what can go wrong: nobody listens there (69; with --watch it is said, and asked again), no such sync (78).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/base/json.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cloud/http.h"
#include "controller/commands/session.h"
#include "controller/commands/status_print.h"
#include "controller/config/config.h"
#include "controller/exit_code.h"
#include "controller/status/listen.h"

enum {
    WATCH_MS = 2000,
    ASK_MS = 30 * 1000,
    CONNECT_MS = 5000,
    ANSWER_BYTES = 64 * 1024 * 1024,
    URL_BYTES = 1024,
};

/* Rows that need somebody: what is in place is counted only. */
#define ROWS_QUERY "?sort=state&size=1000&state=missing,creating,differs,unread,conflict,invalid,vanished"

struct asking {
    struct session *session;
    struct http *http;
    struct http_request request;
    char url[URL_BYTES + 512];
    size_t url_length; /* without the page */
    uint32_t page;     /* json and jsonl of one Sync: all of them, one after the other; 0: there are none */
    uv_timer_t timer;
    uv_signal_t interrupted;
    bool watch, terminal, busy, stopped;
    bool unread; /* nobody takes what is printed: a watch ends */
    struct status_pages pages;
    struct buffer shown; /* last: nothing is printed twice where no screen is repainted */
    int code;
};

static void ask(struct asking *asking);

/* --- where */

/* "0.0.0.0:9480" listens everywhere, also here. */
static int url_of_listen(const char *listen, char out[static URL_BYTES], struct failure *why)
{
    char host[LISTEN_HOST_BYTES];
    uint16_t port;

    if (!listen_parse(listen, host, &port) || port == 0)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "the daemon listens at '%s': say --url", listen);
    const char *name = strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : strcmp(host, "::") == 0 ? "::1" : host;
    snprintf(out, URL_BYTES, strchr(name, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", name, port);
    return 0;
}

static int take_url(const char *url, char out[static URL_BYTES], struct failure *why)
{
    size_t bytes = strlen(url);

    while (bytes > 0 && url[bytes - 1] == '/')
        bytes--;
    if (bytes >= URL_BYTES || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return failure_set(why, CAUSE_USAGE, "--url is http://HOST:PORT or https://HOST:PORT");
    snprintf(out, URL_BYTES, "%.*s", (int)bytes, url);
    return 0;
}

/* Where the configuration says; the usual one counts only when it is there and can be read. */
static int base_url(struct session *session, char out[static URL_BYTES], struct failure *why)
{
    const struct options *options = session->options;
    bool named = options_has(options, OPTION_CONFIG);
    struct config *config = NULL;
    struct complaints mistakes;

    if (options_has(options, OPTION_URL))
        return take_url(options_text(options, OPTION_URL, NULL), out, why);
    complaints_init(&mistakes);
    int status = config_load(options_text(options, OPTION_CONFIG, CONFIG_PATH_DEFAULT), &config, &mistakes, why);
    if (named)
        session_mistakes(session, &mistakes);
    complaints_release(&mistakes);
    if (status != 0 && named)
        return -1;
    status = url_of_listen(config != NULL && config->listen != NULL ? config->listen : STATUS_LISTEN_DEFAULT, out, why);
    config_unref(config);
    return status;
}

static int make_url(struct asking *asking, struct failure *why)
{
    const struct options *options = asking->session->options;
    size_t length;

    if (base_url(asking->session, asking->url, why) < 0)
        return -1;
    length = strlen(asking->url);
    if (options->argument_count == 0) {
        snprintf(asking->url + length, sizeof asking->url - length, "/v1/status");
        return 0;
    }
    if (strlen(options->arguments[0]) > 128)
        return failure_set(why, CAUSE_USAGE, "the name of a Sync has at most 128 bytes");
    length += (size_t)snprintf(asking->url + length, sizeof asking->url - length, "/v1/syncs/");
    for (const char *c = options->arguments[0]; *c != '\0'; c++)
        length += (size_t)snprintf(asking->url + length, sizeof asking->url - length, "%%%02X", (unsigned char)*c);
    if (asking->session->output == OUTPUT_TABLE)
        snprintf(asking->url + length, sizeof asking->url - length, ROWS_QUERY);
    else
        length += (size_t)snprintf(asking->url + length, sizeof asking->url - length, "?size=1000");
    asking->url_length = length;
    asking->page = asking->session->output != OUTPUT_TABLE;
    return 0;
}

/* --- the end */

static void on_http_closed(void *context)
{
    (void)context;
}

static void stop(struct asking *asking, int code)
{
    asking->code = code;
    asking->stopped = true;
    uv_close((uv_handle_t *)&asking->timer, NULL);
    uv_close((uv_handle_t *)&asking->interrupted, NULL);
}

static void on_interrupted(uv_signal_t *handle, int number)
{
    struct asking *asking = handle->data;

    (void)number;
    if (!asking->stopped)
        stop(asking, EXIT_INTERRUPTED);
    if (asking->busy)
        http_cancel(asking->http, &asking->request);
}

/* --- asking */

static int show(struct asking *asking, struct failure *why)
{
    const struct session *session = asking->session;
    struct buffer text;

    buffer_init(&text, ANSWER_BYTES);
    int status = status_print(asking->request.answer, session->output, session->color, &asking->pages, &text, why);
    bool news = status == 0 && (!asking->watch || asking->terminal || asking->shown.length == 0 ||
                                !text_equal(buffer_text(&text), buffer_text(&asking->shown)));
    if (news && !(session->quiet && session->output == OUTPUT_TABLE)) {
        if (asking->watch && asking->terminal)
            fputs("\033[H\033[J", stdout);
        fwrite(text.data, 1, text.length, stdout);
        asking->unread = fflush(stdout) != 0;
    }
    buffer_release(&asking->shown);
    asking->shown = text;
    return status;
}

static int judge(struct asking *asking, struct failure *why)
{
    const struct http_request *request = &asking->request;

    if (request->failure.cause != CAUSE_NONE) {
        *why = request->failure;
        failure_wrap(why, "could not ask %s", asking->url);
        return -1;
    }
    if (request->status == 200)
        return show(asking, why);
    if (request->status == 404 && status_error(request->answer, why))
        return -1;
    return failure_set(why, CAUSE_BAD_ANSWER, "%s answers %u: it is no mqferry", asking->url, request->status);
}

static void on_timer(uv_timer_t *timer)
{
    ask(timer->data);
}

static void on_answer(struct http_request *request)
{
    struct asking *asking = request->data;
    struct failure why = FAILURE_INIT;

    asking->busy = false;
    if (asking->stopped)
        return;
    if (judge(asking, &why) == 0) {
        if (asking->page > 0)
            asking->page = asking->pages.more ? asking->page + 1 : 1;
        if (asking->pages.more)
            uv_timer_start(&asking->timer, on_timer, 0, 0);
        else if (asking->watch && !asking->unread)
            uv_timer_start(&asking->timer, on_timer, WATCH_MS, 0);
        else
            stop(asking, EXIT_DONE);
        return;
    }
    if (asking->watch && why.cause != CAUSE_CONFIGURATION_WRONG) {
        session_say(&why);
        uv_timer_start(&asking->timer, on_timer, WATCH_MS, 0);
        return;
    }
    stop(asking, session_fail(asking->session, &why));
}

static void ask(struct asking *asking)
{
    struct failure why = FAILURE_INIT;
    bool here = http_url_is_loopback(asking->url);

    if (asking->page > 0)
        snprintf(asking->url + asking->url_length, sizeof asking->url - asking->url_length, "&page=%u", asking->page);
    asking->request = (struct http_request){.method = "GET",
                                            .url = asking->url,
                                            .body = TEXT(""),
                                            .ca_file = options_text(asking->session->options, OPTION_CA_FILE, NULL),
                                            .plain = true,
                                            .direct = here,
                                            .connect_timeout_ms = CONNECT_MS,
                                            .deadline_ms = monotime_ms() + ASK_MS,
                                            .answer_bytes_max = ANSWER_BYTES,
                                            .done = on_answer,
                                            .data = asking};
    asking->busy = http_start(asking->http, &asking->request, &why) == 0;
    if (!asking->busy)
        stop(asking, session_fail(asking->session, &why));
}

int command_status(struct session *session)
{
    struct asking asking = {.session = session, .watch = options_has(session->options, OPTION_WATCH)};
    struct failure why = FAILURE_INIT;

    if (make_url(&asking, &why) < 0 || (asking.http = http_new(&session->loop, &why)) == NULL)
        return session_fail(session, &why);
    buffer_init(&asking.shown, ANSWER_BYTES);
    asking.terminal = isatty(STDOUT_FILENO) == 1 && session->output == OUTPUT_TABLE;
    uv_timer_init(&session->loop, &asking.timer);
    uv_signal_init(&session->loop, &asking.interrupted);
    asking.timer.data = asking.interrupted.data = &asking;
    uv_signal_start(&asking.interrupted, on_interrupted, SIGINT);
    ask(&asking);
    while (!asking.stopped || asking.busy)
        uv_run(&session->loop, UV_RUN_ONCE);
    http_close(asking.http, on_http_closed, &asking);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    buffer_release(&asking.shown);
    return asking.code;
}
