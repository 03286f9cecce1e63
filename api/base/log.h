/* SPDX-License-Identifier: Apache-2.0
 *
 * One event per line on standard error: text for people, logfmt, or json. Where standard error is systemd's journal,
 * the event goes there by the native protocol, each field a field of the entry; systemd's <N> priorities stand in front
 * of the line when that cannot be. Below controller/ only debug lines. Secrets never reach a formatter.
 *
 * Event names are stable ("pass-end", "create-failed"). Keys are lower case with underscores. Values are escaped here.
 * A line: level, event, fields, and a message: lower case, no full stop.
 */
#ifndef MQFERRY_API_BASE_LOG_H
#define MQFERRY_API_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR = 0, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT = 0, LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* Where lines go; one per process, made in main and handed down. Thread safe: one write(2) a line. */
struct log;

struct log_options {
    int fd; /* borrowed */
    enum log_level level;
    enum log_format format;
    bool journal_priorities;  /* prefix "<4>" and leave the time out */
    bool color;               /* text format only */
    const char *journal_path; /* socket of the journal; NULL: lines only. Read once */
};

struct log *log_new(const struct log_options *options); /* NULL: no memory */
void log_free(struct log *log);
bool log_wants(const struct log *log, enum log_level level); /* a NULL log wants nothing */
void log_set_level(struct log *log, enum log_level level);
void log_set_format(struct log *log, enum log_format format);

/* Fields are pairs (const char *key, const char *value), ended by NULL; a NULL value leaves the pair out. */
void log_event(struct log *log, enum log_level level, const char *event, const char *message, ...)
    __attribute__((sentinel));

/* By name ("error" … "debug"; "text", "logfmt", "json"); false when unknown. */
bool log_level_parse(const char *name, enum log_level *out);
bool log_format_parse(const char *name, enum log_format *out);

#endif
