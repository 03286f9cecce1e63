/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/glob.h"

#include <string.h>

#include "api/base/strings.h"

/* Stepping by code points keeps the second half of a character from being taken for one by '?'. A byte that belongs to
 * none counts as one. */
static size_t step(struct text name, size_t at)
{
    uint32_t ignored;
    size_t bytes = utf8_decode(name, at, &ignored);
    return bytes > 0 ? bytes : 1;
}

/* An earlier '*' never needs another try once a later one is met, so one point to go back to is enough. */
bool glob_match(struct text pattern, struct text name)
{
    size_t p = 0, n = 0;
    size_t after_star = 0, star_end = 0; /* where pattern and name go on when the last '*' takes one more */
    bool starred = false;

    while (n < name.bytes) {
        if (p < pattern.bytes && pattern.data[p] == '*') {
            after_star = ++p;
            star_end = n;
            starred = true;
        } else if (p < pattern.bytes && pattern.data[p] == '?') {
            p++;
            n += step(name, n);
        } else if (p < pattern.bytes && pattern.data[p] == name.data[n]) {
            p++;
            n++;
        } else if (starred) {
            star_end += step(name, star_end);
            p = after_star;
            n = star_end;
        } else {
            return false;
        }
    }
    while (p < pattern.bytes && pattern.data[p] == '*')
        p++;
    return p == pattern.bytes;
}

bool glob_is_literal(struct text pattern)
{
    return pattern.bytes == 0 ||
           (!memchr(pattern.data, '*', pattern.bytes) && !memchr(pattern.data, '?', pattern.bytes));
}
