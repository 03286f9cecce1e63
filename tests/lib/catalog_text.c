/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/catalog_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "api/base/strings.h"
#include "api/cause.h"

enum { LINE_MAX_BYTES = 4096, PAIRS_MAX = 32 };

/* One line under way. */
struct line {
    struct catalog_builder *builder;
    struct entry entry;
    struct draft common, own;
    bool spread;
    uint16_t master;
    uint32_t masters[CATALOG_MASTERS_MAX];
    uint16_t master_count;
    struct buffer maps[2][FIELD_COUNT]; /* of `common`, of `own` */
};

static struct failure why;

static void check(int status)
{
    if (status != 0)
        fail_msg("%s", why.text);
}

static void close_master(struct line *line)
{
    if (!line->spread)
        return;
    for (; line->master_count <= line->master; line->master_count++)
        line->masters[line->master_count] = CATALOG_ABSENT;
    check(catalog_intern(line->builder, &line->own, &line->masters[line->master], &why));
}

static void begin_master(struct line *line, const char *name)
{
    close_master(line);
    line->spread = true;
    line->own = line->common;
    check(catalog_builder_master(line->builder, text_of(name), &line->master, &why));
}

/* {a:b,c:d} */
static struct text read_map(struct line *line, enum field field, char *text)
{
    struct map_pair pairs[PAIRS_MAX];
    struct text repeated;
    size_t count = 0;
    char *rest = NULL;

    text[strlen(text) - 1] = '\0';
    for (char *pair = strtok_r(text + 1, ",", &rest); pair != NULL; pair = strtok_r(NULL, ",", &rest)) {
        char *colon = strchr(pair, ':');
        pairs[count++] = (struct map_pair){{pair, (size_t)(colon - pair)}, text_of(colon + 1)};
    }
    struct buffer *map = &line->maps[line->spread][field]; /* what was of another master is interned by now */
    buffer_release(map);
    buffer_init(map, LINE_MAX_BYTES);
    check(map_finish(pairs, count, map, &repeated));
    return buffer_text(map);
}

static void read_setting(struct line *line, char *key, char *value)
{
    struct draft *draft = line->spread ? &line->own : &line->common;
    bool create_only = key[0] == '~' || key[0] == '^', estimated = key[0] == '^';
    char room[160];
    union value parsed;
    enum field field = field_by_name(line->entry.kind, text_of(key + create_only));

    if (field == FIELD_COUNT)
        fail_msg("no such setting: %s", key);
    if (field_info(field)->type == TYPE_MAP) {
        parsed.text = read_map(line, field, value);
    } else if (value_parse(field, text_of(value), false, &parsed, room) != NULL) {
        parsed.text = text_of(value);
    }
    draft->values[field] = parsed;
    draft->set |= FIELD_BIT(field);
    draft->create_only |= create_only ? FIELD_BIT(field) : 0;
    draft->estimated |= estimated ? FIELD_BIT(field) : 0;
}

static void read_status(struct line *line, const char *value)
{
    static const char *const names[] = {"ordinary", "creating", "unread", "system", "static", "excluded"};
    enum status status = STATUS_ORDINARY;

    while (status < STATUS_EXCLUDED && strcmp(names[status], value) != 0)
        status++;
    line->entry.status = status;
}

static void read_problem(struct line *line, char *value)
{
    char *field = strchr(value, '/');

    line->entry.problem_field = FIELD_COUNT;
    if (field != NULL) {
        *field = '\0';
        line->entry.problem_field = field_by_name(line->entry.kind, text_of(field + 1));
    }
    line->entry.problem_cause = cause_by_name(value, strlen(value));
    line->entry.problem_text = "said by the test";
}

/* Takes ":NUMBER" from the end. */
static uint32_t take_number(char *value)
{
    char *colon = strrchr(value, ':');
    int64_t number = 0;

    assert_non_null(colon);
    assert_true(number_parse(text_of(colon + 1), &number));
    *colon = '\0';
    return (uint32_t)number;
}

static void read_position(struct line *line, char *value)
{
    line->entry.column = take_number(value);
    line->entry.line = take_number(value);
    check(catalog_builder_file(line->builder, text_of(value), &line->entry.file, &why));
}

static void read_pair(struct line *line, char *key)
{
    char *value = strchr(key, '=');
    if (value == NULL) {
        fail_msg("neither setting nor master: %s", key);
        return;
    }
    *value++ = '\0';
    if (strcmp(key, "policy") == 0)
        line->entry.policy = value[0] == 'o' ? POLICY_OBSERVE : value[0] == 'i' ? POLICY_IGNORE : POLICY_CREATE;
    else if (strcmp(key, "status") == 0)
        read_status(line, value);
    else if (strcmp(key, "problem") == 0)
        read_problem(line, value);
    else if (strcmp(key, "source") == 0)
        line->entry.source_name = text_of(value);
    else if (strcmp(key, "at") == 0)
        read_position(line, value);
    else
        read_setting(line, key, value);
}

static void add_resource(struct line *line)
{
    close_master(line);
    line->entry.draft = line->spread ? NULL : &line->common;
    line->entry.spread = line->spread;
    if (line->spread)
        check(catalog_intern_spread(line->builder, line->masters, line->master_count, &line->entry.settings, &why));
    check(catalog_add(line->builder, &line->entry, &why));
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        buffer_release(&line->maps[0][field]);
        buffer_release(&line->maps[1][field]);
    }
}

static void read_line(struct catalog_builder *builder, char *text)
{
    struct line line = {.builder = builder};
    uint16_t master;
    char *rest = NULL;
    char *word = strtok_r(text, " ", &rest);

    if (word == NULL)
        return;
    if (strcmp(word, "masters") == 0) {
        while ((word = strtok_r(NULL, " ", &rest)) != NULL)
            check(catalog_builder_master(builder, text_of(word), &master, &why));
        return;
    }
    line.entry.kind = strcmp(word, "Topic") == 0 ? KIND_TOPIC : KIND_GROUP;
    line.entry.name = text_of(strtok_r(NULL, " ", &rest));
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        if (word[0] == '@')
            begin_master(&line, word + 1);
        else
            read_pair(&line, word);
    }
    add_resource(&line);
}

struct catalog *catalog_text_with(const char *lines, catalog_duplicate_cb on_duplicate)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *catalog = NULL;
    char line[LINE_MAX_BYTES];

    assert_non_null(builder);
    for (const char *end; *lines != '\0'; lines = *end == '\0' ? end : end + 1) {
        end = strchrnul(lines, '\n');
        assert_true((size_t)(end - lines) < sizeof line);
        snprintf(line, sizeof line, "%.*s", (int)(end - lines), lines);
        read_line(builder, line);
    }
    check(catalog_seal(builder, on_duplicate, NULL, &catalog, &why));
    catalog_builder_free(builder);
    return catalog;
}

struct catalog *catalog_text(const char *lines)
{
    return catalog_text_with(lines, NULL);
}

/* ---- and back ---- */

uint32_t catalog_row_of(const struct catalog *catalog, enum kind kind, const char *name)
{
    uint32_t row = catalog_find(catalog, kind, text_of(name));
    if (row == CATALOG_ABSENT)
        fail_msg("no %s %s", kind_word(kind), name);
    return row;
}

static void append_settings(struct buffer *out, const struct settings *settings)
{
    struct draft draft;

    draft_from_settings(&draft, settings);
    for (uint64_t rest = draft.set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        const char *mark = (draft.estimated & FIELD_BIT(field)) != 0     ? "^"
                           : (draft.create_only & FIELD_BIT(field)) != 0 ? "~"
                                                                         : "";
        buffer_append_format(out, "%s%s%s=", out->length > 0 ? " " : "", mark, field_info(field)->name);
        value_append(out, field, &draft.values[field]);
    }
}

static const char *kept(struct buffer *text)
{
    static char room[LINE_MAX_BYTES];

    snprintf(room, sizeof room, "%s", text->data == NULL ? "" : text->data);
    buffer_release(text);
    return room;
}

const char *settings_text_of(const struct settings *settings)
{
    struct buffer out;

    buffer_init(&out, LINE_MAX_BYTES - 1);
    append_settings(&out, settings);
    return kept(&out);
}

const char *resource_text_of(const struct catalog *catalog, uint32_t row)
{
    const struct resource *resource = &catalog_rows(catalog)[row];
    struct buffer out;

    if (!resource->spread)
        return settings_text_of(catalog_settings_of(catalog, resource));
    const struct spread *spread = catalog_spread(catalog, resource->settings);
    buffer_init(&out, LINE_MAX_BYTES - 1);
    for (uint16_t i = 0; i < spread->masters; i++) {
        if (spread->settings[i] == CATALOG_ABSENT)
            continue;
        buffer_append_format(&out, "%s@%s", out.length > 0 ? " " : "", catalog_master(catalog, i));
        append_settings(&out, catalog_settings(catalog, spread->settings[i]));
    }
    return kept(&out);
}
