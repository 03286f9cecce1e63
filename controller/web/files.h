/* SPDX-License-Identifier: Apache-2.0
 *
 * The status page, built into the program: its files as they lie in this folder, in the order of embed.cmake's list.
 */
#ifndef MQFERRY_CONTROLLER_WEB_FILES_H
#define MQFERRY_CONTROLLER_WEB_FILES_H

#include <stddef.h>

struct web_file {
    const char *path; /* of the request: "/" */
    const char *type; /* Content-Type */
    const unsigned char *data;
    size_t bytes;
    const char *etag; /* quoted: of the content */
};

enum { WEB_FILES = 4 };
extern const struct web_file web_files[WEB_FILES];

#endif
