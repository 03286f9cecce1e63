/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/monotime.h"

#include <time.h>

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now); /* cannot fail for these two clocks */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t monotime_ms(void)
{
    return (uint64_t)read_ms(CLOCK_MONOTONIC);
}

int64_t walltime_unix_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}
