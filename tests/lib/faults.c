/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_uint calls[FAULT_CALLS];
static atomic_uint failing_from[FAULT_CALLS]; /* 0: never */
static atomic_int errors[FAULT_CALLS];
static atomic_llong room = -1; /* -1: endless */

void faults_fail(enum fault_call call, unsigned skip, int error)
{
    atomic_store(&errors[call], error);
    atomic_store(&failing_from[call], atomic_load(&calls[call]) + skip + 1);
}

void faults_disk_full_after(int64_t bytes)
{
    atomic_store(&room, bytes);
}

void faults_clear(void)
{
    for (int call = 0; call < FAULT_CALLS; call++) {
        atomic_store(&failing_from[call], 0);
        atomic_store(&calls[call], 0);
    }
    atomic_store(&room, -1);
}

unsigned faults_calls(enum fault_call call)
{
    return atomic_load(&calls[call]);
}

static bool fails(enum fault_call call)
{
    unsigned number = atomic_fetch_add(&calls[call], 1) + 1;
    unsigned from = atomic_load(&failing_from[call]);

    if (from == 0 || number < from)
        return false;
    errno = atomic_load(&errors[call]);
    return true;
}

static bool is_regular(int fd)
{
    struct stat what;
    return fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
}

int fsync(int fd)
{
    return fails(FAULT_FSYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails(FAULT_FDATASYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    return fails(FAULT_RENAME) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return fails(FAULT_RENAME) ? -1 : (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
}

/* Takes what is left of the disk; the size of the write, 0 when it is full. */
static size_t take_room(size_t wanted)
{
    long long left = atomic_load(&room);

    if (left < 0)
        return wanted;
    size_t granted = (long long)wanted <= left ? wanted : (size_t)left;
    atomic_fetch_sub(&room, (long long)granted);
    return granted;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    size_t granted = is_regular(fd) ? take_room(count) : count;

    if (granted == 0 && count > 0) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, granted);
}
