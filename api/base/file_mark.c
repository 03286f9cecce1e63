/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/file_mark.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The coarsest file times in use (FAT: two seconds). A file whose time is nearer than this to the moment it was read
 * may have been written again without its time showing it. */
enum { TIME_GRAIN_MS = 2000 };

int file_mark_take(const char *path, struct file_mark *mark)
{
    struct stat what;

    if (stat(path, &what) != 0)
        return -1;
    mark->modified_ns = (int64_t)what.st_mtim.tv_sec * 1000000000 + what.st_mtim.tv_nsec;
    mark->bytes = (uint64_t)what.st_size;
    mark->inode = (uint64_t)what.st_ino;
    return 0;
}

bool file_mark_same(const struct file_mark *mark)
{
    struct file_mark now;

    return file_mark_take(mark->path, &now) == 0 && now.modified_ns == mark->modified_ns && now.bytes == mark->bytes &&
           now.inode == mark->inode;
}

bool file_marks_current(const struct file_mark *marks, uint32_t count, int64_t taken_unix_ms)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(marks[i].path, "-") == 0 || !file_mark_same(&marks[i]) ||
            marks[i].modified_ns / 1000000 + TIME_GRAIN_MS >= taken_unix_ms)
            return false;
    return true;
}

void file_marks_free(struct file_mark *marks, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(marks[i].path);
    free(marks);
}
