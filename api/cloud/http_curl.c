/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/http_curl.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/secret.h"

struct curl_functions curl_functions;

int curl_load(struct failure *why)
{
    static const char *const names[] = {CURL_FUNCTIONS(LIBRARY_NAME)};
    static const struct library libcurl = {"libcurl.so.4", "libcurl4", names, sizeof names / sizeof names[0]};

    _Static_assert(sizeof curl_functions == sizeof names, "a pointer for each name");
    return library_load(&libcurl, &curl_functions, why);
}

/* ---- memory */

/* Headers and the answers of STS lie at the beginning of libcurl's buffers, most of which is never used: wiping all of
 * it would cost more time than the request, and touch pages that nobody needs. */
enum { WIPED_BYTES_MAX = 8192 };

static void wipe_and_free(void *memory)
{
    size_t bytes = memory != NULL ? malloc_usable_size(memory) : 0;
    secret_wipe(memory, bytes < WIPED_BYTES_MAX ? bytes : WIPED_BYTES_MAX);
    free(memory);
}

/* Never grown in place: what realloc leaves behind would not be wiped. */
static void *move(void *memory, size_t bytes)
{
    size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
    void *moved = malloc(bytes);

    if (moved != NULL && memory != NULL) {
        memcpy(moved, memory, before < bytes ? before : bytes);
        wipe_and_free(memory);
    }
    return moved;
}

int curl_begin(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move, strdup, calloc) == CURLE_OK ? 0 : -1;
}
