/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/random.h"

uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

uint64_t random_below(uint64_t *state, uint64_t bound)
{
    uint64_t number = random_next(state);
    return bound > 0 ? number % bound : 0;
}
