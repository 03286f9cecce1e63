/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/cloud/group_details.h"

enum { GROUPS = 300, ROUNDS = 8 };

static struct text name_of(char room[static 32], unsigned number)
{
    snprintf(room, 32, "GID_%u", number);
    return text_of(room);
}

static void keep(struct group_details *details, unsigned number, const char *updated, const char *remark)
{
    char room[32];
    struct draft draft;

    draft_clear(&draft);
    draft_set_text(&draft, FIELD_GROUP_REMARK, text_of(remark));
    group_details_keep(details, name_of(room, number), text_of(updated), &draft);
}

static void expect(const struct group_details *details, unsigned number, const char *updated, const char *remark)
{
    char room[32];
    const struct settings *settings = group_details_find(details, name_of(room, number), text_of(updated));

    if (remark == NULL) {
        assert_null(settings);
        return;
    }
    assert_non_null(settings);
    assert_true(text_is(settings_value(settings, FIELD_GROUP_REMARK)->text, remark));
}

/* What is kept is found under its time and no other; keeping anew replaces; settings are shared where they are alike,
 * and stay right when the memory is tidied up, again and again. */
static void what_is_kept_stays_right(void **state)
{
    struct group_details *details = group_details_new();
    char remark[32];

    (void)state;
    assert_non_null(details);
    for (unsigned round = 0; round < ROUNDS; round++) {
        char updated[32];
        snprintf(updated, sizeof updated, "2022-08-01 20:05:%02u", round);
        for (unsigned number = 0; number < GROUPS; number++) {
            snprintf(remark, sizeof remark, "%u", number % 3 == 0 ? number + round : round);
            keep(details, number, updated, remark);
        }
        for (unsigned number = 0; number < GROUPS; number++) {
            snprintf(remark, sizeof remark, "%u", number % 3 == 0 ? number + round : round);
            expect(details, number, updated, remark);
            expect(details, number, "2021-01-01 00:00:00", NULL);
        }
    }
    expect(details, GROUPS, "2022-08-01 20:05:00", NULL);
    group_details_free(details);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_kept_stays_right)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
