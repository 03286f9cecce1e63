/* SPDX-License-Identifier: Apache-2.0
 *
 * Disks that fill up and system calls that fail, in the process under test: a test that calls these has its own write,
 * fsync, fdatasync, rename and renameat in front of libc's. Only regular files (for fsync also directories) are
 * affected. Any thread.
 */
#ifndef MQFERRY_TESTS_LIB_FAULTS_H
#define MQFERRY_TESTS_LIB_FAULTS_H

#include <stdint.h>

enum fault_call { FAULT_FSYNC, FAULT_FDATASYNC, FAULT_RENAME, FAULT_CALLS };

/* The call after `skip` further ones fails with errno `error`, and every one after it. */
void faults_fail(enum fault_call call, unsigned skip, int error);
/* So many bytes still fit on the disk: the write that meets the end is cut short, the next says ENOSPC. */
void faults_disk_full_after(int64_t bytes);
void faults_clear(void);
/* How often a call was made since faults_clear, failing ones included. */
unsigned faults_calls(enum fault_call call);

#endif
