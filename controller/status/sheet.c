/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/sheet.h"

#include "controller/status/state.h"

static void begin_metric(struct sheet *sheet)
{
    metrics_write_metric(&sheet->body, sheet->metric);
    sheet->sync = sheet->board->first;
}

/* From the top, with an empty body. */
static void begin(struct sheet *sheet)
{
    sheet->edition = sheet->board->edition;
    sheet->metric = 0;
    sheet->sync = sheet->board->first;
    sheet->ready = true;
    sheet->parity = sheet->board->first != NULL;
    buffer_release(&sheet->body);
    buffer_init(&sheet->body, ANSWER_BYTES_MAX);
    if (sheet->kind == SHEET_METRICS) {
        metrics_write_head(&sheet->body, sheet->board);
        begin_metric(sheet);
    } else {
        json_writer_init(&sheet->json, &sheet->body, 0);
        json_write_begin_array(&sheet->json);
    }
}

void sheet_begin(struct sheet *sheet, enum sheet_kind kind, struct board *board)
{
    *sheet = (struct sheet){.board = board, .kind = kind};
    begin(sheet);
}

static bool go_on_with_metrics(struct sheet *sheet)
{
    if (sheet->sync != NULL) {
        metrics_write_sync(&sheet->body, sheet->metric, sheet->sync);
        sheet->sync = sheet->sync->next;
        return false;
    }
    if (++sheet->metric == metrics_count())
        return true;
    begin_metric(sheet);
    return false;
}

/* The head comes last: what it says of all is what was told of each. */
static void finish_status(struct sheet *sheet)
{
    json_write_end_array(&sheet->json);
    struct buffer syncs = sheet->body;
    buffer_init(&sheet->body, ANSWER_BYTES_MAX);
    status_write_document(&sheet->body, sheet->board, sheet->ready, sheet->parity, buffer_text(&syncs));
    sheet->body.failed |= syncs.failed;
    buffer_release(&syncs);
}

static bool go_on_with_status(struct sheet *sheet)
{
    struct board_sync *sync = sheet->sync;

    if (sync == NULL) {
        finish_status(sheet);
        return true;
    }
    json_write_begin_object(&sheet->json);
    status_write_sync(&sheet->json, sync);
    json_write_end_object(&sheet->json);
    sheet->ready &= sync->last.any;
    sheet->parity &= sync->last.any && sync->last.parity;
    sheet->sync = sync->next;
    return false;
}

bool sheet_go_on(struct sheet *sheet)
{
    if (sheet->body.failed)
        return true;
    if (sheet->edition != sheet->board->edition)
        begin(sheet);
    return sheet->kind == SHEET_METRICS ? go_on_with_metrics(sheet) : go_on_with_status(sheet);
}

void sheet_release(struct sheet *sheet)
{
    buffer_release(&sheet->body);
}
