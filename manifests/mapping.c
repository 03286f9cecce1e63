/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/mapping.h"

#include <stddef.h>

#include "manifests/name_index.h"

/* ---- memory ---- */

void mapping_init(struct mapping *mapping)
{
    *mapping = (struct mapping){.kinds = MATCH_BOTH};
}

void mapping_release(struct mapping *mapping)
{
    arena_release(&mapping->memory);
    mapping_init(mapping);
}

void *mapping_alloc(struct mapping *mapping, size_t bytes)
{
    return arena_alloc(&mapping->memory, bytes);
}

struct text mapping_text(struct mapping *mapping, struct text text)
{
    const char *copy = arena_string(&mapping->memory, text);
    return (struct text){copy, copy == NULL ? 0 : text.bytes};
}

/* ---- accepted differences ---- */

int mapping_index_accepts(const struct mapping *mapping, struct name_index **out, struct failure *why)
{
    return name_index_of(mapping->accepts, sizeof *mapping->accepts, offsetof(struct accept_rule, glob),
                         mapping->accept_count, out, why);
}

/* Is `value`, of a MAP's key when the question has one, what the entry says? */
static bool says(const struct accept_rule *rule, const union value *said, const struct accept_question *question,
                 const union value *value)
{
    union value of_key;

    if (value == NULL)
        return false;
    if (question->attribute.bytes == 0)
        return value_equal(question->field, said, value);
    of_key = *said;
    if (rule->attribute.bytes == 0 && !map_find(said->text, question->attribute, &of_key.text))
        return false;
    return text_equal(of_key.text, value->text);
}

static bool accepts(const struct accept_rule *rule, const struct accept_question *question)
{
    if (rule->field != question->field || (rule->kinds & (1U << question->kind)) == 0)
        return false;
    if (rule->attribute.bytes > 0 && !text_equal(rule->attribute, question->attribute))
        return false;
    if (rule->has_declared && !says(rule, &rule->declared, question, question->declared))
        return false;
    return rule->has_observed ? says(rule, &rule->observed, question, question->observed) : question->observed == NULL;
}

int64_t mapping_accepts(const struct mapping *mapping, const struct name_index *accepted,
                        const struct accept_question *question)
{
    struct name_cursor cursor = {0};
    uint32_t rule;

    while (name_index_next(accepted, question->name, &cursor, &rule)) {
        if (accepts(&mapping->accepts[rule], question))
            return rule;
    }
    return -1;
}
