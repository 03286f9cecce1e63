/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that held a secret is overwritten before it goes back. The compiler does not leave these writes out.
 *
 * Whoever stores a secret keeps it in a secret_copy or in a buffer that secret_buffer_release ends; nothing of it gets
 * into a failure, a log line or argv.
 */
#ifndef MQFERRY_API_BASE_SECRET_H
#define MQFERRY_API_BASE_SECRET_H

#include <stddef.h>

#include "api/base/buffer.h"

void secret_wipe(void *bytes, size_t count);

/* '\0'-terminated, for secret_free; NULL: no memory. */
char *secret_copy(struct text text);
void secret_free(char *secret); /* NULL is fine */

/* Makes room for all it may hold. Memory for a secret does not move while it grows: what it leaves behind would not be
 * wiped. -1: no memory. */
int secret_buffer_reserve(struct buffer *buffer);

/* buffer_release, its bytes overwritten first. */
void secret_buffer_release(struct buffer *buffer);

#endif
