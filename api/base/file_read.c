/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole file into one padded allocation: sized by fstat, filled by large reads, compared with fstat again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/json.h"
#include "api/cause.h"

enum {
    TRIES = 3,                 /* of a file that changes under our hands */
    STREAM_ROOM = 1024 * 1024, /* first allocation where the size is not known */
    LOOK_MS = 100,             /* between looks at whether a wait was cancelled */
};

static int refuse(struct failure *why, const char *name, const char *reason)
{
    return failure_set(why, CAUSE_INPUT_WRONG, "cannot read %s: %s", name, reason);
}

static int refuse_size(struct failure *why, const char *name)
{
    return refuse(why, name, "it is larger than 1 GiB, the limit of one file");
}

/* What a path that is no regular file is, with what to do about it. */
static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "it is a directory, not a file";
    if (S_ISFIFO(mode))
        return "it is a pipe, not a regular file; use - and give it as standard input";
    if (S_ISSOCK(mode))
        return "it is a socket, not a regular file";
    return "it is a device, not a regular file";
}

static int refuse_open(struct failure *why, const char *path, int error)
{
    struct stat about;
    if (error == ENXIO && stat(path, &about) == 0)
        return refuse(why, path, kind_of(about.st_mode));
    if (error == ENOENT && lstat(path, &about) == 0)
        return refuse(why, path, "it is a symbolic link to something that does not exist");
    return refuse(why, path, file_error_text(error));
}

/* What is read, and how long: nobody knows when a pipe or a terminal ends. */
struct input {
    int fd;
    const char *name;
    const atomic_bool *cancelled; /* NULL: not waited for, as files never wait */
};

/* false: cancelled meanwhile. */
static bool wait_readable(const struct input *input)
{
    struct pollfd fd = {.fd = input->fd, .events = POLLIN};

    while (input->cancelled != NULL && !atomic_load(input->cancelled))
        if (poll(&fd, 1, LOOK_MS) > 0)
            return true;
    return input->cancelled == NULL;
}

/* Only standard input can be a descriptor that somebody else has made non-blocking. */
static ssize_t read_some(const struct input *input, char *at, size_t room)
{
    while (wait_readable(input)) {
        ssize_t count = read(input->fd, at, room);
        if (count >= 0 || (errno != EINTR && errno != EAGAIN))
            return count;
    }
    errno = ECANCELED;
    return -1;
}

static int refuse_read(struct failure *why, const char *name, int error)
{
    if (error == ECANCELED)
        return failure_set(why, CAUSE_CANCELLED, "reading %s was cancelled", name);
    return refuse(why, name, file_error_text(error));
}

static char *grow(char *data, size_t bytes)
{
    char *larger = realloc(data, bytes);
    if (!larger)
        free(data);
    return larger;
}

/* Reads to the end. `room` is the expected size: when it is right, one allocation and one byte of the padding to see
 * the end are enough. The caller releases *out, on failure too. */
static int read_to_end(const struct input *input, size_t room, struct file_text *out, struct failure *why)
{
    ssize_t count;

    out->data = malloc(room + JSON_PADDING);
    do {
        if (!out->data)
            return failure_no_memory(why, input->name);
        count = read_some(input, out->data + out->bytes, room + 1 - out->bytes);
        if (count < 0)
            return refuse_read(why, input->name, errno);
        out->bytes += (size_t)count;
        if (out->bytes > FILE_BYTES_MAX)
            return refuse_size(why, input->name);
        if (out->bytes > room) {
            room = room < FILE_BYTES_MAX / 2 ? room * 2 + STREAM_ROOM : FILE_BYTES_MAX;
            out->data = grow(out->data, room + JSON_PADDING);
        }
    } while (count > 0);
    memset(out->data + out->bytes, 0, JSON_PADDING);
    return 0;
}

static int64_t modified_ms(const struct stat *about)
{
    return (int64_t)about->st_mtim.tv_sec * 1000 + about->st_mtim.tv_nsec / 1000000;
}

static bool is_same_moment(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One try: 0, 1 when the file changed meanwhile (nothing is kept), -1. */
static int read_open_file(int fd, const char *path, struct file_text *out, struct failure *why)
{
    struct stat before, after;

    if (fstat(fd, &before) != 0)
        return refuse(why, path, file_error_text(errno));
    if (!S_ISREG(before.st_mode))
        return refuse(why, path, kind_of(before.st_mode));
    if (before.st_size > (off_t)FILE_BYTES_MAX)
        return refuse_size(why, path);
    if (read_to_end(&(struct input){fd, path, NULL}, (size_t)before.st_size, out, why) != 0)
        return -1;
    out->modified_unix_ms = modified_ms(&before);
    if (fstat(fd, &after) == 0 && is_same_moment(&before, &after) && out->bytes == (size_t)before.st_size)
        return 0;
    file_text_release(out);
    return 1;
}

static int read_path(const char *path, struct file_text *out, struct failure *why)
{
    for (int i = 0; i < TRIES; i++) {
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
            return refuse_open(why, path, errno);
        int status = read_open_file(fd, path, out, why);
        close(fd);
        if (status <= 0)
            return status;
    }
    return refuse(why, path, "it changed while it was read; try again when it is complete");
}

static int read_standard_input(const atomic_bool *cancelled, struct file_text *out, struct failure *why)
{
    static const atomic_bool never;
    const struct input input = {STDIN_FILENO, "standard input", cancelled != NULL ? cancelled : &never};
    struct stat about;
    size_t room = STREAM_ROOM;

    if (fstat(STDIN_FILENO, &about) != 0)
        return refuse(why, input.name, file_error_text(errno));
    if (S_ISREG(about.st_mode) && about.st_size >= 0 && about.st_size <= (off_t)FILE_BYTES_MAX)
        room = (size_t)about.st_size;
    out->modified_unix_ms = modified_ms(&about);
    return read_to_end(&input, room, out, why);
}

int file_read_cancellable(const char *path, const atomic_bool *cancelled, struct file_text *out, struct failure *why)
{
    struct file_text text = {0};
    int status = strcmp(path, "-") == 0 ? read_standard_input(cancelled, &text, why) : read_path(path, &text, why);
    if (status == 0)
        *out = text;
    else
        file_text_release(&text);
    return status;
}

int file_read(const char *path, struct file_text *out, struct failure *why)
{
    return file_read_cancellable(path, NULL, out, why);
}

void file_text_release(struct file_text *file)
{
    free(file->data);
    *file = (struct file_text){0};
}
