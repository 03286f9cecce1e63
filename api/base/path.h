/* SPDX-License-Identifier: Apache-2.0
 *
 * One name per file: absolute, without links, dots or doubled slashes.
 */
#ifndef MQFERRY_API_BASE_PATH_H
#define MQFERRY_API_BASE_PATH_H

/* malloc'd. What the path names may be absent, and its directories too: then the rest stays as it is spelt behind the
 * longest part that exists. NULL: no memory, or an empty path. Blocks. */
char *path_real(const char *path);

#endif
