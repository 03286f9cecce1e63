/* SPDX-License-Identifier: Apache-2.0 */
#include "api/config_json.h"
#include "api/config_json_members.h"

struct writing {
    struct json_writer *writer;
    const struct draft *draft;
    const struct config_json_style *style;
    struct text name;
};

static bool is_set(const struct writing *writing, enum field field)
{
    return (writing->draft->set & FIELD_BIT(field)) != 0;
}

static bool is_wanted(const struct writing *writing, const struct member *member);

static bool any_wanted(const struct writing *writing, const struct member *members)
{
    while (members->name && !is_wanted(writing, members))
        members++;
    return members->name != NULL;
}

static bool is_wanted(const struct writing *writing, const struct member *member)
{
    const struct config_json_style *style = writing->style;

    switch (member->form) {
    case MEMBER_NAME:
        return true;
    case MEMBER_SYNONYM:
        return false;
    case MEMBER_OBJECT:
        return any_wanted(writing, member->inside);
    case MEMBER_ATTRIBUTES:
        return style->v5 && (style->all_defaults || is_set(writing, member->field) ||
                             (member->field == FIELD_TOPIC_ATTRIBUTES && is_set(writing, FIELD_TOPIC_MESSAGE_TYPE)));
    case MEMBER_PLAIN:
    case MEMBER_ORDERLY:
    case MEMBER_NUMBERS:
    case MEMBER_SUBSCRIPTIONS:
        break;
    }
    const struct field_info *info = field_info(member->field);
    bool known = style->v5 || (info->held & HELD_R) != 0;
    return known && (is_set(writing, member->field) || (style->all_defaults && info->default_text));
}

static void write_default(struct json_writer *writer, const struct field_info *info)
{
    if (info->type == TYPE_CHOICE)
        json_write_string(writer, info->default_text);
    else
        json_write_raw(writer, text_of(info->default_text));
}

static void write_plain(const struct writing *writing, enum field field)
{
    const struct field_info *info = field_info(field);
    const union value *value = &writing->draft->values[field];

    if (!is_set(writing, field))
        write_default(writing->writer, info);
    else if (info->type == TYPE_BOOL)
        json_write_bool(writing->writer, value->number != 0);
    else if (info->type == TYPE_INTEGER)
        json_write_integer(writing->writer, value->number);
    else
        json_write_text(writing->writer, value->text);
}

/* Integers joined by commas are a JSON list but for its brackets; brokers write it on one line. */
static void write_numbers(struct json_writer *writer, struct text numbers)
{
    struct buffer list;

    buffer_init(&list, numbers.bytes + 2);
    if (value_append(&list, FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, &(union value){.text = numbers}) != 0)
        writer->out->failed = true;
    json_write_raw(writer, buffer_text(&list));
    buffer_release(&list);
}

static void write_attribute(const struct writing *writing, struct text key, struct text value)
{
    struct buffer plus_key;

    buffer_init(&plus_key, key.bytes + 1);
    buffer_append_string(&plus_key, writing->style->plus_attributes ? "+" : "");
    if (buffer_append_text(&plus_key, key) != 0)
        writing->writer->out->failed = true;
    json_write_key_text(writing->writer, buffer_text(&plus_key));
    json_write_text(writing->writer, value);
    buffer_release(&plus_key);
}

/* messageType takes the place of its key among the others. */
static void write_attributes(const struct writing *writing, const struct member *member)
{
    const struct text type_key = TEXT(MESSAGE_TYPE_ATTRIBUTE);
    bool type_due = member->field == FIELD_TOPIC_ATTRIBUTES && is_set(writing, FIELD_TOPIC_MESSAGE_TYPE);
    struct text map = is_set(writing, member->field) ? writing->draft->values[member->field].text : TEXT("");
    struct map_pair pair;

    json_write_begin_object(writing->writer);
    for (size_t position = 0; map_next(map, &position, &pair);) {
        if (type_due && text_compare(type_key, pair.key) < 0) {
            write_attribute(writing, type_key, writing->draft->values[FIELD_TOPIC_MESSAGE_TYPE].text);
            type_due = false;
        }
        write_attribute(writing, pair.key, pair.value);
    }
    if (type_due)
        write_attribute(writing, type_key, writing->draft->values[FIELD_TOPIC_MESSAGE_TYPE].text);
    json_write_end_object(writing->writer);
}

static void write_members(const struct writing *writing, const struct member *members);

static void write_value(const struct writing *writing, const struct member *member)
{
    const union value *value = &writing->draft->values[member->field < FIELD_COUNT ? member->field : 0];

    switch (member->form) {
    case MEMBER_NAME:
        json_write_text(writing->writer, writing->name);
        break;
    case MEMBER_ATTRIBUTES:
        write_attributes(writing, member);
        break;
    case MEMBER_ORDERLY:
        json_write_bool(writing->writer, is_set(writing, member->field) && text_is(value->text, "Orderly"));
        break;
    case MEMBER_NUMBERS:
        write_numbers(writing->writer, value->text);
        break;
    case MEMBER_SUBSCRIPTIONS:
        json_write_raw(writing->writer, value->text);
        break;
    case MEMBER_OBJECT:
        write_members(writing, member->inside);
        break;
    case MEMBER_PLAIN:
    case MEMBER_SYNONYM:
        write_plain(writing, member->field);
        break;
    }
}

static void write_members(const struct writing *writing, const struct member *members)
{
    json_write_begin_object(writing->writer);
    for (; members->name; members++) {
        if (is_wanted(writing, members)) {
            json_write_key(writing->writer, members->name);
            write_value(writing, members);
        }
    }
    json_write_end_object(writing->writer);
}

void config_json_write_draft(struct json_writer *writer, enum kind kind, struct text name, const struct draft *draft,
                             const struct config_json_style *style)
{
    struct writing writing = {.writer = writer, .draft = draft, .style = style, .name = name};

    write_members(&writing, config_json_members[kind]);
}

void config_json_write(struct json_writer *writer, enum kind kind, struct text name, const struct settings *settings,
                       const struct config_json_style *style)
{
    struct draft draft;

    draft_from_settings(&draft, settings);
    config_json_write_draft(writer, kind, name, &draft, style);
}
