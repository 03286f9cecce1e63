/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that runs out, in the process under test. A test that includes this header is linked with malloc, calloc and
 * realloc of its own (tests/CMakeLists.txt): those of its objects and of ours, not those inside libraries.
 */
#ifndef MQFERRY_TESTS_LIB_MEMORY_H
#define MQFERRY_TESTS_LIB_MEMORY_H

#include <stdbool.h>

#include "api/base/failure.h"

/* Allocation number `count` from now on (from 0) fails, and every one after it, until memory_restore. */
void memory_fail_after(unsigned count);
/* true: an allocation has failed since memory_fail_after. */
bool memory_restore(void);

/* Calls `run` with the first, the second, … allocation failing, until it goes through without meeting a failure. A run
 * that meets one succeeds all the same or fails with OUT_OF_MEMORY; else the test fails. Leaks are the sanitizer's. */
void memory_sweep(int (*run)(void *context, struct failure *why), void *context);

#endif
