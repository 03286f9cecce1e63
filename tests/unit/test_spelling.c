/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/base/strings.h"

static const char *const fields[] = {"name",           "messageType", "remark", "readQueueNums",
                                     "writeQueueNums", "perm",        "order",  "kind",
                                     "from",           "to",          "output", NULL};

static void assert_nearest(const char *wrong, const char *expected)
{
    const char *nearest = nearest_spelling(text_of(wrong), fields);
    if (expected) {
        assert_non_null(nearest);
        assert_string_equal(nearest, expected);
    } else {
        assert_null(nearest);
    }
}

/* One slip of the fingers leads back to the word that was meant. */
static void slips_are_recognised(void **state)
{
    (void)state;
    assert_nearest("messagetype", "messageType");
    assert_nearest("MESSAGETYPE", "messageType");
    assert_nearest("mesageType", "messageType");
    assert_nearest("message-type", "messageType");
    assert_nearest("readQueueNum", "readQueueNums");
    assert_nearest("wirteQueueNums", "writeQueueNums");
    assert_nearest("nmae", "name");
    assert_nearest("form", "from");
    assert_nearest("FORM", "from");
    assert_nearest("kidn", "kind");
    assert_nearest("outputt", "output");
    assert_nearest("REMAKR", "remark");
}

/* A word that resembles nothing gets no suggestion; a short one only for a perfect or nearly perfect match. */
static void strangers_get_no_suggestion(void **state)
{
    (void)state;
    assert_nearest("deadLetterTargetTopic", NULL);
    assert_nearest("xyz", NULL);
    assert_nearest("", NULL);
    assert_nearest("tx", NULL);
    assert_nearest("q", NULL);
    assert_nearest("TO", "to");
    assert_nearest("aVeryLongWordThatNobodyCouldHaveMeantToTypeAndThatIsLongerThanAnyName", NULL);
}

/* Of two that are near, the nearer wins; of two equally near, the first. */
static void the_nearest_wins(void **state)
{
    (void)state;
    static const char *const pairs[] = {"from-endpoint", "endpoint", "endpoints",
                                        "aNameThatIsFarLongerThanAnythingThatWouldEverBeSuggestedToAnyoneHere", NULL};
    assert_string_equal(nearest_spelling(TEXT("endpiont"), pairs), "endpoint");
    assert_string_equal(nearest_spelling(TEXT("endpoinds"), pairs), "endpoints");
    static const char *const ties[] = {"cat", "car", NULL};
    assert_string_equal(nearest_spelling(TEXT("cas"), ties), "cat");
    static const char *const none[] = {NULL};
    assert_null(nearest_spelling(TEXT("anything"), none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_are_recognised),
        cmocka_unit_test(strangers_get_no_suggestion),
        cmocka_unit_test(the_nearest_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
