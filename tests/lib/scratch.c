/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int scratch_enter(void **state)
{
    char *path = strdup("/tmp/mqferry-test-XXXXXX");
    if (!path || !mkdtemp(path) || chdir(path) != 0)
        return -1;
    *state = path;
    return 0;
}

int scratch_leave(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", (char *)*state, (char *)*state);
    int status = chdir("/") == 0 && system(command) == 0 ? 0 : -1;
    free(*state);
    return status;
}

void scratch_put(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    assert_int_equal(fclose(file), 0);
}

char *scratch_get(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(bytes + 1);
    assert_non_null(content);
    assert_int_equal(fread(content, 1, bytes, file), bytes);
    content[bytes] = '\0';
    fclose(file);
    return content;
}

void scratch_assert_content(const char *path, const char *expected)
{
    char *content = scratch_get(path);
    assert_string_equal(content, expected);
    free(content);
}

bool scratch_exists(const char *path)
{
    struct stat what;
    return lstat(path, &what) == 0;
}
