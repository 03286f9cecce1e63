/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cause.h"

#include <string.h>

struct row {
    const char *name;
    enum cause_scope scope;
    enum cause_remedy remedy;
    int exit_code;
    const char *hint;
};

static const struct row rows[CAUSE_COUNT] = {
    {"none", SCOPE_RESOURCE, REMEDY_SETTLE, 0, ""},
#define CAUSE(id, name, scope, remedy, exit, hint) {name, SCOPE_##scope, REMEDY_##remedy, exit, hint},
#include "api/cause.def"
#undef CAUSE
};

static const struct row *row_of(int cause)
{
    return cause > CAUSE_NONE && cause < CAUSE_COUNT ? &rows[cause] : &rows[CAUSE_NONE];
}

const char *cause_name(int cause)
{
    return row_of(cause)->name;
}

int cause_by_name(const char *name, size_t bytes)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        if (strlen(rows[i].name) == bytes && memcmp(rows[i].name, name, bytes) == 0)
            return i;
    }
    return CAUSE_NONE;
}

enum cause_scope cause_scope(int cause)
{
    return row_of(cause)->scope;
}

enum cause_remedy cause_remedy(int cause)
{
    return row_of(cause)->remedy;
}

int cause_exit_code(int cause)
{
    return row_of(cause)->exit_code;
}

const char *cause_hint(int cause)
{
    return row_of(cause)->hint;
}

int cause_is_retried(int cause)
{
    enum cause_remedy remedy = cause_remedy(cause);
    return cause != CAUSE_NONE && (remedy == REMEDY_RETRY || remedy == REMEDY_PACE || remedy == REMEDY_READ);
}
