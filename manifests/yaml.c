/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/yaml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "manifests/manifests.h"

enum { KEPT_BYTES_MAX = 16 * 1024 * 1024 /* of one resource: far above what any instance takes */ };

struct yaml_reader {
    yaml_parser_t parser;
    struct text text; /* without byte order mark */
    const char *path;
    struct complaints *mistakes;
    yaml_event_t key, value; /* own the texts that are handed out */
    uint32_t depth, documents;
    bool stopped; /* nothing more comes */
    bool silent;  /* looking ahead … */
    bool missed;  /* … and something would have been reported */
    /* Where the parser began, and where its present document begins: parsers count from where they began, in
     * characters. */
    size_t parser_offset, document_index;
    uint32_t parser_line, document_line;
    struct arena kept;
    size_t kept_bytes;
    struct failure failure;
};

/* ---- mistakes ---- */

static struct yaml_mark mark_of(const struct yaml_reader *reader, yaml_mark_t mark)
{
    return (struct yaml_mark){reader->parser_line + (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml ends the last line of a text even where no line break does: what it places behind that stands at the end of
 * the text. */
static struct yaml_mark within_text(const struct yaml_reader *reader, struct yaml_mark mark)
{
    const yaml_parser_t *parser = &reader->parser;
    struct yaml_mark here = mark_of(reader, parser->mark);
    struct text text = reader->text;
    uint32_t line;

    bool at_end = parser->eof && here.column == 1 && *parser->buffer.pointer == '\0';
    if (!at_end || mark.line != here.line || mark.line == 1 || text.data[text.bytes - 1] == '\n')
        return mark;
    text_position(text, text.bytes, &line, &mark.column);
    mark.line--;
    return mark;
}

void yaml_complain(struct yaml_reader *reader, struct yaml_mark mark, const char *format, ...)
{
    char *sentence = NULL;
    va_list arguments;

    if (reader->silent)
        reader->missed = true;
    if (reader->silent || reader->stopped)
        return;
    mark = within_text(reader, mark);
    va_start(arguments, format);
    if (vasprintf(&sentence, format, arguments) < 0)
        sentence = NULL;
    va_end(arguments);
    if (sentence == NULL)
        reader->mistakes->memory_failed = true;
    else
        complain(reader->mistakes, &(struct place){reader->path, mark.line, mark.column}, "%s", sentence);
    free(sentence);
}

void yaml_stop(struct yaml_reader *reader, const struct failure *reason)
{
    if (reader->failure.cause == CAUSE_NONE)
        reader->failure = *reason;
    reader->stopped = true;
}

static void stop_without_memory(struct yaml_reader *reader)
{
    struct failure failure = FAILURE_INIT;

    failure_no_memory(&failure, "the YAML text");
    yaml_stop(reader, &failure);
}

int yaml_status(const struct yaml_reader *reader, struct failure *why)
{
    if (reader->mistakes->memory_failed)
        return failure_no_memory(why, "the mistakes of the YAML text");
    if (reader->failure.cause == CAUSE_NONE)
        return 0;
    *why = reader->failure;
    return -1;
}

/* Bytes that are no text: libyaml tells the offset only. */
static void complain_of_bytes(struct yaml_reader *reader)
{
    size_t offset = reader->parser_offset + reader->parser.problem_offset;
    unsigned char byte = offset < reader->text.bytes ? (unsigned char)reader->text.data[offset] : 0;
    bool utf16 = reader->text.bytes >= 2 &&
                 (memcmp(reader->text.data, "\xff\xfe", 2) == 0 || memcmp(reader->text.data, "\xfe\xff", 2) == 0);
    struct yaml_mark mark;

    text_position(reader->text, offset, &mark.line, &mark.column);
    if (utf16)
        yaml_complain(reader, mark, "this is UTF-16: YAML files are UTF-8 here");
    else if (offset < reader->text.bytes && byte == 0)
        yaml_complain(reader, mark, "a NUL byte: the file is binary, or damaged");
    else if (byte < 0x80 && offset < reader->text.bytes)
        yaml_complain(reader, mark,
                      "a control character (0x%02x) stands in the text: leave it out, or write it as an "
                      "escape between double quotes",
                      byte);
    else
        yaml_complain(reader, mark, "the text is not UTF-8 here (byte 0x%02x)", byte);
}

/* What people trip on most; NULL: libyaml's own words will do. */
static const char *common_slip(const struct yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *at = (const char *)parser->buffer.pointer;

    if (strcmp(parser->problem, "mapping values are not allowed in this context") == 0)
        return "\": \" cannot stand here: check the indentation, or put the text between quotes";
    if (strcmp(parser->problem, "found character that cannot start any token") != 0 || at == NULL)
        return NULL;
    switch (*at) {
    case '\t':
        return "a tab cannot indent: use blanks";
    case '%':
    case '@':
    case '`':
        return "a text that begins with %, @ or ` stands between quotes";
    default:
        return NULL;
    }
}

static void complain_of_syntax(struct yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    struct yaml_mark mark = mark_of(reader, parser->problem_mark);
    const char *slip = common_slip(reader);

    if (slip != NULL)
        yaml_complain(reader, mark, "%s", slip);
    else if (parser->context != NULL)
        yaml_complain(reader, mark, "broken YAML: %s %s that begins in line %" PRIu32, parser->problem, parser->context,
                      mark_of(reader, parser->context_mark).line);
    else
        yaml_complain(reader, mark, "broken YAML: %s", parser->problem);
}

static void complain_of_parser(struct yaml_reader *reader)
{
    reader->silent = false;
    switch (reader->parser.error) {
    case YAML_MEMORY_ERROR:
        stop_without_memory(reader);
        break;
    case YAML_READER_ERROR:
        complain_of_bytes(reader);
        break;
    default:
        complain_of_syntax(reader);
        break;
    }
    reader->stopped = true;
}

/* ---- events ---- */

static void count_depth(struct yaml_reader *reader, const yaml_event_t *event)
{
    reader->depth++;
    if (reader->depth <= MANIFESTS_DEPTH_MAX)
        return;
    /* No further: libyaml takes quadratic time for what is nested deeply. */
    reader->silent = false;
    yaml_complain(reader, mark_of(reader, event->start_mark), "nested more than %d levels deep", MANIFESTS_DEPTH_MAX);
    reader->stopped = true;
}

static yaml_event_type_t next_event(struct yaml_reader *reader, yaml_event_t *event)
{
    yaml_event_delete(event);
    if (reader->stopped)
        return YAML_NO_EVENT;
    if (!yaml_parser_parse(&reader->parser, event)) {
        complain_of_parser(reader);
        return YAML_NO_EVENT;
    }
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        count_depth(reader, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        break;
    case YAML_STREAM_END_EVENT:
        reader->stopped = true;
        break;
    default:
        break;
    }
    return reader->stopped ? YAML_NO_EVENT : event->type;
}

static void refuse_decoration(struct yaml_reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor != NULL)
        yaml_complain(reader, mark_of(reader, event->start_mark),
                      "anchors (&) are not read here; a text that begins with & stands between quotes");
    if (tag != NULL)
        yaml_complain(reader, mark_of(reader, event->start_mark),
                      "tags (!) are not read here; a text that begins with ! stands between quotes");
}

/* The text of a scalar event, or false: it cannot be used, and that is reported. */
static bool scalar_text(struct yaml_reader *reader, const yaml_event_t *event, struct text *out)
{
    *out = (struct text){(const char *)event->data.scalar.value, event->data.scalar.length};
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
        refuse_decoration(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (out->bytes > MANIFESTS_SCALAR_BYTES_MAX) {
        yaml_complain(reader, mark_of(reader, event->start_mark), "a text of %zu bytes, at most %d are read",
                      out->bytes, MANIFESTS_SCALAR_BYTES_MAX);
        return false;
    }
    /* Only an escape can bring one in. */
    if (event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && memchr(out->data, '\0', out->bytes) != NULL) {
        yaml_complain(reader, mark_of(reader, event->start_mark), "a text cannot hold a NUL character");
        return false;
    }
    return true;
}

/* What reader->value began. */
static void describe_value(struct yaml_reader *reader, struct yaml_value *out)
{
    const yaml_event_t *event = &reader->value;

    *out = (struct yaml_value){.mark = mark_of(reader, event->start_mark)};
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        out->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (scalar_text(reader, event, &out->text))
            out->shape = YAML_SCALAR;
        break;
    case YAML_SEQUENCE_START_EVENT:
        refuse_decoration(reader, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        out->shape = YAML_LIST;
        break;
    case YAML_MAPPING_START_EVENT:
        refuse_decoration(reader, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        out->shape = YAML_MAP;
        break;
    case YAML_ALIAS_EVENT:
        yaml_complain(reader, out->mark,
                      "aliases (*) are not read here; a text that begins with * stands between quotes");
        break;
    default:
        break;
    }
}

/* ---- reading ---- */

static bool is_begin(yaml_event_type_t type)
{
    return type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
}

/* The rest of the list or map that just began. */
static void pass_over(struct yaml_reader *reader)
{
    uint32_t outside = reader->depth - 1;

    while (!reader->stopped && reader->depth > outside)
        next_event(reader, &reader->value);
}

void yaml_skip(struct yaml_reader *reader, const struct yaml_value *value)
{
    if (value->shape == YAML_LIST || value->shape == YAML_MAP)
        pass_over(reader);
}

/* A key that is no text: it and its value are passed over. */
static void refuse_key(struct yaml_reader *reader)
{
    yaml_complain(reader, mark_of(reader, reader->key.start_mark), "a key is a text here");
    if (is_begin(reader->key.type))
        pass_over(reader);
    if (is_begin(next_event(reader, &reader->value)))
        pass_over(reader);
}

/* The next key that is a text; false: the end of the map, or of reading. */
static bool next_key(struct yaml_reader *reader)
{
    for (;;) {
        yaml_event_type_t type = next_event(reader, &reader->key);
        if (type == YAML_NO_EVENT || type == YAML_MAPPING_END_EVENT)
            return false;
        if (type == YAML_SCALAR_EVENT)
            return true;
        refuse_key(reader);
    }
}

bool yaml_next_entry(struct yaml_reader *reader, struct yaml_entry *out)
{
    while (next_key(reader)) {
        bool usable = scalar_text(reader, &reader->key, &out->key);
        out->mark = mark_of(reader, reader->key.start_mark);
        if (next_event(reader, &reader->value) == YAML_NO_EVENT)
            return false;
        describe_value(reader, &out->value);
        if (usable)
            return true;
        yaml_skip(reader, &out->value);
    }
    return false;
}

bool yaml_next_item(struct yaml_reader *reader, struct yaml_value *out)
{
    do {
        yaml_event_type_t type = next_event(reader, &reader->value);
        if (type == YAML_NO_EVENT || type == YAML_SEQUENCE_END_EVENT)
            return false;
        describe_value(reader, out);
    } while (out->shape == YAML_BROKEN);
    return true;
}

static void note_document(struct yaml_reader *reader, const yaml_event_t *event)
{
    reader->depth = 0;
    reader->document_index = event->start_mark.index - event->start_mark.column;
    reader->document_line = reader->parser_line + (uint32_t)event->start_mark.line;
    if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
        yaml_complain(reader, mark_of(reader, event->start_mark), "tags are not read here, and %%TAG with them");
}

bool yaml_next_document(struct yaml_reader *reader, struct yaml_value *out_root)
{
    while (next_event(reader, &reader->value) != YAML_DOCUMENT_START_EVENT) {
        if (reader->stopped)
            return false;
    }
    note_document(reader, &reader->value);
    if (++reader->documents > MANIFESTS_DOCUMENTS_MAX) {
        yaml_complain(reader, mark_of(reader, reader->value.start_mark), "more than %d documents in one file",
                      MANIFESTS_DOCUMENTS_MAX);
        reader->stopped = true;
        return false;
    }
    if (next_event(reader, &reader->value) == YAML_NO_EVENT)
        return false;
    describe_value(reader, out_root);
    return true;
}

/* ---- looking ahead ---- */

/* Where the character `index` of the parser is in the text. */
static size_t offset_of(const struct yaml_reader *reader, size_t index)
{
    const char *bytes = reader->text.data;
    size_t offset = reader->parser_offset;

    for (size_t passed = 0; offset < reader->text.bytes; offset++) {
        bool begins_character = ((unsigned char)bytes[offset] & 0xC0) != 0x80;
        if (begins_character && passed++ == index)
            break;
    }
    return offset;
}

static bool begin_at(struct yaml_reader *reader, size_t offset, uint32_t line)
{
    if (!yaml_parser_initialize(&reader->parser))
        return false;
    reader->parser_offset = offset;
    reader->parser_line = line;
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text.data + offset,
                                 reader->text.bytes - offset);
    return true;
}

void yaml_look_ahead(struct yaml_reader *reader)
{
    reader->silent = true;
    reader->missed = false;
}

bool yaml_look_back(struct yaml_reader *reader)
{
    reader->silent = reader->missed;
    return !reader->missed;
}

void yaml_rewind(struct yaml_reader *reader)
{
    reader->silent = false;
    if (reader->stopped)
        return;
    size_t offset = offset_of(reader, reader->document_index);
    yaml_parser_delete(&reader->parser);
    reader->documents--;
    if (!begin_at(reader, offset, reader->document_line))
        stop_without_memory(reader);
}

/* ---- life ---- */

struct yaml_reader *yaml_reader_new(struct text text, const char *path, struct complaints *mistakes,
                                    struct failure *why)
{
    struct yaml_reader *reader = calloc(1, sizeof *reader);

    if (reader != NULL) {
        bool has_mark = text.bytes >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;
        *reader = (struct yaml_reader){.path = path, .mistakes = mistakes};
        reader->text = has_mark ? (struct text){text.data + 3, text.bytes - 3} : text;
        if (reader->text.data == NULL)
            reader->text = TEXT("");
        if (begin_at(reader, 0, 0))
            return reader;
    }
    free(reader);
    failure_no_memory(why, "the YAML text");
    return NULL;
}

void yaml_reader_free(struct yaml_reader *reader)
{
    if (reader == NULL)
        return;
    yaml_event_delete(&reader->key);
    yaml_event_delete(&reader->value);
    yaml_parser_delete(&reader->parser);
    arena_release(&reader->kept);
    free(reader);
}

/* ---- texts that are kept ---- */

struct text yaml_keep(struct yaml_reader *reader, struct text text)
{
    if (reader->kept_bytes + text.bytes > KEPT_BYTES_MAX) {
        yaml_complain(reader, mark_of(reader, reader->value.start_mark),
                      "the settings of one resource have more than %d bytes", KEPT_BYTES_MAX);
        reader->stopped = true;
        return TEXT("");
    }
    const char *copy = arena_string(&reader->kept, text);
    if (copy == NULL) {
        stop_without_memory(reader);
        return TEXT("");
    }
    reader->kept_bytes += text.bytes;
    return (struct text){copy, text.bytes};
}

struct yaml_kept yaml_kept(const struct yaml_reader *reader)
{
    return (struct yaml_kept){arena_mark(&reader->kept), reader->kept_bytes};
}

void yaml_forget(struct yaml_reader *reader, struct yaml_kept kept)
{
    arena_rewind(&reader->kept, kept.mark);
    reader->kept_bytes = kept.bytes;
}

/* ---- small questions ---- */

bool yaml_is_null(const struct yaml_value *value)
{
    struct text text = value->text;

    if (value->shape != YAML_SCALAR || !value->plain)
        return false;
    if (text.bytes == 4)
        return text_is(text, "null") || text_is(text, "Null") || text_is(text, "NULL");
    return text.bytes == 0 || text_is(text, "~");
}

const char *yaml_shape_name(enum yaml_shape shape)
{
    switch (shape) {
    case YAML_LIST:
        return "a list";
    case YAML_MAP:
        return "a map";
    case YAML_SCALAR:
    case YAML_BROKEN:
        break;
    }
    return "a single value";
}
