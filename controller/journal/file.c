/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: make the directories, lock, read and mend the file, open it for appending; then write and fdatasync.
 * rotation: journal.jsonl is renamed to journal.jsonl.N, then a new one with the unresolved intents is put in place
 *           whole. A crash between the two leaves no journal.jsonl: opening finds N and does the second step.
 * what can go wrong: everything gives STATE_UNWRITABLE with path and reason; what was written stays, the file's own
 *           half-written last line is cut by the next opening.
 */
#include "controller/journal/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "controller/journal/read.h"

static int refuse(struct failure *why, const char *path, const char *what)
{
    return failure_set(why, CAUSE_STATE_UNWRITABLE, "could not %s the journal %s: %s", what, path,
                       file_error_text(errno));
}

static int sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int status = fsync(fd) == 0 || errno == EINVAL ? 0 : -1; /* EINVAL: this file system has no such thing */
    int error = errno;
    close(fd);
    errno = error;
    return status;
}

/* Makes a directory and those above it, each durable in the one above. 0, or -1 with errno. */
static int make_directories(char *path)
{
    struct stat what;

    if (stat(path, &what) == 0) {
        errno = ENOTDIR;
        return S_ISDIR(what.st_mode) ? 0 : -1;
    }
    char *slash = strrchr(path, '/');
    const char *above = !slash ? "." : slash == path ? "/" : path;
    if (slash && slash != path) {
        *slash = '\0';
        int status = make_directories(path);
        *slash = '/';
        if (status != 0)
            return -1;
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return -1;
    if (!slash || slash == path)
        return sync_directory(above);
    *slash = '\0';
    int status = sync_directory(path);
    *slash = '/';
    return status;
}

static int take_lock(struct journal_file *file, struct failure *why)
{
    char *path = NULL;
    int status;

    if (make_directories(file->directory) != 0)
        return failure_set(why, CAUSE_STATE_UNWRITABLE, "could not make the state directory %s: %s", file->directory,
                           file_error_text(errno));
    if (asprintf(&path, "%s/lock", file->directory) < 0)
        return failure_no_memory(why, "the journal");
    status = lock_take(&file->lock, path, why);
    free(path);
    return status;
}

static int read_journal(const char *path, struct file_text *out, struct failure *why)
{
    if (file_read(path, out, why) == 0)
        return 0;
    if (why->cause == CAUSE_INPUT_WRONG)
        why->cause = CAUSE_STATE_UNWRITABLE; /* nothing may be sent that cannot be recorded */
    return failure_wrap(why, "could not use the journal");
}

/* Puts a new journal in place: `open`: one that begins with the unresolved intents of the newest rotated file, if there
 * is one. */
static int begin_anew(const struct journal_file *file, bool open, struct failure *why)
{
    uint32_t newest = open ? journal_newest_rotated(file->directory) : 0;
    struct file_text old = {0};
    struct buffer carried;
    char *path = NULL;
    int status = -1;

    buffer_init(&carried, FILE_BYTES_MAX);
    if (newest > 0) {
        if (asprintf(&path, "%s.%u", file->path, newest) < 0) {
            path = NULL;
            failure_no_memory(why, "the journal");
            goto out;
        }
        if (read_journal(path, &old, why) != 0 || intents_carry((struct text){old.data, old.bytes}, &carried, why) != 0)
            goto out;
    }
    status = file_replace(file->path, buffer_text(&carried), 0600, why);
out:
    free(path);
    buffer_release(&carried);
    file_text_release(&old);
    return status;
}

/* Everything after the last whole line is what a crash left: it goes. */
static int cut_tail(const struct journal_file *file, size_t good, struct failure *why)
{
    int fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return refuse(why, file->path, "mend");
    int status = ftruncate(fd, (off_t)good) == 0 && fsync(fd) == 0 ? 0 : refuse(why, file->path, "mend");
    close(fd);
    return status;
}

static int mend(struct journal_file *file, struct intents *open, struct failure *why)
{
    struct file_text old = {0};
    struct stat what;
    size_t good = 0;
    int status = -1;

    if (lstat(file->path, &what) != 0 && errno == ENOENT && begin_anew(file, true, why) != 0)
        return -1;
    if (read_journal(file->path, &old, why) != 0)
        return -1;
    if (intents_find((struct text){old.data, old.bytes}, open, &good, why) == 0)
        status = good == old.bytes ? 0 : cut_tail(file, good, why);
    file->bytes = good;
    file_text_release(&old);
    return status;
}

static int open_for_appending(struct journal_file *file, struct failure *why)
{
    file->fd = open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    return file->fd >= 0 ? 0 : refuse(why, file->path, "open");
}

int journal_file_open(struct journal_file *file, const char *state_dir, struct text address, struct intents *open,
                      struct failure *why)
{
    *file = (struct journal_file){.lock = LOCK_INIT, .fd = -1};
    *open = (struct intents){0};
    file->directory = journal_directory(state_dir, address);
    if (!file->directory || asprintf(&file->path, "%s/journal.jsonl", file->directory) < 0) {
        file->path = NULL;
        failure_no_memory(why, "the journal");
        goto fail;
    }
    if (take_lock(file, why) == 0 && mend(file, open, why) == 0 && open_for_appending(file, why) == 0)
        return 0;
fail:
    intents_release(open);
    journal_file_close(file);
    return -1;
}

int journal_file_append(struct journal_file *file, struct text lines, struct failure *why)
{
    while (lines.bytes > 0) {
        ssize_t count = write(file->fd, lines.data, lines.bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return refuse(why, file->path, "write");
        lines = (struct text){lines.data + count, lines.bytes - (size_t)count};
        file->bytes += (uint64_t)count;
    }
    return 0;
}

int journal_file_sync(struct journal_file *file, struct failure *why)
{
    return fdatasync(file->fd) == 0 ? 0 : refuse(why, file->path, "sync");
}

static int reopen(struct journal_file *file, bool open, struct failure *why)
{
    struct stat what;

    if (begin_anew(file, open, why) != 0 || open_for_appending(file, why) != 0)
        return -1;
    if (fstat(file->fd, &what) != 0)
        return refuse(why, file->path, "open");
    file->bytes = (uint64_t)what.st_size;
    return 0;
}

int journal_file_rotate(struct journal_file *file, bool open, struct failure *why)
{
    char *rotated = NULL;
    int status;

    if (asprintf(&rotated, "%s.%u", file->path, journal_newest_rotated(file->directory) + 1) < 0)
        return failure_no_memory(why, "the journal");
    close(file->fd);
    file->fd = -1;
    if (rename(file->path, rotated) != 0 || sync_directory(file->directory) != 0)
        status = refuse(why, file->path, "rotate");
    else
        status = reopen(file, open, why);
    free(rotated);
    return status;
}

void journal_file_let_go(struct journal_file *file)
{
    lock_release(&file->lock);
}

/* The same file, and nobody has added to it? */
static bool is_as_left(const struct journal_file *file)
{
    struct stat ours, theirs;

    return fstat(file->fd, &ours) == 0 && lstat(file->path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino && theirs.st_size >= 0 && (uint64_t)theirs.st_size == file->bytes;
}

int journal_file_take_again(struct journal_file *file, struct failure *why)
{
    if (take_lock(file, why) != 0)
        return -1;
    if (is_as_left(file))
        return 0;
    lock_release(&file->lock);
    return failure_set(why, CAUSE_INPUT_WRONG, "others have written to the journal %s", file->path);
}

void journal_file_close(struct journal_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    lock_release(&file->lock);
    free(file->path);
    free(file->directory);
    file->path = file->directory = NULL;
}
