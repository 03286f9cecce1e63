/* SPDX-License-Identifier: Apache-2.0
 *
 * Every vector of frame-vectors.txt, as checked against live name servers and brokers; then what is foreign, and what
 * is broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "api/cluster/frame.h"

enum { BYTES_MAX = 1 << 20 };

static struct file_text vectors;
static struct arena memory;
static struct failure why;

static int begin(void **state)
{
    (void)state;
    why = (struct failure)FAILURE_INIT;
    return file_read(SOURCE_DIR "/tests/data/samples/frame-vectors.txt", &vectors, &why);
}

static int end(void **state)
{
    (void)state;
    file_text_release(&vectors);
    arena_release(&memory);
    return 0;
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes of the vector whose title begins so; free() them. */
static char *vector_of(const char *title, size_t *out_bytes)
{
    char *at = strstr(vectors.data, title);

    assert_non_null(at);
    do
        at = strchr(at, '\n') + 1;
    while (*at == '#');
    size_t digits = strspn(at, "0123456789abcdef");
    char *bytes = malloc(digits / 2 + 1);
    assert_true(digits > 0);
    for (size_t i = 0; i < digits / 2; i++)
        bytes[i] = (char)(nibble(at[2 * i]) << 4 | nibble(at[2 * i + 1]));
    *out_bytes = digits / 2;
    return bytes;
}

static struct frame create_topic(void)
{
    struct frame frame = {.code = 17, .opaque = 2};

    frame_add(&frame, "topic", TEXT("pay_refund_event"));
    frame_add(&frame, "defaultTopic", TEXT("TBW102"));
    frame_add(&frame, "readQueueNums", TEXT("8"));
    frame_add(&frame, "writeQueueNums", TEXT("8"));
    frame_add(&frame, "perm", TEXT("6"));
    frame_add(&frame, "topicFilterType", TEXT("SINGLE_TAG"));
    frame_add(&frame, "topicSysFlag", TEXT("0"));
    frame_add(&frame, "order", TEXT("false"));
    return frame;
}

static void assert_written(const struct frame *frame, enum frame_header header, const char *title)
{
    struct buffer out;
    size_t bytes;
    char *expected = vector_of(title, &bytes);

    buffer_init(&out, BYTES_MAX);
    assert_int_equal(frame_write(frame, header, &out), 0);
    assert_int_equal(out.length, bytes);
    assert_memory_equal(out.data, expected, bytes);
    buffer_release(&out);
    free(expected);
}

/* What we write is what live servers took, byte by byte. */
static void requests_are_written_as_servers_take_them(void **state)
{
    struct frame list = {.code = 106, .opaque = 1}, create = create_topic();

    (void)state;
    assert_written(&list, FRAME_JSON, "## request GET_BROKER_CLUSTER_INFO (106), JSON");
    assert_written(&list, FRAME_BINARY, "## request GET_BROKER_CLUSTER_INFO (106), binary");
    assert_written(&create, FRAME_JSON, "## request UPDATE_AND_CREATE_TOPIC (17), JSON");
    assert_written(&create, FRAME_BINARY, "## request UPDATE_AND_CREATE_TOPIC (17), binary");
}

static void assert_answer(const char *title, int32_t code, int32_t opaque, int32_t version, const char *remark,
                          struct frame *out)
{
    size_t bytes, measured;
    char *vector = vector_of(title, &bytes);
    struct text text = {vector, bytes};

    assert_int_equal(frame_measure((struct text){vector, 4}, BYTES_MAX, &measured, &why), 1);
    assert_int_equal(measured, bytes);
    if (frame_read(text, &memory, out, &why) != 0)
        fail_msg("%s", why.text);
    assert_int_equal(out->code, code);
    assert_int_equal(out->opaque, opaque);
    assert_int_equal(out->version, version);
    assert_int_equal(out->flag & FRAME_IS_ANSWER, FRAME_IS_ANSWER);
    assert_true(text_is(out->remark, remark));
    arena_string(&memory, out->body); /* reads all of it */
    free(vector);
}

/* Answers of live servers, in both headers. */
static void answers_are_read_whatever_their_header(void **state)
{
    struct frame frame;

    (void)state;
    assert_answer("## response SUCCESS to 17 from a 4.9.8 broker, JSON", 0, 2, 409, "not set any response code",
                  &frame);
    assert_answer("## response SUCCESS to 17 from a 4.9.8 broker, binary", 0, 2, 409, "not set any response code",
                  &frame);
    assert_answer("## response REQUEST_CODE_NOT_SUPPORTED", 3, 3, 409, " request type 18 not supported", &frame);
    assert_answer("## response to GET_ALL_TOPIC_CONFIG", 0, 4, 481, "", &frame);
    assert_true(text_is(frame_field(&frame, "totalTopicNum"), "2"));
    assert_true(frame.body.bytes > 100);
    assert_int_equal(frame_field(&frame, "absent").bytes, 0);
}

/* A frame with this header, and this body. */
static char *frame_with(const char *header, const char *body, size_t *out_bytes)
{
    size_t header_bytes = strlen(header), bytes = 8 + header_bytes + strlen(body);
    char *frame = calloc(1, bytes + 1);
    const unsigned numbers[] = {(unsigned)bytes - 4, (unsigned)header_bytes};

    for (unsigned i = 0; i < 8; i++)
        frame[i] = (char)(numbers[i / 4] >> (8 * (3 - i % 4)));
    memcpy(frame + 8, header, header_bytes);
    memcpy(frame + 8 + header_bytes, body, strlen(body));
    *out_bytes = bytes;
    return frame;
}

static int read_header(const char *header, struct frame *out)
{
    size_t bytes;
    char *frame = frame_with(header, "{0:1}", &bytes);
    int status = frame_read((struct text){frame, bytes}, &memory, out, &why);

    free(frame);
    return status;
}

/* Other implementations write headers as they like. */
static void foreign_headers_are_read(void **state)
{
    struct frame frame;

    (void)state;
    assert_int_equal(read_header("{\"opaque\":\"-7\",\"code\":\"0\",\"flag\":1,\"x\":{1:[{}]},\"extFields\":{\"a\":1,"
                                 "\"b\":true,\"c\":null,\"d\":{\"e\":[1]},\"f\":\"\\u00e9\",7:1.5}}",
                                 &frame),
                     0);
    assert_int_equal(frame.opaque, -7);
    assert_int_equal(frame.body.bytes, 5);
    assert_int_equal(frame.field_count, 4);
    assert_true(text_is(frame_field(&frame, "a"), "1"));
    assert_true(text_is(frame_field(&frame, "b"), "true"));
    assert_true(text_is(frame_field(&frame, "f"), "\xc3\xa9"));
    assert_true(text_is(frame_field(&frame, "7"), "1.5"));
    assert_int_equal(read_header("{\"code\":0,\"opaque\":1,\"extFields\":null,\"remark\":null}", &frame), 0);
}

/* More fields than are kept do no harm. */
static void a_flood_of_fields_is_cut(void **state)
{
    struct frame frame;
    struct buffer header;

    (void)state;
    buffer_init(&header, BYTES_MAX);
    buffer_append_string(&header, "{\"code\":0,\"extFields\":{\"n\":\"v\"");
    for (int i = 0; i < 1000; i++)
        buffer_append_format(&header, ",\"n%d\":\"v\"", i);
    buffer_append_string(&header, "},\"opaque\":1}");
    assert_int_equal(read_header(header.data, &frame), 0);
    assert_int_equal(frame.field_count, FRAME_FIELDS_MAX);
    buffer_release(&header);
}

/* Nothing that is broken is taken for an answer. */
static void broken_headers_are_refused(void **state)
{
    static const char *const broken[] = {
        "",
        "[]",
        "{",
        "{}",
        "{\"code\":0}",
        "{\"opaque\":1}",
        "{\"code\":\"x\",\"opaque\":1}",
        "{\"code\":\"\",\"opaque\":1}",
        "{\"code\":1.5,\"opaque\":1}",
        "{\"code\":0,\"opaque\":4294967296}",
        "{\"code\":0,\"opaque\":\"99999999999\"}",
        "{\"code\":0,\"opaque\":1,\"extFields\":{\"a\":\"b\"}",
        "{\"code\":0,\"opaque\":1} {",
        "{\"code\":0,\"opaque\":1,\"extFields\":{\"a\"}}",
    };
    struct frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        if (read_header(broken[i], &frame) == 0)
            fail_msg("%s was read", broken[i]);
        assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    }
}

/* Every cut of every answer is refused, none is read beyond its end. */
static void cut_frames_are_refused(void **state)
{
    static const char *const titles[] = {"## response SUCCESS to 17 from a 4.9.8 broker, JSON",
                                         "## response SUCCESS to 17 from a 4.9.8 broker, binary",
                                         "## request UPDATE_AND_CREATE_TOPIC (17), binary"};
    struct frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        size_t bytes;
        char *vector = vector_of(titles[i], &bytes);
        for (size_t cut = 0; cut < bytes; cut++) {
            char *part = malloc(cut + 1); /* of its own, so that a reader who goes too far is caught */
            memcpy(part, vector, cut);
            if (cut >= 4)
                part[0] = 0, part[1] = 0, part[2] = (char)((cut - 4) >> 8), part[3] = (char)(cut - 4);
            assert_int_equal(frame_read((struct text){part, cut}, &memory, &frame, &why), -1);
            free(part);
        }
        free(vector);
    }
}

/* The maximum is told before a byte of the frame is kept. */
static void long_frames_are_refused_by_their_first_bytes(void **state)
{
    size_t bytes = 0;

    (void)state;
    assert_int_equal(frame_measure((struct text){"\0\0\1", 3}, 1 << 10, &bytes, &why), 0);
    assert_int_equal(frame_measure((struct text){"\0\0\3\xfc", 4}, 1 << 10, &bytes, &why), 1);
    assert_int_equal(bytes, 1 << 10);
    assert_int_equal(frame_measure((struct text){"\0\0\3\xfd", 4}, 1 << 10, &bytes, &why), -1);
    assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    assert_int_equal(frame_measure((struct text){"HTTP", 4}, 1 << 28, &bytes, &why), -1);
    assert_int_equal(frame_measure((struct text){"\0\0\0\3", 4}, 1 << 10, &bytes, &why), -1);
}

/* What a header cannot hold is not written. */
static void what_does_not_fit_is_not_written(void **state)
{
    struct frame lite = {.code = 200070, .opaque = 1};
    struct buffer out;

    (void)state;
    buffer_init(&out, BYTES_MAX);
    assert_int_equal(frame_write(&lite, FRAME_BINARY, &out), -1);
    assert_int_equal(out.length, 0);
    assert_int_equal(frame_write(&lite, FRAME_JSON, &out), 0);
    buffer_release(&out);
    buffer_init(&out, 16);
    assert_int_equal(frame_write(&lite, FRAME_JSON, &out), -1);
    buffer_release(&out);
}

/* What is written is read again as it was: remark, fields with quotes and controls, body with any bytes. */
static void what_is_written_is_read_again(void **state)
{
    const struct frame_field odd = {TEXT("n\"\x01"), TEXT("\xe2\x80\xa8 \\ \"")};
    struct frame written = {.code = -5,
                            .opaque = INT32_MIN,
                            .flag = 1,
                            .version = 513,
                            .remark = TEXT("a\nb"),
                            .body = TEXT("\0\xff body")},
                 read;

    (void)state;
    frame_add(&written, "n\"\x01", odd.value);
    for (enum frame_header header = FRAME_JSON; header <= FRAME_BINARY; header++) {
        struct buffer out;
        buffer_init(&out, BYTES_MAX);
        assert_int_equal(frame_write(&written, header, &out), 0);
        assert_int_equal(frame_read(buffer_text(&out), &memory, &read, &why), 0);
        assert_int_equal(read.code, -5);
        assert_int_equal(read.opaque, INT32_MIN);
        assert_int_equal(read.version, 513);
        assert_true(text_equal(read.remark, written.remark));
        assert_int_equal(read.field_count, 1);
        assert_true(text_equal(read.fields[0].name, odd.name));
        assert_true(text_equal(read.fields[0].value, odd.value));
        assert_true(text_equal(read.body, written.body));
        buffer_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_are_written_as_servers_take_them, begin, end),
        cmocka_unit_test_setup_teardown(answers_are_read_whatever_their_header, begin, end),
        cmocka_unit_test_setup_teardown(foreign_headers_are_read, begin, end),
        cmocka_unit_test_setup_teardown(a_flood_of_fields_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(broken_headers_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(cut_frames_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(long_frames_are_refused_by_their_first_bytes, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_not_written, begin, end),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
