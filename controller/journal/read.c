/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/journal/read.h"

#include <dirent.h>
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

/* One line, as a record whose texts live as long as the reader. false: damaged, or no memory. */
static bool read_line(struct text line, struct journal_record *record, struct json_reader **out_reader)
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

        if (end && read_line((struct text){text.data + start, bytes}, &record, &reader)) {
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

/* ---- a file */

struct reading {
    const struct journal_filter *filter;
    journal_record_cb each;
    void *data;
    bool stopped;
};

static bool pass_filter(const struct journal_filter *filter, const struct journal_record *record)
{
    if (record->carried || record->unix_ms < filter->since_unix_ms)
        return false;
    if (filter->created && record->event != JOURNAL_CREATED && record->event != JOURNAL_SETTLED)
        return false;
    return !filter->run || text_is(record->run, filter->run);
}

static bool take_record(void *data, const struct journal_record *record)
{
    struct reading *reading = data;

    if (pass_filter(reading->filter, record))
        reading->stopped = !reading->each(reading->data, record);
    return !reading->stopped;
}

/* A journal that comes or goes meanwhile (rotation) is no mistake. */
static int read_one(struct reading *reading, const char *path, uint64_t *damaged, struct failure *why)
{
    struct file_text file = {0};
    struct stat what;
    uint64_t here;

    if (stat(path, &what) != 0 && errno == ENOENT)
        return 0;
    if (file_read(path, &file, why) != 0)
        return -1;
    journal_scan((struct text){file.data, file.bytes}, take_record, reading, &here);
    *damaged += here;
    file_text_release(&file);
    return 0;
}

/* ---- a directory: journal.jsonl.1, .2 …, journal.jsonl */

static int read_directory(struct reading *reading, const char *directory, uint64_t *damaged, struct failure *why)
{
    uint32_t newest = journal_newest_rotated(directory);
    char *path = NULL;
    int status = 0;

    for (uint32_t i = 1; status == 0 && !reading->stopped && i <= newest + 1; i++) {
        int length = i <= newest ? asprintf(&path, "%s/journal.jsonl.%u", directory, i)
                                 : asprintf(&path, "%s/journal.jsonl", directory);
        if (length < 0)
            return failure_no_memory(why, "the journal");
        status = read_one(reading, path, damaged, why);
        free(path);
    }
    return status;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int journal_read(const char *state_dir, const struct journal_filter *filter, journal_record_cb each, void *data,
                 uint64_t *out_damaged, struct failure *why)
{
    struct reading reading = {.filter = filter, .each = each, .data = data};
    struct dirent **entries = NULL;
    int status = 0;

    *out_damaged = 0;
    int count = scandir(state_dir, &entries, is_visible, alphasort);
    if (count < 0 && errno == ENOENT)
        return 0;
    if (count < 0)
        return failure_set(why, CAUSE_INPUT_WRONG, "could not read the state directory %s: %s", state_dir,
                           file_error_text(errno));
    for (int i = 0; i < count; i++) {
        char *directory = NULL;
        if (status == 0 && !reading.stopped) {
            if (asprintf(&directory, "%s/%s", state_dir, entries[i]->d_name) < 0)
                status = failure_no_memory(why, "the journal");
            else
                status = read_directory(&reading, directory, out_damaged, why);
        }
        free(directory);
        free(entries[i]);
    }
    free(entries);
    return status;
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
