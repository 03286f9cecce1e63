/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/document.h"

#include <string.h>

#include "api/base/strings.h"

#define API_VERSION "mqferry/v1"

enum { WORD_ROOM = 64, HEADER_GIVEN = 3 /* both rows of DOCUMENT_HEADER */ };

/* apiVersion or kind, as it stands there; longer ones are cut, and are none that we know. */
struct word {
    bool given;
    char text[WORD_ROOM];
    struct yaml_mark mark;
};

struct header {
    struct word version, kind;
};

static const char *const kind_names[DOCUMENT_KINDS + 1] = {"Topic",   "ConsumerGroup", "TopicList", "ConsumerGroupList",
                                                           "Mapping", "Sync",          "Daemon",    NULL};

const char *document_kind_name(enum document_kind kind)
{
    return kind_names[kind];
}

/* ---- finding the header ---- */

static struct word *word_of(struct header *header, const struct yaml_entry *entry)
{
    if (entry->value.shape != YAML_SCALAR)
        return NULL;
    if (text_is(entry->key, "kind"))
        return &header->kind;
    return text_is(entry->key, "apiVersion") ? &header->version : NULL;
}

static bool take_word(struct header *header, const struct yaml_entry *entry)
{
    struct word *word = word_of(header, entry);

    if (word == NULL || word->given)
        return false;
    size_t bytes = entry->value.text.bytes < WORD_ROOM ? entry->value.text.bytes : WORD_ROOM - 1;
    word->given = true;
    word->mark = entry->value.mark;
    memcpy(word->text, entry->value.text.data, bytes);
    word->text[bytes] = '\0';
    return true;
}

/* Finds the header. In most documents it stands in front, and reading goes on behind it; else the document is begun
 * anew. *out_given: what document_read need not see again. False: reading ended on the way. */
static bool read_header(struct yaml_reader *reader, struct header *header, uint64_t *out_given)
{
    struct yaml_entry entry;
    struct yaml_value root;
    bool in_front = true;

    *header = (struct header){.kind = {.given = false}};
    yaml_look_ahead(reader);
    while (!header->version.given || !header->kind.given) {
        bool more = yaml_next_entry(reader, &entry);
        if (more && take_word(header, &entry))
            continue;
        in_front = false;
        if (!more)
            break;
        yaml_skip(reader, &entry.value);
    }
    if (in_front && yaml_look_back(reader)) {
        *out_given = HEADER_GIVEN;
        return true;
    }
    *out_given = 0;
    yaml_rewind(reader);
    return yaml_next_document(reader, &root);
}

/* ---- judging it ---- */

static bool is_of_mqferry(struct yaml_reader *reader, const struct header *header, struct yaml_mark root)
{
    const struct word *version = &header->version;

    if (version->given && strcmp(version->text, API_VERSION) != 0) {
        yaml_complain(reader, version->mark,
                      "apiVersion is " API_VERSION ", this is \"%s\" (--exclude-file leaves foreign files out)",
                      version->text);
        return false;
    }
    if (!version->given && !header->kind.given) {
        yaml_complain(reader, root,
                      "apiVersion and kind are missing: this is no document of mqferry (--exclude-file leaves foreign "
                      "files out)");
        return false;
    }
    if (!version->given)
        yaml_complain(reader, root, "apiVersion is missing: " API_VERSION);
    return true;
}

static bool has_known_kind(struct yaml_reader *reader, const struct header *header, struct yaml_mark root,
                           enum document_kind *out)
{
    for (*out = 0; *out < DOCUMENT_KINDS; (*out)++) {
        if (strcmp(header->kind.text, kind_names[*out]) == 0)
            return true;
    }
    const char *nearest = nearest_spelling(text_of(header->kind.text), kind_names);
    if (!header->kind.given)
        yaml_complain(reader, root,
                      "kind is missing: Topic, ConsumerGroup, TopicList, ConsumerGroupList, Mapping, "
                      "Sync or Daemon");
    else if (nearest != NULL)
        yaml_complain(reader, header->kind.mark, "unknown kind \"%s\", did you mean %s", header->kind.text, nearest);
    else
        yaml_complain(reader, header->kind.mark,
                      "unknown kind \"%s\": known are Topic, ConsumerGroup, TopicList, ConsumerGroupList, Mapping, "
                      "Sync and Daemon",
                      header->kind.text);
    return false;
}

/* ---- documents ---- */

static bool is_map(struct yaml_reader *reader, const struct yaml_value *root)
{
    if (root->shape == YAML_MAP)
        return true;
    if (root->shape != YAML_BROKEN && !yaml_is_null(root))
        yaml_complain(reader, root->mark,
                      "a document is a map with apiVersion and kind, this is %s (--exclude-file leaves foreign files "
                      "out)",
                      yaml_shape_name(root->shape));
    return false;
}

bool document_next(struct yaml_reader *reader, struct document *out)
{
    struct yaml_value root;
    struct header header;

    while (yaml_next_document(reader, &root)) {
        if (!is_map(reader, &root))
            continue;
        out->mark = root.mark;
        if (!read_header(reader, &header, &out->given))
            return false;
        if (is_of_mqferry(reader, &header, root.mark) && has_known_kind(reader, &header, root.mark, &out->kind))
            return true;
    }
    return false;
}

uint64_t document_read(struct yaml_reader *reader, const struct document *document, const struct yaml_table *table,
                       void *target)
{
    return yaml_read_fields(reader, table, document->mark, document->given, target);
}
