/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/strings.h"
#include "api/cause.h"

/* The process id that the holder wrote, or 0: it may be about to write it. */
static int64_t read_holder(int fd)
{
    char digits[32];
    ssize_t count = pread(fd, digits, sizeof digits, 0);
    int64_t holder = 0;

    if (count <= 1 || digits[count - 1] != '\n' || !number_parse((struct text){digits, (size_t)count - 1}, &holder) ||
        holder < 1)
        return 0;
    return holder;
}

/* Only for people: a full disk costs the number, not the lock. */
static void write_holder(int fd)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) == 0 && pwrite(fd, digits, (size_t)length, 0) == length)
        return;
    if (ftruncate(fd, 0) != 0)
        return; /* it keeps a number that is wrong */
}

static int refuse_held(const char *path, int64_t holder, struct failure *why)
{
    if (holder == getpid())
        return failure_set(why, CAUSE_STATE_LOCKED, "%s is locked by another sync of this process", path);
    if (holder == 0)
        return failure_set(why, CAUSE_STATE_LOCKED, "%s is locked by somebody else", path);
    return failure_set(why, CAUSE_STATE_LOCKED, "%s is locked by process %lld", path, (long long)holder);
}

int lock_take(struct lock *lock, const char *path, struct failure *why)
{
    struct stat what;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);

    if (fd < 0)
        return failure_set(why, CAUSE_STATE_UNWRITABLE, "could not open the lock file %s: %s", path,
                           errno == ENOENT ? "its directory does not exist" : file_error_text(errno));
    if (fstat(fd, &what) != 0 || !S_ISREG(what.st_mode)) {
        close(fd);
        return failure_set(why, CAUSE_STATE_UNWRITABLE, "the lock file %s is not a regular file", path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        int64_t holder = read_holder(fd);
        close(fd);
        if (error == EWOULDBLOCK)
            return refuse_held(path, holder, why);
        return failure_set(why, CAUSE_STATE_UNWRITABLE, "could not lock %s: %s", path, file_error_text(error));
    }
    write_holder(fd);
    lock->fd = fd;
    return 0;
}

void lock_release(struct lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}
