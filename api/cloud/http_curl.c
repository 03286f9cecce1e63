/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/http_curl.h"

struct curl_functions curl_functions;

int curl_load(struct failure *why)
{
    static const char *const names[] = {CURL_FUNCTIONS(LIBRARY_NAME)};
    static const struct library libcurl = {"libcurl.so.4", "libcurl4", names, sizeof names / sizeof names[0]};

    _Static_assert(sizeof curl_functions == sizeof names, "a pointer for each name");
    return library_load(&libcurl, &curl_functions, why);
}
