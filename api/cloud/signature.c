/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/signature.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "api/cause.h"

#define ALGORITHM "ACS3-HMAC-SHA256"

enum { CANONICAL_BYTES_MAX = 1 << 20, SECRET_BYTES_MAX = 1024 };

static int fail_library(struct failure *why)
{
    return failure_set(why, CAUSE_SYSTEM_ERROR, "could not sign: the cryptographic library refused");
}

/* --- encoding
 * ------------------------------------------------------------------------------------------------------------ */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

int percent_append(struct buffer *out, struct text text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (is_unreserved(c)) {
            buffer_append_char(out, (char)c);
            continue;
        }
        const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        buffer_append(out, escape, sizeof escape);
    }
    return out->failed ? -1 : 0;
}

static int hex_append(struct buffer *out, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_append_format(out, "%02x", bytes[i]);
    return out->failed ? -1 : 0;
}

/* Insertion sort of pointers by name: there are a dozen. */
static void sort_pairs(const struct pair **sorted, const struct pair *pairs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && text_compare(sorted[at - 1]->name, pairs[i].name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &pairs[i];
    }
}

static int check_count(uint32_t count, struct failure *why)
{
    if (count <= SIGNATURE_PAIRS_MAX)
        return 0;
    return failure_set(why, CAUSE_UNSUPPORTED, "a call has %u parameters, more than %d", count, SIGNATURE_PAIRS_MAX);
}

/* All names in use consist of bytes that stay as they are, so the order of the plain names is that of the encoded ones.
 */
int canonical_query(struct buffer *out, const struct pair *pairs, uint32_t count, struct failure *why)
{
    const struct pair *sorted[SIGNATURE_PAIRS_MAX];

    if (check_count(count, why) < 0)
        return -1;
    sort_pairs(sorted, pairs, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_char(out, '&');
        percent_append(out, sorted[i]->name);
        buffer_append_char(out, '=');
        percent_append(out, sorted[i]->value);
    }
    return out->failed ? failure_no_memory(why, "signing") : 0;
}

int payload_hash(struct text body, char out[static SIGNATURE_HASH_TEXT_BYTES], struct failure *why)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned count = 0;

    if (EVP_Digest(body.bytes == 0 ? "" : body.data, body.bytes, hash, &count, EVP_sha256(), NULL) != 1)
        return fail_library(why);
    for (unsigned i = 0; i < count; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * (size_t)count] = '\0';
    return 0;
}

/* --- V3
 * ------------------------------------------------------------------------------------------------------------------ */

static struct text trimmed(struct text text)
{
    while (text.bytes > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.bytes--;
    }
    while (text.bytes > 0 && (text.data[text.bytes - 1] == ' ' || text.data[text.bytes - 1] == '\t'))
        text.bytes--;
    return text;
}

static void append_signed_names(struct buffer *out, const struct pair *const *sorted, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_char(out, ';');
        buffer_append_text(out, sorted[i]->name);
    }
}

/* Six parts, a line feed between each; the headers' own last line feed makes the blank line (openapi 4.1). */
static int build_canonical(const struct signing *signing, const struct pair *const *headers, struct buffer *out,
                           struct failure *why)
{
    buffer_append_format(out, "%s\n", signing->method);
    buffer_append_text(out, signing->path);
    buffer_append_char(out, '\n');
    if (canonical_query(out, signing->query, signing->query_count, why) < 0)
        return -1;
    buffer_append_char(out, '\n');
    for (uint32_t i = 0; i < signing->header_count; i++) {
        buffer_append_text(out, headers[i]->name);
        buffer_append_char(out, ':');
        buffer_append_text(out, trimmed(headers[i]->value));
        buffer_append_char(out, '\n');
    }
    buffer_append_char(out, '\n');
    append_signed_names(out, headers, signing->header_count);
    buffer_append_format(out, "\n%s", signing->payload_hash);
    return out->failed ? failure_no_memory(why, "signing") : 0;
}

int signature_v3(const struct signing *signing, struct buffer *authorization, struct buffer *canonical,
                 struct failure *why)
{
    const struct pair *headers[SIGNATURE_PAIRS_MAX];
    char hash[SIGNATURE_HASH_TEXT_BYTES], to_sign[sizeof ALGORITHM + 1 + SIGNATURE_HASH_TEXT_BYTES];
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_bytes = 0;
    struct buffer own;
    int status = -1;

    if (check_count(signing->header_count, why) < 0)
        return -1;
    buffer_init_secret(&own, CANONICAL_BYTES_MAX);
    sort_pairs(headers, signing->headers, signing->header_count);
    if (build_canonical(signing, headers, &own, why) < 0 || payload_hash(buffer_text(&own), hash, why) < 0)
        goto out;
    memcpy(to_sign, ALGORITHM "\n", sizeof ALGORITHM);
    memcpy(to_sign + sizeof ALGORITHM, hash, sizeof hash);
    if (HMAC(EVP_sha256(), signing->secret.data, (int)signing->secret.bytes, (const unsigned char *)to_sign,
             strlen(to_sign), mac, &mac_bytes) == NULL) {
        fail_library(why);
        goto out;
    }
    buffer_append_string(authorization, ALGORITHM " Credential=");
    buffer_append_text(authorization, signing->access_key_id);
    buffer_append_string(authorization, ",SignedHeaders=");
    append_signed_names(authorization, headers, signing->header_count);
    buffer_append_string(authorization, ",Signature=");
    hex_append(authorization, mac, mac_bytes);
    if (canonical != NULL)
        buffer_append_text(canonical, buffer_text(&own));
    status = authorization->failed ? failure_no_memory(why, "signing") : 0;
out:
    OPENSSL_cleanse(mac, sizeof mac);
    buffer_release(&own);
    return status;
}

/* --- RPC 1.0
 * -------------------------------------------------------------------------------------------------------------- */

static int append_hmac_sha1(struct buffer *out, struct text secret, struct text message, struct failure *why)
{
    unsigned char key[SECRET_BYTES_MAX + 1], mac[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned mac_bytes = 0;

    if (secret.bytes > SECRET_BYTES_MAX)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the secret has more than %d bytes", SECRET_BYTES_MAX);
    memcpy(key, secret.data, secret.bytes);
    key[secret.bytes] = '&';
    bool ok = HMAC(EVP_sha1(), key, (int)secret.bytes + 1, (const unsigned char *)message.data, message.bytes, mac,
                   &mac_bytes) != NULL;
    OPENSSL_cleanse(key, sizeof key);
    if (!ok)
        return fail_library(why);
    int length = EVP_EncodeBlock(base64, mac, (int)mac_bytes);
    buffer_append(out, base64, (size_t)length);
    OPENSSL_cleanse(base64, sizeof base64);
    OPENSSL_cleanse(mac, sizeof mac);
    return out->failed ? failure_no_memory(why, "signing") : 0;
}

int signature_rpc_v1(const char *method, const struct pair *pairs, uint32_t count, struct text secret,
                     struct buffer *out, struct failure *why)
{
    struct buffer query, message;
    int status = -1;

    buffer_init_secret(&query, CANONICAL_BYTES_MAX);
    buffer_init_secret(&message, CANONICAL_BYTES_MAX);
    if (canonical_query(&query, pairs, count, why) < 0)
        goto out;
    buffer_append_format(&message, "%s&%%2F&", method);
    if (percent_append(&message, buffer_text(&query)) < 0) {
        failure_no_memory(why, "signing");
        goto out;
    }
    status = append_hmac_sha1(out, secret, buffer_text(&message), why);
out:
    buffer_release(&message);
    buffer_release(&query);
    return status;
}
