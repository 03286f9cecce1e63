/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts the canonical name of `directory` (consumed) before `rest`; NULL: no memory. */
static char *join(char *directory, const char *rest)
{
    char *joined = NULL;

    if (directory && asprintf(&joined, "%s%s%s", directory, strcmp(directory, "/") == 0 ? "" : "/", rest) < 0)
        joined = NULL;
    free(directory);
    return joined;
}

/* The last component does not exist: the directory before it may. */
static char *real_by_parent(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return NULL;
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';

    char *slash = strrchr(copy, '/');
    char *result;
    if (!slash) {
        result = join(path_real("."), copy);
    } else if (slash == copy) {
        result = strdup(copy); /* in the root directory */
    } else {
        *slash = '\0';
        result = join(path_real(copy), slash + 1);
    }
    free(copy);
    return result;
}

char *path_real(const char *path)
{
    char *real;

    if (path[0] == '\0')
        return NULL;
    real = realpath(path, NULL);
    if (real || errno == ENOMEM)
        return real;
    if (strcmp(path, ".") == 0) /* the working directory is gone: no better name than the relative one */
        return strdup(path);
    return real_by_parent(path);
}
