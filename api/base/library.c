/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/library.h"

#include <dlfcn.h>
#include <string.h>

#include "api/cause.h"

/* dlsym gives a pointer to data where it finds a function: POSIX promises that the bytes are the same. */
_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "pointers to functions are like others");

int library_load(const struct library *library, void *pointers, struct failure *why)
{
    void *handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL);

    if (handle == NULL)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "cannot load %s: %s; install it (the Debian package is %s)",
                           library->soname, dlerror(), library->package);
    for (size_t i = 0; i < library->function_count; i++) {
        void *function = dlsym(handle, library->functions[i]);
        if (function == NULL)
            return failure_set(why, CAUSE_CONFIGURATION_WRONG, "%s is too old: it has no %s; install a newer %s",
                               library->soname, library->functions[i], library->package);
        memcpy((char *)pointers + i * sizeof function, &function, sizeof function);
    }
    return 0;
}
