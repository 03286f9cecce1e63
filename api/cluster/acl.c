/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/acl.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include "api/cause.h"

enum { SHA1_BYTES = 20 };

/* Insertion sort of pointers by name, in bytes: there are a dozen. */
static void sort_fields(const struct frame *request, const struct frame_field **sorted)
{
    for (uint32_t i = 0; i < request->field_count; i++) {
        uint32_t at = i;
        for (; at > 0 && text_compare(sorted[at - 1]->name, request->fields[i].name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &request->fields[i];
    }
}

static int add(EVP_MAC_CTX *context, struct text text)
{
    return text.bytes == 0 || EVP_MAC_update(context, (const unsigned char *)text.data, text.bytes) == 1 ? 0 : -1;
}

/* The values in the order of their keys, then the body. */
static int add_content(EVP_MAC_CTX *context, const struct frame *request)
{
    const struct frame_field *sorted[FRAME_FIELDS_MAX];
    int status = 0;

    sort_fields(request, sorted);
    for (uint32_t i = 0; status == 0 && i < request->field_count; i++)
        status = add(context, sorted[i]->value);
    return status == 0 ? add(context, request->body) : -1;
}

static int compute(const struct frame *request, struct text secret, unsigned char out[static SHA1_BYTES])
{
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", (char[]){"SHA1"}, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    size_t bytes = 0;
    int status = -1;

    if (context && EVP_MAC_init(context, (const unsigned char *)secret.data, secret.bytes, parameters) == 1 &&
        add_content(context, request) == 0 && EVP_MAC_final(context, out, &bytes, SHA1_BYTES) == 1 &&
        bytes == SHA1_BYTES)
        status = 0;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return status;
}

int acl_sign(struct frame *request, const struct acl_keys *keys, char room[static ACL_SIGNATURE_BYTES],
             struct failure *why)
{
    unsigned char digest[SHA1_BYTES];

    frame_add(request, "AccessKey", text_of(keys->access_key));
    if (keys->security_token)
        frame_add(request, "SecurityToken", text_of(keys->security_token));
    if (compute(request, text_of(keys->secret_key), digest) != 0)
        return failure_set(why, CAUSE_SYSTEM_ERROR, "could not sign: the cryptographic library refused");
    EVP_EncodeBlock((unsigned char *)room, digest, SHA1_BYTES);
    frame_add(request, "Signature", (struct text){room, ACL_SIGNATURE_BYTES - 1});
    return 0;
}
