/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/base/digest.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* The published test vectors come out, with the prefix. */
static void published_vectors_hold(void **state)
{
    (void)state;
    char out[DIGEST_TEXT_BYTES];
    assert_int_equal(digest_of(TEXT(""), out), 0);
    assert_string_equal(out, EMPTY);
    assert_int_equal(digest_of(TEXT("abc"), out), 0);
    assert_string_equal(out, ABC);
}

/* The sum of the pieces is the sum of the whole. */
static void pieces_add_up(void **state)
{
    (void)state;
    char out[DIGEST_TEXT_BYTES];
    struct failure why = FAILURE_INIT;
    struct digest *digest = digest_new(&why);
    assert_non_null(digest);
    assert_int_equal(digest_add(digest, "a", 1), 0);
    assert_int_equal(digest_add(digest, "", 0), 0);
    assert_int_equal(digest_add(digest, "bc", 2), 0);
    assert_int_equal(digest_end(digest, out), 0);
    assert_string_equal(out, ABC);
    digest_free(digest);
    digest_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_hold),
        cmocka_unit_test(pieces_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
