/* SPDX-License-Identifier: Apache-2.0
 *
 * journal: what mqferry made, for audit and for roll-back by hand.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/commands/session.h"
#include "controller/config/config.h"
#include "controller/exit_code.h"
#include "controller/journal/read.h"

/* Written with the first record, so that a journal that cannot be read leaves nothing but its error object. */
#define RECORDS_BEGIN "{\"version\": 1, \"command\": \"journal\", \"records\": ["

struct listing {
    struct session *session;
    uint64_t count;
};

static bool print_line(struct text line, const char *before)
{
    return fputs(before, stdout) >= 0 && fwrite(line.data, 1, line.bytes, stdout) == line.bytes;
}

static void print_row(const struct journal_record *record)
{
    char time[32];
    struct buffer row;

    buffer_init(&row, 16 * NAME_BYTES_MAX);
    time_format(record->unix_ms, time);
    escape_append(&row, record->name);
    buffer_append_string(&row, "  ");
    escape_append(&row, record->destination);
    printf("%s  %-8s  %-13s  %s", time, journal_event_name(record->event), kind_name(record->kind),
           row.data == NULL ? "" : row.data);
    if (record->cause.bytes != 0)
        printf("  %.*s", (int)record->cause.bytes, record->cause.data);
    if (record->request_id.bytes != 0)
        printf("  %.*s", (int)record->request_id.bytes, record->request_id.data);
    putchar('\n');
    buffer_release(&row);
}

static bool print_record(void *context, const struct journal_record *record)
{
    struct listing *listing = context;
    bool first = listing->count++ == 0;

    switch (listing->session->output) {
    case OUTPUT_JSONL:
        return print_line(record->line, "") && putchar('\n') != EOF;
    case OUTPUT_JSON:
        return print_line(record->line, first ? RECORDS_BEGIN "\n" : ",\n");
    case OUTPUT_TABLE:
        break;
    }
    print_row(record);
    return true;
}

/* RFC 3339, or a duration ago. */
static int parse_since(const char *text, int64_t *out_unix_ms, struct failure *why)
{
    uint64_t ago_ms;

    if (time_parse(text_of(text), out_unix_ms))
        return 0;
    if (!duration_parse(text_of(text), &ago_ms))
        return failure_set(why, CAUSE_USAGE,
                           "--since takes a time like 2026-11-23T20:00:00Z or a duration like 2h, not '%s'", text);
    *out_unix_ms = walltime_unix_ms() - (int64_t)ago_ms;
    return 0;
}

static int state_dir(struct session *session, struct buffer *out, struct failure *why)
{
    const struct options *options = session->options;
    struct config *config = NULL;
    struct complaints mistakes;
    int status = 0;

    complaints_init(&mistakes);
    if (options_has(options, OPTION_CONFIG))
        status = config_load(options_text(options, OPTION_CONFIG, NULL), &config, &mistakes, why);
    session_mistakes(session, &mistakes);
    complaints_release(&mistakes);
    if (status == 0)
        status = journal_state_dir(
            options_text(options, OPTION_STATE_DIR, config == NULL ? NULL : config->state_directory), out, why);
    config_unref(config);
    return status;
}

static int list(struct session *session, struct buffer *folder, struct failure *why)
{
    const struct options *options = session->options;
    struct journal_filter filter = {.created = options_has(options, OPTION_CREATED),
                                    .run = options_text(options, OPTION_RUN_ID, NULL)};
    const char *since = options_text(options, OPTION_SINCE, NULL);
    struct listing listing = {.session = session};
    uint64_t damaged = 0;

    if ((since != NULL && parse_since(since, &filter.since_unix_ms, why) < 0) || state_dir(session, folder, why) < 0)
        return -1;
    if (journal_read(folder->data, &filter, print_record, &listing, &damaged, why) < 0)
        return -1;
    if (session->output == OUTPUT_JSON)
        fputs(listing.count == 0 ? RECORDS_BEGIN "\n]}\n" : "\n]}\n", stdout);
    if (damaged > 0)
        fprintf(stderr, "mqferry: %" PRIu64 " damaged lines were left out\n", damaged);
    return 0;
}

int command_journal(struct session *session)
{
    struct failure why = FAILURE_INIT;
    struct buffer folder;

    buffer_init(&folder, 64 * 1024);
    int code = list(session, &folder, &why) < 0 ? session_fail(session, &why) : EXIT_DONE;
    buffer_release(&folder);
    return code;
}
