/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that look random and repeat with their seed (splitmix64: 64 bits of state, any state is a good one). Not for
 * secrets. Pure: the state is the caller's, so simulations and jitter can be repeated.
 */
#ifndef MQFERRY_API_BASE_RANDOM_H
#define MQFERRY_API_BASE_RANDOM_H

#include <stdint.h>

uint64_t random_next(uint64_t *state);

/* From 0 to bound - 1; 0 for a bound of 0. The bias is below bound / 2^64. */
uint64_t random_below(uint64_t *state, uint64_t bound);

#endif
