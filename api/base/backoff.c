/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/backoff.h"

uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

uint64_t backoff_ms(const struct backoff *backoff, uint32_t tries, uint64_t *random)
{
    uint64_t ceiling = backoff->first_ms;
    for (uint32_t i = 1; i < tries && ceiling < backoff->cap_ms; i++)
        ceiling *= 2;
    if (ceiling > backoff->cap_ms)
        ceiling = backoff->cap_ms;
    uint64_t jitter = ceiling / 2;
    return ceiling - jitter + random_next(random) % (jitter + 1);
}
