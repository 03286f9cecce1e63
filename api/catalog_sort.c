/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting of names: eight bytes at a time. Keys of 16 bytes are merge-sorted by one word of the names; runs that are
 * equal in it are refined by the next word. So each byte of a name is looked at about once, however much of it the
 * names share, and the recursion is as deep as the longest name has words (NAME_BYTES_MAX / 8).
 */
#include <stdlib.h>
#include <string.h>

#include "api/catalog_store.h"

enum { WORD_BYTES = 8, BLOCK = 16 };

struct sort_key {
    uint64_t word;
    uint32_t row;
    uint32_t rest; /* bytes of the name from this word on, at most WORD_BYTES + 1: an end sorts before zero bytes */
};

static bool key_less(const struct sort_key *a, const struct sort_key *b)
{
    return a->word != b->word ? a->word < b->word : a->rest < b->rest;
}

static bool keys_in_order(const struct sort_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (key_less(&keys[i], &keys[i - 1]))
            return false;
    }
    return true;
}

static void insertion_sort(struct sort_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sort_key key = keys[i];
        size_t at = i;
        for (; at > 0 && key_less(&key, &keys[at - 1]); at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Merges two neighbouring runs of `from` into the same place of `into`; of equal keys the left one comes first. */
static void merge(const struct sort_key *from, size_t left, size_t middle, size_t right, struct sort_key *into)
{
    size_t a = left, b = middle;

    for (size_t at = left; at < right; at++) {
        bool take_right = a == middle || (b < right && key_less(&from[b], &from[a]));
        into[at] = take_right ? from[b++] : from[a++];
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Stable; bottom up, between the keys and as much scratch. */
static void merge_sort(struct sort_key *keys, struct sort_key *scratch, size_t count)
{
    struct sort_key *from = keys, *into = scratch;

    if (keys_in_order(keys, count))
        return;
    for (size_t i = 0; i < count; i += BLOCK)
        insertion_sort(keys + i, smaller(BLOCK, count - i));
    for (size_t width = BLOCK; width < count; width *= 2) {
        for (size_t left = 0; left < count; left += 2 * width)
            merge(from, left, smaller(left + width, count), smaller(left + 2 * width, count), into);
        struct sort_key *swap = from;
        from = into;
        into = swap;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
}

static bool key_equal(const struct sort_key *a, const struct sort_key *b)
{
    return a->word == b->word && a->rest == b->rest;
}

static void sort_from(const struct catalog *catalog, struct sort_key *keys, struct sort_key *scratch, size_t count,
                      size_t offset)
{
    for (size_t i = 0; i < count; i++) {
        struct text name = catalog_name(catalog, &catalog->rows[keys[i].row]);
        keys[i].word = name_word(name, offset);
        keys[i].rest = (uint32_t)smaller(name.bytes - offset, WORD_BYTES + 1);
    }
    merge_sort(keys, scratch, count);
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && key_equal(&keys[first], &keys[next]);)
            next++;
        if (next - first > 1 && keys[first].rest > WORD_BYTES)
            sort_from(catalog, keys + first, scratch, next - first, offset + WORD_BYTES);
    }
}

static bool rows_in_order(const struct catalog *catalog)
{
    for (uint32_t i = 1; i < catalog->count; i++) {
        const struct resource *left = &catalog->rows[i - 1], *right = &catalog->rows[i];
        if (left->kind > right->kind ||
            (left->kind == right->kind && catalog_compare(catalog, left, catalog, right) > 0))
            return false;
    }
    return true;
}

/* Topics first; the rest of the order is the sorter's. Returns the number of topics. */
static uint32_t keys_fill(const struct catalog *catalog, struct sort_key *keys)
{
    uint32_t count = 0, topics = 0;

    for (unsigned kind = KIND_TOPIC; kind < KINDS; kind++) {
        for (uint32_t row = 0; row < catalog->count; row++) {
            if (catalog->rows[row].kind == kind)
                keys[count++].row = row;
        }
        topics = kind == KIND_TOPIC ? count : topics;
    }
    return topics;
}

/* In place, cycle by cycle: row i becomes what row keys[i].row was. A key that points to itself is done. */
static void permute(struct resource *rows, struct sort_key *keys, uint32_t count)
{
    for (uint32_t start = 0; start < count; start++) {
        struct resource displaced = rows[start];
        uint32_t at = start;
        while (keys[at].row != start) {
            uint32_t from = keys[at].row;
            rows[at] = rows[from];
            keys[at].row = at;
            at = from;
        }
        rows[at] = displaced;
        keys[at].row = at;
    }
}

int catalog_sort(struct catalog *catalog)
{
    if (rows_in_order(catalog))
        return 0;
    struct sort_key *keys = malloc(catalog->count * sizeof *keys);
    struct sort_key *scratch = malloc(catalog->count * sizeof *scratch);
    int status = -1;
    if (keys && scratch) {
        uint32_t topics = keys_fill(catalog, keys);
        sort_from(catalog, keys, scratch, topics, 0);
        sort_from(catalog, keys + topics, scratch, catalog->count - topics, 0);
        free(scratch);
        scratch = NULL;
        permute(catalog->rows, keys, catalog->count);
        status = 0;
    }
    free(scratch);
    free(keys);
    return status;
}
