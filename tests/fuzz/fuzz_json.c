/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as JSON. The fast reader and the careful check agree on what is JSON and where it breaks; what was read and
 * written again reads the same; the pre-pass for bare keys leaves strict JSON alone.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_BYTES_MAX = 1 << 24 };

/* The padding is no part of the text: it holds what would change the text most. */
static char *pad_with_hostile_bytes(struct text text)
{
    char *padded = json_pad(text);
    demand(padded != NULL);
    if (text.bytes > 0)
        memset(padded + text.bytes, text.data[text.bytes - 1], JSON_PADDING);
    return padded;
}

static void write_again(struct json_writer *writer, const struct json_token *token)
{
    if (token->key.data)
        json_write_key_text(writer, token->key);
    switch (token->type) {
    case JSON_BEGIN_OBJECT:
        json_write_begin_object(writer);
        break;
    case JSON_END_OBJECT:
        json_write_end_object(writer);
        break;
    case JSON_BEGIN_ARRAY:
        json_write_begin_array_inline(writer);
        break;
    case JSON_END_ARRAY:
        json_write_end_array(writer);
        break;
    case JSON_STRING:
        json_write_text(writer, token->text);
        break;
    case JSON_INTEGER:
        json_write_integer(writer, token->integer);
        break;
    case JSON_NUMBER:
        json_write_raw(writer, token->text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_write_bool(writer, token->type == JSON_TRUE);
        break;
    case JSON_NULL:
        json_write_null(writer);
        break;
    case JSON_END:
    case JSON_BROKEN:
        break;
    }
}

/* Reads the text to its end, writing it again; whether it was JSON. */
static bool read_whole(struct text text, struct buffer *again)
{
    struct failure why = FAILURE_INIT;
    struct json_token token;
    struct json_writer writer;
    char *padded = pad_with_hostile_bytes(text);
    struct json_reader *reader = json_reader_new((struct text){padded, text.bytes}, &why);

    demand(reader != NULL);
    json_writer_init(&writer, again, 1);
    while (json_next(reader, &token) > JSON_END)
        write_again(&writer, &token);

    size_t offset;
    const char *error = json_check(text, &offset);
    demand((error == NULL) == (token.type == JSON_END));
    if (error) {
        demand(strcmp(error, json_reader_error(reader)) == 0);
        demand(offset == json_reader_error_offset(reader) && offset <= text.bytes);
    }
    json_reader_free(reader);
    free(padded);
    return error == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {(const char *)data, bytes};
    struct buffer once, twice, quoted;

    buffer_init(&once, TEXT_BYTES_MAX);
    buffer_init(&twice, TEXT_BYTES_MAX);
    buffer_init(&quoted, TEXT_BYTES_MAX);
    bool good = read_whole(text, &once);
    demand(json_quote_bare_keys(text, &quoted) == 0);
    if (good) {
        demand(read_whole(buffer_text(&once), &twice));
        demand(text_equal(buffer_text(&once), buffer_text(&twice)));
        demand(text_equal(buffer_text(&quoted), text));
    }
    buffer_release(&once);
    buffer_release(&twice);
    buffer_release(&quoted);
    return 0;
}
