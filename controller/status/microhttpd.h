/* SPDX-License-Identifier: Apache-2.0
 *
 * libmicrohttpd, loaded when a daemon listens (api/base/library.h tells how and why: it brings GnuTLS). Whoever
 * includes this calls it by its own names, after microhttpd_load. Only this folder does.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_MICROHTTPD_H
#define MQFERRY_CONTROLLER_STATUS_MICROHTTPD_H

#include <microhttpd.h>

#include "api/base/library.h"

#define MICROHTTPD_FUNCTIONS(ROW)                                                                                      \
    ROW(MHD_add_response_header)                                                                                       \
    ROW(MHD_create_response_from_buffer)                                                                               \
    ROW(MHD_destroy_response)                                                                                          \
    ROW(MHD_get_connection_info)                                                                                       \
    ROW(MHD_get_daemon_info)                                                                                           \
    ROW(MHD_get_timeout)                                                                                               \
    ROW(MHD_lookup_connection_value)                                                                                   \
    ROW(MHD_queue_response)                                                                                            \
    ROW(MHD_resume_connection)                                                                                         \
    ROW(MHD_run)                                                                                                       \
    ROW(MHD_start_daemon)                                                                                              \
    ROW(MHD_stop_daemon)                                                                                               \
    ROW(MHD_suspend_connection)

struct microhttpd_functions {
    MICROHTTPD_FUNCTIONS(LIBRARY_POINTER)
};

/* The process's, as the loaded library is; written by microhttpd_load alone. */
extern struct microhttpd_functions microhttpd_functions;

/* On the loop's thread. 0, or -1 with *why: what to install. */
int microhttpd_load(struct failure *why);

#define MHD_add_response_header         microhttpd_functions.MHD_add_response_header
#define MHD_create_response_from_buffer microhttpd_functions.MHD_create_response_from_buffer
#define MHD_destroy_response            microhttpd_functions.MHD_destroy_response
#define MHD_get_connection_info         microhttpd_functions.MHD_get_connection_info
#define MHD_get_daemon_info             microhttpd_functions.MHD_get_daemon_info
#define MHD_get_timeout                 microhttpd_functions.MHD_get_timeout
#define MHD_lookup_connection_value     microhttpd_functions.MHD_lookup_connection_value
#define MHD_queue_response              microhttpd_functions.MHD_queue_response
#define MHD_resume_connection           microhttpd_functions.MHD_resume_connection
#define MHD_run                         microhttpd_functions.MHD_run
#define MHD_start_daemon                microhttpd_functions.MHD_start_daemon
#define MHD_stop_daemon                 microhttpd_functions.MHD_stop_daemon
#define MHD_suspend_connection          microhttpd_functions.MHD_suspend_connection

#endif
