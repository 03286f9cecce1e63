/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resource.h"

#include <string.h>

#include "api/base/hash.h"

static bool holds_number(enum field field)
{
    enum field_type type = field_info(field)->type;
    return type == TYPE_BOOL || type == TYPE_INTEGER;
}

/* --- drafts --- */

void draft_clear(struct draft *draft)
{
    draft->set = 0;
    draft->create_only = 0;
    draft->estimated = 0;
}

/* A new value is compared and exact, whatever the field held before. */
static union value *claim(struct draft *draft, enum field field)
{
    draft_unset(draft, field);
    draft->set |= FIELD_BIT(field);
    return &draft->values[field];
}

void draft_set_number(struct draft *draft, enum field field, int64_t number)
{
    claim(draft, field)->number = number;
}

void draft_set_text(struct draft *draft, enum field field, struct text text)
{
    claim(draft, field)->text = text;
}

void draft_unset(struct draft *draft, enum field field)
{
    draft->set &= ~FIELD_BIT(field);
    draft->create_only &= ~FIELD_BIT(field);
    draft->estimated &= ~FIELD_BIT(field);
}

int draft_lay_over(struct draft *draft, const struct draft *over, struct buffer *room)
{
    for (uint64_t rest = over->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        union value value = over->values[field];
        if (field_info(field)->type == TYPE_MAP && (draft->set & FIELD_BIT(field)) != 0) {
            if (map_merge(draft->values[field].text, value.text, room) != 0)
                return -1;
            value.text = buffer_text(room);
        }
        *claim(draft, field) = value;
    }
    return 0;
}

/* --- settings --- */

const union value *settings_value(const struct settings *settings, enum field field)
{
    return &settings->values[__builtin_popcountll(settings->set & (FIELD_BIT(field) - 1))];
}

bool settings_has(const struct settings *settings, enum field field)
{
    return (settings->set & FIELD_BIT(field)) != 0;
}

int64_t settings_number(const struct settings *settings, enum field field)
{
    return settings_value(settings, field)->number;
}

struct text settings_text(const struct settings *settings, enum field field)
{
    return settings_value(settings, field)->text;
}

void draft_from_settings(struct draft *draft, const struct settings *settings)
{
    const union value *value = settings->values;

    draft->set = settings->set;
    draft->create_only = settings->create_only;
    draft->estimated = settings->estimated;
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1)
        draft->values[field_first(rest)] = *value++;
}

/* --- interning --- */

uint64_t draft_hash(const struct draft *draft)
{
    uint64_t hash = hash_word(draft->set, draft->create_only);

    hash = hash_word(hash, draft->estimated);
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        const union value *value = &draft->values[field];
        hash = holds_number(field) ? hash_word(hash, (uint64_t)value->number) : hash_text(hash, value->text);
    }
    return hash;
}

size_t draft_settings_bytes(const struct draft *draft)
{
    size_t bytes = sizeof(struct settings);

    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        bytes += sizeof(union value);
        if (!holds_number(field))
            bytes += draft->values[field].text.bytes;
    }
    return bytes;
}

const struct settings *draft_settle(const struct draft *draft, uint64_t hash, void *memory)
{
    struct settings *settings = memory;
    union value *value = settings->values;
    char *texts = (char *)(value + __builtin_popcountll(draft->set));

    settings->set = draft->set;
    settings->create_only = draft->create_only;
    settings->estimated = draft->estimated;
    settings->hash = hash;
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1, value++) {
        enum field field = field_first(rest);
        *value = draft->values[field];
        if (holds_number(field))
            continue;
        if (value->text.bytes > 0)
            memcpy(texts, value->text.data, value->text.bytes);
        value->text.data = texts;
        texts += value->text.bytes;
    }
    return settings;
}

/* --- equality --- */

bool value_equal(enum field field, const union value *a, const union value *b)
{
    return holds_number(field) ? a->number == b->number : text_equal(a->text, b->text);
}

bool draft_equals_settings(const struct draft *draft, const struct settings *settings)
{
    const union value *value = settings->values;

    if (draft->set != settings->set || draft->create_only != settings->create_only ||
        draft->estimated != settings->estimated)
        return false;
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1, value++) {
        if (!value_equal(field_first(rest), &draft->values[field_first(rest)], value))
            return false;
    }
    return true;
}

bool settings_equal(const struct settings *a, const struct settings *b)
{
    if (a == b)
        return true;
    if (a->hash != b->hash || a->set != b->set || a->create_only != b->create_only || a->estimated != b->estimated)
        return false;
    const union value *left = a->values, *right = b->values;
    for (uint64_t rest = a->set; rest != 0; rest &= rest - 1, left++, right++) {
        if (!value_equal(field_first(rest), left, right))
            return false;
    }
    return true;
}

/* Each declared key has its value, or its default where the key is absent. */
static bool map_satisfied(enum kind kind, struct text declared, struct text observed)
{
    struct map_pair pair;

    for (size_t position = 0; map_next(declared, &position, &pair);) {
        struct text there;
        if (!map_find(observed, pair.key, &there)) {
            const char *meant = attribute_default(kind, pair.key);
            if (!meant)
                return false;
            there = text_of(meant);
        }
        if (!text_equal(pair.value, there))
            return false;
    }
    return true;
}

static bool field_differs(enum field field, const union value *declared, const struct settings *observed,
                          bool absent_is_default)
{
    const struct field_info *info = field_info(field);
    const union value *there = settings_has(observed, field) ? settings_value(observed, field) : NULL;

    if (!there)
        return !absent_is_default || !value_is_default(field, declared);
    if (info->type == TYPE_MAP)
        return !map_satisfied(info->kind, declared->text, there->text);
    return !value_equal(field, declared, there);
}

uint64_t settings_difference(const struct settings *declared, const struct settings *observed, uint64_t mask,
                             bool absent_is_default)
{
    uint64_t different = 0;

    if (declared == observed)
        return 0;
    for (uint64_t rest = declared->set & ~declared->create_only & mask; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        if (field_differs(field, settings_value(declared, field), observed, absent_is_default))
            different |= FIELD_BIT(field);
    }
    return different;
}
