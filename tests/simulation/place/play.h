/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for the door: looks at the masters, asks place what to send, sends it in any order that place allows.
 */
#ifndef MQFERRY_TESTS_SIMULATION_PLACE_PLAY_H
#define MQFERRY_TESTS_SIMULATION_PLACE_PLAY_H

#include "tests/simulation/place/oracle.h"

struct play {
    struct world world;
    struct cluster cluster;
    struct oracle oracle;
};

/* One seed. oracle.broken tells. */
void play(struct play *play, uint64_t seed, FILE *trace);

#endif
