/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/keys.h"
#include "tests/lib/scratch.h"

static struct keys_owned keys;
static struct failure why;

static int begin(void **state)
{
    static const char *const variables[] = {"MQFERRY_ACCESS_KEY", "MQFERRY_SECRET_KEY", "MQFERRY_SECURITY_TOKEN",
                                            "OLD_ACCESS_KEY",     "OLD_SECRET_KEY",     "CREDENTIALS_DIRECTORY"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    why = (struct failure)FAILURE_INIT;
    return scratch_enter(state);
}

static void assert_keys(const char *spec, const char *access, const char *secret, const char *token)
{
    if (keys_read(spec, &keys, &why) != 0)
        fail_msg("%s", why.text);
    assert_string_equal(keys.access_key, access);
    assert_string_equal(keys.secret_key, secret);
    if (token != NULL)
        assert_string_equal(keys.security_token, token);
    else
        assert_null(keys.security_token);
    keys_wipe(&keys);
}

static void assert_refused(const char *spec, const char *part)
{
    assert_int_equal(keys_read(spec, &keys, &why), -1);
    assert_int_equal(why.cause, CAUSE_CREDENTIALS_REJECTED);
    if (strstr(why.text, part) == NULL || strstr(why.text, "topsecret") != NULL)
        fail_msg("%s", why.text);
    assert_null(keys.access_key);
    assert_null(keys.secret_key);
}

/* Nothing set means no keys, which most clusters take; half of it is a mistake. */
static void the_environment_may_be_empty(void **state)
{
    (void)state;
    assert_int_equal(keys_read(NULL, &keys, &why), 0);
    assert_null(keys.access_key);
    setenv("MQFERRY_SECRET_KEY", "topsecret", 1);
    assert_refused(NULL, "MQFERRY_ACCESS_KEY is not set");
    setenv("MQFERRY_ACCESS_KEY", "key", 1);
    assert_keys(NULL, "key", "topsecret", NULL);
    setenv("MQFERRY_SECURITY_TOKEN", "token", 1);
    assert_keys("", "key", "topsecret", "token");
}

static void a_prefix_names_other_variables(void **state)
{
    (void)state;
    assert_refused("env:OLD", "OLD_ACCESS_KEY is not set");
    setenv("OLD_ACCESS_KEY", "key", 1);
    assert_refused("env:OLD", "OLD_SECRET_KEY is not set");
    setenv("OLD_SECRET_KEY", "topsecret", 1);
    assert_keys("env:OLD", "key", "topsecret", NULL);
}

/* JSON, the lines of tools.yml, or lines with =. */
static void files_have_several_forms(void **state)
{
    (void)state;
    scratch_put("a", "\n {\"accessKey\": \"key\", \"secretKey\": \"top\\u0073ecret\", \"securityToken\": \"t\"}");
    assert_keys("file:a", "key", "topsecret", "t");
    scratch_put("b", "# mqadmin's\naccessKey: key\r\nsecretKey: \"topsecret\"\n");
    assert_keys("file:b", "key", "topsecret", NULL);
    scratch_put("c", "secretKey = topsecret\naccessKey=key");
    assert_keys("file:c", "key", "topsecret", NULL);
}

static void what_a_file_lacks_is_told(void **state)
{
    (void)state;
    assert_refused("file:absent", "absent");
    scratch_put("d", "secretKey: topsecret\n");
    assert_refused("file:d", "d holds no accessKey");
    scratch_put("e", "{\"accessKey\": \"key\", \"secretKey\": \"topsecret\"");
    assert_refused("file:e", "no JSON");
    scratch_put("f", "");
    assert_refused("file:f", "f holds no accessKey");
}

static void systemd_credentials_are_files(void **state)
{
    (void)state;
    assert_refused("credential:cluster", "LoadCredential=cluster");
    setenv("CREDENTIALS_DIRECTORY", ".", 1);
    scratch_put("cluster", "accessKey: key\nsecretKey: topsecret\n");
    assert_keys("credential:cluster", "key", "topsecret", NULL);
}

static void other_specs_are_wrong(void **state)
{
    static const char *const wrong[] = {"profile:default", "file:", "env:", "credential:", "credential:a/b", "x"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(keys_check_spec(wrong[i], &why), -1);
        assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    }
    assert_int_equal(keys_check_spec(NULL, &why), 0);
    assert_int_equal(keys_check_spec("file:x", &why), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, scratch_leave)
    const struct CMUnitTest tests[] = {
        CASE(the_environment_may_be_empty), CASE(a_prefix_names_other_variables), CASE(files_have_several_forms),
        CASE(what_a_file_lacks_is_told),    CASE(systemd_credentials_are_files),  CASE(other_specs_are_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
