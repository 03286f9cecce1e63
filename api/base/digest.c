/* SPDX-License-Identifier: Apache-2.0
 *
 * By OpenSSL's plain functions: its EVP interface would load providers, the system's configuration and all error texts
 * for one hash, which is 2.6 MB of a daemon that asks for nothing else. They are deprecated, not gone.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "api/base/digest.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

struct digest {
    SHA256_CTX context;
};

struct digest *digest_new(struct failure *why)
{
    struct digest *digest = calloc(1, sizeof *digest);

    if (!digest)
        failure_no_memory(why, "a digest");
    else
        SHA256_Init(&digest->context);
    return digest;
}

int digest_add(struct digest *digest, const void *bytes, size_t count)
{
    return SHA256_Update(&digest->context, bytes, count) == 1 ? 0 : -1;
}

static void format_digest(const unsigned char sum[static DIGEST_BYTES], char out[static DIGEST_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    char *at = out + snprintf(out, DIGEST_TEXT_BYTES, "sha256:");

    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        *at++ = digits[sum[i] >> 4];
        *at++ = digits[sum[i] & 15];
    }
    *at = '\0';
}

int digest_end(struct digest *digest, char out[static DIGEST_TEXT_BYTES])
{
    unsigned char sum[DIGEST_BYTES];
    if (SHA256_Final(sum, &digest->context) != 1)
        return -1;
    format_digest(sum, out);
    return 0;
}

void digest_free(struct digest *digest)
{
    free(digest);
}

int digest_of(struct text text, char out[static DIGEST_TEXT_BYTES])
{
    struct digest digest;

    SHA256_Init(&digest.context);
    return digest_add(&digest, text.data, text.bytes) == 0 ? digest_end(&digest, out) : -1;
}
