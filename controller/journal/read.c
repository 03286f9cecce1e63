/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/journal/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/json.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/journal/file.h"

/* ---- a line */

static bool event_by_name(struct text name, enum journal_event *out)
{
    for (int event = 0; event < JOURNAL_EVENTS; event++) {
        if (text_is(name, journal_event_name((enum journal_event)event))) {
            *out = (enum journal_event)event;
            return true;
        }
    }
    return false;
}

static bool kind_of_text(struct text name, enum kind *out)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (text_is(name, kind_name((enum kind)kind))) {
            *out = (enum kind)kind;
            return true;
        }
    }
    return false;
}

struct line_state {
    struct journal_record *record;
    bool time, kind, name, event; /* what a line cannot be without */
};

/* Members that newer versions add are passed over. */
static void take_text(struct line_state *state, struct text key, struct text value)
{
    struct journal_record *record = state->record;

    if (text_is(key, "time"))
        state->time = time_parse(value, &record->unix_ms);
    else if (text_is(key, "kind"))
        state->kind = kind_of_text(value, &record->kind);
    else if (text_is(key, "event"))
        state->event = event_by_name(value, &record->event);
    else if (text_is(key, "name"))
        record->name = value, state->name = true;
    else if (text_is(key, "run"))
        record->run = value;
    else if (text_is(key, "sync"))
        record->sync = value;
    else if (text_is(key, "destination"))
        record->destination = value;
    else if (text_is(key, "cause"))
        record->cause = value;
    else if (text_is(key, "requestId"))
        record->request_id = value;
    else if (text_is(key, "declaredDigest"))
        record->declared_digest = value;
}

static bool take_member(struct line_state *state, struct json_reader *reader, const struct json_token *token)
{
    struct journal_record *record = state->record;

    if (token->type == JSON_STRING)
        take_text(state, token->key, token->text);
    else if (token->type == JSON_TRUE && text_is(token->key, "carried"))
        record->carried = true;
    else if (token->type == JSON_INTEGER && text_is(token->key, "attempt"))
        record->attempt = (uint32_t)token->integer;
    else if (token->type == JSON_INTEGER && text_is(token->key, "uid"))
        record->uid = (uint64_t)token->integer;
    return json_skip(reader, token) == 0;
}

static bool read_members(struct line_state *state, struct json_reader *reader)
{
    struct json_token token;

    if (json_next(reader, &token) != JSON_BEGIN_OBJECT)
        return false;
    while (json_next(reader, &token) != JSON_END_OBJECT)
        if (token.type == JSON_BROKEN || !take_member(state, reader, &token))
            return false;
    return json_next(reader, &token) == JSON_END;
}

bool journal_record_read(struct text line, struct journal_record *record, struct json_reader **out_reader)
{
    struct failure why;
    struct line_state state = {.record = record};

    *record = (struct journal_record){.line = line};
    *out_reader = json_reader_new(line, &why);
    return *out_reader && read_members(&state, *out_reader) && state.time && state.kind && state.name && state.event;
}

size_t journal_scan(struct text text, journal_record_cb each, void *data, uint64_t *out_damaged)
{
    size_t good = 0;
    uint64_t pending = 0; /* damaged lines since the last good one */
    bool wanted = true;

    *out_damaged = 0;
    for (size_t start = 0; wanted && start < text.bytes;) {
        struct journal_record record;
        struct json_reader *reader = NULL;
        const char *end = memchr(text.data + start, '\n', text.bytes - start);
        size_t bytes = end ? (size_t)(end - text.data) - start : text.bytes - start;

        if (end && journal_record_read((struct text){text.data + start, bytes}, &record, &reader)) {
            good = start + bytes + 1;
            *out_damaged += pending;
            pending = 0;
            wanted = each(data, &record);
        } else {
            pending++;
        }
        json_reader_free(reader);
        start += bytes + 1;
    }
    *out_damaged += pending;
    return good;
}

/* ---- the end of one */

/* The last bytes of a file, from the first whole line on, followed by the JSON reader's padding. malloc'd; NULL: not
 * readable, or no memory. */
static char *read_end(int fd, size_t bytes_max, struct text *out)
{
    struct stat what;

    if (fstat(fd, &what) != 0 || !S_ISREG(what.st_mode))
        return NULL;
    size_t bytes = (size_t)what.st_size < bytes_max ? (size_t)what.st_size : bytes_max;
    off_t from = what.st_size - (off_t)bytes;
    char *text = calloc(1, bytes + JSON_PADDING);
    ssize_t got = text ? pread(fd, text, bytes, from) : -1;
    if (got < 0) {
        free(text);
        return NULL;
    }
    const char *line = from > 0 ? memchr(text, '\n', (size_t)got) : NULL;
    size_t cut = line ? (size_t)(line + 1 - text) : 0;
    *out = (struct text){text + cut, (size_t)got - cut};
    return text;
}

int journal_tail(const char *state_dir, struct text address, size_t bytes_max, journal_record_cb each, void *data,
                 struct failure *why)
{
    char *directory = journal_directory(state_dir, address), *path = NULL, *end = NULL;
    struct text text;
    uint64_t damaged;
    int status = 0;

    if (!directory || asprintf(&path, "%s/journal.jsonl", directory) < 0) {
        free(directory);
        return failure_no_memory(why, "the journal");
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && (end = read_end(fd, bytes_max, &text)) != NULL)
        journal_scan(text, each, data, &damaged);
    else if (fd >= 0 || errno != ENOENT)
        status = failure_set(why, CAUSE_INPUT_WRONG, "could not read %s: %s", path, file_error_text(errno));
    if (fd >= 0)
        close(fd);
    free(end);
    free(path);
    free(directory);
    return status;
}
