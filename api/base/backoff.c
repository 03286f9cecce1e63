/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/backoff.h"

/* A server that asks for more is broken or hostile; an hour is slow enough for any. */
#define RETRY_AFTER_MAX_MS UINT64_C(3600000)

uint64_t backoff_ms(const struct backoff *backoff, uint32_t tries, uint64_t *random)
{
    uint64_t ceiling = backoff->first_ms;
    for (uint32_t i = 1; i < tries && ceiling < backoff->cap_ms; i++)
        ceiling *= 2;
    if (ceiling > backoff->cap_ms)
        ceiling = backoff->cap_ms;
    uint64_t jitter = ceiling / 2;
    return ceiling - jitter + random_below(random, jitter + 1);
}

uint64_t backoff_told_ms(const struct backoff *backoff, uint32_t tries, uint64_t retry_after_ms, uint64_t *random)
{
    if (retry_after_ms == 0)
        return backoff_ms(backoff, tries, random);
    uint64_t told = retry_after_ms < RETRY_AFTER_MAX_MS ? retry_after_ms : RETRY_AFTER_MAX_MS;
    return told + random_below(random, told / 8 + 1);
}
