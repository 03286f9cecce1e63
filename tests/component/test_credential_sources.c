/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/base/secret.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/cloud/sources.h"
#include "tests/lib/memory.h"
#include "tests/lib/scratch.h"

static const char *const variables[] = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABA_CLOUD_ROLE_ARN",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALIBABA_CLOUD_ROLE_SESSION_NAME",
    "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_ECS_METADATA",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED",
    "ALIBABA_CLOUD_PROFILE",
    "ALIBABA_CLOUD_STS_REGION",
    "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",
    "ALIBABA_CLOUD_IMDSV1_DISABLED",
    "ALIBABA_CLOUD_CONFIG_FILE",
    "CREDENTIALS_DIRECTORY",
    "OTHER_ACCESS_KEY_ID",
    "OTHER_ACCESS_KEY_SECRET",
};

enum { ENVIRONMENT, OIDC, CLI_PROFILE, INI_FILE, ECS_ROLE, URI, CHAIN };

static const char cli_file[] =
    "{\"current\":\"pair\",\"meta_path\":\"\",\"profiles\":["
    "{\"name\":\"pair\",\"mode\":\"AK\",\"access_key_id\":\"id-1\",\"access_key_secret\":\"secret-1\",\"retry\":3,"
    "\"region_id\":\"cn-hangzhou\",\"nested\":{\"a\":[1,2]}},"
    "{\"name\":\"token\",\"mode\":\"StsToken\",\"access_key_id\":\"id-2\",\"access_key_secret\":\"secret-2\","
    "\"sts_token\":\"token-2\"},"
    "{\"name\":\"role\",\"mode\":\"RamRoleArn\",\"access_key_id\":\"id-3\",\"access_key_secret\":\"secret-3\","
    "\"ram_role_arn\":\"acs:ram::1:role/a\",\"ram_session_name\":\"me\",\"expired_seconds\":900,"
    "\"sts_region\":\"cn-beijing\",\"enable_vpc\":true,\"external_id\":\"x\"},"
    "{\"name\":\"chain\",\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"role\","
    "\"ram_role_arn\":\"acs:ram::1:role/b\"},"
    "{\"name\":\"circle\",\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"circle\",\"ram_role_arn\":\"r\"},"
    "{\"name\":\"ecs\",\"mode\":\"EcsRamRole\",\"ram_role_name\":\"worker\"},"
    "{\"name\":\"uri\",\"mode\":\"CredentialsURI\",\"credentials_uri\":\"http://127.0.0.1:1/x\"},"
    "{\"name\":\"program\",\"mode\":\"External\",\"process_command\":\"sh ./print.sh  now\"},"
    "{\"name\":\"broken\",\"mode\":\"External\",\"process_command\":\"false secret-9\"},"
    "{\"name\":\"chatty\",\"mode\":\"External\",\"process_command\":\"head -c 70000 /dev/zero\"},"
    "{\"name\":\"nowhere\",\"mode\":\"External\",\"process_command\":\"./no-such-program\"},"
    "{\"name\":\"oidc\",\"mode\":\"OIDC\",\"oidc_provider_arn\":\"p\",\"oidc_token_file\":\"token\","
    "\"ram_role_arn\":\"r\",\"duration_seconds\":1200},"
    "{\"name\":\"browser\",\"mode\":\"CloudSSO\"},"
    "{\"name\":\"half\",\"mode\":\"AK\",\"access_key_id\":\"id-5\"}]}";

static int enter(void **state)
{
    if (scratch_enter(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    mkdir(".aliyun", 0700);
    mkdir(".alibabacloud", 0700);
    return setenv("HOME", ".", 1);
}

static int read_source(const char *spec, uint32_t which, struct recipe *out, struct failure *why)
{
    struct source_list list;
    assert_int_equal(sources_of(spec, &list, why), 0);
    assert_true(which < list.count);
    return list.sources[which].read(list.argument, NULL, out, why);
}

static void assert_keys(const char *spec, uint32_t which, const char *id, const char *secret, const char *token)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    if (read_source(spec, which, &recipe, &why) < 0)
        fail_msg("%s", why.text);
    assert_int_equal(recipe.base, BASE_KEYS);
    assert_string_equal(recipe.keys.id, id);
    assert_string_equal(recipe.keys.secret, secret);
    if (token == NULL)
        assert_null(recipe.keys.token);
    else
        assert_string_equal(recipe.keys.token, token);
    recipe_release(&recipe);
}

static void assert_nothing(const char *spec, uint32_t which, const char *reason)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    assert_int_equal(read_source(spec, which, &recipe, &why), -1);
    if (strstr(why.text, reason) == NULL)
        fail_msg("'%s' does not tell '%s'", why.text, reason);
    assert_null(strstr(why.text, "secret-"));
}

/* The chain has the vendor's order, and each source says why it has nothing. */
static void without_anything_each_source_says_what_is_missing(void **state)
{
    struct source_list list;
    struct failure why = FAILURE_INIT;
    (void)state;
    assert_int_equal(sources_of(NULL, &list, &why), 0);
    assert_int_equal(list.count, CHAIN);
    assert_nothing(NULL, ENVIRONMENT, "ALIBABA_CLOUD_ACCESS_KEY_ID is not set");
    assert_nothing(NULL, OIDC, "not set");
    assert_nothing(NULL, CLI_PROFILE, ".aliyun/config.json");
    assert_nothing(NULL, INI_FILE, ".alibabacloud/credentials");
    assert_nothing(NULL, URI, "ALIBABA_CLOUD_CREDENTIALS_URI");
    unsetenv("HOME");
    assert_nothing(NULL, CLI_PROFILE, "HOME");
}

/* Variables give a pair, with a token when there is one; another prefix names another pair. */
static void variables_give_keys(void **state)
{
    (void)state;
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id-0", 1);
    assert_nothing(NULL, ENVIRONMENT, "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set");
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret-0", 1);
    assert_keys(NULL, ENVIRONMENT, "id-0", "secret-0", NULL);
    setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "token-0", 1);
    assert_keys(NULL, ENVIRONMENT, "id-0", "secret-0", "token-0");
    assert_nothing("env:OTHER", 0, "OTHER_ACCESS_KEY_ID is not set");
    setenv("OTHER_ACCESS_KEY_ID", "id-8", 1);
    setenv("OTHER_ACCESS_KEY_SECRET", "secret-8", 1);
    assert_keys("env:OTHER", 0, "id-8", "secret-8", NULL);
}

/* The current profile counts, unless the variable or a SPEC names another. */
static void a_profile_is_found_by_name(void **state)
{
    (void)state;
    scratch_put(".aliyun/config.json", cli_file);
    assert_keys(NULL, CLI_PROFILE, "id-1", "secret-1", NULL);
    setenv("ALIBABA_CLOUD_PROFILE", "token", 1);
    assert_keys(NULL, CLI_PROFILE, "id-2", "secret-2", "token-2");
    assert_keys("profile:pair", 0, "id-1", "secret-1", NULL);
    assert_nothing("profile:absent", 0, "no profile 'absent'");
    assert_nothing("profile:half", 0, "secret is missing");
    assert_nothing("profile:browser", 0, "CloudSSO");
    setenv("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true", 1);
    assert_nothing(NULL, CLI_PROFILE, "switched off");
}

/* Roles are assumed one after the other, each with its own endpoint; a circle of profiles is refused. */
static void roles_are_chained(void **state)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    (void)state;
    scratch_put(".aliyun/config.json", cli_file);
    assert_int_equal(read_source("profile:chain", 0, &recipe, &why), 0);
    assert_string_equal(recipe.keys.id, "id-3");
    assert_int_equal(recipe.role_count, 2);
    assert_string_equal(recipe.roles[0].arn, "acs:ram::1:role/a");
    assert_string_equal(recipe.roles[0].session_name, "me");
    assert_string_equal(recipe.roles[0].endpoint, "sts-vpc.cn-beijing.aliyuncs.com");
    assert_string_equal(recipe.roles[0].external_id, "x");
    assert_int_equal(recipe.roles[0].duration_s, 900);
    assert_string_equal(recipe.roles[1].arn, "acs:ram::1:role/b");
    assert_string_equal(recipe.roles[1].endpoint, "sts.aliyuncs.com");
    assert_int_equal(recipe.roles[1].duration_s, ROLE_SECONDS_DEFAULT);
    assert_int_equal(recipe.stale_before_s, 15 * 60);
    recipe_release(&recipe);
    assert_nothing("profile:circle", 0, "chained");
}

/* A program's output is taken, with its time of expiration; what it says on failure is not. */
static void a_program_prints_keys(void **state)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    int64_t expires;
    (void)state;
    scratch_put(".aliyun/config.json", cli_file);
    scratch_put("print.sh",
                "test \"$1\" = now && echo '{\"mode\":\"StsToken\",\"access_key_id\":\"id-4\",\"access_key_secret\":"
                "\"secret-4\",\"sts_token\":\"token-4\",\"expiration\":\"2026-11-23T20:00:00Z\"}'\n");
    assert_int_equal(read_source("profile:program", 0, &recipe, &why), 0);
    assert_true(time_parse(TEXT("2026-11-23T20:00:00Z"), &expires));
    assert_string_equal(recipe.keys.secret, "secret-4");
    assert_true(recipe.keys.expires_unix_ms == expires);
    assert_int_equal(recipe.stale_before_s, 180);
    recipe_release(&recipe);
    scratch_put("print.sh", "echo secret-4\n");
    assert_nothing("profile:program", 0, "not the JSON");
    assert_nothing("profile:broken", 0, "it failed");
    assert_nothing("profile:chatty", 0, "more than");
    assert_nothing("profile:nowhere", 0, "cannot be started");
}

/* A program that is no longer wanted is killed. */
static void a_program_is_stopped_when_cancelled(void **state)
{
    struct failure why = FAILURE_INIT;
    struct source_list list;
    struct recipe recipe;
    atomic_bool cancelled = true;
    (void)state;
    scratch_put(".aliyun/config.json", cli_file);
    scratch_put("print.sh", "exec sleep 50\n");
    assert_int_equal(sources_of("profile:program", &list, &why), 0);
    assert_int_equal(list.sources[0].read(list.argument, &cancelled, &recipe, &why), -1);
    assert_int_equal(why.cause, CAUSE_CANCELLED);
}

/* The OIDC token is read anew from its file each time, without the line's end. */
static void an_oidc_token_is_read_from_its_file(void **state)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    (void)state;
    scratch_put(".aliyun/config.json", cli_file);
    scratch_put("token", "ey.J\n");
    assert_int_equal(read_source("profile:oidc", 0, &recipe, &why), 0);
    assert_int_equal(recipe.base, BASE_OIDC);
    assert_string_equal(recipe.oidc_token, "ey.J");
    assert_int_equal(recipe.oidc.duration_s, 1200);
    recipe_release(&recipe);

    setenv("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/r", 1);
    setenv("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p", 1);
    setenv("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "absent", 1);
    assert_nothing(NULL, OIDC, "absent");
    setenv("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token", 1);
    assert_int_equal(read_source(NULL, OIDC, &recipe, &why), 0);
    assert_string_equal(recipe.oidc.arn, "acs:ram::1:role/r");
    recipe_release(&recipe);
}

/* The ini file's types and names mean the same as the command line tool's. */
static void the_ini_file_speaks_its_own_words(void **state)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    (void)state;
    scratch_put(".alibabacloud/credentials", "# keys\n[default]\r\ntype = access_key\r\naccess_key_id=id-6\n"
                                             "access_key_secret = secret-6=\n\n[lift]\ntype=ram_role_arn\n"
                                             "access_key_id=id-7\naccess_key_secret=secret-7\nrole_arn=r\n"
                                             "role_session_name=s\npolicy={}\n[key]\ntype=rsa_key_pair\n");
    assert_keys(NULL, INI_FILE, "id-6", "secret-6=", NULL);
    setenv("ALIBABA_CLOUD_PROFILE", "lift", 1);
    assert_int_equal(read_source(NULL, INI_FILE, &recipe, &why), 0);
    assert_int_equal(recipe.role_count, 1);
    assert_string_equal(recipe.roles[0].policy, "{}");
    recipe_release(&recipe);
    assert_nothing("profile:key", 1, "rsa_key_pair");
    assert_nothing("profile:none", 1, "no section 'none'");
}

/* A file or a systemd credential holds one profile, as JSON or as lines. */
static void a_file_holds_one_profile(void **state)
{
    (void)state;
    scratch_put("keys", "access_key_id = id-a\naccess_key_secret = secret-a\n");
    assert_keys("file:keys", 0, "id-a", "secret-a", NULL);
    scratch_put("keys.json", "\n {\"access_key_id\":\"id-b\",\"access_key_secret\":\"secret-b\",\"sts_token\":\"t\"}");
    assert_keys("file:keys.json", 0, "id-b", "secret-b", "t");
    assert_nothing("credential:keys", 0, "LoadCredential=keys");
    setenv("CREDENTIALS_DIRECTORY", ".", 1);
    assert_keys("credential:keys", 0, "id-a", "secret-a", NULL);
    assert_nothing("credential:../keys", 0, "not the name");
    assert_nothing("file:absent", 0, "absent");
    scratch_put("empty", "");
    assert_nothing("file:empty", 0, "no section");
}

/* What the metadata server and a URI give is left to be asked. */
static void requests_are_left_to_be_made(void **state)
{
    struct failure why = FAILURE_INIT;
    struct recipe recipe;
    (void)state;
    setenv("ALIBABA_CLOUD_IMDSV1_DISABLED", "true", 1);
    assert_int_equal(read_source(NULL, ECS_ROLE, &recipe, &why), 0);
    assert_int_equal(recipe.base, BASE_ECS_ROLE);
    assert_null(recipe.ecs_role);
    assert_true(recipe.ecs_token_required);
    recipe_release(&recipe);
    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
    assert_nothing(NULL, ECS_ROLE, "switched off");
    setenv("ALIBABA_CLOUD_CREDENTIALS_URI", "http://localhost/k", 1);
    assert_int_equal(read_source(NULL, URI, &recipe, &why), 0);
    assert_string_equal(recipe.uri, "http://localhost/k");
    recipe_release(&recipe);
}

/* A SPEC of another form is a mistake in the configuration. */
static void other_specs_are_refused(void **state)
{
    static const char *const wrong[] = {"", "profile:", "keys", "LTAI-secret", "File:x"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct failure why = FAILURE_INIT;
        struct source_list list;
        assert_int_equal(sources_of(wrong[i], &list, &why), -1);
        assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    }
}

/* A secret's memory is overwritten, buffers too. */
static void secrets_are_wiped(void **state)
{
    char bytes[8] = "secret-";
    struct buffer buffer;
    (void)state;
    secret_wipe(bytes, sizeof bytes);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", sizeof bytes);
    secret_wipe(NULL, 0);
    secret_free(NULL);
    char *copy = secret_copy((struct text){"abc", 2});
    assert_string_equal(copy, "ab");
    secret_free(copy);
    buffer_init_secret(&buffer, 1000);
    for (int i = 0; i < 300; i++)
        buffer_append_string(&buffer, "abc");
    assert_int_equal(buffer.length, 900);
    buffer_release(&buffer);
    assert_null(buffer.data);
}

static int read_everything(void *context, struct failure *why)
{
    static const char *const specs[] = {"profile:chain", "profile:token", "profile:oidc",
                                        "profile:uri",   "env:OTHER",     "file:keys"};
    (void)context;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct recipe recipe;
        if (read_source(specs[i], 0, &recipe, why) < 0)
            return -1;
        recipe_release(&recipe);
    }
    return 0;
}

/* Wherever memory runs out, that is what is said, and nothing is left behind. */
static void memory_may_run_out(void **state)
{
    (void)state;
    scratch_put(".aliyun/config.json", cli_file);
    scratch_put("token", "ey.J");
    scratch_put("keys", "access_key_id = id-a\naccess_key_secret = secret-a\n");
    setenv("OTHER_ACCESS_KEY_ID", "id-8", 1);
    setenv("OTHER_ACCESS_KEY_SECRET", "secret-8", 1);
    memory_sweep(read_everything, NULL);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(without_anything_each_source_says_what_is_missing),
        IN_SCRATCH(variables_give_keys),
        IN_SCRATCH(a_profile_is_found_by_name),
        IN_SCRATCH(roles_are_chained),
        IN_SCRATCH(a_program_prints_keys),
        IN_SCRATCH(a_program_is_stopped_when_cancelled),
        IN_SCRATCH(an_oidc_token_is_read_from_its_file),
        IN_SCRATCH(the_ini_file_speaks_its_own_words),
        IN_SCRATCH(a_file_holds_one_profile),
        IN_SCRATCH(requests_are_left_to_be_made),
        IN_SCRATCH(other_specs_are_refused),
        IN_SCRATCH(secrets_are_wiped),
        IN_SCRATCH(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
