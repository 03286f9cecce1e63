/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/export.h"

#include <string.h>

#include "api/base/json.h"
#include "api/cause.h"
#include "api/config_json.h"
#include "api/snapshot_json.h"
#include "controller/export_view.h"

enum { INDENT = 2 };

/* --- yaml: scalars
 * ------------------------------------------------------------------------------------------------------ */

static bool is_word(struct text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
            return false;
    }
    return text.bytes > 0;
}

/* Words that other YAML readers take for something else than text. */
static bool is_ambiguous(struct text text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == text.bytes && strncasecmp(words[i], text.data, text.bytes) == 0)
            return true;
    }
    return false;
}

/* Plain where nobody can misread it, else in double quotes, whose escapes are JSON's. */
static void append_scalar(struct buffer *out, struct text text)
{
    struct json_writer json;

    if (is_word(text) && !is_ambiguous(text)) {
        buffer_append_text(out, text);
        return;
    }
    json_writer_init(&json, out, 0);
    json_write_text(&json, text);
}

static void append_map(struct buffer *out, struct text map)
{
    struct map_pair pair;
    size_t position = 0;
    const char *comma = "";

    buffer_append_char(out, '{');
    while (map_next(map, &position, &pair)) {
        buffer_append_string(out, comma);
        append_scalar(out, pair.key);
        buffer_append_string(out, ": ");
        append_scalar(out, pair.value);
        comma = ", ";
    }
    buffer_append_char(out, '}');
}

static void append_value(struct buffer *out, enum field field, const union value *value)
{
    switch (field_info(field)->type) {
    case TYPE_CHOICE:
    case TYPE_TEXT:
        append_scalar(out, value->text);
        break;
    case TYPE_MAP:
        append_map(out, value->text);
        break;
    case TYPE_BOOL:
    case TYPE_INTEGER:
    case TYPE_NUMBERS:
    case TYPE_JSON: /* JSON is YAML */
        value_append(out, field, value);
        break;
    }
}

/* --- yaml: items
 * --------------------------------------------------------------------------------------------------------- */

static void indent(struct buffer *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++)
        buffer_append_char(out, ' ');
}

/* "a.b.c": writes the mappings that lead to the last step and that `before` has not opened; gives the last step. */
static const char *lead_to(struct buffer *out, const char *before, const char *name, unsigned columns)
{
    const char *step = name;
    bool same = true;

    for (const char *dot = strchr(step, '.'); dot != NULL; dot = strchr(step, '.')) {
        size_t prefix = (size_t)(dot - name) + 1;
        same = same && strncmp(before, name, prefix) == 0;
        if (!same) {
            indent(out, columns);
            buffer_append(out, step, (size_t)(dot - step));
            buffer_append_string(out, ":\n");
        }
        columns += INDENT;
        step = dot + 1;
    }
    indent(out, columns);
    return step;
}

static void append_settings(struct buffer *out, const struct settings *settings, uint64_t mask, unsigned columns)
{
    struct draft draft;
    const char *before = "";

    draft_from_settings(&draft, settings);
    for (uint64_t rest = draft.set & mask; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        const char *name = field_info(field)->name;
        buffer_append_string(out, lead_to(out, before, name, columns));
        buffer_append_string(out, ": ");
        append_value(out, field, &draft.values[field]);
        buffer_append_char(out, '\n');
        before = name;
    }
}

/* What is alike on all masters that have it stands with the resource, what differs with the master. */
static void append_spread(struct buffer *out, const struct catalog *catalog, const struct spread *spread,
                          const struct settings *first)
{
    uint64_t common = catalog_common_fields(catalog, spread);

    append_settings(out, first, common, 2 * INDENT);
    indent(out, 2 * INDENT);
    buffer_append_string(out, "brokers:\n");
    for (uint16_t master = 0; master < spread->masters; master++) {
        if (spread->settings[master] == CATALOG_ABSENT)
            continue;
        const struct settings *settings = catalog_settings(catalog, spread->settings[master]);
        indent(out, 3 * INDENT);
        append_scalar(out, text_of(catalog_master(catalog, master)));
        buffer_append_string(out, (settings->set & ~common) == 0 ? ": {}\n" : ":\n");
        append_settings(out, settings, ~common, 4 * INDENT);
    }
}

static void append_item(struct buffer *out, const struct catalog *catalog, const struct resource *resource)
{
    buffer_append_string(out, "  - name: ");
    append_scalar(out, catalog_name(catalog, resource));
    buffer_append_char(out, '\n');
    const struct settings *settings = catalog_settings_of(catalog, resource);
    if (resource->spread)
        append_spread(out, catalog, catalog_spread(catalog, resource->settings), settings);
    else
        append_settings(out, settings, UINT64_MAX, 2 * INDENT);
}

static void append_yaml(struct buffer *out, const struct catalog *catalog)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        uint32_t first, count, written = 0;
        catalog_range(catalog, kind, &first, &count);
        for (uint32_t row = first; row < first + count; row++) {
            if (written++ == 0)
                buffer_append_format(out, "%sapiVersion: mqferry/v1\nkind: %sList\nitems:\n",
                                     out->length > 0 ? "---\n" : "", kind_name(kind));
            append_item(out, catalog, &catalog_rows(catalog)[row]);
        }
    }
}

/* --- metadata
 * ------------------------------------------------------------------------------------------------------------ */

/* 4.x writes fewer members. */
static struct config_json_style style_of(const struct capabilities *capabilities)
{
    uint64_t holds = capabilities->holds[KIND_TOPIC];
    bool v4 = capabilities->kind == INSTANCE_ROCKETMQ && !(holds & FIELD_BIT(FIELD_TOPIC_ATTRIBUTES));
    return (struct config_json_style){.all_defaults = true, .v5 = !v4};
}

static int append_table(struct json_writer *json, const struct catalog *catalog, enum kind kind,
                        const struct capabilities *capabilities, struct failure *why)
{
    const struct config_json_style style = style_of(capabilities);
    uint32_t first, count;

    catalog_range(catalog, kind, &first, &count);
    json_write_key(json, kind == KIND_TOPIC ? "topicConfigTable" : "subscriptionGroupTable");
    json_write_begin_object(json);
    for (uint32_t row = first; row < first + count; row++) {
        const struct resource *resource = &catalog_rows(catalog)[row];
        struct text name = catalog_name(catalog, resource);
        if (resource->spread)
            return failure_set(
                why, CAUSE_UNSUPPORTED,
                "%s '%.*s' is not the same on all masters, which this format cannot say; export yaml or a snapshot",
                kind_word(kind), (int)name.bytes, name.data);
        json_write_key_text(json, name);
        config_json_write(json, kind, name, catalog_settings(catalog, resource->settings), &style);
    }
    json_write_end_object(json);
    return 0;
}

/* dataVersion marks the numbers as those of one broker, not sums over masters (rocketmq-remoting 1.2, 1.3). Each table
 * of each master has its own; what stands for all of them is nobody's: zeros, and the same bytes in every export. */
static int append_metadata(struct buffer *out, const struct catalog *catalog, const struct capabilities *capabilities,
                           struct failure *why)
{
    struct json_writer json;

    json_writer_init(&json, out, 2);
    json_write_begin_object(&json);
    json_write_key(&json, "dataVersion");
    json_write_begin_object_inline(&json);
    json_write_key(&json, "counter");
    json_write_integer(&json, 0);
    json_write_key(&json, "stateVersion");
    json_write_integer(&json, 0);
    json_write_key(&json, "timestamp");
    json_write_integer(&json, 0);
    json_write_end_object(&json);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (append_table(&json, catalog, kind, capabilities, why) < 0)
            return -1;
    }
    json_write_end_object(&json);
    json_write_newline(&json);
    return 0;
}

static int append_view(struct buffer *out, enum export_format format, const struct catalog *view,
                       const struct description *from, struct failure *why)
{
    const struct snapshot_head head = {.stands_for = from->capabilities.kind, .identity = from->identity};

    switch (format) {
    case EXPORT_YAML:
        append_yaml(out, view);
        return 0;
    case EXPORT_SNAPSHOT:
        snapshot_json_write(out, view, &head);
        return 0;
    case EXPORT_METADATA:
        return append_metadata(out, view, &from->capabilities, why);
    }
    return 0;
}

int export_write(struct buffer *out, enum export_format format, const struct catalog *catalog,
                 const struct description *from, struct failure *why)
{
    struct catalog *view;

    if (export_view(catalog, &from->capabilities, &view, why) != 0)
        return -1;
    int status = append_view(out, format, view, from, why);
    catalog_unref(view);
    return status == 0 && out->failed ? failure_no_memory(why, "the export") : status;
}
