/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (OpenSSL inside). "sha256:" and 64 lower-case hexadecimal digits is how digests are shown everywhere.
 */
#ifndef MQFERRY_API_BASE_DIGEST_H
#define MQFERRY_API_BASE_DIGEST_H

#include "api/base/buffer.h"
#include "api/base/failure.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_BYTES = 7 + 64 + 1 };

struct digest;

struct digest *digest_new(struct failure *why);
int digest_add(struct digest *digest, const void *bytes, size_t count); /* 0, or -1 when the library refuses */
int digest_end(struct digest *digest, char out[static DIGEST_TEXT_BYTES]);
void digest_free(struct digest *digest);

int digest_of(struct text text, char out[static DIGEST_TEXT_BYTES]); /* 0 or -1 */

#endif
