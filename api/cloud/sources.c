/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/sources.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/secret.h"
#include "api/cause.h"

enum { PATH_BYTES_MAX = 4096 };

/* --- reading ---------------------------------------------------------------------------------------------------------
 */

/* NULL when the variable is unset or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool is_on(const char *name)
{
    const char *value = variable(name);
    return value != NULL && strcmp(value, "true") == 0;
}

static char *join(const char *first, const char *second)
{
    struct buffer path;
    buffer_init(&path, PATH_BYTES_MAX);
    buffer_append_format(&path, "%s%s", first, second);
    return buffer_take(&path, NULL);
}

/* The file that a variable names, else the one below the home directory; malloc'd. */
static char *file_at(const char *name, const char *below_home, struct failure *why)
{
    const char *path = variable(name), *home = variable("HOME");

    if (path == NULL && home == NULL) {
        failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the variable HOME is not set");
        return NULL;
    }
    char *found = path != NULL ? join(path, "") : join(home, below_home);
    if (found == NULL)
        failure_no_memory(why, "looking for credentials");
    return found;
}

/* The causes of file.h speak of declared input; here a file that is missing means that there are no credentials. */
static int read_secret_file(const char *path, struct file_text *out, struct failure *why)
{
    if (file_read(path, out, why) == 0)
        return 0;
    if (why->cause == CAUSE_INPUT_WRONG)
        why->cause = CAUSE_CREDENTIALS_REJECTED;
    return -1;
}

static void release_secret_file(struct file_text *file)
{
    if (file->data != NULL)
        secret_wipe(file->data, file->bytes);
    file_text_release(file);
}

static struct text text_in(const struct file_text *file)
{
    return (struct text){file->data, file->bytes};
}

/* One profile made of values that stand elsewhere; a NULL value is left out. */
struct given {
    const char *field, *value;
};

static int cook_given(const struct given *given, uint32_t count, struct recipe *out, struct failure *why)
{
    struct profile profile = {.count = 0};
    struct recipe_surroundings surroundings = {.cli_path = NULL};
    int status = 0;

    for (uint32_t i = 0; i < count && status == 0; i++)
        if (given[i].value != NULL)
            status = profile_set(&profile, given[i].field, text_of(given[i].value), why);
    if (status == 0)
        status = recipe_of_profile(&profile, &surroundings, out, why);
    profile_release(&profile);
    return status;
}

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* --- the default chain -----------------------------------------------------------------------------------------------
 */

static int read_variables(const char *prefix, struct recipe *out, struct failure *why)
{
    static const char *const fields[][2] = {{"access_key_id", "_ACCESS_KEY_ID"},
                                            {"access_key_secret", "_ACCESS_KEY_SECRET"},
                                            {"sts_token", "_SECURITY_TOKEN"}};
    struct given given[COUNT(fields)] = {{NULL, NULL}};

    for (uint32_t i = 0; i < COUNT(fields); i++) {
        char *name = join(prefix, fields[i][1]);
        if (name == NULL)
            return failure_no_memory(why, "looking for credentials");
        given[i] = (struct given){fields[i][0], variable(name)};
        free(name);
        if (i < 2 && given[i].value == NULL)
            return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "the variable %s%s is not set", prefix, fields[i][1]);
    }
    return cook_given(given, COUNT(given), out, why);
}

static int read_environment(const char *argument, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    (void)argument;
    (void)cancelled;
    return read_variables("ALIBABA_CLOUD", out, why);
}

static int read_oidc(const char *argument, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    const struct given given[] = {
        {"mode", "OIDC"},
        {"ram_role_arn", variable("ALIBABA_CLOUD_ROLE_ARN")},
        {"oidc_provider_arn", variable("ALIBABA_CLOUD_OIDC_PROVIDER_ARN")},
        {"oidc_token_file", variable("ALIBABA_CLOUD_OIDC_TOKEN_FILE")},
        {"ram_session_name", variable("ALIBABA_CLOUD_ROLE_SESSION_NAME")},
    };
    (void)argument;
    (void)cancelled;
    for (int i = 1; i < 4; i++)
        if (given[i].value == NULL)
            return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "its variables are not set");
    return cook_given(given, COUNT(given), out, why);
}

static int read_cli_profile(const char *name, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    struct profile profile = {.count = 0};
    struct file_text file = {.data = NULL};
    int status = -1;
    char *path = NULL;

    if (is_on("ALIBABA_CLOUD_CLI_PROFILE_DISABLED"))
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "switched off");
    path = file_at("ALIBABA_CLOUD_CONFIG_FILE", "/.aliyun/config.json", why);
    if (path == NULL || read_secret_file(path, &file, why) < 0)
        goto out;
    if (name == NULL)
        name = variable("ALIBABA_CLOUD_PROFILE");
    if (profile_of_cli_file(text_in(&file), name, path, &profile, why) < 0)
        goto out;
    struct recipe_surroundings surroundings = {.cli_path = path, .cli_json = text_in(&file), .cancelled = cancelled};
    status = recipe_of_profile(&profile, &surroundings, out, why);
out:
    profile_release(&profile);
    release_secret_file(&file);
    free(path);
    return status;
}

static int cook_ini(struct text ini, const char *section, const char *path, struct recipe *out, struct failure *why)
{
    struct profile profile;
    struct recipe_surroundings surroundings = {.cli_path = NULL};

    if (profile_of_ini(ini, section, path, &profile, why) < 0)
        return -1;
    int status = recipe_of_profile(&profile, &surroundings, out, why);
    profile_release(&profile);
    return status;
}

static int read_ini_file(const char *section, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    struct file_text file = {.data = NULL};
    char *path = file_at("ALIBABA_CLOUD_CREDENTIALS_FILE", "/.alibabacloud/credentials", why);
    int status = -1;

    (void)cancelled;
    if (section == NULL)
        section = variable("ALIBABA_CLOUD_PROFILE");
    if (path != NULL && read_secret_file(path, &file, why) == 0)
        status = cook_ini(text_in(&file), section != NULL ? section : "default", path, out, why);
    release_secret_file(&file);
    free(path);
    return status;
}

static int read_ecs_role(const char *argument, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    const struct given given[] = {{"mode", "EcsRamRole"}, {"ram_role_name", variable("ALIBABA_CLOUD_ECS_METADATA")}};
    (void)argument;
    (void)cancelled;
    if (is_on("ALIBABA_CLOUD_ECS_METADATA_DISABLED"))
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "switched off");
    return cook_given(given, COUNT(given), out, why);
}

static int read_uri(const char *argument, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    const struct given given[] = {{"mode", "CredentialsURI"},
                                  {"credentials_uri", variable("ALIBABA_CLOUD_CREDENTIALS_URI")}};
    (void)argument;
    (void)cancelled;
    if (given[1].value == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "ALIBABA_CLOUD_CREDENTIALS_URI is not set");
    return cook_given(given, COUNT(given), out, why);
}

/* --- named by a SPEC -------------------------------------------------------------------------------------------------
 */

static int read_named_variables(const char *prefix, const atomic_bool *cancelled, struct recipe *out,
                                struct failure *why)
{
    (void)cancelled;
    return read_variables(prefix, out, why);
}

/* A profile as JSON, or as lines "access_key_id = …". */
static int read_file(const char *path, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    struct recipe_surroundings surroundings = {.cancelled = cancelled};
    struct profile profile = {.count = 0};
    struct file_text file;
    int status = -1;

    if (read_secret_file(path, &file, why) < 0)
        return -1;
    size_t at = strspn(file.data, " \t\r\n");
    if (file.data[at] != '{')
        status = cook_ini(text_in(&file), "default", path, out, why);
    else if (profile_of_json(text_in(&file), NULL, path, &profile, why) == 0)
        status = recipe_of_profile(&profile, &surroundings, out, why);
    profile_release(&profile);
    release_secret_file(&file);
    return status;
}

static int read_credential(const char *name, const atomic_bool *cancelled, struct recipe *out, struct failure *why)
{
    const char *directory = variable("CREDENTIALS_DIRECTORY");
    struct buffer path;

    if (directory == NULL)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED,
                           "CREDENTIALS_DIRECTORY is not set: add LoadCredential=%s to the unit", name);
    if (strchr(name, '/') != NULL)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "'%s' is not the name of a credential", name);
    buffer_init(&path, PATH_BYTES_MAX);
    int status = buffer_append_format(&path, "%s/%s", directory, name) < 0
                     ? failure_no_memory(why, "looking for credentials")
                     : read_file(path.data, cancelled, out, why);
    buffer_release(&path);
    return status;
}

static const struct source default_chain[] = {
    {"the environment", read_environment},
    {"the OIDC role", read_oidc},
    {"the command line tool's profile", read_cli_profile},
    {"the credentials file", read_ini_file},
    {"the ECS RAM role", read_ecs_role},
    {"the credentials URI", read_uri},
};

static const struct source named_profile[] = {
    {"the command line tool's profile", read_cli_profile},
    {"the credentials file", read_ini_file},
};
static const struct source named_file[] = {{"the file", read_file}};
static const struct source named_credential[] = {{"the systemd credential", read_credential}};
static const struct source named_variables[] = {{"the environment", read_named_variables}};

int sources_of(const char *spec, struct source_list *out, struct failure *why)
{
    static const struct {
        const char *prefix;
        const struct source *sources;
        uint32_t count;
    } forms[] = {
        {"profile:", named_profile, COUNT(named_profile)},
        {"file:", named_file, COUNT(named_file)},
        {"credential:", named_credential, COUNT(named_credential)},
        {"env:", named_variables, COUNT(named_variables)},
    };

    if (spec == NULL) {
        *out = (struct source_list){.sources = default_chain, .count = COUNT(default_chain)};
        return 0;
    }
    for (uint32_t i = 0; i < COUNT(forms); i++) {
        size_t bytes = strlen(forms[i].prefix);
        if (strncmp(spec, forms[i].prefix, bytes) == 0 && spec[bytes] != '\0') {
            *out = (struct source_list){forms[i].sources, forms[i].count, spec + bytes};
            return 0;
        }
    }
    return failure_set(why, CAUSE_CONFIGURATION_WRONG,
                       "credentials are profile:NAME, file:PATH, credential:NAME or env:PREFIX, not '%s'", spec);
}
