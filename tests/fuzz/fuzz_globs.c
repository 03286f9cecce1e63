/* SPDX-License-Identifier: Apache-2.0
 *
 * A name and a list of globs, one a line. The matcher agrees with the plainest one there is; the index of a list finds
 * exactly the rules that match, in their order.
 */
#include <string.h>

#include "api/base/glob.h"
#include "api/base/strings.h"
#include "manifests/name_index.h"
#include "tests/fuzz/fuzz.h"

enum { LINES_MAX = 64, LINE_BYTES_MAX = 24 };

static struct text rest_of(struct text text, size_t from)
{
    return (struct text){text.data + from, text.bytes - from};
}

/* By the definition: '*' is nothing, or a character and '*'. */
static bool matches(struct text pattern, struct text name)
{
    uint32_t ignored;
    size_t character = name.bytes > 0 ? utf8_decode(name, 0, &ignored) : 0;

    if (pattern.bytes == 0)
        return name.bytes == 0;
    character = character == 0 ? name.bytes > 0 : character;
    if (pattern.data[0] == '*')
        return matches(rest_of(pattern, 1), name) || (name.bytes > 0 && matches(pattern, rest_of(name, character)));
    if (name.bytes == 0)
        return false;
    if (pattern.data[0] == '?')
        return matches(rest_of(pattern, 1), rest_of(name, character));
    return pattern.data[0] == name.data[0] && matches(rest_of(pattern, 1), rest_of(name, 1));
}

static uint32_t split(struct text text, struct text *lines)
{
    uint32_t count = 0;

    while (text.bytes > 0 && count < LINES_MAX) {
        const char *end = memchr(text.data, '\n', text.bytes);
        size_t length = end ? (size_t)(end - text.data) : text.bytes;
        lines[count++] = (struct text){text.data, length < LINE_BYTES_MAX ? length : LINE_BYTES_MAX};
        text = rest_of(text, end ? length + 1 : length);
    }
    return count;
}

static unsigned count_stars(struct text pattern)
{
    unsigned stars = 0;
    for (size_t i = 0; i < pattern.bytes; i++)
        stars += pattern.data[i] == '*';
    return stars;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text lines[LINES_MAX];
    uint32_t count = split((struct text){(const char *)data, bytes}, lines), rule;
    struct failure why = FAILURE_INIT;
    struct name_index *index = NULL;
    struct name_cursor cursor = {0};

    if (count < 2)
        return 0;
    struct text name = lines[0];
    demand(name_index_of(lines + 1, sizeof *lines, 0, count - 1, &index, &why) == 0);
    for (uint32_t i = 0; i < count - 1; i++) {
        struct text pattern = lines[i + 1];
        bool expected = glob_match(pattern, name);
        /* The plain matcher takes exponential time: few stars only. */
        demand(count_stars(pattern) > 3 || matches(pattern, name) == expected);
        demand(!expected || (name_index_next(index, name, &cursor, &rule) && rule == i));
    }
    demand(!name_index_next(index, name, &cursor, &rule));
    name_index_free(index);
    return 0;
}
