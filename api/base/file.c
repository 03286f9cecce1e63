/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/file.h"

#include <errno.h>
#include <string.h>

const char *file_error_text(int error)
{
    switch (error) {
    case ENOENT:
        return "it does not exist";
    case EACCES:
    case EPERM:
        return "permission denied";
    case EISDIR:
        return "it is a directory, not a file";
    case ENOTDIR:
        return "a part of the path is not a directory";
    case ELOOP:
        return "its symbolic links lead in a circle";
    case ENAMETOOLONG:
        return "the name is too long";
    case ENOSPC:
        return "no space is left on the device";
    case EDQUOT:
        return "the disk quota is used up";
    case EFBIG:
        return "it would be larger than this system allows";
    case EROFS:
        return "the file system is read-only";
    case ENOLCK:
        return "the file system cannot lock files";
    case EIO:
        return "the device reports an input/output error";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    case ENOMEM:
        return "memory ran out";
    default:
        return strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error";
    }
}

void text_position(struct text text, size_t offset, uint32_t *out_line, uint32_t *out_column)
{
    size_t end = offset < text.bytes ? offset : text.bytes;
    size_t line_start = 0;
    uint32_t line = 1;

    while (line_start < end) {
        const char *newline = memchr(text.data + line_start, '\n', end - line_start);
        if (!newline)
            break;
        line_start = (size_t)(newline - text.data) + 1;
        line++;
    }
    *out_line = line;
    *out_column = (uint32_t)(end - line_start) + 1;
}
