/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/cause.h"

/* Cuts a half UTF-8 sequence off the end of a text that snprintf truncated. */
static void trim_broken_tail(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (wanted > length - start + 1)
        text[start - 1] = '\0';
}

int failure_set(struct failure *why, int cause, const char *format, ...)
{
    va_list arguments;

    memset(why, 0, sizeof *why);
    why->cause = cause;
    va_start(arguments, format);
    int length = vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof why->text)
        trim_broken_tail(why->text);
    return -1;
}

int failure_wrap(struct failure *why, const char *format, ...)
{
    char inner[FAILURE_TEXT_BYTES];
    va_list arguments;

    memcpy(inner, why->text, sizeof inner);
    va_start(arguments, format);
    int length = vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof why->text - 2)
        return -1;
    size_t room = sizeof why->text - (size_t)length;
    int added = snprintf(why->text + length, room, ": %s", inner);
    if (added >= (int)room)
        trim_broken_tail(why->text);
    return -1;
}

int failure_no_memory(struct failure *why, const char *what)
{
    return failure_set(why, CAUSE_OUT_OF_MEMORY, "could not get memory for %s", what);
}
