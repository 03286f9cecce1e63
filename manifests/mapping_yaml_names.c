/* SPDX-License-Identifier: Apache-2.0
 *
 * include and exclude of a Mapping: globs, and files of globs.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"
#include "manifests/mapping_reading.h"

/* One list under way. */
struct names {
    struct mapping_reading *reading;
    struct name_list *list;
    uint32_t *room;
    const char *what; /* "include" */
    uint8_t kinds;
};

static void add_glob(struct yaml_reader *reader, struct names *names, struct text glob)
{
    struct name_rule *rules =
        mapping_one_more(reader, names->reading, names->list->rules, names->list->count, names->room, sizeof *rules);

    if (rules == NULL)
        return;
    names->list->rules = rules;
    rules[names->list->count++] =
        (struct name_rule){.glob = mapping_copy_text(reader, names->reading, glob), .kinds = names->kinds};
}

/* ---- files of globs ---- */

static struct text trimmed(struct text line)
{
    while (line.bytes > 0 && strchr(" \t\r", line.data[line.bytes - 1]) != NULL)
        line.bytes--;
    while (line.bytes > 0 && strchr(" \t", line.data[0]) != NULL)
        line = text_after(line, 1);
    return line;
}

/* NULL, or what is wrong with a line. */
static const char *mistake_of(struct text line)
{
    if (line.bytes > NAME_BYTES_MAX)
        return "no name is as long as this line";
    if (utf8_check(line) < line.bytes)
        return "this line is not UTF-8";
    for (size_t i = 0; i < line.bytes; i++) {
        if ((unsigned char)line.data[i] < 0x20 || line.data[i] == 0x7F)
            return "this line holds a control character";
    }
    return NULL;
}

/* Empty lines and lines that begin with # do not count. Returns how many do. */
static uint32_t add_lines(struct yaml_reader *reader, struct names *names, const char *path, struct text text)
{
    struct place place = {path, 0, 1};
    uint32_t count = 0;

    if (text_begins(text, "\xef\xbb\xbf"))
        text = text_after(text, 3);
    while (text.bytes > 0) {
        const char *end = memchr(text.data, '\n', text.bytes);
        size_t bytes = end == NULL ? text.bytes : (size_t)(end - text.data);
        struct text line = trimmed((struct text){text.data, bytes});
        text = text_after(text, end == NULL ? bytes : bytes + 1);
        place.line++;
        if (line.bytes == 0 || line.data[0] == '#')
            continue;
        count++;
        const char *mistake = mistake_of(line);
        if (mistake == NULL)
            add_glob(reader, names, line);
        else
            complain(names->reading->mistakes, &place, "%s", mistake);
    }
    return count;
}

/* Relative to the folder of the mapping. malloc'd; NULL: no memory. */
static char *path_beside(const char *mapping, struct text file)
{
    const char *slash = strrchr(mapping, '/');
    int folder = file.data[0] == '/' || slash == NULL ? 0 : (int)(slash + 1 - mapping);
    bool is_dash = folder == 0 && text_is(file, "-"); /* a file of that name, not standard input */
    char *path = NULL;

    if (asprintf(&path, "%.*s%s%.*s", folder, mapping, is_dash ? "./" : "", (int)file.bytes, file.data) < 0)
        return NULL;
    return path;
}

static void add_file(struct yaml_reader *reader, struct names *names, const struct yaml_word *word)
{
    struct failure failure = FAILURE_INIT;
    struct file_text file = {0};
    char *path = path_beside(names->reading->path, word->text);

    if (path == NULL) {
        failure_no_memory(&failure, "the path of a file of names");
        yaml_stop(reader, &failure);
    } else if (mapping_read_file(names->reading, path, &file, &failure) == 0) {
        if (add_lines(reader, names, path, (struct text){file.data, file.bytes}) == 0)
            yaml_complain(reader, word->mark, "%s names nothing", path);
    } else if (failure.cause == CAUSE_INPUT_WRONG) {
        yaml_complain(reader, word->mark, "%s", failure.text);
    } else {
        yaml_stop(reader, &failure);
    }
    file_text_release(&file);
    free(path);
}

/* ---- lists ---- */

struct file_entry {
    struct yaml_word file;
};

static const struct yaml_field file_rows[] = {
    {.name = YAML_FIELD_NAME("file"),
     .shapes = YAML_SCALAR,
     .required = true,
     .any_text = true,
     .argument = offsetof(struct file_entry, file),
     .read = yaml_read_word},
};

static const struct yaml_table file_table = {file_rows, sizeof file_rows / sizeof *file_rows, "a file of names"};

static void read_file_entry(struct yaml_reader *reader, struct names *names, struct yaml_mark mark)
{
    struct yaml_kept kept = yaml_kept(reader);
    struct file_entry entry = {.file = {.text = {NULL, 0}}};

    yaml_read_fields(reader, &file_table, mark, 0, &entry);
    if (entry.file.text.data != NULL)
        add_file(reader, names, &entry.file);
    yaml_forget(reader, kept);
}

static void read_list(struct yaml_reader *reader, struct names *names)
{
    struct yaml_value item;

    while (yaml_next_item(reader, &item)) {
        if (item.shape == YAML_MAP)
            read_file_entry(reader, names, item.mark);
        else if (item.shape == YAML_LIST)
            yaml_expect(reader, "an entry", YAML_SCALAR | YAML_MAP, &item);
        else if (mapping_is_glob(reader, item.text, item.mark))
            add_glob(reader, names, item.text);
    }
}

static void read_list_of_kind(struct yaml_reader *reader, const struct yaml_field *field,
                              const struct yaml_value *value, void *target)
{
    struct names *names = target;

    (void)value;
    names->kinds = (uint8_t)field->argument;
    read_list(reader, names);
}

static const struct yaml_field kind_rows[] = {
    {.name = YAML_FIELD_NAME("topics"), .shapes = YAML_LIST, .argument = MATCH_TOPICS, .read = read_list_of_kind},
    {.name = YAML_FIELD_NAME("groups"), .shapes = YAML_LIST, .argument = MATCH_GROUPS, .read = read_list_of_kind},
};

static const struct yaml_table kind_table = {kind_rows, sizeof kind_rows / sizeof *kind_rows, "a list of names"};

void mapping_read_names(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    struct mapping_reading *reading = target;
    bool is_include = field->argument == MAPPING_INCLUDE;
    struct names names = {
        .reading = reading,
        .list = is_include ? &reading->mapping->include[FROM_MAPPING] : &reading->mapping->exclude[FROM_MAPPING],
        .room = is_include ? &reading->room.include : &reading->room.exclude,
        .kinds = MATCH_BOTH,
    };
    uint64_t mistakes = reading->mistakes->count;
    struct yaml_mark mark = value->mark;

    if (value->shape == YAML_LIST)
        read_list(reader, &names);
    else
        yaml_read_fields(reader, &kind_table, mark, 0, &names);
    /* An empty list would include everything. */
    if (is_include && names.list->count == 0 && reading->mistakes->count == mistakes)
        yaml_complain(reader, mark, "include names nothing; left out, it means everything");
}
