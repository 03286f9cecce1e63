/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML of people: a pull reader over libyaml's events that reports every mistake with its place and goes on.
 *
 * No anchors, aliases, tags or merge keys. Nothing is guessed: a scalar is its text, and whether it stood without
 * quotes. At most MANIFESTS_DEPTH_MAX levels, MANIFESTS_SCALAR_BYTES_MAX a scalar, MANIFESTS_DOCUMENTS_MAX documents.
 * Lines and columns count from 1; columns count characters, a byte order mark in front is not one.
 *
 * Use: yaml_reader_new → yaml_next_document → by the root's shape yaml_next_entry or yaml_next_item, until false → …
 * → yaml_status → yaml_reader_free. Whoever is handed a list or a map reads it to its end, or skips it. Where reading
 * cannot go on (broken YAML, a limit, memory, yaml_stop) everything answers false, so that callers simply fall out of
 * their loops; yaml_status tells then whether it was more than a mistake of the text.
 *
 * Maps with known fields are read by tables: yaml_fields.h.
 */
#ifndef MQFERRY_MANIFESTS_YAML_H
#define MQFERRY_MANIFESTS_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/arena.h"
#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "manifests/complaints.h"

struct yaml_reader;

/* YAML_BROKEN: a value that cannot be used; its mistake is reported, there is nothing to read or skip. */
enum yaml_shape { YAML_BROKEN = 0, YAML_SCALAR = 1, YAML_LIST = 2, YAML_MAP = 4 };

struct yaml_mark {
    uint32_t line, column;
};

struct yaml_value {
    enum yaml_shape shape;
    bool plain;       /* a scalar without quotes or block: numbers, true and null can only look so */
    struct text text; /* of a scalar; never holds a NUL; until the reader reads on */
    struct yaml_mark mark;
};

struct yaml_entry {
    struct text key; /* until the reader reads on */
    struct yaml_mark mark;
    struct yaml_value value;
};

/* `text` needs no padding; it, `path` and `mistakes` are borrowed until yaml_reader_free. NULL: no memory. */
struct yaml_reader *yaml_reader_new(struct text text, const char *path, struct complaints *mistakes,
                                    struct failure *why);
void yaml_reader_free(struct yaml_reader *reader); /* NULL is fine */

/* 0: read to the end, or as far as the text can be read (then there are mistakes). -1: memory, or what yaml_stop said.
 */
int yaml_status(const struct yaml_reader *reader, struct failure *why);
/* Ends all reading for a reason that is not the text's. The first reason counts. */
void yaml_stop(struct yaml_reader *reader, const struct failure *reason);

/* What is left of the present document is passed over. An empty document's root is a plain scalar without text. */
bool yaml_next_document(struct yaml_reader *reader, struct yaml_value *out_root);
/* Of the innermost map or list that is not at its end. False: at its end. */
bool yaml_next_entry(struct yaml_reader *reader, struct yaml_entry *out);
bool yaml_next_item(struct yaml_reader *reader, struct yaml_value *out); /* never YAML_BROKEN */
void yaml_skip(struct yaml_reader *reader, const struct yaml_value *value);

/* For documents whose beginning depends on what stands further down: from here on nothing is reported, but for what
 * ends all reading. Then either yaml_look_back: reporting and reading go on from where the reader is; false: not so,
 * there was something to report. Or yaml_rewind: yaml_next_document gives the same document again. */
void yaml_look_ahead(struct yaml_reader *reader);
bool yaml_look_back(struct yaml_reader *reader);
void yaml_rewind(struct yaml_reader *reader);

/* A mistake at that place of the text. Where reading could not go on nothing further is reported: it might only be
 * missing because of that. */
void yaml_complain(struct yaml_reader *reader, struct yaml_mark mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A copy that lives until what is kept is forgotten down to an earlier mark, or the reader goes. What one resource
 * keeps is limited; beyond, or without memory, reading ends and the text is empty. */
struct text yaml_keep(struct yaml_reader *reader, struct text text);

struct yaml_kept {
    struct arena_mark mark;
    size_t bytes;
};

struct yaml_kept yaml_kept(const struct yaml_reader *reader);
void yaml_forget(struct yaml_reader *reader, struct yaml_kept kept);

/* A plain scalar that YAML calls null: nothing, ~, null. */
bool yaml_is_null(const struct yaml_value *value);
/* "a single value", "a list", "a map". */
const char *yaml_shape_name(enum yaml_shape shape);

#endif
