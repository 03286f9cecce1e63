/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/recipe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/secret.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/cloud/program.h"

enum { STALE_BEFORE_S = 15 * 60, STALE_BEFORE_PROGRAM_S = 180, STALE_BEFORE_ECS_S = 60 * 60 }; /* openapi 6.2, 6.5 */

#define SESSION_NAME "mqferry"

static int cook(const struct profile *profile, const struct recipe_surroundings *surroundings, uint32_t depth,
                struct recipe *out, struct failure *why);

void keys_release(struct keys *keys)
{
    secret_free(keys->id);
    secret_free(keys->secret);
    secret_free(keys->token);
    *keys = (struct keys){.id = NULL};
}

static void release_role(struct role *role)
{
    secret_free(role->arn);
    secret_free(role->session_name);
    secret_free(role->policy);
    secret_free(role->external_id);
    secret_free(role->endpoint);
}

void recipe_release(struct recipe *recipe)
{
    keys_release(&recipe->keys);
    release_role(&recipe->oidc);
    secret_free(recipe->oidc_provider_arn);
    secret_free(recipe->oidc_token);
    secret_free(recipe->ecs_role);
    secret_free(recipe->uri);
    for (uint32_t i = 0; i < recipe->role_count; i++)
        release_role(&recipe->roles[i]);
    *recipe = (struct recipe){.base = BASE_KEYS};
}

/* --- small parts -----------------------------------------------------------------------------------------------------
 */

/* Copies `value` unless it is NULL. */
static int keep(char **out, const char *value, struct failure *why)
{
    if (value == NULL)
        return 0;
    *out = secret_copy(text_of(value));
    return *out != NULL ? 0 : failure_no_memory(why, "reading credentials");
}

static int keep_field(char **out, const struct profile *profile, const char *name, struct failure *why)
{
    return keep(out, profile_get(profile, name), why);
}

static int keep_needed(char **out, const struct profile *profile, const char *name, struct failure *why)
{
    if (profile_get(profile, name) == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the field %s is missing", name);
    return keep_field(out, profile, name, why);
}

int keys_set(struct keys *keys, const char *id, const char *secret, const char *token, const char *expiration,
             struct failure *why)
{
    keys_release(keys);
    if (id == NULL || secret == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the access key %s is missing",
                           id == NULL ? "id" : "secret");
    if (expiration != NULL && !time_parse(text_of(expiration), &keys->expires_unix_ms))
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the time of expiration is not RFC 3339");
    if (keep(&keys->id, id, why) < 0 || keep(&keys->secret, secret, why) < 0 || keep(&keys->token, token, why) < 0)
        return -1;
    return 0;
}

static bool is_true(const char *value)
{
    return value != NULL && strcmp(value, "true") == 0;
}

static int set_endpoint(struct role *role, const struct profile *profile, struct failure *why)
{
    const char *region = profile_get(profile, "sts_region");
    bool vpc = is_true(profile_get(profile, "enable_vpc")) || is_true(getenv("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"));
    struct buffer host;

    if (profile_get(profile, "sts_endpoint") != NULL)
        return keep_field(&role->endpoint, profile, "sts_endpoint", why);
    if (region == NULL)
        region = getenv("ALIBABA_CLOUD_STS_REGION");
    buffer_init(&host, 256);
    if (region == NULL || region[0] == '\0')
        buffer_append_string(&host, "sts.aliyuncs.com");
    else
        buffer_append_format(&host, "%s.%s.aliyuncs.com", vpc ? "sts-vpc" : "sts", region);
    role->endpoint = host.failed ? NULL : secret_copy(buffer_text(&host));
    buffer_release(&host);
    return role->endpoint != NULL ? 0 : failure_no_memory(why, "reading credentials");
}

static int set_role(struct role *role, const struct profile *profile, struct failure *why)
{
    const char *session_name = profile_get(profile, "ram_session_name");
    const char *seconds = profile_get(profile, "expired_seconds");

    if (seconds == NULL)
        seconds = profile_get(profile, "duration_seconds");
    if (seconds == NULL || !number_parse(text_of(seconds), &role->duration_s) || role->duration_s <= 0)
        role->duration_s = ROLE_SECONDS_DEFAULT;
    if (keep_needed(&role->arn, profile, "ram_role_arn", why) < 0 ||
        keep(&role->session_name, session_name != NULL ? session_name : SESSION_NAME, why) < 0 ||
        keep_field(&role->policy, profile, "policy", why) < 0 ||
        keep_field(&role->external_id, profile, "external_id", why) < 0)
        return -1;
    return set_endpoint(role, profile, why);
}

static int add_role(struct recipe *out, const struct profile *profile, struct failure *why)
{
    if (out->role_count == ROLES_MAX)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "more than %d roles are chained", ROLES_MAX);
    out->stale_before_s = STALE_BEFORE_S;
    return set_role(&out->roles[out->role_count++], profile, why);
}

/* --- modes -----------------------------------------------------------------------------------------------------------
 */

static int of_pair(const struct profile *profile, struct recipe *out, struct failure *why)
{
    return keys_set(&out->keys, profile_get(profile, "access_key_id"), profile_get(profile, "access_key_secret"), NULL,
                    NULL, why);
}

static int of_token(const struct profile *profile, struct recipe *out, struct failure *why)
{
    return keys_set(&out->keys, profile_get(profile, "access_key_id"), profile_get(profile, "access_key_secret"),
                    profile_get(profile, "sts_token"), profile_get(profile, "expiration"), why);
}

static int of_role(const struct profile *profile, struct recipe *out, struct failure *why)
{
    return of_token(profile, out, why) < 0 ? -1 : add_role(out, profile, why);
}

static int of_ecs_role(const struct profile *profile, struct recipe *out, struct failure *why)
{
    out->base = BASE_ECS_ROLE;
    out->stale_before_s = STALE_BEFORE_ECS_S;
    out->ecs_token_required = is_true(getenv("ALIBABA_CLOUD_IMDSV1_DISABLED"));
    return keep_field(&out->ecs_role, profile, "ram_role_name", why);
}

static int of_uri(const struct profile *profile, struct recipe *out, struct failure *why)
{
    out->base = BASE_URI;
    return keep_needed(&out->uri, profile, "credentials_uri", why);
}

static int of_oidc(const struct profile *profile, struct recipe *out, struct failure *why)
{
    const char *path = profile_get(profile, "oidc_token_file");
    struct file_text file;

    out->base = BASE_OIDC;
    if (set_role(&out->oidc, profile, why) < 0 ||
        keep_needed(&out->oidc_provider_arn, profile, "oidc_provider_arn", why) < 0)
        return -1;
    if (path == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the field oidc_token_file is missing");
    if (file_read(path, &file, why) < 0)
        return -1;
    while (file.bytes > 0 && (file.data[file.bytes - 1] == '\n' || file.data[file.bytes - 1] == '\r'))
        file.bytes--;
    out->oidc_token = secret_copy((struct text){file.data, file.bytes});
    secret_wipe(file.data, file.bytes);
    file_text_release(&file);
    return out->oidc_token != NULL ? 0 : failure_no_memory(why, "reading an OIDC token");
}

/* What a program prints is a profile of mode AK or StsToken. */
static int of_program(const struct profile *profile, const atomic_bool *cancelled, struct recipe *out,
                      struct failure *why)
{
    const char *command = profile_get(profile, "process_command");
    struct profile printed = {.count = 0};
    struct buffer output;
    char *padded = NULL;
    int status = -1;

    if (command == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the field process_command is missing");
    buffer_init_secret(&output, PROGRAM_OUTPUT_BYTES_MAX);
    if (program_output(command, cancelled, &output, why) < 0)
        goto out;
    padded = json_pad(buffer_text(&output));
    if (padded == NULL) {
        failure_no_memory(why, "reading a program's output");
        goto out;
    }
    out->stale_before_s = STALE_BEFORE_PROGRAM_S;
    if (profile_of_json((struct text){padded, output.length}, NULL, "the program's output", &printed, why) == 0)
        status = of_token(&printed, out, why);
out:
    if (padded != NULL)
        secret_wipe(padded, output.length);
    free(padded);
    profile_release(&printed);
    buffer_release(&output);
    return status;
}

static int of_source_profile(const struct profile *profile, const struct recipe_surroundings *surroundings,
                             uint32_t depth, struct recipe *out, struct failure *why)
{
    const char *source = profile_get(profile, "source_profile");
    struct profile found;

    if (source == NULL || surroundings->cli_path == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the field source_profile is missing");
    if (depth == ROLES_MAX)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "more than %d roles are chained", ROLES_MAX);
    if (profile_of_cli_file(surroundings->cli_json, source, surroundings->cli_path, &found, why) < 0)
        return -1;
    int status = cook(&found, surroundings, depth + 1, out, why);
    profile_release(&found);
    return status < 0 ? failure_wrap(why, "profile '%s'", source) : add_role(out, profile, why);
}

/* --- the table -------------------------------------------------------------------------------------------------------
 */

enum mode { MODE_PAIR, MODE_TOKEN, MODE_ROLE, MODE_SOURCE, MODE_ECS, MODE_OIDC, MODE_PROGRAM, MODE_URI, MODES };

static const struct {
    const char *name;
    enum mode mode;
} modes[] = {
    {"AK", MODE_PAIR},
    {"StsToken", MODE_TOKEN},
    {"RamRoleArn", MODE_ROLE},
    {"ChainableRamRoleArn", MODE_SOURCE},
    {"EcsRamRole", MODE_ECS},
    {"OIDC", MODE_OIDC},
    {"External", MODE_PROGRAM},
    {"CredentialsURI", MODE_URI},
    /* the ini file's words for the same */
    {"access_key", MODE_PAIR},
    {"sts", MODE_TOKEN},
    {"ram_role_arn", MODE_ROLE},
    {"ecs_ram_role", MODE_ECS},
    {"oidc_role_arn", MODE_OIDC},
};

static enum mode mode_of(const struct profile *profile)
{
    const char *name = profile_get(profile, "mode");

    if (name == NULL)
        return profile_get(profile, "sts_token") != NULL ? MODE_TOKEN : MODE_PAIR;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].name, name) == 0)
            return modes[i].mode;
    return MODES;
}

static int cook(const struct profile *profile, const struct recipe_surroundings *surroundings, uint32_t depth,
                struct recipe *out, struct failure *why)
{
    switch (mode_of(profile)) {
    case MODE_PAIR:
        return of_pair(profile, out, why);
    case MODE_TOKEN:
        return of_token(profile, out, why);
    case MODE_ROLE:
        return of_role(profile, out, why);
    case MODE_SOURCE:
        return of_source_profile(profile, surroundings, depth, out, why);
    case MODE_ECS:
        return of_ecs_role(profile, out, why);
    case MODE_OIDC:
        return of_oidc(profile, out, why);
    case MODE_PROGRAM:
        return of_program(profile, surroundings->cancelled, out, why);
    case MODE_URI:
        return of_uri(profile, out, why);
    case MODES:
        break;
    }
    return failure_set(why, CAUSE_CREDENTIALS_REJECTED,
                       "mode '%s' cannot be used here: it needs a browser, is an RSA key pair, or is unknown",
                       profile_get(profile, "mode"));
}

int recipe_of_profile(const struct profile *profile, const struct recipe_surroundings *surroundings, struct recipe *out,
                      struct failure *why)
{
    *out = (struct recipe){.base = BASE_KEYS, .stale_before_s = STALE_BEFORE_S};
    int status = cook(profile, surroundings, 0, out, why);
    if (status < 0)
        recipe_release(out);
    return status;
}
