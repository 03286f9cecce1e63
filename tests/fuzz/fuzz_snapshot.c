/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a Snapshot document. What is taken and written is taken again, and written the same; what is not taken
 * says where it is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "api/snapshot_json.h"
#include "tests/fuzz/fuzz.h"

enum { WRITTEN_BYTES_MAX = 1 << 26 };

/* What it is when written; failed: it was not taken. */
static struct buffer rewrite(struct text text)
{
    struct failure why = FAILURE_INIT;
    struct snapshot_head head;
    struct catalog *catalog;
    struct buffer out;
    char *padded = json_pad(text);

    demand(padded != NULL);
    buffer_init(&out, WRITTEN_BYTES_MAX);
    if (snapshot_json_read((struct text){padded, text.bytes}, "f.json", &catalog, &head, &why) == 0) {
        demand(snapshot_json_write(&out, catalog, &head) == 0);
        catalog_unref(catalog);
    } else {
        demand(why.cause != 0 && strncmp(why.text, "f.json:", 7) == 0);
        out.failed = true;
    }
    free(padded);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct buffer once = rewrite((struct text){(const char *)data, bytes});

    if (!once.failed) {
        struct buffer twice = rewrite(buffer_text(&once));
        demand(!twice.failed && text_equal(buffer_text(&once), buffer_text(&twice)));
        buffer_release(&twice);
    }
    buffer_release(&once);
    return 0;
}
