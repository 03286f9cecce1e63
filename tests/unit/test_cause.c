/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"

static bool is_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name) && strlen(name) > 3 && name[0] != '-';
}

/* Every row is complete: a name in kebab case that leads back to it, a hint that is a sentence for people, known scope.
 */
static void every_row_is_complete(void **state)
{
    (void)state;
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        const char *name = cause_name(cause), *hint = cause_hint(cause);
        assert_true(is_name(name));
        assert_int_equal(cause_by_name(name, strlen(name)), cause);
        assert_true(strlen(hint) > 10);
        assert_true(hint[strlen(hint) - 1] != '.');
        assert_int_equal(utf8_check(text_of(hint)), strlen(hint));
        assert_in_range(cause_scope(cause), SCOPE_RESOURCE, SCOPE_ACCOUNT);
        assert_in_range(cause_remedy(cause), REMEDY_SETTLE, REMEDY_DECIDE);
    }
}

/* Exit codes are those of the contract: none where the row alone decides (resource, kind), else one of its list. */
static void exit_codes_are_those_of_the_contract(void **state)
{
    (void)state;
    static const int allowed[] = {64, 65, 69, 74, 75, 77, 78};
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        int code = cause_exit_code(cause);
        bool known = false;
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            known |= code == allowed[i];
        if (cause_scope(cause) == SCOPE_RESOURCE || cause_scope(cause) == SCOPE_KIND)
            assert_true(code == 0 || (code == 75 && cause == CAUSE_OUTCOME_UNKNOWN) ||
                        (code == 69 && cause == CAUSE_UNSUPPORTED) /* of a whole instance, too */);
        else
            assert_true(known);
    }
}

/* What is retried: back-off, pace and reading back. Nothing that waits for people is. */
static void remedies_decide_about_retries(void **state)
{
    (void)state;
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        enum cause_remedy remedy = cause_remedy(cause);
        bool again = remedy == REMEDY_RETRY || remedy == REMEDY_PACE || remedy == REMEDY_READ;
        assert_int_equal(cause_is_retried(cause), again);
    }
    assert_false(cause_is_retried(CAUSE_NONE));
}

/* The fourteen documented failures of the metadata migration, word by word, with what is done about each. */
static void the_documented_failures_are_there(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum cause_scope scope;
        enum cause_remedy remedy;
    } documented[] = {
        {"topic-exists", SCOPE_RESOURCE, REMEDY_SETTLE},
        {"group-exists", SCOPE_RESOURCE, REMEDY_SETTLE},
        {"instance-not-found", SCOPE_SYNC, REMEDY_SLOWLY},
        {"instance-permission-unverified", SCOPE_SYNC, REMEDY_SLOWLY},
        {"instance-not-in-service", SCOPE_SYNC, REMEDY_RETRY},
        {"topic-quota-reached", SCOPE_KIND, REMEDY_SLOWLY},
        {"instance-permission-missing", SCOPE_SYNC, REMEDY_SLOWLY},
        {"topic-named-like-group", SCOPE_RESOURCE, REMEDY_STUCK},
        {"group-named-like-topic", SCOPE_RESOURCE, REMEDY_STUCK},
        {"group-in-other-instance", SCOPE_RESOURCE, REMEDY_STUCK},
        {"group-create-failed", SCOPE_RESOURCE, REMEDY_RETRY},
        {"topic-create-failed", SCOPE_RESOURCE, REMEDY_RETRY},
        {"system-error", SCOPE_RESOURCE, REMEDY_RETRY},
        {"invalid-parameter", SCOPE_RESOURCE, REMEDY_STUCK},
    };
    for (size_t i = 0; i < sizeof documented / sizeof *documented; i++) {
        int cause = cause_by_name(documented[i].name, strlen(documented[i].name));
        assert_int_equal(cause, CAUSE_NONE + 1 + (int)i);
        assert_int_equal(cause_scope(cause), documented[i].scope);
        assert_int_equal(cause_remedy(cause), documented[i].remedy);
    }
}

/* Numbers and names outside the table are nobody's. */
static void strangers_are_no_cause(void **state)
{
    (void)state;
    static const int strangers[] = {CAUSE_NONE, -1, CAUSE_COUNT, 1 << 20};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        assert_string_equal(cause_name(strangers[i]), "none");
        assert_string_equal(cause_hint(strangers[i]), "");
        assert_int_equal(cause_exit_code(strangers[i]), 0);
        assert_false(cause_is_retried(strangers[i]));
    }
    assert_int_equal(cause_by_name("none", 4), CAUSE_NONE);
    assert_int_equal(cause_by_name("topic-exist", 11), CAUSE_NONE);
    assert_int_equal(cause_by_name("topic-existsx", 13), CAUSE_NONE);
    assert_int_equal(cause_by_name("", 0), CAUSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),         cmocka_unit_test(exit_codes_are_those_of_the_contract),
        cmocka_unit_test(remedies_decide_about_retries), cmocka_unit_test(the_documented_failures_are_there),
        cmocka_unit_test(strangers_are_no_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
