/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers as the library sends them: headers, what a client has already (304), HEAD by itself. Loop thread.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_WIRE_H
#define MQFERRY_CONTROLLER_STATUS_WIRE_H

#include "controller/status/microhttpd.h"
#include "controller/status/routes.h"

/* Takes the body. NULL: no memory. */
struct MHD_Response *wire_response(struct http_answer *answer);
/* Sends it once; takes the body. */
enum MHD_Result wire_send(struct MHD_Connection *wire, struct http_answer *answer);
/* A response that stays the caller's; 304 where the client has what the tag says. */
enum MHD_Result wire_send_again(struct MHD_Connection *wire, struct MHD_Response *response, const char *etag);

#endif
