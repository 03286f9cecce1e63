/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/journal/good.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/base/file.h"
#include "api/base/hash.h"
#include "api/base/json.h"
#include "controller/journal/file.h"

enum { GOOD_BYTES_MAX = 4096, GOOD_MODE = 0644 };

/* One for each sync: several may keep one destination. */
static char *path_of(const char *state_dir, struct text address, const char *sync)
{
    char *directory = journal_directory(state_dir, address), *path = NULL;

    if (directory != NULL &&
        asprintf(&path, "%s/last-good-%016" PRIx64 ".json", directory, hash_text(0, text_of(sync))) < 0)
        path = NULL;
    free(directory);
    return path;
}

static uint64_t parse(struct text text, const char *sync)
{
    struct failure ignored = FAILURE_INIT;
    struct json_reader *json = json_reader_new(text, &ignored);
    struct json_token token;
    uint64_t declared = 0;
    bool ours = false;

    if (json == NULL)
        return 0;
    json_next(json, &token);
    while (json_next(json, &token) > JSON_END && token.type != JSON_END_OBJECT) {
        if (token.type == JSON_STRING && text_is(token.key, "sync"))
            ours = text_is(token.text, sync);
        else if (token.type == JSON_INTEGER && text_is(token.key, "declared") && token.integer > 0)
            declared = (uint64_t)token.integer;
        if (json_skip(json, &token) != 0)
            break;
    }
    bool whole = token.type == JSON_END_OBJECT && json_next(json, &token) == JSON_END;
    json_reader_free(json);
    return whole && ours ? declared : 0;
}

uint64_t good_read(const char *state_dir, struct text address, const char *sync)
{
    char *path = path_of(state_dir, address, sync);
    struct failure ignored = FAILURE_INIT;
    struct file_text file;
    uint64_t declared = 0;

    if (path != NULL && file_read(path, &file, &ignored) == 0) {
        declared = parse((struct text){file.data, file.bytes}, sync);
        file_text_release(&file);
    }
    free(path);
    return declared;
}

int good_write(const char *state_dir, struct text address, const char *sync, uint64_t declared, const char *digest,
               struct failure *why)
{
    char *path = path_of(state_dir, address, sync);
    struct json_writer json;
    struct buffer text;

    if (path == NULL)
        return failure_no_memory(why, "what the last good pass declared");
    buffer_init(&text, GOOD_BYTES_MAX);
    json_writer_init(&json, &text, 0);
    json_write_begin_object(&json);
    json_write_key(&json, "version");
    json_write_integer(&json, 1);
    json_write_key(&json, "sync");
    json_write_string(&json, sync);
    json_write_key(&json, "declared");
    json_write_unsigned(&json, declared);
    json_write_key(&json, "declaredDigest");
    json_write_string(&json, digest);
    json_write_end_object(&json);
    json_write_newline(&json);
    int status = text.failed ? failure_no_memory(why, "what the last good pass declared")
                             : file_replace(path, buffer_text(&text), GOOD_MODE, why);
    buffer_release(&text);
    free(path);
    return status;
}
