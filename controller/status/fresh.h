/* SPDX-License-Identifier: Apache-2.0
 *
 * A document over all syncs that many ask for: written once, in slices, and sent to everybody for STATUS_FRESH_MS.
 * Zeroed: there is none yet. Loop thread.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_FRESH_H
#define MQFERRY_CONTROLLER_STATUS_FRESH_H

#include "controller/status/microhttpd.h"
#include "controller/status/routes.h"
#include "controller/status/sheet.h"

struct fresh {
    struct MHD_Response *response; /* NULL: none yet */
    char etag[ANSWER_ETAG_BYTES];
    uint64_t made_ms;
    struct sheet sheet;
    bool writing;
};

bool fresh_is_new(const struct fresh *fresh);
/* Begins another one; fresh_write is due until it says true. */
void fresh_begin(struct fresh *fresh, enum sheet_kind kind, struct board *board);
/* Works for STATUS_SLICE_NS. true: it is there; where memory is short the one of before stays. */
bool fresh_write(struct fresh *fresh);
/* Closes the connection where there is none. */
enum MHD_Result fresh_send(const struct fresh *fresh, struct MHD_Connection *wire);
void fresh_drop(struct fresh *fresh);

#endif
