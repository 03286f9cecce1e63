/* SPDX-License-Identifier: Apache-2.0
 *
 * Who answers what: a parsed request becomes an answer, at once, or with the help of a worker.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_ROUTES_H
#define MQFERRY_CONTROLLER_STATUS_ROUTES_H

#include "api/base/buffer.h"
#include "api/base/json.h"
#include "controller/status/board.h"
#include "controller/status/request.h"
#include "controller/status/sheet.h"
#include "controller/web/files.h"

struct routes {
    struct board *board;
    const char *state_dir; /* of journals; NULL: none. Borrowed */
};

enum { ANSWER_ETAG_BYTES = 24 };

struct http_answer {
    unsigned status;
    bool close;                   /* the connection, afterwards */
    char etag[ANSWER_ETAG_BYTES]; /* quoted; "": none */
    const char *type;
    const struct web_file *file; /* the body; NULL: `body` is it */
    struct buffer body;
    /* what a worker still has to add to the body */
    bool unfinished;
    struct json_writer json;
    struct runner_record *record; /* a reference; NULL: none */
    struct row_query query;
    const char *state_dir;
    char *address; /* of the destination; NULL: rows are wanted */
};

/* Loop thread. Fills in *out, which the caller releases with answer_release. With `unfinished` a worker must call
 * answer_finish before it is sent. Not for ROUTE_METRICS and ROUTE_STATUS: they come from a sheet. */
void routes_answer(const struct routes *routes, const struct status_request *request, struct http_answer *out);
/* A sheet that is whole; takes its body. */
void routes_answer_sheet(struct sheet *sheet, struct http_answer *out);
void routes_refuse(unsigned status, const struct failure *why, struct http_answer *out);
void answer_finish(struct http_answer *answer);  /* any thread */
void answer_release(struct http_answer *answer); /* loop thread */

#endif
