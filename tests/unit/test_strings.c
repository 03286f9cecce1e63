/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/base/strings.h"

static void assert_number(const char *spelling, int64_t expected)
{
    int64_t value = 77;
    assert_true(number_parse(text_of(spelling), &value));
    assert_int_equal(value, expected);
}

/* Whole decimal numbers are read, up to both ends of the range. */
static void numbers_are_read(void **state)
{
    (void)state;
    assert_number("0", 0);
    assert_number("8", 8);
    assert_number("-1", -1);
    assert_number("1500", 1500);
    assert_number("9223372036854775807", INT64_MAX);
    assert_number("-9223372036854775808", INT64_MIN);
}

/* Everything else is refused and leaves the output alone. */
static void other_numbers_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "01",
                                        "-0",
                                        "-01",
                                        "00",
                                        "1.0",
                                        "1e3",
                                        "0x1",
                                        "abc",
                                        "1a",
                                        "--1",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t value = 77;
        assert_false(number_parse(text_of(wrong[i]), &value));
        assert_int_equal(value, 77);
    }
    int64_t value;
    assert_false(number_parse((struct text){NULL, 0}, &value));
    assert_false(number_parse(TEXT("1\0"), &value));
}

static void assert_duration(const char *spelling, uint64_t expected)
{
    uint64_t ms = 77;
    assert_true(duration_parse(text_of(spelling), &ms));
    assert_true(ms == expected);
}

/* A duration is a whole number and one unit. */
static void durations_are_read(void **state)
{
    (void)state;
    assert_duration("250ms", 250);
    assert_duration("90s", 90000);
    assert_duration("10m", 600000);
    assert_duration("24h", 86400000);
    assert_duration("7d", 604800000);
    assert_duration("0s", 0);
    assert_duration("9223372036854775807ms", INT64_MAX);

    static const char *const wrong[] = {"",
                                        "90",
                                        "s",
                                        "ms",
                                        "-1s",
                                        "1.5h",
                                        "1h30m",
                                        "90 s",
                                        "090s",
                                        "1S",
                                        "1w",
                                        "9223372036854775808ms",
                                        "18446744073709551616ms",
                                        "18446744073709552s",
                                        "99999999999999999999d"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint64_t ms = 77;
        assert_false(duration_parse(text_of(wrong[i]), &ms));
        assert_int_equal(ms, 77);
    }
}

/* People read durations in the two largest units that matter. */
static void durations_are_shown_to_people(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *shown;
    } cases[] = {{0, "0 ms"},
                 {999, "999 ms"},
                 {1000, "1.0 s"},
                 {1299, "1.2 s"},
                 {59999, "59.9 s"},
                 {60000, "1 m"},
                 {200000, "3 m 20 s"},
                 {3599999, "59 m 59 s"},
                 {3600000, "1 h"},
                 {7500000, "2 h 5 m"},
                 {172799999, "47 h 59 m"},
                 {172800000, "2 d"},
                 {190000000, "2 d 4 h"},
                 {UINT64_MAX, "213503982334 d 14 h"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        duration_format(cases[i].ms, out);
        assert_string_equal(out, cases[i].shown);
    }
}

/* Counts have commas between thousands; sizes have one decimal and a unit. */
static void counts_and_sizes_are_shown_to_people(void **state)
{
    (void)state;
    char out[32];
    static const struct {
        uint64_t count;
        const char *count_shown, *bytes_shown;
    } cases[] = {{0, "0", "0 B"},
                 {999, "999", "999 B"},
                 {1000, "1,000", "1.0 kB"},
                 {12345678, "12,345,678", "12.3 MB"},
                 {999999, "999,999", "999.9 kB"},
                 {1500000000, "1,500,000,000", "1.5 GB"},
                 {UINT64_MAX, "18,446,744,073,709,551,615", "18.4 EB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        count_format(cases[i].count, out);
        assert_string_equal(out, cases[i].count_shown);
        bytes_format(cases[i].count, out);
        assert_string_equal(out, cases[i].bytes_shown);
    }
}

static void assert_time(int64_t unix_ms, const char *expected)
{
    char out[32];
    time_format(unix_ms, out);
    assert_string_equal(out, expected);
}

/* Times are shown as RFC 3339 in UTC; beyond its years the nearest end is shown. */
static void times_are_shown(void **state)
{
    (void)state;
    assert_time(0, "1970-01-01T00:00:00.000Z");
    assert_time(1795464062345, "2026-11-23T20:01:02.345Z");
    assert_time(-1, "1969-12-31T23:59:59.999Z");
    assert_time(951782400000, "2000-02-29T00:00:00.000Z");
    assert_time(INT64_MIN, "0000-01-01T00:00:00.000Z");
    assert_time(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

static void assert_reads_time(const char *spelling, int64_t expected)
{
    int64_t ms = 77;
    assert_true(time_parse(text_of(spelling), &ms));
    assert_true(ms == expected);
}

/* Every RFC 3339 spelling of one moment is the same moment. */
static void times_are_read(void **state)
{
    (void)state;
    assert_reads_time("1970-01-01T00:00:00Z", 0);
    assert_reads_time("2026-11-23T20:01:02.345Z", 1795464062345);
    assert_reads_time("2026-11-23t20:01:02.345999z", 1795464062345);
    assert_reads_time("2026-11-24T04:01:02.345+08:00", 1795464062345);
    assert_reads_time("2026-11-23T15:31:02.3-04:30", 1795464062300);
    assert_reads_time("2000-02-29T00:00:00Z", 951782400000);
    assert_reads_time("0000-01-01T00:00:00Z", -62167219200000);
    assert_reads_time("2016-12-31T23:59:60Z", 1483228800000);
}

/* What is shown reads back as the same moment, day by day over more than a full leap cycle. */
static void times_survive_the_round_trip(void **state)
{
    (void)state;
    for (int64_t day = -200000; day < 200000; day += 7) {
        char out[32];
        int64_t unix_ms = day * 86400000 + 12345678, back = 0;
        time_format(unix_ms, out);
        assert_true(time_parse(text_of(out), &back));
        assert_true(back == unix_ms);
    }
}

/* Dates that do not exist and other formats are refused. */
static void other_times_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "2026-11-23",
                                        "2026-11-23T20:01:02",
                                        "2026-11-23 20:01:02Z",
                                        "2026-13-01T00:00:00Z",
                                        "2026-00-01T00:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "1900-02-29T00:00:00Z",
                                        "2026-04-31T00:00:00Z",
                                        "2026-04-00T00:00:00Z",
                                        "2026-11-23T24:00:00Z",
                                        "2026-11-23T20:60:00Z",
                                        "2026-11-23T20:01:61Z",
                                        "2026-11-23T20:01:02.Z",
                                        "2026-11-23T20:01:02+0800",
                                        "2026-11-23T20:01:02+24:00",
                                        "2026-11-23T20:01:02ZZ",
                                        "20261123T200102Z",
                                        "2026M11M23T20:01:02Z",
                                        "26-11-23T20:01:02Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms = 77;
        assert_false(time_parse(text_of(wrong[i]), &ms));
        assert_int_equal(ms, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(other_numbers_are_refused),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(durations_are_shown_to_people),
        cmocka_unit_test(counts_and_sizes_are_shown_to_people),
        cmocka_unit_test(times_are_shown),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(times_survive_the_round_trip),
        cmocka_unit_test(other_times_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
