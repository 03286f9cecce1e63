/* SPDX-License-Identifier: Apache-2.0
 *
 * Replacing a file so that every reader, and every crash, sees either the old bytes or the new ones.
 *
 * happy path: open the directory, create NAME.part with O_EXCL and lock it, write, take over the old file's mode and
 *             owner, fsync, rename over NAME, fsync the directory.
 * what can go wrong: any step; NAME.part is removed again and NAME was never touched. Only the last step, syncing the
 *             directory, can fail after the rename: then either file may be there after a power cut, whole.
 * left-overs: a NAME.part whose lock nobody holds belongs to a process that died: it is removed. One whose lock is held
 *             belongs to another writer, and we give way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/cause.h"

enum { PART_TRIES = 10 }; /* against writers that come and go in the very same moment */

struct target {
    int directory;    /* open descriptor */
    const char *name; /* in that directory */
    char *part;       /* name of the temporary file, owned */
    struct stat old;
    bool exists;
};

static int refuse(struct failure *why, const char *path, const char *reason)
{
    return failure_set(why, CAUSE_STATE_UNWRITABLE, "could not write %s: %s", path, reason);
}

static int refuse_errno(struct failure *why, const char *path, int error)
{
    return refuse(why, path, error == ENOENT ? "its directory does not exist" : file_error_text(error));
}

/* `path` is cut at its last slash. 0, or -1 with errno. */
static int open_directory(struct target *target, char *path)
{
    char *slash = strrchr(path, '/');
    target->name = slash ? slash + 1 : path;
    const char *directory = !slash ? "." : slash == path ? "/" : path;
    if (slash)
        *slash = '\0';
    if (target->name[0] == '\0') {
        errno = EISDIR;
        return -1;
    }
    target->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return target->directory < 0 ? -1 : 0;
}

static int look_at_old(struct target *target, const char *path, struct failure *why)
{
    if (fstatat(target->directory, target->name, &target->old, 0) == 0)
        target->exists = true;
    else if (errno != ENOENT)
        return refuse_errno(why, path, errno);
    if (target->exists && !S_ISREG(target->old.st_mode))
        return refuse(why, path, "it is there already and is not a regular file");
    return 0;
}

/* Is what the descriptor has open what the name stands for? */
static bool is_linked(const struct target *target, int fd)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && fstatat(target->directory, target->part, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* 0 when the left-over is gone, or errno: EBUSY when its writer lives. Only the holder of the lock unlinks or renames.
 */
static int remove_left_over(const struct target *target)
{
    int error = 0;
    int fd = openat(target->directory, target->part, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        error = errno == EWOULDBLOCK ? EBUSY : errno;
    else if (is_linked(target, fd) && unlinkat(target->directory, target->part, 0) != 0)
        error = errno;
    close(fd);
    return error;
}

/* 0, or errno: EAGAIN when somebody took the new file for a left-over before it was locked. */
static int lock_part(const struct target *target, int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return is_linked(target, fd) ? 0 : EAGAIN;
    if (errno == EWOULDBLOCK)
        return EAGAIN;
    int error = errno;
    unlinkat(target->directory, target->part, 0);
    return error;
}

/* The descriptor of a new, locked NAME.part, or minus an errno. */
static int create_part(const struct target *target, unsigned mode)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int error = EAGAIN;

    for (int i = 0; i < PART_TRIES && error == EAGAIN; i++) {
        int fd = openat(target->directory, target->part, flags, (mode_t)mode);
        if (fd >= 0) {
            error = lock_part(target, fd);
            if (error == 0)
                return fd;
            close(fd);
        } else if (errno != EEXIST) {
            error = errno;
        } else {
            int left = remove_left_over(target);
            error = left == 0 ? EAGAIN : left;
        }
    }
    return error == EAGAIN ? -EBUSY : -error;
}

static int write_all(int fd, struct text content)
{
    while (content.bytes > 0) {
        ssize_t count = write(fd, content.data, content.bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno;
        content = (struct text){content.data + count, content.bytes - (size_t)count};
    }
    return 0;
}

/* Root may rewrite a file of the daemon's user: it must stay that user's. Others cannot give files away, which is fine.
 */
static int take_over_mode(const struct target *target, int fd)
{
    if (!target->exists)
        return 0;
    if (fchown(fd, target->old.st_uid, target->old.st_gid) != 0 && errno != EPERM)
        return errno;
    return fchmod(fd, target->old.st_mode & 07777) == 0 ? 0 : errno;
}

/* Some file systems cannot sync a directory and say EINVAL; there the rename is as durable as it gets. */
static int sync_directory(int directory)
{
    return fsync(directory) == 0 || errno == EINVAL ? 0 : errno;
}

/* 0 or an errno; the descriptor stays open (and locked) until NAME.part is renamed or gone. */
static int fill_and_rename(const struct target *target, int fd, struct text content)
{
    int error = write_all(fd, content);
    if (error == 0)
        error = take_over_mode(target, fd);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (error == 0 && renameat(target->directory, target->part, target->directory, target->name) != 0)
        error = errno;
    if (error != 0) {
        unlinkat(target->directory, target->part, 0);
        return error;
    }
    return sync_directory(target->directory);
}

static int replace(struct target *target, const char *path, struct text content, unsigned mode, struct failure *why)
{
    if (look_at_old(target, path, why) != 0)
        return -1;
    if (asprintf(&target->part, "%s.part", target->name) < 0) {
        target->part = NULL;
        return failure_no_memory(why, path);
    }
    int fd = create_part(target, mode);
    if (fd == -EBUSY)
        return refuse(why, path, "another process is writing it");
    if (fd < 0)
        return refuse_errno(why, path, -fd);
    int error = fill_and_rename(target, fd, content);
    close(fd);
    return error == 0 ? 0 : refuse_errno(why, path, error);
}

int file_replace(const char *path, struct text content, unsigned mode, struct failure *why)
{
    struct target target = {.directory = -1};
    char *real = realpath(path, NULL); /* writes through a symbolic link instead of replacing the link */
    if (!real && errno == ENOENT)
        real = strdup(path);
    if (!real)
        return refuse_errno(why, path, errno);

    int status = open_directory(&target, real) == 0 ? replace(&target, path, content, mode, why)
                                                    : refuse_errno(why, path, errno);
    if (target.directory >= 0)
        close(target.directory);
    free(target.part);
    free(real);
    return status;
}
