/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/cause.h"

struct digest {
    EVP_MD_CTX *context;
};

struct digest *digest_new(struct failure *why)
{
    struct digest *digest = calloc(1, sizeof *digest);
    if (digest)
        digest->context = EVP_MD_CTX_new();
    if (!digest || !digest->context) {
        failure_no_memory(why, "a digest");
        goto fail;
    }
    if (EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
        failure_set(why, CAUSE_UNSUPPORTED, "cannot compute SHA-256: this system's OpenSSL refuses it");
        goto fail;
    }
    return digest;

fail:
    digest_free(digest);
    return NULL;
}

int digest_add(struct digest *digest, const void *bytes, size_t count)
{
    return EVP_DigestUpdate(digest->context, bytes, count) == 1 ? 0 : -1;
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
    if (EVP_DigestFinal_ex(digest->context, sum, NULL) != 1)
        return -1;
    format_digest(sum, out);
    return 0;
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

int digest_of(struct text text, char out[static DIGEST_TEXT_BYTES])
{
    unsigned char sum[DIGEST_BYTES];
    if (EVP_Digest(text.data, text.bytes, sum, NULL, EVP_sha256(), NULL) != 1)
        return -1;
    format_digest(sum, out);
    return 0;
}
