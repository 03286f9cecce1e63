/* SPDX-License-Identifier: Apache-2.0
 *
 * "Did you mean …": the optimal string alignment distance (insert, delete, replace, swap of neighbours), in which
 * another letter case costs next to nothing.
 */
#include "api/base/strings.h"

enum {
    LONGEST = 64, /* bytes; no name that we suggest is longer, and the rows fit the stack */
    EDIT = 16,    /* cost of one edit … */
    CASE = 1,     /* … and of a letter in the other case: a whole name in capitals is still one slip */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned replace_cost(char a, char b)
{
    if (a == b)
        return 0;
    return lower(a) == lower(b) ? CASE : EDIT;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(struct text a, struct text b)
{
    unsigned rows[3][LONGEST + 1]; /* the row being filled and the two before it, in turn */

    for (size_t j = 0; j <= b.bytes; j++)
        rows[0][j] = (unsigned)j * EDIT;
    for (size_t i = 1; i <= a.bytes; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3];
        row[0] = (unsigned)i * EDIT;
        for (size_t j = 1; j <= b.bytes; j++) {
            unsigned cost = least(row[j - 1], above[j]) + EDIT;
            cost = least(cost, above[j - 1] + replace_cost(a.data[i - 1], b.data[j - 1]));
            if (i > 1 && j > 1 && lower(a.data[i - 1]) == lower(b.data[j - 2]) &&
                lower(a.data[i - 2]) == lower(b.data[j - 1]))
                cost = least(cost, rows[(i - 2) % 3][j - 2] + EDIT);
            row[j] = cost;
        }
    }
    return rows[a.bytes % 3][b.bytes];
}

const char *nearest_spelling(struct text wrong, const char *const *candidates)
{
    const char *nearest = NULL;
    unsigned best = (unsigned)(least(LONGEST, (unsigned)wrong.bytes) * EDIT / 3) + 1;

    if (wrong.bytes > LONGEST)
        return NULL;
    for (; *candidates; candidates++) {
        struct text candidate = text_of(*candidates);
        if (candidate.bytes > LONGEST)
            continue;
        unsigned cost = distance(wrong, candidate);
        if (cost < best) {
            best = cost;
            nearest = *candidates;
        }
    }
    return nearest;
}
