/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a saved plan: as they are, and with a digest that fits, so that what follows the digest is reached.
 * What is taken is whole: every row has a name and settings that can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/cause.h"
#include "controller/plan/file.h"
#include "tests/fuzz/fuzz.h"

enum { FUZZ_BYTES_MAX = 1 << 24 };

static void look_at(const struct plan_file *file)
{
    struct draft draft;

    demand(file->address != NULL && file->kind < INSTANCE_KINDS);
    for (uint32_t row = 0; row < catalog_count(file->catalog); row++) {
        const struct resource *resource = &catalog_rows(file->catalog)[row];
        demand(resource->policy == POLICY_CREATE && resource->status == STATUS_ORDINARY);
        demand(catalog_find(file->catalog, resource->kind, catalog_name(file->catalog, resource)) == row);
        draft_from_settings(&draft, catalog_settings_of(file->catalog, resource));
        demand((draft.create_only & ~draft.set) == 0 && (draft.estimated & ~draft.set) == 0);
    }
}

/* Whether it was taken. */
static bool parse(struct text text)
{
    struct failure why = FAILURE_INIT;
    struct plan_file file;
    char *padded = json_pad(text);

    demand(padded != NULL);
    int status = plan_file_parse((struct text){padded, text.bytes}, &file, &why);
    free(padded);
    demand(status == 0 || (why.cause != CAUSE_NONE && why.text[0] != '\0'));
    if (status != 0)
        return false;
    look_at(&file);
    plan_file_release(&file);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {(const char *)data, bytes};
    char digest[DIGEST_TEXT_BYTES];
    struct buffer whole;

    parse(text);
    buffer_init(&whole, FUZZ_BYTES_MAX);
    demand(digest_of(text, digest) == 0);
    buffer_append_text(&whole, text);
    buffer_append_string(&whole, PLAN_FILE_BEFORE_DIGEST);
    buffer_append_string(&whole, digest);
    if (buffer_append_string(&whole, PLAN_FILE_AFTER_DIGEST) == 0 && parse(buffer_text(&whole))) {
        whole.data[whole.length - 10] ^= 1;
        demand(!parse(buffer_text(&whole)));
    }
    buffer_release(&whole);
    return 0;
}
