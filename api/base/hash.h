/* SPDX-License-Identifier: Apache-2.0
 *
 * 64-bit hashing for tables and fingerprints: the same in every process, hence without a secret seed and no defence
 * against collisions made on purpose. Pure.
 */
#ifndef MQFERRY_API_BASE_HASH_H
#define MQFERRY_API_BASE_HASH_H

#include <stdint.h>
#include <string.h>

#include "api/base/buffer.h"

/* One more word: both halves of a 128-bit product, so that every bit of the input reaches every bit of the result. The
 * constants are wyhash's (odd, balanced numbers of ones). */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
    unsigned __int128 product =
        (unsigned __int128)(hash ^ UINT64_C(0xa0761d6478bd642f)) * (word ^ UINT64_C(0xe7037ed1a0b428db));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_text(uint64_t hash, struct text text)
{
    uint64_t word;

    hash = hash_word(hash, text.bytes);
    while (text.bytes >= sizeof word) {
        memcpy(&word, text.data, sizeof word);
        hash = hash_word(hash, word);
        text.data += sizeof word;
        text.bytes -= sizeof word;
    }
    if (text.bytes > 0) {
        word = 0;
        memcpy(&word, text.data, text.bytes);
        hash = hash_word(hash, word);
    }
    return hash;
}

#endif
