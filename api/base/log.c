/* SPDX-License-Identifier: Apache-2.0
 *
 * A line is made in a buffer of its own and leaves in one write(2), so that lines of different threads never mix. One
 * that is too long, or finds no memory, is replaced by a fixed one: a log must not stop the work that it tells about.
 */
#include "api/base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/base/buffer.h"
#include "api/base/json.h"
#include "api/base/log_journal.h"
#include "api/base/monotime.h"
#include "api/base/strings.h"

enum {
    LINE_BYTES_MAX = 32 * 1024, /* journald cuts at 48 KiB */
    FIELDS_MAX = 32,            /* of our own making: no event has nearly as many */
};

static const char lost_line[] = "a log line was lost: it was too long, or memory ran out\n";

struct log {
    struct log_options options;
    atomic_int level, format;
    int journal; /* -1: lines on options.fd alone */
};

struct event {
    enum log_level level;
    const char *name, *message;
    size_t field_count;
    struct log_field fields[FIELDS_MAX];
};

static const struct {
    const char *name;
    char priority; /* of syslog, as systemd reads it in "<N>" */
    const char *color;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3', "\x1B[31m"},
    [LOG_LEVEL_WARN] = {"warn", '4', "\x1B[33m"},
    [LOG_LEVEL_INFO] = {"info", '6', "\x1B[32m"},
    [LOG_LEVEL_DEBUG] = {"debug", '7', "\x1B[2m"},
};
enum { LEVELS = sizeof levels / sizeof *levels };

static const char *const formats[] = {
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_LOGFMT] = "logfmt",
    [LOG_FORMAT_JSON] = "json",
};
enum { FORMATS = sizeof formats / sizeof *formats };

struct log *log_new(const struct log_options *options)
{
    struct log *log = malloc(sizeof *log);
    if (!log)
        return NULL;
    log->options = *options;
    atomic_init(&log->level, (int)options->level);
    atomic_init(&log->format, (int)options->format);
    log->journal = options->journal_path ? log_journal_open(options->journal_path) : -1;
    return log;
}

void log_free(struct log *log)
{
    if (log && log->journal >= 0)
        close(log->journal);
    free(log);
}

bool log_wants(const struct log *log, enum log_level level)
{
    return log && (int)level <= atomic_load(&log->level);
}

void log_set_level(struct log *log, enum log_level level)
{
    atomic_store(&log->level, (int)level);
}

void log_set_format(struct log *log, enum log_format format)
{
    atomic_store(&log->format, (int)format);
}

/* HH:MM:SS where the reader sits. */
static void append_local_time(struct buffer *line)
{
    time_t now = (time_t)(walltime_unix_ms() / 1000);
    struct tm local;
    if (localtime_r(&now, &local))
        buffer_append_format(line, "%02d:%02d:%02d ", local.tm_hour, local.tm_min, local.tm_sec);
}

static void append_utc_time(struct buffer *line)
{
    char now[32];
    time_format(walltime_unix_ms(), now);
    buffer_append_format(line, "time=%s ", now);
}

static bool is_bare(struct text value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return value.bytes > 0;
}

/* In quotes, with \" and \\; everything that is not printable as escape_append has it. */
static void append_quoted(struct buffer *line, struct text value)
{
    size_t plain = 0;
    buffer_append_char(line, '"');
    for (size_t i = 0; i <= value.bytes; i++) {
        if (i < value.bytes && value.data[i] != '"' && value.data[i] != '\\')
            continue;
        escape_append(line, (struct text){value.data + plain, i - plain});
        if (i < value.bytes)
            buffer_append_char(line, '\\');
        plain = i;
    }
    buffer_append_char(line, '"');
}

static void append_pair(struct buffer *line, const char *key, const char *value)
{
    struct text text = text_of(value);
    buffer_append_format(line, " %s=", key);
    if (is_bare(text))
        buffer_append_text(line, text);
    else
        append_quoted(line, text);
}

static void append_fields(struct buffer *line, const struct event *event)
{
    for (size_t i = 0; i < event->field_count; i++)
        append_pair(line, event->fields[i].key, event->fields[i].value);
}

static void append_text_line(struct buffer *line, const struct log *log, const struct event *event)
{
    const char *color = log->options.color ? levels[event->level].color : "";
    const char *plain = log->options.color ? "\x1B[0m" : "";

    if (!log->options.journal_priorities)
        append_local_time(line);
    if (log->journal < 0)
        buffer_append_format(line, "%s%-5s%s ", color, levels[event->level].name, plain);
    escape_append(line, text_of(event->message));
    append_fields(line, event);
}

static void append_logfmt_line(struct buffer *line, const struct log *log, const struct event *event)
{
    if (!log->options.journal_priorities)
        append_utc_time(line);
    buffer_append_format(line, "level=%s", levels[event->level].name);
    append_pair(line, "event", event->name);
    append_pair(line, "msg", event->message);
    append_fields(line, event);
}

static void write_json_pair(struct json_writer *writer, const char *key, const char *value)
{
    json_write_key(writer, key);
    json_write_string(writer, value);
}

static void append_json_line(struct buffer *line, const struct log *log, const struct event *event)
{
    struct json_writer writer;

    json_writer_init(&writer, line, 0);
    json_write_begin_object(&writer);
    if (!log->options.journal_priorities) {
        char now[32];
        time_format(walltime_unix_ms(), now);
        write_json_pair(&writer, "time", now);
    }
    write_json_pair(&writer, "level", levels[event->level].name);
    write_json_pair(&writer, "event", event->name);
    write_json_pair(&writer, "msg", event->message);
    for (size_t i = 0; i < event->field_count; i++)
        write_json_pair(&writer, event->fields[i].key, event->fields[i].value);
    json_write_end_object(&writer);
}

/* Without its end. */
static void append_line(struct buffer *line, const struct log *log, const struct event *event)
{
    switch ((enum log_format)atomic_load(&log->format)) {
    case LOG_FORMAT_TEXT:
        append_text_line(line, log, event);
        break;
    case LOG_FORMAT_LOGFMT:
        append_logfmt_line(line, log, event);
        break;
    case LOG_FORMAT_JSON:
        append_json_line(line, log, event);
        break;
    }
}

static void write_line(int fd, struct text line)
{
    while (line.bytes > 0) {
        ssize_t count = write(fd, line.data, line.bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return;
        line = (struct text){line.data + count, line.bytes - (size_t)count};
    }
}

static bool send_entry(const struct log *log, const struct event *event)
{
    struct buffer message;

    buffer_init(&message, LINE_BYTES_MAX);
    append_line(&message, log, event);
    bool sent = !message.failed && log_journal_send(log->journal, levels[event->level].priority, event->name,
                                                    message.data, event->fields, event->field_count);
    buffer_release(&message);
    return sent;
}

static void write_event(const struct log *log, const struct event *event)
{
    struct buffer line;

    buffer_init(&line, LINE_BYTES_MAX);
    if (log->options.journal_priorities)
        buffer_append_format(&line, "<%c>", levels[event->level].priority);
    append_line(&line, log, event);
    buffer_append_char(&line, '\n');
    write_line(log->options.fd, line.failed ? TEXT(lost_line) : buffer_text(&line));
    buffer_release(&line);
}

void log_event(struct log *log, enum log_level level, const char *event, const char *message, ...)
{
    struct event all = {.level = level, .name = event, .message = message};
    va_list fields;
    const char *key;

    if (!log_wants(log, level))
        return;
    va_start(fields, message);
    while ((key = va_arg(fields, const char *)) != NULL) {
        const char *value = va_arg(fields, const char *);
        if (value && all.field_count < FIELDS_MAX)
            all.fields[all.field_count++] = (struct log_field){key, value};
    }
    va_end(fields);

    if (log->journal < 0 || !send_entry(log, &all))
        write_event(log, &all);
}

bool log_level_parse(const char *name, enum log_level *out)
{
    for (int i = 0; i < LEVELS; i++) {
        if (strcmp(name, levels[i].name) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_format_parse(const char *name, enum log_format *out)
{
    for (int i = 0; i < FORMATS; i++) {
        if (strcmp(name, formats[i]) == 0) {
            *out = (enum log_format)i;
            return true;
        }
    }
    return false;
}
