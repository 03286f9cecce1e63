/* SPDX-License-Identifier: Apache-2.0
 *
 * To see cheaply whether a file that was read has changed since: by stat alone.
 */
#ifndef MQFERRY_API_BASE_FILE_MARK_H
#define MQFERRY_API_BASE_FILE_MARK_H

#include <stdbool.h>
#include <stdint.h>

/* A file that was read, or a directory that was walked through (its time changes with every entry that comes or goes).
 */
struct file_mark {
    char *path;          /* whoever takes the mark owns it */
    int64_t modified_ns; /* wall time, since 1970 */
    uint64_t bytes, inode;
};

/* Fills all but the path; before the file is read. 0, or -1 when there is nothing at the path. */
int file_mark_take(const char *path, struct file_mark *mark);
/* Is the file as it was? */
bool file_mark_same(const struct file_mark *mark);
/* Is everything still as it was when the marks were taken, at `taken_unix_ms` at the earliest? A file that changed so
 * shortly before that its time could not tell a second change counts as changed, and so does standard input ("-"). */
bool file_marks_current(const struct file_mark *marks, uint32_t count, int64_t taken_unix_ms);
/* Frees malloc'd marks with malloc'd paths; NULL is fine. */
void file_marks_free(struct file_mark *marks, uint32_t count);

#endif
