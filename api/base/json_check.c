/* SPDX-License-Identifier: Apache-2.0
 *
 * Says in words what is wrong with a text that is not JSON. Slow and careful: it runs only when something is wrong.
 */
#include <string.h>

#include "api/base/json.h"
#include "api/base/json_lexeme.h"
#include "api/base/strings.h"

struct check {
    const char *start; /* behind the byte order mark */
    const char *at;
    const char *end;
    uint64_t objects; /* as in json_reader.c */
    unsigned depth;
    bool opened; /* an object or array has just begun */
    const char *error;
};

static bool fail(struct check *check, const char *at, const char *error)
{
    check->at = at;
    check->error = error;
    return false;
}

static bool begins(const struct check *check, const char *word)
{
    size_t bytes = strlen(word);
    return (size_t)(check->end - check->at) >= bytes && memcmp(check->at, word, bytes) == 0;
}

static bool in_object(const struct check *check)
{
    return check->depth > 0 && check->objects & 1;
}

static bool is_word_byte(char c)
{
    return json_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_number_byte(char c)
{
    return is_word_byte(c) || c == '+' || c == '-' || c == '.';
}

/* The first code point of what is left; a cut one is not UTF-8. */
static bool is_utf8(const struct check *check)
{
    size_t left = (size_t)(check->end - check->at);
    return utf8_check((struct text){check->at, left < 4 ? left : 4}) > 0;
}

/* The text is over, and something was still to come. */
static bool cut_off(struct check *check)
{
    if (check->depth == 0)
        return fail(check, check->end, "the text is empty");
    return fail(check, check->end,
                in_object(check) ? "the text ends inside an object" : "the text ends inside an array");
}

static bool foreign_blank(const struct check *check)
{
    return begins(check, "\xC2\xA0") || begins(check, "\xE3\x80\x80") || begins(check, "\xEF\xBB\xBF");
}

/* Names the habits of other languages; `expected` is for everything else. */
static bool unexpected(struct check *check, const char *expected)
{
    const char *at = check->at;

    if (at == check->end)
        return cut_off(check);
    if (*at == '\0')
        return fail(check, at, at == check->start ? "the file is full of NUL bytes" : "a NUL byte stands in the text");
    if (begins(check, "//") || begins(check, "/*") || *at == '#')
        return fail(check, at, "comments are not JSON");
    if (*at == '\'')
        return fail(check, at, "text stands in double quotes in JSON, not in single ones");
    if (!is_utf8(check))
        return fail(check, at, "a byte is not UTF-8");
    if (foreign_blank(check))
        return fail(check, at, "a blank that JSON does not know (such as U+00A0 or U+3000) stands outside of a string");
    return fail(check, at, expected);
}

static void skip_blanks(struct check *check)
{
    while (check->at < check->end && json_is_blank(*check->at))
        check->at++;
}

static bool check_escape(struct check *check, bool closed)
{
    uint32_t code_point;
    size_t left = (size_t)(check->end - check->at);
    size_t bytes = json_escape_read(check->at, check->end, &code_point);

    if (bytes == 0 && !closed && left < 12)
        return fail(check, check->end, "the text ends inside a string");
    if (bytes == 0)
        return fail(check, check->at,
                    check->at[1] == 'u' ? "\\u needs four hexadecimal digits, and surrogates come in pairs"
                                        : "a string holds an escape that JSON does not know");
    if (code_point == 0)
        return fail(check, check->at, "a string holds an escaped NUL");
    check->at += bytes;
    return true;
}

/* Up to `end`, where the string closes or the text is over or no longer UTF-8. */
static bool check_string_body(struct check *check, const char *end, bool closed)
{
    while (check->at < end) {
        if (*check->at == '\n' || *check->at == '\r')
            return fail(check, check->at, "a line ends inside a string: its closing quote is missing");
        if ((unsigned char)*check->at < 0x20)
            return fail(check, check->at, "a string holds a control character that is not escaped");
        if (*check->at != '\\')
            check->at++;
        else if (!check_escape(check, closed))
            return false;
    }
    return true;
}

/* The closing quote, or the end of the text. */
static const char *string_end(const struct check *check)
{
    const char *at = check->at;
    while (at < check->end && *at != '"')
        at += *at == '\\' && check->end - at > 1 ? 2 : 1;
    return at;
}

static bool check_string(struct check *check)
{
    check->at++;
    const char *end = string_end(check);
    bool closed = end < check->end;
    const char *good = check->at + utf8_check((struct text){check->at, (size_t)(end - check->at)});

    if (!check_string_body(check, good, closed))
        return false;
    if (good < end && (closed || check->end - good > 3))
        return fail(check, good, "a string holds a byte that is not UTF-8");
    if (!closed)
        return fail(check, check->end, "the text ends inside a string");
    check->at = end + 1;
    return true;
}

static bool check_number(struct check *check)
{
    const char *start = check->at;
    const char *digits = start + (*start == '-');
    int64_t integer;

    while (check->at < check->end && is_number_byte(*check->at))
        check->at++;
    struct text number = {start, (size_t)(check->at - start)};
    if (json_number_read(number, &integer) != JSON_BROKEN)
        return true;
    if (check->at == check->end && check->depth > 0)
        return cut_off(check);
    if (check->end - digits >= 2 && digits[0] == '0' && json_is_digit(digits[1]))
        return fail(check, start, "a number begins with 0");
    return fail(check, start, "this is no number of JSON, or too large for one");
}

static const char *const words[] = {"true", "false", "null"};

enum { WORDS = sizeof words / sizeof words[0] };

/* The text ends inside a word. */
static bool is_cut_word(const struct check *check)
{
    size_t left = (size_t)(check->end - check->at);

    for (size_t i = 0; i < WORDS; i++)
        if (left < strlen(words[i]) && memcmp(check->at, words[i], left) == 0)
            return check->depth > 0;
    return false;
}

static bool check_word(struct check *check)
{
    for (size_t i = 0; i < WORDS; i++) {
        const char *end = check->at + strlen(words[i]);
        if (begins(check, words[i]) && (end == check->end || !is_word_byte(*end))) {
            check->at = end;
            return true;
        }
    }
    if (is_cut_word(check))
        return cut_off(check);
    if (begins(check, "NaN") || begins(check, "Infinity"))
        return fail(check, check->at, "NaN and Infinity are not numbers of JSON");
    return unexpected(check, is_word_byte(*check->at) ? "a word without quotes stands where a value was expected"
                                                      : "a value was expected");
}

static bool open_container(struct check *check)
{
    if (check->depth == JSON_DEPTH_MAX)
        return fail(check, check->at, "objects and arrays are nested too deep (64 levels are allowed)");
    check->depth++;
    check->objects = check->objects << 1 | (*check->at == '{');
    check->opened = true;
    check->at++;
    return true;
}

static bool check_value(struct check *check)
{
    skip_blanks(check);
    if (check->at == check->end)
        return cut_off(check);
    if (*check->at == '{' || *check->at == '[')
        return open_container(check);
    if (*check->at == '"')
        return check_string(check);
    if (*check->at == '-' || json_is_digit(*check->at))
        return check_number(check);
    return check_word(check);
}

static bool check_key(struct check *check)
{
    skip_blanks(check);
    if (check->at == check->end || *check->at != '"')
        return unexpected(check, check->at < check->end && is_word_byte(*check->at) ? "a key stands without quotes"
                                                                                    : "a key in quotes was expected");
    if (!check_string(check))
        return false;
    skip_blanks(check);
    if (check->at == check->end || *check->at != ':')
        return unexpected(check, "a colon was expected after the key");
    check->at++;
    return true;
}

/* A member or element, or the closing bracket. */
static bool check_inside(struct check *check)
{
    const char closing = in_object(check) ? '}' : ']';

    skip_blanks(check);
    if (check->at < check->end && *check->at == closing) {
        check->at++;
        check->depth--;
        check->objects >>= 1;
        check->opened = false;
        return true;
    }
    if (!check->opened) {
        const char *comma = check->at;
        if (comma == check->end || *comma != ',')
            return unexpected(check, in_object(check) ? "a comma or } was expected" : "a comma or ] was expected");
        check->at++;
        skip_blanks(check);
        if (check->at < check->end && *check->at == closing)
            return fail(check, comma, "a comma stands in front of the closing bracket");
    }
    check->opened = false;
    return (!in_object(check) || check_key(check)) && check_value(check);
}

static bool check_end(struct check *check)
{
    skip_blanks(check);
    if (check->at == check->end)
        return true;
    return unexpected(check, "text follows the value");
}

const char *json_check(struct text text, size_t *out_offset)
{
    struct check check = {.start = text.data, .at = text.data, .end = text.data + text.bytes};

    if (begins(&check, "\xEF\xBB\xBF"))
        check.start = check.at = text.data + 3;
    if (begins(&check, "\xFF\xFE") || begins(&check, "\xFE\xFF")) {
        *out_offset = 0;
        return "the text is UTF-16, not UTF-8";
    }
    bool good = check_value(&check);
    while (good && check.depth > 0)
        good = check_inside(&check);
    if (good)
        good = check_end(&check);
    if (good)
        return NULL;
    *out_offset = (size_t)(check.at - text.data);
    return check.error;
}
