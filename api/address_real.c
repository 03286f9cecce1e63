/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/address.h"
#include "api/base/path.h"
#include "api/cause.h"

int address_real(struct address *address, struct failure *why)
{
    if (address->scheme != SCHEME_SNAPSHOT)
        return 0;
    char *path = path_real(address->path);
    if (path == NULL || strlen(path) >= sizeof address->path) {
        free(path);
        return failure_set(why, CAUSE_STATE_UNWRITABLE, "the path %s is too long", address->path);
    }
    memcpy(address->path, path, strlen(path) + 1);
    free(path);
    return 0;
}
