/* SPDX-License-Identifier: Apache-2.0
 *
 * How long to wait before trying again: exponential, capped, half of it jitter, so that many who failed together do not
 * come back together. Pure: randomness is an argument. The caller counts its failures; a success sets the count to
 * zero.
 */
#ifndef MQFERRY_API_BASE_BACKOFF_H
#define MQFERRY_API_BASE_BACKOFF_H

#include <stdint.h>

#include "api/base/random.h"

struct backoff {
    uint32_t first_ms; /* ceiling of the first wait; doubled with every further try */
    uint32_t cap_ms;
};

/* The wait after `tries` failures (from 1): between half of the ceiling and the ceiling. `random` is moved on. */
uint64_t backoff_ms(const struct backoff *backoff, uint32_t tries, uint64_t *random);

/* The wait when the server named one (Retry-After and its kind): its own word wins over ours, up to an hour, and up to
 * an eighth is added as jitter, so nobody comes earlier. retry_after_ms 0: it named none, as backoff_ms. */
uint64_t backoff_told_ms(const struct backoff *backoff, uint32_t tries, uint64_t retry_after_ms, uint64_t *random);

#endif
