/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that held a secret is overwritten before it goes back. The compiler does not leave these writes out.
 *
 * Whoever stores a secret keeps it in a secret_copy or in a buffer of buffer_init_secret; nothing of it gets
 * into a failure, a log line or argv.
 */
#ifndef MQFERRY_API_BASE_SECRET_H
#define MQFERRY_API_BASE_SECRET_H

#include <stddef.h>

#include "api/base/buffer.h"

void secret_wipe(void *bytes, size_t count);

/* '\0'-terminated, in pages of its own that no core file holds, for secret_free; NULL: no memory. */
char *secret_copy(struct text text);
void secret_free(char *secret); /* NULL is fine */

#endif
