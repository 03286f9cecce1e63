/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, durations and times as text, and back.
 */
#include "api/base/strings.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits only, no leading zeros but "0" itself. */
static bool parse_unsigned(struct text text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.bytes == 0 || (text.bytes > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (!is_digit(text.data[i]) || __builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool number_parse(struct text text, int64_t *out_value)
{
    bool negative = text.bytes > 0 && text.data[0] == '-';
    struct text digits = negative ? (struct text){text.data + 1, text.bytes - 1} : text;
    uint64_t magnitude;

    if (!parse_unsigned(digits, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    if (negative && magnitude == 0)
        return false;
    *out_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static uint64_t unit_ms(struct text unit)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (text_is(unit, units[i].name))
            return units[i].ms;
    }
    return 0;
}

bool duration_parse(struct text text, uint64_t *out_ms)
{
    size_t digits = 0;
    uint64_t count;

    while (digits < text.bytes && is_digit(text.data[digits]))
        digits++;
    if (digits == 0)
        return false;
    uint64_t factor = unit_ms((struct text){text.data + digits, text.bytes - digits});
    if (factor == 0 || !parse_unsigned((struct text){text.data, digits}, &count))
        return false;
    uint64_t ms;
    if (__builtin_mul_overflow(count, factor, &ms) || ms > INT64_MAX)
        return false;
    *out_ms = ms;
    return true;
}

/* "3 m 20 s", or "3 m" when there are no seconds to speak of. */
static void format_pair(char out[static 32], uint64_t whole, const char *unit, uint64_t part, const char *part_unit)
{
    if (part > 0)
        snprintf(out, 32, "%llu %s %u %s", (unsigned long long)whole, unit, (unsigned)part, part_unit);
    else
        snprintf(out, 32, "%llu %s", (unsigned long long)whole, unit);
}

void duration_format(uint64_t ms, char out[static 32])
{
    uint64_t seconds = ms / 1000, minutes = seconds / 60, hours = minutes / 60;

    if (seconds == 0)
        snprintf(out, 32, "%u ms", (unsigned)ms);
    else if (minutes == 0)
        snprintf(out, 32, "%u.%u s", (unsigned)seconds, (unsigned)(ms % 1000 / 100));
    else if (hours == 0)
        format_pair(out, minutes, "m", seconds % 60, "s");
    else if (hours < 48)
        format_pair(out, hours, "h", minutes % 60, "m");
    else
        format_pair(out, hours / 24, "d", hours % 24, "h");
}

void count_format(uint64_t count, char out[static 32])
{
    char digits[21];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t at = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void bytes_format(uint64_t bytes, char out[static 32])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;
    uint64_t tenths = bytes / 100;

    if (bytes < 1000) {
        snprintf(out, 32, "%u B", (unsigned)bytes);
        return;
    }
    for (; tenths >= 10000; tenths /= 1000)
        unit++;
    snprintf(out, 32, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[unit]);
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back; years start in March, so that the leap
 * day is the last one of its year. */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static const int64_t day_ms = 86400000;
static const int64_t first_ms =
    -62167219200000; /* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: what RFC 3339 */
static const int64_t last_ms = 253402300799999; /* can say; whatever lies beyond is shown as the nearer end */

void time_format(int64_t unix_ms, char out[static 32])
{
    int64_t clamped = unix_ms < first_ms ? first_ms : unix_ms > last_ms ? last_ms : unix_ms;
    int64_t days = (clamped >= 0 ? clamped : clamped - (day_ms - 1)) / day_ms;
    unsigned ms = (unsigned)(clamped - days * day_ms);
    int64_t year, month, day;

    date_of_days(days, &year, &month, &day);
    snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000U, (unsigned)month % 100U,
             (unsigned)day % 100U, ms / 3600000U, ms / 60000U % 60U, ms / 1000U % 60U, ms % 1000U);
}

/* Reads `count` digits from *at on. */
static bool scan_digits(struct text *at, size_t count, int64_t *out)
{
    int64_t value = 0;
    if (at->bytes < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(at->data[i]))
            return false;
        value = value * 10 + (at->data[i] - '0');
    }
    *at = (struct text){at->data + count, at->bytes - count};
    *out = value;
    return true;
}

static bool scan_char(struct text *at, char c)
{
    if (at->bytes == 0 || at->data[0] != c)
        return false;
    *at = (struct text){at->data + 1, at->bytes - 1};
    return true;
}

static bool scan_date(struct text *at, int64_t *out_days)
{
    static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day;

    if (!scan_digits(at, 4, &year) || !scan_char(at, '-') || !scan_digits(at, 2, &month) || !scan_char(at, '-') ||
        !scan_digits(at, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1])
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2 && day == 29 && !leap)
        return false;
    *out_days = days_of_date(year, month, day);
    return true;
}

/* HH:MM:SS with any number of fractional digits, of which three count. */
static bool scan_clock(struct text *at, int64_t *out_ms)
{
    int64_t hour, minute, second, digit;
    int64_t fraction = 0, weight = 100;

    if (!scan_digits(at, 2, &hour) || !scan_char(at, ':') || !scan_digits(at, 2, &minute) || !scan_char(at, ':') ||
        !scan_digits(at, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (scan_char(at, '.')) {
        if (!scan_digits(at, 1, &digit))
            return false;
        do {
            fraction += digit * weight;
            weight /= 10;
        } while (scan_digits(at, 1, &digit));
    }
    *out_ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    return true;
}

static bool scan_zone(struct text *at, int64_t *out_ms)
{
    int64_t hour, minute;

    *out_ms = 0;
    if (scan_char(at, 'Z') || scan_char(at, 'z'))
        return true;
    bool west = scan_char(at, '-');
    if (!west && !scan_char(at, '+'))
        return false;
    if (!scan_digits(at, 2, &hour) || !scan_char(at, ':') || !scan_digits(at, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *out_ms = (hour * 60 + minute) * (west ? -60000 : 60000);
    return true;
}

bool time_parse(struct text text, int64_t *out_unix_ms)
{
    int64_t days, ms, offset_ms;

    if (!scan_date(&text, &days) || (!scan_char(&text, 'T') && !scan_char(&text, 't')))
        return false;
    if (!scan_clock(&text, &ms) || !scan_zone(&text, &offset_ms) || text.bytes > 0)
        return false;
    *out_unix_ms = days * day_ms + ms - offset_ms;
    return true;
}
