/* SPDX-License-Identifier: Apache-2.0
 *
 * An empty directory of its own for each test, which is the working directory meanwhile: cmocka set-up and tear-down.
 */
#ifndef MQFERRY_TESTS_LIB_SCRATCH_H
#define MQFERRY_TESTS_LIB_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

int scratch_enter(void **state); /* *state: the directory's path */
int scratch_leave(void **state); /* removed with all it holds, whatever its modes */

void scratch_put(const char *path, const char *content);
/* The whole file, malloc'd; fails the test when there is none. */
char *scratch_get(const char *path);
void scratch_assert_content(const char *path, const char *expected);
bool scratch_exists(const char *path);

#endif
