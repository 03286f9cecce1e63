/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl, loaded when the first cloud door opens (api/base/library.h tells how and why). Whoever includes this calls
 * it by its own names, after curl_load. Only http*.c do.
 */
#ifndef MQFERRY_API_CLOUD_HTTP_CURL_H
#define MQFERRY_API_CLOUD_HTTP_CURL_H

#define CURL_DISABLE_TYPECHECK /* its macros would call the functions by their linked names */
#include <curl/curl.h>

#include "api/base/library.h"

/* These macros only count arguments, which the pointers' types do as well. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

#define CURL_FUNCTIONS(ROW)                                                                                            \
    ROW(curl_easy_cleanup)                                                                                             \
    ROW(curl_easy_getinfo)                                                                                             \
    ROW(curl_easy_header)                                                                                              \
    ROW(curl_easy_init)                                                                                                \
    ROW(curl_easy_reset)                                                                                               \
    ROW(curl_easy_setopt)                                                                                              \
    ROW(curl_easy_strerror)                                                                                            \
    ROW(curl_getdate)                                                                                                  \
    ROW(curl_global_cleanup)                                                                                           \
    ROW(curl_global_init_mem)                                                                                          \
    ROW(curl_multi_add_handle)                                                                                         \
    ROW(curl_multi_assign)                                                                                             \
    ROW(curl_multi_cleanup)                                                                                            \
    ROW(curl_multi_info_read)                                                                                          \
    ROW(curl_multi_init)                                                                                               \
    ROW(curl_multi_remove_handle)                                                                                      \
    ROW(curl_multi_setopt)                                                                                             \
    ROW(curl_multi_socket_action)                                                                                      \
    ROW(curl_slist_append)                                                                                             \
    ROW(curl_slist_free_all)

struct curl_functions {
    CURL_FUNCTIONS(LIBRARY_POINTER)
};

/* The process's, as the loaded library is; written by curl_load alone. */
extern struct curl_functions curl_functions;

/* On the loop's thread. 0, or -1 with *why: what to install. */
int curl_load(struct failure *why);

/* curl_global_init. Memory that libcurl gives back is wiped: requests hold tokens and signatures. -1: no memory. */
int curl_begin(void);

#define curl_easy_cleanup        curl_functions.curl_easy_cleanup
#define curl_easy_getinfo        curl_functions.curl_easy_getinfo
#define curl_easy_header         curl_functions.curl_easy_header
#define curl_easy_init           curl_functions.curl_easy_init
#define curl_easy_reset          curl_functions.curl_easy_reset
#define curl_easy_setopt         curl_functions.curl_easy_setopt
#define curl_easy_strerror       curl_functions.curl_easy_strerror
#define curl_getdate             curl_functions.curl_getdate
#define curl_global_cleanup      curl_functions.curl_global_cleanup
#define curl_global_init_mem     curl_functions.curl_global_init_mem
#define curl_multi_add_handle    curl_functions.curl_multi_add_handle
#define curl_multi_assign        curl_functions.curl_multi_assign
#define curl_multi_cleanup       curl_functions.curl_multi_cleanup
#define curl_multi_info_read     curl_functions.curl_multi_info_read
#define curl_multi_init          curl_functions.curl_multi_init
#define curl_multi_remove_handle curl_functions.curl_multi_remove_handle
#define curl_multi_setopt        curl_functions.curl_multi_setopt
#define curl_multi_socket_action curl_functions.curl_multi_socket_action
#define curl_slist_append        curl_functions.curl_slist_append
#define curl_slist_free_all      curl_functions.curl_slist_free_all

#endif
