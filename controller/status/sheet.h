/* SPDX-License-Identifier: Apache-2.0
 *
 * A document over all syncs, /metrics or /v1/status, written in pieces: a piece says what one sync has to say to one
 * metric, or to the status. It takes microseconds, so the loop may turn between any two of them.
 *
 * A sync is told of as it is when its turn comes. When syncs come or go meanwhile, the sheet begins anew.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_SHEET_H
#define MQFERRY_CONTROLLER_STATUS_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/json.h"
#include "controller/status/board.h"

enum sheet_kind { SHEET_METRICS, SHEET_STATUS };

struct sheet {
    struct board *board; /* borrowed */
    enum sheet_kind kind;
    uint32_t edition, metric;
    struct board_sync *sync; /* comes next; NULL: all have been asked */
    bool ready, parity;      /* all syncs that were told of */
    struct json_writer json;
    struct buffer body;
};

/* A clean sheet; sheet_release is due. */
void sheet_begin(struct sheet *sheet, enum sheet_kind kind, struct board *board);
/* Writes a piece. true: it was the last, the body is whole (or failed: no memory) and the caller's to take. */
bool sheet_go_on(struct sheet *sheet);
void sheet_release(struct sheet *sheet);

#endif
