/* SPDX-License-Identifier: Apache-2.0
 *
 * What went wrong: a cause for the program, a sentence for a person.
 *
 * The struct belongs to the caller, who zeroes it once (FAILURE_INIT). Functions that can fail return 0, or -1 with
 * *why filled in; they touch *why only on failure. Text is cut at the array's size, on a UTF-8 boundary. It may quote
 * foreign bytes: whoever prints it escapes control characters (strings.h). Secrets never get in.
 */
#ifndef MQFERRY_API_BASE_FAILURE_H
#define MQFERRY_API_BASE_FAILURE_H

enum {
    FAILURE_TEXT_BYTES = 768,
    FAILURE_CODE_BYTES = 80,
    FAILURE_MESSAGE_BYTES = 320,
    FAILURE_REQUEST_ID_BYTES = 80,
};

struct failure {
    int cause;                              /* enum cause of api/cause.h; 0 means that nothing failed */
    char text[FAILURE_TEXT_BYTES];          /* what could not be done, to what, why; lower case, no full stop */
    char provider_code[FAILURE_CODE_BYTES]; /* as the provider spelt it; empty if none */
    char provider_message[FAILURE_MESSAGE_BYTES];
    char request_id[FAILURE_REQUEST_ID_BYTES];
};

#define FAILURE_INIT                                                                                                   \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Sets cause and text, clears the provider's fields; always returns -1, so that failing is one statement. */
int failure_set(struct failure *why, int cause, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<text>: " before what is there and keeps everything else; returns -1. Each layer adds its own words once. */
int failure_wrap(struct failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Memory ran out while doing `what`; returns -1. */
int failure_no_memory(struct failure *why, const char *what);

#endif
