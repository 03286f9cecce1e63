/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection over TLS, with a certification authority of its own made by openssl: the peer is verified, and a
 * handshake that fails says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/connection.h"
#include "api/cluster/tls.h"
#include "tests/lib/loop.h"
#include "tests/lib/remoting_server.h"
#include "tests/lib/scratch.h"

enum { PATIENCE_MS = 60000, ANSWER_BYTES_MAX = 64 << 20 };

static struct test_loop loop;
static struct remoting_server server;
static struct connection *connection;
static struct tls *tls;
static struct failure why;

static void openssl(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "openssl %s 2>>openssl.log", arguments);
    if (system(command) != 0)
        fail_msg("openssl %s:\n%s", arguments, scratch_get("openssl.log"));
}

static void make_authority(const char *name)
{
    char line[512];
    snprintf(line, sizeof line, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=%s -keyout %s.key -out %s.pem",
             name, name, name);
    openssl(line);
}

static void make_certificate(const char *name, const char *authority, const char *names)
{
    char line[512], extensions[128];
    snprintf(line, sizeof line, "req -newkey rsa:2048 -nodes -subj /CN=%s -keyout %s.key -out %s.csr", name, name,
             name);
    openssl(line);
    snprintf(extensions, sizeof extensions, "subjectAltName=%s\n", names);
    scratch_put("extensions", extensions);
    snprintf(line, sizeof line, "x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days 2 -out %s.pem%s",
             name, authority, authority, name, " -extfile extensions");
    openssl(line);
}

static void echo(struct remote_answer *answer, void *context)
{
    size_t *bytes = context;
    buffer_append_text(&answer->body, answer->request->body);
    for (size_t i = 0; bytes && i < *bytes; i++)
        buffer_append_char(&answer->body, (char)('a' + i % 26));
}

static int begin(void **state)
{
    if (scratch_enter(state) != 0)
        return -1;
    test_loop_begin(&loop);
    make_authority("ca");
    make_certificate("address", "ca", "IP:127.0.0.1");
    tls = NULL;
    why = (struct failure)FAILURE_INIT;
    remoting_server_begin(&server, &loop.loop, "127.0.0.1", echo, NULL);
    return 0;
}

static int end(void **state)
{
    remoting_server_end(&server);
    test_loop_end(&loop);
    tls_free(tls);
    return scratch_leave(state);
}

/* --- calls */

static struct {
    bool done, closed;
    int cause;
    char text[FAILURE_TEXT_BYTES];
    size_t bytes;
    char last;
} result;

static void on_done(struct remote_call *call)
{
    result.done = true;
    result.cause = call->failure.cause;
    snprintf(result.text, sizeof result.text, "%s", call->failure.cause != 0 ? call->failure.text : "");
    result.bytes = call->failure.cause == 0 ? call->answer.body.bytes : 0;
    result.last = result.bytes > 0 ? call->answer.body.data[result.bytes - 1] : 0;
}

static void set_flag(void *flag)
{
    *(bool *)flag = true;
}

static void ask(const char *host, const struct tls_files *files)
{
    struct connection_options options = {
        .loop = &loop.loop, .host = host, .port = server.port, .answer_bytes_max = ANSWER_BYTES_MAX};
    struct remote_call call = {.deadline_ms = monotime_ms() + PATIENCE_MS, .done = on_done};
    const struct frame request = {.code = 106, .body = TEXT("hello")};

    if (files && tls_new(files, &tls, &why) != 0)
        fail_msg("%s", why.text);
    options.tls = tls;
    options.connect_ms = PATIENCE_MS;
    connection = connection_new(&options);
    memset(&result, 0, sizeof result);
    assert_int_equal(connection_call(connection, &call, &request, &why), 0);
    test_loop_run_until(&loop, &result.done);
    connection_close(connection, set_flag, &result.closed);
    test_loop_run_until(&loop, &result.closed);
}

static void assert_works(void)
{
    if (result.cause != 0)
        fail_msg("%s", result.text);
}

static void assert_fails(const char *part)
{
    assert_int_equal(result.cause, CAUSE_UNREACHABLE);
    if (strstr(result.text, part) == NULL)
        fail_msg("'%s' does not say '%s'", result.text, part);
}

/* --- tests */

static const struct tls_files ours = {.ca_file = "ca.pem"};

static void a_known_authority_is_trusted(void **state)
{
    (void)state;
    remoting_server_use_tls(&server, "address.pem", "address.key", NULL);
    ask("127.0.0.1", &ours);
    assert_works();
    assert_int_equal(result.bytes, 5);
}

/* Tables of MBs come over TLS, too. */
static void large_answers_come_over_tls(void **state)
{
    size_t bytes = 3 << 20;

    (void)state;
    server.context = &bytes;
    remoting_server_use_tls(&server, "address.pem", "address.key", NULL);
    ask("127.0.0.1", &ours);
    assert_works();
    assert_int_equal(result.bytes, bytes + 5);
    assert_int_equal(result.last, 'a' + (bytes - 1) % 26);
}

static void another_authority_is_not(void **state)
{
    (void)state;
    make_authority("other");
    remoting_server_use_tls(&server, "address.pem", "address.key", NULL);
    ask("127.0.0.1", &(struct tls_files){.ca_file = "other.pem"});
    assert_fails("its certificate is not accepted");
    assert_int_equal(server.requests, 0);
}

/* Without a caFile the system's authorities count: ours is none of them. */
static void the_system_does_not_know_ours(void **state)
{
    (void)state;
    remoting_server_use_tls(&server, "address.pem", "address.key", NULL);
    ask("127.0.0.1", &(struct tls_files){NULL, NULL, NULL});
    assert_fails("its certificate is not accepted");
}

/* The name that was asked for must stand in the certificate. */
static void the_name_is_verified(void **state)
{
    (void)state;
    make_certificate("named", "ca", "DNS:localhost");
    remoting_server_use_tls(&server, "named.pem", "named.key", NULL);
    ask("localhost", &ours);
    assert_works();
    tls_free(tls);
    ask("127.0.0.1", &ours);
    assert_fails("mismatch");
}

static void a_certificate_of_ours_is_shown(void **state)
{
    (void)state;
    make_certificate("client", "ca", "DNS:client");
    remoting_server_use_tls(&server, "address.pem", "address.key", "ca.pem");
    ask("127.0.0.1", &ours);
    assert_fails("127.0.0.1:");
    assert_int_equal(server.requests, 0);
    tls_free(tls);
    ask("127.0.0.1", &(struct tls_files){"ca.pem", "client.pem", "client.key"});
    assert_works();
}

/* rocketmq:// where the peer wants TLS: no request is answered. */
static void plain_words_to_tls_come_to_nothing(void **state)
{
    (void)state;
    remoting_server_use_tls(&server, "address.pem", "address.key", NULL);
    ask("127.0.0.1", NULL);
    assert_int_not_equal(result.cause, CAUSE_NONE);
    assert_int_equal(server.requests, 0);
}

static void assert_refused(const struct tls_files *files, const char *part)
{
    assert_int_equal(tls_new(files, &tls, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    if (strstr(why.text, part) == NULL)
        fail_msg("'%s' does not say '%s'", why.text, part);
}

/* Files that cannot be used are told by name, and nobody is asked for a password. */
static void wrong_files_are_told(void **state)
{
    (void)state;
    openssl("rsa -aes128 -passout pass:secret -in address.key -out locked.key");
    make_authority("other");
    scratch_put("nonsense", "this is no certificate\n");
    assert_refused(&(struct tls_files){.ca_file = "absent.pem"}, "the CA file absent.pem");
    assert_refused(&(struct tls_files){.ca_file = "nonsense"}, "the CA file nonsense");
    assert_refused(&(struct tls_files){.cert_file = "nonsense"}, "the certificate file nonsense");
    assert_refused(&(struct tls_files){"ca.pem", "address.pem", "locked.key"}, "the key file locked.key");
    assert_refused(&(struct tls_files){"ca.pem", "address.pem", "other.key"}, "the key file other.key");
    assert_refused(&(struct tls_files){.key_file = "address.key"}, "no certificate file");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_known_authority_is_trusted),
        CASE(large_answers_come_over_tls),
        CASE(another_authority_is_not),
        CASE(the_system_does_not_know_ours),
        CASE(the_name_is_verified),
        CASE(a_certificate_of_ours_is_shown),
        CASE(plain_words_to_tls_come_to_nothing),
        CASE(wrong_files_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
