/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames come out whole however their bytes come in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/random.h"
#include "api/cause.h"
#include "api/cluster/intake.h"

enum { FRAME_BYTES_MAX = 1 << 20, FRAMES = 60 };

static struct intake intake;

static void append_frame(struct buffer *out, size_t body_bytes, char fill)
{
    size_t rest = 4 + body_bytes;
    const char prefix[8] = {(char)(rest >> 24), (char)(rest >> 16), (char)(rest >> 8), (char)rest, 0, 0, 0, 0};

    buffer_append(out, prefix, sizeof prefix);
    for (size_t i = 0; i < body_bytes; i++)
        buffer_append_char(out, fill);
}

/* Takes the next frame and looks at every byte of it, and at the padding. */
static bool take_frame(size_t body_bytes, char fill)
{
    struct failure why = FAILURE_INIT;
    char *frame;
    size_t bytes;
    int status = intake_next(&intake, &frame, &bytes, &why);

    assert_true(status >= 0);
    if (status == 0)
        return false;
    assert_int_equal(bytes, body_bytes + 8);
    for (size_t i = 8; i < bytes; i++)
        assert_int_equal(frame[i], fill);
    for (size_t i = 0; i < JSON_PADDING; i++)
        assert_int_equal(frame[bytes + i], 0);
    free(frame);
    return true;
}

/* Small and large frames, in pieces of any size. */
static void frames_come_out_whole(void **state)
{
    uint64_t random = 7;

    (void)state;
    for (int round = 0; round < 40; round++) {
        size_t sizes[FRAMES], taken = 0, fed = 0;
        struct buffer stream;
        buffer_init(&stream, SIZE_MAX / 2);
        for (int i = 0; i < FRAMES; i++) {
            sizes[i] = random_below(&random, 10) == 0 ? random_below(&random, 300000) : random_below(&random, 200);
            append_frame(&stream, sizes[i], (char)i);
        }
        intake_init(&intake, FRAME_BYTES_MAX);
        while (fed < stream.length) {
            char *room;
            size_t bytes, left = stream.length - fed;
            intake_room(&intake, &room, &bytes);
            assert_true(bytes > 0);
            bytes = round == 0 ? 1 : 1 + random_below(&random, round % 2 || bytes < 4096 ? bytes : 4096);
            bytes = bytes < left ? bytes : left;
            memcpy(room, stream.data + fed, bytes);
            intake_filled(&intake, bytes);
            fed += bytes;
            while (taken < FRAMES && take_frame(sizes[taken], (char)taken))
                taken++;
        }
        assert_int_equal(taken, FRAMES);
        intake_release(&intake);
        buffer_release(&stream);
    }
}

/* Frames that are none, or too long, are refused by their first bytes; half a large one leaks nothing. */
static void what_is_no_frame_is_refused(void **state)
{
    struct failure why = FAILURE_INIT;
    struct buffer stream;
    char *room, *frame;
    size_t bytes;

    (void)state;
    intake_init(&intake, FRAME_BYTES_MAX);
    intake_room(&intake, &room, &bytes);
    memcpy(room, "HTTP", 4);
    intake_filled(&intake, 4);
    assert_int_equal(intake_next(&intake, &frame, &bytes, &why), -1);
    assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    intake_release(&intake);

    intake_init(&intake, FRAME_BYTES_MAX);
    buffer_init(&stream, FRAME_BYTES_MAX);
    append_frame(&stream, 200000, 'x');
    intake_room(&intake, &room, &bytes);
    memcpy(room, stream.data, 1000);
    intake_filled(&intake, 1000);
    assert_int_equal(intake_next(&intake, &frame, &bytes, &why), 0);
    intake_room(&intake, &room, &bytes);
    assert_int_equal(bytes, 200008 - 1000);
    intake_release(&intake);
    buffer_release(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_out_whole),
        cmocka_unit_test(what_is_no_frame_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
