/* SPDX-License-Identifier: Apache-2.0
 *
 * Every vector of signature-vectors.json, as the vendor's own packages and published examples have them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/base/file.h"
#include "api/base/json.h"
#include "api/cloud/signature.h"

struct vector {
    struct text name, algorithm, method, path, body, key_id, secret, canonical, authorization, signature,
        signed_headers;
    struct pair query[SIGNATURE_PAIRS_MAX], headers[SIGNATURE_PAIRS_MAX];
    uint32_t query_count, header_count;
};

static void read_pairs(struct json_reader *reader, struct pair *pairs, uint32_t *count)
{
    struct json_token token;
    while (json_next(reader, &token) == JSON_STRING)
        pairs[(*count)++] = (struct pair){token.key, token.text};
    assert_int_equal(token.type, JSON_END_OBJECT);
}

static void read_member(struct json_reader *reader, struct vector *vector, const struct json_token *token)
{
    const struct {
        const char *key;
        struct text *to;
    } texts[] = {{"name", &vector->name},
                 {"algorithm", &vector->algorithm},
                 {"method", &vector->method},
                 {"path", &vector->path},
                 {"body", &vector->body},
                 {"accessKeyId", &vector->key_id},
                 {"accessKeySecret", &vector->secret},
                 {"canonicalRequest", &vector->canonical},
                 {"authorization", &vector->authorization},
                 {"signature", &vector->signature},
                 {"signedHeaders", &vector->signed_headers}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (token->type == JSON_STRING && text_is(token->key, texts[i].key))
            *texts[i].to = token->text;
    }
    if (token->type != JSON_BEGIN_OBJECT)
        return;
    if (text_is(token->key, "query") || text_is(token->key, "formParameters"))
        read_pairs(reader, vector->query, &vector->query_count);
    else if (text_is(token->key, "headers"))
        read_pairs(reader, vector->headers, &vector->header_count);
    else
        assert_int_equal(json_skip(reader, token), 0);
}

/* Only the headers that the vector says are signed. */
static void keep_signed(struct vector *vector)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < vector->header_count; i++) {
        char name[128], list[512];
        snprintf(name, sizeof name, ";%.*s;", (int)vector->headers[i].name.bytes, vector->headers[i].name.data);
        snprintf(list, sizeof list, ";%.*s;", (int)vector->signed_headers.bytes, vector->signed_headers.data);
        if (strstr(list, name) != NULL)
            vector->headers[kept++] = vector->headers[i];
    }
    vector->header_count = kept;
}

static void assert_text(struct text actual, struct text expected)
{
    if (!text_equal(actual, expected))
        fail_msg("\n%.*s\n is not\n%.*s", (int)actual.bytes, actual.data, (int)expected.bytes, expected.data);
}

static void check_v3(struct vector *vector)
{
    struct buffer authorization, canonical;
    struct failure why = FAILURE_INIT;
    char hash[SIGNATURE_HASH_TEXT_BYTES], method[16];

    keep_signed(vector);
    snprintf(method, sizeof method, "%.*s", (int)vector->method.bytes, vector->method.data);
    buffer_init(&authorization, 64 * 1024);
    buffer_init(&canonical, 64 * 1024);
    assert_int_equal(payload_hash(vector->body, hash, &why), 0);
    const struct signing signing = {.method = method,
                                    .path = vector->path,
                                    .query = vector->query,
                                    .query_count = vector->query_count,
                                    .headers = vector->headers,
                                    .header_count = vector->header_count,
                                    .payload_hash = hash,
                                    .access_key_id = vector->key_id,
                                    .secret = vector->secret};
    assert_int_equal(signature_v3(&signing, &authorization, &canonical, &why), 0);
    assert_text(buffer_text(&canonical), vector->canonical);
    assert_text(buffer_text(&authorization), vector->authorization);
    buffer_release(&canonical);
    buffer_release(&authorization);
}

static void check_v1(const struct vector *vector)
{
    struct buffer signature;
    struct failure why = FAILURE_INIT;
    struct pair pairs[SIGNATURE_PAIRS_MAX];
    uint32_t count = 0;
    char method[16];

    snprintf(method, sizeof method, "%.*s", (int)vector->method.bytes, vector->method.data);
    for (uint32_t i = 0; i < vector->query_count; i++) {
        if (!text_is(vector->query[i].name, "Signature"))
            pairs[count++] = vector->query[i];
    }
    buffer_init(&signature, 1024);
    assert_int_equal(signature_rpc_v1(method, pairs, count, vector->secret, &signature, &why), 0);
    assert_text(buffer_text(&signature), vector->signature);
    buffer_release(&signature);
}

static void every_vector_is_signed_as_the_vendor_does(void **state)
{
    /* Canonical request and signature, byte for byte, 10 for V3 and 5 for RPC 1.0. */
    struct file_text file;
    struct failure why = FAILURE_INIT;
    struct json_token token;
    unsigned v3 = 0, v1 = 0;
    (void)state;
    assert_int_equal(file_read(SOURCE_DIR "/tests/data/signature-vectors.json", &file, &why), 0);
    struct json_reader *reader = json_reader_new((struct text){file.data, file.bytes}, &why);
    while (json_next(reader, &token) != JSON_END) {
        assert_int_not_equal(token.type, JSON_BROKEN);
        if (token.type == JSON_BEGIN_OBJECT && !text_is(token.key, "vectors") && token.depth > 0 &&
            token.key.data != NULL) {
            assert_int_equal(json_skip(reader, &token), 0);
            continue;
        }
        if (token.type != JSON_BEGIN_OBJECT || token.depth != 2)
            continue;
        struct vector vector = {0};
        while (json_next(reader, &token) != JSON_END_OBJECT)
            read_member(reader, &vector, &token);
        print_message("%.*s\n", (int)vector.name.bytes, vector.name.data);
        if (text_is(vector.algorithm, "ACS3-HMAC-SHA256")) {
            check_v3(&vector);
            v3++;
        } else {
            check_v1(&vector);
            v1++;
        }
    }
    json_reader_free(reader);
    file_text_release(&file);
    assert_int_equal(v3, 10);
    assert_int_equal(v1, 5);
}

static void blanks_and_stars_are_encoded_as_the_gateway_wants(void **state)
{
    /* A blank is %20, never a plus; a star is %2A; a tilde stays; a percent sign is encoded once. */
    struct buffer out;
    (void)state;
    buffer_init(&out, 1024);
    assert_int_equal(percent_append(&out, TEXT("a b*~+/%\xe4\xb8\xbb")), 0);
    assert_string_equal(out.data, "a%20b%2A~%2B%2F%25%E4%B8%BB");
    buffer_release(&out);
}

static void too_many_parameters_are_refused(void **state)
{
    /* Bounds hold where callers build parameters from outside. */
    static struct pair pairs[SIGNATURE_PAIRS_MAX + 1];
    struct buffer out;
    struct failure why = FAILURE_INIT;
    (void)state;
    buffer_init(&out, 1024);
    assert_int_equal(canonical_query(&out, pairs, SIGNATURE_PAIRS_MAX + 1, &why), -1);
    assert_non_null(strstr(why.text, "65"));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_signed_as_the_vendor_does),
        cmocka_unit_test(blanks_and_stars_are_encoded_as_the_gateway_wants),
        cmocka_unit_test(too_many_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
