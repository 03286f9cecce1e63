/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "api/base/log_journal.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/exit_code.h"

enum { WORKERS = 2 }; /* design section 5: at most two long jobs at once */
#define WORKERS_TEXT "2"

static bool wants_color(const struct options *options, int fd)
{
    const char *asked = options_text(options, OPTION_COLOR, "auto");
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (strcmp(asked, "auto") != 0)
        return strcmp(asked, "always") == 0;
    if (no_color != NULL && no_color[0] != '\0')
        return false;
    return isatty(fd) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

static enum output output_of(const struct options *options)
{
    const char *name = options_text(options, OPTION_OUTPUT, "table");
    return strcmp(name, "json") == 0 ? OUTPUT_JSON : strcmp(name, "jsonl") == 0 ? OUTPUT_JSONL : OUTPUT_TABLE;
}

/* A random UUID (version 4), so that runs can be told apart in the journal. */
static void make_run_id(char out[static 37])
{
    unsigned char bytes[16] = {0};

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        memcpy(bytes, &(pid_t){getpid()}, sizeof(pid_t));
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    size_t length = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[length++] = '-';
        snprintf(out + length, 3, "%02x", bytes[i]);
        length += 2;
    }
}

static struct log *make_log(const struct options *options)
{
    struct log_options log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_TEXT};

    if (options->command == COMMAND_RUN) {
        log.level = LOG_LEVEL_INFO;
        log.journal_priorities = log_journal_owns(STDERR_FILENO, getenv("JOURNAL_STREAM"));
        log.journal_path = log.journal_priorities ? LOG_JOURNAL_SOCKET : NULL;
    }
    if (options_has(options, OPTION_QUIET))
        log.level = LOG_LEVEL_ERROR;
    log_level_parse(options_text(options, OPTION_LOG_LEVEL, ""), &log.level);
    log_format_parse(options_text(options, OPTION_LOG_FORMAT, ""), &log.format);
    log.color = wants_color(options, STDERR_FILENO);
    return log_new(&log);
}

int session_init(struct session *session, const struct options *options)
{
    memset(session, 0, sizeof *session);
    session->options = options;
    session->output = output_of(options);
    session->color = wants_color(options, STDOUT_FILENO);
    session->quiet = options_has(options, OPTION_QUIET);
    make_run_id(session->run_id);
    setenv("UV_THREADPOOL_SIZE", WORKERS_TEXT, 0); /* more threads than jobs would only hold memory */
    int error = uv_loop_init(&session->loop);
    if (error < 0) {
        fprintf(stderr, "mqferry: could not start: %s\n", uv_strerror(error));
        return -1;
    }
    session->log = make_log(options);
    session->workers = worker_pool_new(&session->loop, WORKERS);
    if (session->log != NULL && session->workers != NULL)
        return 0;
    fputs("mqferry: could not start: no memory\n", stderr);
    session_release(session);
    return -1;
}

void session_release(struct session *session)
{
    if (session->workers != NULL)
        worker_pool_free(session->workers);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&session->loop);
    if (left != 0)
        log_event(session->log, LOG_LEVEL_DEBUG, "loop-left-open", uv_strerror(left), NULL);
    log_free(session->log);
}

int session_say(const struct failure *failure)
{
    struct buffer text;
    int code = cause_exit_code(failure->cause);

    buffer_init(&text, 64 * 1024);
    escape_append(&text, text_of(failure->text));
    fprintf(stderr, "mqferry: %s\n", text.data == NULL ? cause_name(failure->cause) : text.data);
    buffer_reset(&text);
    if (failure->provider_code[0] != '\0' || failure->request_id[0] != '\0') {
        buffer_append_string(&text, "code ");
        escape_append(&text, text_of(failure->provider_code));
        if (failure->request_id[0] != '\0') { /* brokers have none */
            buffer_append_string(&text, ", request id ");
            escape_append(&text, text_of(failure->request_id));
        }
        fprintf(stderr, "         %s\n", text.data == NULL ? "" : text.data);
    }
    if (failure->cause != CAUSE_USAGE)
        fprintf(stderr, "         %s\n", cause_hint(failure->cause));
    buffer_release(&text);
    return code != 0 ? code : EXIT_AGAIN;
}

int session_fail(struct session *session, const struct failure *failure)
{
    struct report_options report = {
        .fd = STDOUT_FILENO, .output = session->output, .command = command_info(session->options->command)->name};

    if (failure->cause != CAUSE_USAGE)
        report_error(&report, failure);
    return session_say(failure);
}

static void print_complaints(const struct complaints *complaints)
{
    struct buffer text;

    buffer_init(&text, (size_t)256 * 1024 * 1024);
    if (complaints_append(&text, complaints) == 0 && text.length > 0)
        fwrite(text.data, 1, text.length, stderr);
    buffer_release(&text);
}

void session_mistakes(const struct session *session, const struct complaints *mistakes)
{
    (void)session;
    print_complaints(mistakes);
}

void session_notices(const struct session *session, const struct complaints *notices)
{
    if (!session->quiet && notices != NULL)
        print_complaints(notices);
}
