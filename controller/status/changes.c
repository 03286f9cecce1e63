/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/changes.h"

#include <stdlib.h>

#include "api/address.h"
#include "controller/journal/read.h"

struct newest { /* a ring of copies of lines */
    struct buffer lines[CHANGES_MAX];
    uint64_t count;
};

static bool take(void *data, const struct journal_record *record)
{
    struct newest *newest = data;

    if (record->carried || record->event == JOURNAL_SENDING || record->event == JOURNAL_EXISTED)
        return true;
    struct buffer *line = &newest->lines[newest->count++ % CHANGES_MAX];
    buffer_reset(line);
    buffer_append_text(line, record->line);
    return true;
}

static void read_newest(struct newest *newest, const char *state_dir, const char *text)
{
    struct failure ignored = FAILURE_INIT;
    struct address address;
    struct buffer canonical;

    buffer_init(&canonical, 2 * ADDRESS_BYTES_MAX);
    if (address_parse(text_of(text), &address, &ignored) == 0 && address_real(&address, &ignored) == 0 &&
        address_append(&canonical, &address) == 0)
        journal_tail(state_dir, buffer_text(&canonical), CHANGES_BYTES, take, newest, &ignored);
    buffer_release(&canonical);
}

void changes_write(struct json_writer *json, const char *state_dir, const char *address)
{
    struct newest *newest = calloc(1, sizeof *newest);

    json_write_key(json, "changes");
    json_write_begin_array(json);
    for (int i = 0; newest != NULL && i < CHANGES_MAX; i++)
        buffer_init(&newest->lines[i], CHANGES_BYTES);
    if (newest != NULL && state_dir != NULL)
        read_newest(newest, state_dir, address);
    for (uint64_t i = 0; newest != NULL && i < newest->count && i < CHANGES_MAX; i++) {
        const struct buffer *line = &newest->lines[(newest->count - 1 - i) % CHANGES_MAX];
        if (!line->failed)
            json_write_raw(json, buffer_text(line));
    }
    json_write_end_array(json);
    for (int i = 0; newest != NULL && i < CHANGES_MAX; i++)
        buffer_release(&newest->lines[i]);
    free(newest);
}
