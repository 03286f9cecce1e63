/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/microhttpd.h"

struct microhttpd_functions microhttpd_functions;

int microhttpd_load(struct failure *why)
{
    static const char *const names[] = {MICROHTTPD_FUNCTIONS(LIBRARY_NAME)};
    static const struct library library = {"libmicrohttpd.so.12", "libmicrohttpd12", names,
                                           sizeof names / sizeof names[0]};

    _Static_assert(sizeof microhttpd_functions == sizeof names, "a pointer for each name");
    return library_load(&library, &microhttpd_functions, why);
}
