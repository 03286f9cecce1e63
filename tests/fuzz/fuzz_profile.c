/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as what holds credentials: the command line tool's file, an ini file, an answer of STS. What is taken can
 * be looked up by its name; what is not taken leaves nothing behind and says why, without quoting it.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/cloud/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void look_at(struct profile *profile, int status, const struct failure *why)
{
    demand(status == 0 || (profile->count == 0 && why->cause != 0 && why->text[0] != '\0'));
    for (uint32_t i = 0; i < profile->count; i++) {
        const struct profile_field *field = &profile->fields[i];
        /* A name with a NUL inside ends there, and may be another's. */
        const char *value = profile_get(profile, field->name);
        demand(value == NULL || value[0] != '\0');
    }
    profile_release(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {json_pad((struct text){(const char *)data, bytes}), bytes};
    static const char *const names[] = {NULL, "a"}, *const insides[] = {NULL, "Credentials"};

    demand(text.data != NULL);
    for (size_t i = 0; i < 2; i++) {
        struct failure why = FAILURE_INIT;
        struct profile profile;
        int status = profile_of_cli_file(text, names[i], "config.json", &profile, &why);
        look_at(&profile, status, &why);
        why = (struct failure)FAILURE_INIT;
        status = profile_of_json(text, insides[i], "the answer", &profile, &why);
        look_at(&profile, status, &why);
        why = (struct failure)FAILURE_INIT;
        status = profile_of_ini(text, names[i] != NULL ? names[i] : "default", "credentials", &profile, &why);
        look_at(&profile, status, &why);
    }
    free((char *)text.data);
    return 0;
}
