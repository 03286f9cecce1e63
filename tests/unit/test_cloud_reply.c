/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/cloud/reply.h"

static const struct payload DATA = {.name = "data"};

static struct reply reply;

static enum reply_says read_with(uint16_t status, const char *body, const struct payload *payload)
{
    struct call call = {.status = status, .request_id = "FROM-HEADER"};
    char *padded = json_pad(text_of(body));

    assert_non_null(padded);
    reply_read(&call, (struct text){padded, strlen(body)}, payload, &reply);
    free(padded);
    return reply.says;
}

static enum reply_says says(uint16_t status, const char *body)
{
    return read_with(status, body, &DATA);
}

/* Success needs HTTP 2xx, no word against it, and what was asked for. */
static void yes_needs_everything(void **state)
{
    (void)state;
    assert_int_equal(says(200, "{\"requestId\":\"A\",\"success\":true,\"code\":\"200\",\"data\":true}"), REPLY_YES);
    assert_string_equal(reply.request_id, "A");
    assert_int_equal(
        says(200, "{\"requestId\":\"A\",\"success\":true,\"code\":200,\"httpStatusCode\":200,\"data\":{}}"), REPLY_YES);
    assert_int_equal(says(200, "{\"requestId\":\"A\",\"success\":true}"), REPLY_NOTHING);
    assert_int_equal(says(200, "{\"success\":true,\"data\":false}"), REPLY_NOTHING);
    assert_int_equal(says(302, "{\"success\":true,\"data\":true}"), REPLY_NOTHING);
    assert_int_equal(says(200, "{\"requestId\":\"A\",\"success\":true,\"data\":null}"), REPLY_NOTHING);
}

/* Without a payload the request id says yes. */
static void the_request_id_says_yes_where_nothing_else_comes(void **state)
{
    (void)state;
    assert_int_equal(read_with(200, "{\"RequestId\":\"B\",\"HelpUrl\":\"x\"}", NULL), REPLY_YES);
    assert_int_equal(read_with(200, "{}", NULL), REPLY_NOTHING);
    assert_int_equal(read_with(200, "{\"RequestId\":\"B\",\"Code\":\"BIZ_TOPIC_EXISTED\"}", NULL), REPLY_NO);
}

/* All ways of saying no, in both spellings, with code, message and request id. */
static void every_way_of_saying_no_is_heard(void **state)
{
    (void)state;
    assert_int_equal(says(400, "{\"RequestId\":\"C\",\"HostId\":\"h\",\"Code\":\"Throttling.User\",\"Message\":\"Slow "
                               "down.\",\"Recommend\":\"\"}"),
                     REPLY_NO);
    assert_string_equal(reply.code, "Throttling.User");
    assert_string_equal(reply.message, "Slow down.");
    assert_string_equal(reply.request_id, "C");
    assert_int_equal(says(200, "{\"success\":false,\"code\":\"Topic.Existed\",\"message\":\"m\",\"data\":null}"),
                     REPLY_NO);
    assert_string_equal(reply.request_id, "FROM-HEADER");
    assert_int_equal(says(200, "{\"success\":false}"), REPLY_NO);
    assert_int_equal(says(200, "{\"success\":true,\"code\":\"Topic.Existed\",\"data\":true}"), REPLY_NO);
    assert_int_equal(says(200, "{\"success\":true,\"httpStatusCode\":400,\"code\":\"X\",\"data\":true}"), REPLY_NO);
    assert_int_equal(says(400, "{\"message\":\"The specified topic already exists\"}"), REPLY_NO);
}

/* A refused permission names the action, in an object; a text there does no harm. */
static void denials_name_the_action(void **state)
{
    (void)state;
    assert_int_equal(says(403, "{\"Code\":\"Forbidden.RAM\",\"AccessDeniedDetail\":{\"AuthAction\":"
                               "\"rocketmq:CreateTopic\",\"PolicyType\":\"x\"}}"),
                     REPLY_NO);
    assert_string_equal(reply.action, "rocketmq:CreateTopic");
    assert_int_equal(says(403, "{\"Code\":\"Forbidden.RAM\",\"AccessDeniedDetail\":\"policy\"}"), REPLY_NO);
    assert_string_equal(reply.action, "");
}

/* XML is read for errors, whatever its content type was. */
static void xml_errors_are_read(void **state)
{
    (void)state;
    assert_int_equal(says(404, "<?xml version='1.0'?>\n<Error><RequestId>D</RequestId><Code>Instance.NotFound</Code>"
                               "<Message>gone</Message></Error>"),
                     REPLY_NO);
    assert_string_equal(reply.code, "Instance.NotFound");
    assert_string_equal(reply.message, "gone");
    assert_string_equal(reply.request_id, "D");
    assert_int_equal(says(404, "<Error><Code>Instance.NotFound</Code>"), REPLY_NOTHING);
    assert_int_equal(says(404, "<Error><Message>x</Message></Error>"), REPLY_NOTHING);
}

/* HTML, empty, truncated, repeated, mistyped: nothing is said, and the failure tells what came. */
static void what_cannot_be_used_says_nothing(void **state)
{
    static const char *const bodies[] = {
        "",
        "  \n",
        "<html><body>502 Bad Gateway</body></html>",
        "upstream timed out",
        "{\"success\":true,\"data\":tr",
        "{\"success\":true,\"data\":true",
        "{\"success\":true,\"data\":true} x",
        "{\"success\":true,\"success\":false,\"data\":true}",
        "{\"success\":\"maybe\",\"data\":true}",
        "{\"success\":true,\"requestId\":[],\"data\":true}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_int_equal(says(200, bodies[i]), REPLY_NOTHING);
        assert_int_equal(reply.broken.cause, CAUSE_BAD_ANSWER);
        assert_non_null(strstr(reply.broken.text, "HTTP status 200"));
        assert_string_equal(reply.request_id, "FROM-HEADER");
    }
    assert_int_equal(says(502, "{\"message\":\"no healthy upstream\"}"), REPLY_NOTHING);
}

/* Foreign texts of any length are cut between characters. */
static void long_messages_are_cut_between_characters(void **state)
{
    char body[2048] = "{\"code\":\"X\",\"message\":\"a";

    (void)state;
    for (int i = 0; i < 400; i++)
        strcat(body, "\xC3\xA9");
    strcat(body, "\"}");
    assert_int_equal(says(400, body), REPLY_NO);
    assert_int_equal(strlen(reply.message), FAILURE_MESSAGE_BYTES - 1);
}

/* ---- payloads */

struct taken {
    int64_t total;
    uint32_t names;
};

static int take_name(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    struct text name = {0};
    const struct member members[] = {{"name", MEMBER_TEXT, 0, NULL, NULL}, {0}};

    if (members_read(reader, token, members, &name, why) != 0)
        return -1;
    ((struct taken *)into)->names += name.bytes > 0;
    return 0;
}

static int take_list(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        {"total", MEMBER_INTEGER, offsetof(struct taken, total), NULL, NULL},
        {"list", MEMBER_EACH, 0, NULL, take_name},
        {0},
    };
    return members_read(reader, token, members, context, why);
}

/* Payloads are read by tables: numbers in strings count, unknown members are skipped, what is wrong fails the answer.
 */
static void payloads_are_taken(void **state)
{
    struct taken taken = {0};
    const struct payload payload = {"data", take_list, &taken};

    (void)state;
    assert_int_equal(read_with(200,
                               "{\"data\":{\"new\":{\"a\":[1]},\"total\":\"2\",\"list\":[{\"name\":\"a\"},"
                               "{\"name\":\"b\",\"x\":null}]},\"success\":true}",
                               &payload),
                     REPLY_YES);
    assert_int_equal(taken.total, 2);
    assert_int_equal(taken.names, 2);
    assert_int_equal(read_with(200, "{\"success\":true,\"data\":{\"list\":[1]}}", &payload), REPLY_NOTHING);
    assert_int_equal(read_with(200, "{\"success\":true,\"data\":{\"list\":{}}}", &payload), REPLY_NOTHING);
    assert_int_equal(read_with(200, "{\"success\":true,\"data\":{\"total\":1.5}}", &payload), REPLY_NOTHING);
    assert_int_equal(read_with(200, "{\"success\":true,\"data\":[]}", &payload), REPLY_NOTHING);
    assert_int_equal(read_with(200, "{\"success\":true,\"data\":{\"list\":[{\"name\":\"a\"}", &payload), REPLY_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yes_needs_everything),
        cmocka_unit_test(the_request_id_says_yes_where_nothing_else_comes),
        cmocka_unit_test(every_way_of_saying_no_is_heard),
        cmocka_unit_test(denials_name_the_action),
        cmocka_unit_test(xml_errors_are_read),
        cmocka_unit_test(what_cannot_be_used_says_nothing),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(payloads_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
