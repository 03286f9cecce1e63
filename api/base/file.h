/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole files in, whole files out.
 *
 * Reading: opened with O_NONBLOCK|O_CLOEXEC, must be regular (a FIFO or device is refused without waiting), at most
 * FILE_BYTES_MAX, read into one buffer with JSON_PADDING zero bytes behind. Never mapped: an editor that truncates
 * would kill us with SIGBUS. A file that shrinks or grows while it is read is read again, a few times, then refused.
 *
 * Writing: a sibling temporary file (PATH.part), synced, renamed into place, the directory synced. On failure the old
 * file is intact and the temporary one is gone; after a crash the next write removes it. Both block: workers only.
 */
#ifndef MQFERRY_API_BASE_FILE_H
#define MQFERRY_API_BASE_FILE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

#define FILE_BYTES_MAX ((size_t)1 << 30) /* 1 GiB: contract section 2 */

struct file_text {
    char *data; /* malloc; padded with JSON_PADDING zero bytes */
    size_t bytes;
    int64_t modified_unix_ms;
};

/* cause INPUT_WRONG when absent, unreadable, not regular, too large or changing. `path` "-" reads standard input (a
 * pipe is fine there). 0 or -1. */
int file_read(const char *path, struct file_text *out, struct failure *why);
/* The same; standard input is waited for until *cancelled (may be NULL), then cause CANCELLED. */
int file_read_cancellable(const char *path, const atomic_bool *cancelled, struct file_text *out, struct failure *why);
void file_text_release(struct file_text *file); /* zeroed or released structs are fine */

/* cause STATE_UNWRITABLE. mode is that of a new file, less the umask; an existing one keeps its own, and its owner
 * where we may set it. A symbolic link stays one: what it points to is replaced. What is there must be a regular file.
 * Two writers of one path: the second is refused. 0 or -1. */
int file_replace(const char *path, struct text content, unsigned mode, struct failure *why);

/* An errno in the words of these messages: lower case, no full stop. Static storage. */
const char *file_error_text(int error);

/* Line and column, from 1, of a byte offset; columns count bytes. */
void text_position(struct text text, size_t offset, uint32_t *out_line, uint32_t *out_column);

#endif
