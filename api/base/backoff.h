/* SPDX-License-Identifier: Apache-2.0
 *
 * How long to wait before trying again: exponential, capped, half of it jitter, so that many who failed together do not
 * come back together. Pure: randomness is an argument.
 */
#ifndef MQFERRY_API_BASE_BACKOFF_H
#define MQFERRY_API_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t first_ms; /* ceiling of the first wait; doubled with every further try */
    uint32_t cap_ms;
};

/* The wait after `tries` failures (from 1): between half of the ceiling and the ceiling. `random` is moved on. */
uint64_t backoff_ms(const struct backoff *backoff, uint32_t tries, uint64_t *random);

/* The next number of a generator with 64 bits of state (splitmix64); any state is a good one. Not for secrets. */
uint64_t random_next(uint64_t *state);

#endif
