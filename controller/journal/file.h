/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's file, as the worker sees it: opened and mended, appended to and synced, rotated. Everything blocks.
 *
 * Life: journal_file_open → journal_file_append … → journal_file_close. After a failure nothing but close is allowed.
 */
#ifndef MQFERRY_CONTROLLER_JOURNAL_FILE_H
#define MQFERRY_CONTROLLER_JOURNAL_FILE_H

#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/lock.h"
#include "controller/journal/intents.h"
#include "controller/journal/journal.h"

struct journal_file {
    char *directory; /* state_dir/NAME */
    char *path;      /* journal.jsonl in it */
    struct lock lock;
    int fd;
    uint64_t bytes; /* length of the file */
};

/* The file of an address under its lock, its torn tail cut, a rotation that a crash interrupted finished. 0 or -1. */
int journal_file_open(struct journal_file *file, const char *state_dir, struct text address, struct intents *open,
                      struct failure *why);
/* Appends bytes; journal_file_sync makes them durable. STATE_UNWRITABLE. 0 or -1. */
int journal_file_append(struct journal_file *file, struct text lines, struct failure *why);
int journal_file_sync(struct journal_file *file, struct failure *why);
/* Begins a new file. Are intents `open`? Then they are looked for in the old one and copied. */
int journal_file_rotate(struct journal_file *file, bool open, struct failure *why);
/* Lets the lock go and takes it again (journal_take_again). Letting go does not block. */
void journal_file_let_go(struct journal_file *file);
int journal_file_take_again(struct journal_file *file, struct failure *why);
void journal_file_close(struct journal_file *file); /* half-opened ones too */

/* Paths of journals: state_dir/NAME for an address (malloc'd, NULL: no memory), and the number of the newest rotated
 * file of a directory (0: none). */
char *journal_directory(const char *state_dir, struct text address);
uint32_t journal_newest_rotated(const char *directory);

#endif
