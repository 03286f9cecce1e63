/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "api/base/library.h"
#include "api/cause.h"

#define MATHEMATICS(ROW)                                                                                               \
    ROW(floor)                                                                                                         \
    ROW(ceil)

struct mathematics {
    MATHEMATICS(LIBRARY_POINTER)
};

static const char *const names[] = {MATHEMATICS(LIBRARY_NAME)};

/* Each pointer is the function of its name. */
static void functions_are_what_their_names_say(void **state)
{
    (void)state;
    const struct library library = {"libm.so.6", "libc6", names, 2};
    struct mathematics loaded = {NULL, NULL};
    struct failure why = FAILURE_INIT;

    for (int again = 0; again < 2; again++) {
        assert_int_equal(library_load(&library, &loaded, &why), 0);
        assert_true(loaded.floor(1.5) == 1 && loaded.ceil(1.5) == 2);
    }
}

/* A library that is not there: what is missing, and what to install. */
static void what_is_missing_is_named_with_its_package(void **state)
{
    (void)state;
    const struct library library = {"libabsent.so.9", "libabsent9", names, 2};
    struct mathematics loaded;
    struct failure why = FAILURE_INIT;

    assert_int_equal(library_load(&library, &loaded, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    assert_non_null(strstr(why.text, "cannot load libabsent.so.9"));
    assert_non_null(strstr(why.text, "install"));
    assert_non_null(strstr(why.text, "libabsent9"));
}

/* A library without one of the functions is too old. */
static void a_function_that_is_not_there_is_named(void **state)
{
    (void)state;
    static const char *const newer[] = {"floor", "mqferry_newer_than_new"};
    const struct library library = {"libm.so.6", "libc6", newer, 2};
    struct mathematics loaded;
    struct failure why = FAILURE_INIT;

    assert_int_equal(library_load(&library, &loaded, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    assert_non_null(strstr(why.text, "mqferry_newer_than_new"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_what_their_names_say),
        cmocka_unit_test(what_is_missing_is_named_with_its_package),
        cmocka_unit_test(a_function_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
