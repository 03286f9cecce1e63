/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "api/base/hash.h"
#include "api/cause.h"
#include "controller/journal/file.h"
#include "controller/journal/good.h"
#include "tests/lib/scratch.h"

#define ADDRESS TEXT("snapshot:/srv/d.json")

/* The file of the sync "one", in its directory, which is made. */
static const char *file(void)
{
    static char path[256];
    char *directory = journal_directory("state", ADDRESS);

    assert_non_null(directory);
    mkdir("state", 0755);
    mkdir(directory, 0755);
    snprintf(path, sizeof path, "%s/last-good-%016" PRIx64 ".json", directory, hash_text(0, TEXT("one")));
    free(directory);
    return path;
}

/* What one process wrote the next one reads, each sync for itself. */
static void the_next_process_knows_it(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;

    file();
    assert_int_equal(good_read("state", ADDRESS, "one"), 0);
    assert_int_equal(good_write("state", ADDRESS, "one", 812, "sha256:00", &why), 0);
    assert_int_equal(good_read("state", ADDRESS, "one"), 812);
    assert_int_equal(good_read("state", ADDRESS, "two"), 0);
    assert_int_equal(good_write("state", ADDRESS, "two", 5, "sha256:00", &why), 0);
    assert_int_equal(good_read("state", ADDRESS, "one"), 812);
    assert_int_equal(good_read("state", TEXT("snapshot:/srv/e.json"), "one"), 0);
    assert_int_equal(good_write("state", ADDRESS, "one", 3, "sha256:00", &why), 0);
    assert_int_equal(good_read("state", ADDRESS, "one"), 3);
}

/* A damaged file says nothing. */
static void damage_says_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"sync\":\"one\",\"declared\":5",
                                        "{\"sync\":\"one\"}",
                                        "{\"sync\":\"one\",\"declared\":-5}",
                                        "{\"sync\":\"one\",\"declared\":5} x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        scratch_put(file(), texts[i]);
        assert_int_equal(good_read("state", ADDRESS, "one"), 0);
    }
}

/* Where it cannot be written, that is said. */
static void a_directory_that_is_gone_is_told(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;

    assert_int_equal(good_write("absent", ADDRESS, "one", 1, "", &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_next_process_knows_it),
        TEST(damage_says_nothing),
        TEST(a_directory_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
