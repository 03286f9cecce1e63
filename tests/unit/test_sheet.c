/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "controller/status/sheet.h"
#include "controller/status/state.h"

enum { PIECES_MAX = 1000 };

static struct board *board;

static struct board_sync *put_up(const char *name, bool parity)
{
    const struct board_facts facts = {
        .name = name, .mode = "apply", .destination = "snapshot:to.json", .interval_ms = 60000};
    struct board_sync *sync = board_put_up(board, &facts);

    assert_non_null(sync);
    sync->last.any = true;
    sync->last.parity = parity;
    return sync;
}

static int set_up(void **state)
{
    (void)state;
    board = board_new();
    return board == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    board_free(board);
    return 0;
}

static void write_whole(struct sheet *sheet)
{
    int pieces = 0;

    while (!sheet_go_on(sheet))
        assert_true(++pieces < PIECES_MAX);
    assert_false(sheet->body.failed);
    buffer_append_char(&sheet->body, '\0');
}

static bool says(const struct sheet *sheet, const char *part)
{
    return strstr(sheet->body.data, part) != NULL;
}

static void all_syncs_are_told_of_in_their_order(void **state)
{
    struct sheet sheet;
    (void)state;
    put_up("first", true);
    put_up("second", true);
    sheet_begin(&sheet, SHEET_STATUS, board);
    write_whole(&sheet);
    assert_true(says(&sheet, "\"ready\":true,\"parity\":true,"));
    assert_true(strstr(sheet.body.data, "\"first\"") < strstr(sheet.body.data, "\"second\""));
    sheet_release(&sheet);
}

static void without_syncs_there_is_no_parity(void **state)
{
    struct sheet sheet;
    (void)state;
    sheet_begin(&sheet, SHEET_STATUS, board);
    write_whole(&sheet);
    assert_true(says(&sheet, "\"ready\":true,\"parity\":false,"));
    assert_true(says(&sheet, "\"syncs\":[]}\n"));
    sheet_release(&sheet);
}

/* What the head says of all is what was told of each, though one of them has changed since. */
static void the_head_agrees_with_what_was_told(void **state)
{
    struct sheet sheet;
    (void)state;
    struct board_sync *first = put_up("first", false);
    put_up("second", true);
    sheet_begin(&sheet, SHEET_STATUS, board);
    assert_false(sheet_go_on(&sheet));
    first->last.parity = true;
    write_whole(&sheet);
    assert_true(says(&sheet, "\"ready\":true,\"parity\":false,"));
    sheet_release(&sheet);
}

static void a_sync_that_goes_is_not_told_of(void **state)
{
    (void)state;
    for (enum sheet_kind kind = SHEET_METRICS; kind <= SHEET_STATUS; kind++) {
        struct sheet sheet;
        struct board_sync *goes = put_up("goes", true);
        put_up("stays", true);
        sheet_begin(&sheet, kind, board);
        assert_false(sheet_go_on(&sheet)); /* "goes" is written, "stays" is next */
        board_take_down(goes);
        write_whole(&sheet);
        assert_false(says(&sheet, "goes\""));
        assert_true(says(&sheet, "stays\""));
        sheet_release(&sheet);
    }
}

static void a_sync_that_comes_is_told_of_everywhere(void **state)
{
    struct sheet sheet;
    (void)state;
    put_up("first", true);
    sheet_begin(&sheet, SHEET_METRICS, board);
    while (sheet.metric < metrics_count() / 2)
        assert_false(sheet_go_on(&sheet));
    put_up("late", true);
    write_whole(&sheet);
    assert_true(says(&sheet, "\nmqferry_parity{sync=\"late\"} 1\n"));
    assert_true(says(&sheet, "\nmqferry_pass_duration_seconds_count{sync=\"late\"} 0\n"));
    sheet_release(&sheet);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_syncs_are_told_of_in_their_order),    TEST(without_syncs_there_is_no_parity),
        TEST(the_head_agrees_with_what_was_told),      TEST(a_sync_that_goes_is_not_told_of),
        TEST(a_sync_that_comes_is_told_of_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
