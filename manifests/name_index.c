/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/name_index.h"

#include <assert.h>
#include <stdlib.h>

#include "api/base/glob.h"
#include "api/base/hash.h"

#define NONE UINT32_MAX

struct rule {
    struct text pattern;
    uint32_t next; /* the next rule with the same literal, or NONE */
    uint32_t last; /* of the first such rule: the end of that chain */
};

struct name_index {
    struct rule *rules;
    uint32_t *globs; /* numbers of the rules that are no literals, in order */
    uint32_t *slots; /* open addressing: the first rule of each literal, or NONE */
    uint32_t rule_count, rule_room, glob_count, literal_count;
    uint32_t mask; /* of a slot's number */
};

struct name_index *name_index_new(uint32_t rules)
{
    uint32_t slots = 8;
    while (slots / 2 < rules)
        slots *= 2;
    struct name_index *index = calloc(1, sizeof *index);
    if (index == NULL)
        return NULL;
    index->rules = calloc(rules + (size_t)1, sizeof *index->rules);
    index->globs = calloc(rules + (size_t)1, sizeof *index->globs);
    index->slots = malloc(slots * sizeof *index->slots);
    if (index->rules == NULL || index->globs == NULL || index->slots == NULL) {
        name_index_free(index);
        return NULL;
    }
    for (uint32_t i = 0; i < slots; i++)
        index->slots[i] = NONE;
    index->mask = slots - 1;
    index->rule_room = rules;
    return index;
}

void name_index_free(struct name_index *index)
{
    if (index == NULL)
        return;
    free(index->rules);
    free(index->globs);
    free(index->slots);
    free(index);
}

/* The slot that holds the literal's first rule, or the free one where it belongs. */
static uint32_t *find_slot(const struct name_index *index, struct text literal)
{
    uint32_t at = (uint32_t)hash_text(0, literal) & index->mask;
    while (index->slots[at] != NONE && !text_equal(index->rules[index->slots[at]].pattern, literal))
        at = (at + 1) & index->mask;
    return &index->slots[at];
}

static void add_literal(struct name_index *index, uint32_t number)
{
    uint32_t *slot = find_slot(index, index->rules[number].pattern);
    index->literal_count++;
    if (*slot == NONE) {
        *slot = number;
        index->rules[number].last = number;
        return;
    }
    struct rule *first = &index->rules[*slot];
    index->rules[first->last].next = number;
    first->last = number;
}

void name_index_add(struct name_index *index, struct text pattern)
{
    assert(index->rule_count < index->rule_room);
    uint32_t number = index->rule_count++;
    index->rules[number] = (struct rule){.pattern = pattern, .next = NONE};
    if (glob_is_literal(pattern))
        add_literal(index, number);
    else
        index->globs[index->glob_count++] = number;
}

int name_index_of(const void *rules, size_t stride, size_t offset, uint32_t count, struct name_index **out,
                  struct failure *why)
{
    *out = NULL;
    if (count == 0)
        return 0;
    *out = name_index_new(count);
    if (*out == NULL)
        return failure_no_memory(why, "the names of the mapping");
    for (uint32_t i = 0; i < count; i++)
        name_index_add(*out, *(const struct text *)((const char *)rules + stride * i + offset));
    return 0;
}

bool name_index_next(const struct name_index *index, struct text name, struct name_cursor *cursor, uint32_t *out_rule)
{
    if (index == NULL)
        return false;
    if (!cursor->begun) {
        cursor->begun = true;
        cursor->literal = index->literal_count > 0 ? *find_slot(index, name) : NONE;
    }
    /* Globs behind the literal that matches need not be tried yet. */
    for (; cursor->glob < index->glob_count && index->globs[cursor->glob] < cursor->literal; cursor->glob++) {
        uint32_t number = index->globs[cursor->glob];
        if (glob_match(index->rules[number].pattern, name)) {
            cursor->glob++;
            *out_rule = number;
            return true;
        }
    }
    if (cursor->literal == NONE)
        return false;
    *out_rule = cursor->literal;
    cursor->literal = index->rules[cursor->literal].next;
    return true;
}
