/* SPDX-License-Identifier: Apache-2.0
 *
 * What the targets have in common. Asserts may be compiled out; what a target demands is always looked at.
 */
#ifndef MQFERRY_TESTS_FUZZ_H
#define MQFERRY_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static inline void demand(bool holds)
{
    if (!holds)
        abort();
}

/* The bytes as a file that lives in memory, for what takes a path. */
struct memory_file {
    int fd;
    char path[64];
};

static inline struct memory_file memory_file_open(const void *data, size_t bytes)
{
    struct memory_file file = {.fd = memfd_create("fuzz", 0)};

    demand(file.fd >= 0 && write(file.fd, data, bytes) == (ssize_t)bytes);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    return file;
}

static inline void memory_file_close(const struct memory_file *file)
{
    close(file->fd);
}

#endif
