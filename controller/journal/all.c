/* SPDX-License-Identifier: Apache-2.0
 *
 * The journals of a state directory as one: a cursor walks through the files of each destination, and the cursor whose
 * record is the oldest gives the next one. A clock that was set back does not change the order within a destination.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "controller/journal/file.h"
#include "controller/journal/read.h"

/* --- one destination: journal.jsonl.1, .2 …, journal.jsonl */

struct cursor {
    char *directory;
    uint32_t files, opened; /* so many in all, the last without a number; so many were opened, or are not there */
    FILE *file;             /* NULL: between two */
    char *line;             /* with the padding that a JSON reader wants */
    size_t capacity;
    struct json_reader *reader;   /* the record's texts are its */
    struct journal_record record; /* while there is one */
    bool ended;
    uint64_t damaged;
};

static void cursor_release(struct cursor *cursor)
{
    if (cursor->file)
        fclose(cursor->file);
    json_reader_free(cursor->reader);
    free(cursor->line);
    free(cursor->directory);
}

static int refuse(struct failure *why, const char *path, const char *reason)
{
    return failure_set(why, CAUSE_INPUT_WRONG, "could not read the journal %s: %s", path, reason);
}

static int open_file(struct cursor *cursor, const char *path, struct failure *why)
{
    struct stat what;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : refuse(why, path, file_error_text(errno));
    if (fstat(fd, &what) != 0 || !S_ISREG(what.st_mode) || (uint64_t)what.st_size > FILE_BYTES_MAX) {
        close(fd);
        return refuse(why, path, "it is no regular file of at most 1 GiB");
    }
    cursor->file = fdopen(fd, "r");
    if (cursor->file)
        return 0;
    close(fd);
    return failure_no_memory(why, "the journal");
}

/* A journal that comes or goes meanwhile (rotation) is no mistake. */
static int open_next(struct cursor *cursor, struct failure *why)
{
    uint32_t number = ++cursor->opened;
    char *path = NULL;
    int length = number < cursor->files ? asprintf(&path, "%s/journal.jsonl.%u", cursor->directory, number)
                                        : asprintf(&path, "%s/journal.jsonl", cursor->directory);

    if (length < 0)
        return failure_no_memory(why, "the journal");
    int status = open_file(cursor, path, why);
    free(path);
    return status;
}

/* Its length with the newline; 0: the file has ended; -1. */
static ssize_t read_line(struct cursor *cursor, struct failure *why)
{
    ssize_t bytes = getline(&cursor->line, &cursor->capacity, cursor->file);

    if (bytes < 0)
        return feof(cursor->file) ? 0 : refuse(why, cursor->directory, file_error_text(errno));
    if (cursor->capacity < (size_t)bytes + JSON_PADDING) {
        char *line = realloc(cursor->line, (size_t)bytes + JSON_PADDING);
        if (!line)
            return failure_no_memory(why, "a line of the journal");
        cursor->line = line;
        cursor->capacity = (size_t)bytes + JSON_PADDING;
    }
    memset(cursor->line + bytes, 0, JSON_PADDING);
    return bytes;
}

static bool passes(const struct journal_filter *filter, const struct journal_record *record)
{
    if (record->carried || record->unix_ms < filter->since_unix_ms)
        return false;
    if (filter->created && record->event != JOURNAL_CREATED && record->event != JOURNAL_SETTLED)
        return false;
    return !filter->run || text_is(record->run, filter->run);
}

/* Is the line a record that is wanted? */
static bool take_line(struct cursor *cursor, size_t bytes, const struct journal_filter *filter)
{
    bool whole = cursor->line[bytes - 1] == '\n';

    json_reader_free(cursor->reader);
    cursor->reader = NULL;
    if (!whole || !journal_record_read((struct text){cursor->line, bytes - 1}, &cursor->record, &cursor->reader)) {
        cursor->damaged++;
        return false;
    }
    return passes(filter, &cursor->record);
}

/* To the next record, or the end. 0 or -1. */
static int cursor_step(struct cursor *cursor, const struct journal_filter *filter, struct failure *why)
{
    while (cursor->file || cursor->opened < cursor->files) {
        if (!cursor->file) {
            if (open_next(cursor, why) != 0)
                return -1;
            continue;
        }
        ssize_t bytes = read_line(cursor, why);
        if (bytes < 0)
            return -1;
        if (bytes > 0 && take_line(cursor, (size_t)bytes, filter))
            return 0;
        if (bytes == 0) {
            fclose(cursor->file);
            cursor->file = NULL;
        }
    }
    cursor->ended = true;
    return 0;
}

/* --- all of them */

struct cursors {
    struct cursor *items;
    uint32_t count;
};

static void cursors_release(struct cursors *cursors)
{
    for (uint32_t i = 0; i < cursors->count; i++)
        cursor_release(&cursors->items[i]);
    free(cursors->items);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int add_cursors(struct cursors *cursors, const char *state_dir, struct dirent *const *entries, int count,
                       struct failure *why)
{
    cursors->items = calloc((size_t)count + 1, sizeof *cursors->items);
    if (!cursors->items)
        return failure_no_memory(why, "the journals");
    for (int i = 0; i < count; i++) {
        struct cursor *cursor = &cursors->items[cursors->count];
        if (asprintf(&cursor->directory, "%s/%s", state_dir, entries[i]->d_name) < 0) {
            cursor->directory = NULL;
            return failure_no_memory(why, "the journals");
        }
        cursor->files = journal_newest_rotated(cursor->directory) + 1;
        cursors->count++;
    }
    return 0;
}

static int find_journals(struct cursors *cursors, const char *state_dir, struct failure *why)
{
    struct dirent **entries = NULL;
    int count = scandir(state_dir, &entries, is_visible, alphasort);

    if (count < 0 && errno == ENOENT)
        return 0;
    if (count < 0)
        return failure_set(why, CAUSE_INPUT_WRONG, "could not read the state directory %s: %s", state_dir,
                           file_error_text(errno));
    int status = add_cursors(cursors, state_dir, entries, count, why);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return status;
}

/* Whose record is the oldest; NULL: all have ended. */
static struct cursor *oldest(const struct cursors *cursors)
{
    struct cursor *found = NULL;

    for (uint32_t i = 0; i < cursors->count; i++) {
        struct cursor *cursor = &cursors->items[i];
        if (!cursor->ended && (!found || cursor->record.unix_ms < found->record.unix_ms))
            found = cursor;
    }
    return found;
}

static int read_all(struct cursors *cursors, const struct journal_filter *filter, journal_record_cb each, void *data,
                    struct failure *why)
{
    for (uint32_t i = 0; i < cursors->count; i++)
        if (cursor_step(&cursors->items[i], filter, why) != 0)
            return -1;
    for (struct cursor *next = oldest(cursors); next && each(data, &next->record); next = oldest(cursors))
        if (cursor_step(next, filter, why) != 0)
            return -1;
    return 0;
}

int journal_read(const char *state_dir, const struct journal_filter *filter, journal_record_cb each, void *data,
                 uint64_t *out_damaged, struct failure *why)
{
    struct cursors cursors = {0};
    int status = -1;

    if (find_journals(&cursors, state_dir, why) == 0)
        status = read_all(&cursors, filter, each, data, why);
    *out_damaged = 0;
    for (uint32_t i = 0; i < cursors.count; i++)
        *out_damaged += cursors.items[i].damaged;
    cursors_release(&cursors);
    return status;
}
