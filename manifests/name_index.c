/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/name_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/glob.h"
#include "api/base/hash.h"

#define NONE UINT32_MAX

struct rule {
    struct text pattern;
    union {
        struct {           /* of a literal */
            uint32_t next; /* the next rule with the same one, or NONE */
            uint32_t last; /* of the first such rule: the end of that chain */
        };
        struct {           /* of a glob */
            uint32_t head; /* bytes before the first wildcard */
            uint32_t tail; /* bytes behind the last */
        };
    };
};

struct slot {
    uint32_t hash;
    uint32_t rule; /* the first one of a literal, or NONE */
};

struct name_index {
    struct rule *rules;
    uint32_t *globs;    /* numbers of the rules that are no literals, in order */
    struct slot *slots; /* of literals; open addressing */
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
        index->slots[i].rule = NONE;
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
static struct slot *find_slot(const struct name_index *index, struct text literal, uint32_t hash)
{
    uint32_t at = hash & index->mask;
    for (; index->slots[at].rule != NONE; at = (at + 1) & index->mask) {
        const struct slot *slot = &index->slots[at];
        if (slot->hash == hash && text_equal(index->rules[slot->rule].pattern, literal))
            break;
    }
    return &index->slots[at];
}

static uint32_t hash_of(struct text name)
{
    return (uint32_t)hash_text(0, name);
}

static void add_literal(struct name_index *index, uint32_t number)
{
    uint32_t hash = hash_of(index->rules[number].pattern);
    struct slot *slot = find_slot(index, index->rules[number].pattern, hash);

    index->literal_count++;
    index->rules[number].next = NONE;
    if (slot->rule == NONE) {
        *slot = (struct slot){hash, number};
        index->rules[number].last = number;
        return;
    }
    struct rule *first = &index->rules[slot->rule];
    index->rules[first->last].next = number;
    first->last = number;
}

static bool is_wildcard(char c)
{
    return c == '*' || c == '?';
}

static void add_glob(struct name_index *index, uint32_t number)
{
    struct rule *rule = &index->rules[number];

    while (!is_wildcard(rule->pattern.data[rule->head]))
        rule->head++;
    while (!is_wildcard(rule->pattern.data[rule->pattern.bytes - 1 - rule->tail]))
        rule->tail++;
    index->globs[index->glob_count++] = number;
}

void name_index_add(struct name_index *index, struct text pattern)
{
    assert(index->rule_count < index->rule_room);
    uint32_t number = index->rule_count++;
    index->rules[number] = (struct rule){.pattern = pattern};
    if (glob_is_literal(pattern))
        add_literal(index, number);
    else
        add_glob(index, number);
}

/* Most names that do not match a glob differ at one of its ends. */
static bool glob_rule_matches(const struct rule *rule, struct text name)
{
    struct text pattern = rule->pattern;

    return name.bytes >= rule->head && name.bytes >= rule->tail && memcmp(name.data, pattern.data, rule->head) == 0 &&
           memcmp(name.data + name.bytes - rule->tail, pattern.data + pattern.bytes - rule->tail, rule->tail) == 0 &&
           glob_match(pattern, name);
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
        cursor->literal = index->literal_count > 0 ? find_slot(index, name, hash_of(name))->rule : NONE;
    }
    /* Globs behind the literal that matches need not be tried yet. */
    for (; cursor->glob < index->glob_count && index->globs[cursor->glob] < cursor->literal; cursor->glob++) {
        uint32_t number = index->globs[cursor->glob];
        if (glob_rule_matches(&index->rules[number], name)) {
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
