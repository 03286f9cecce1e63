/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/journal/file.h"
#include "controller/journal/journal.h"
#include "controller/journal/read.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/faults.h"
#include "tests/lib/loop.h"
#include "tests/lib/scratch.h"

static const struct text ADDRESS = {"snapshot:/demo.json", 19};

/* A journal with a loop to write it, and what its lines speak of. */
struct fixture {
    struct test_loop loop;
    struct journal *journal;
    struct catalog *catalog;
    struct identity identity;
    struct capabilities capabilities;
    struct failure why;
    int asked, answers, failures;
    struct failure last;
    bool answered, closed;
};

static void say_context(struct fixture *fixture, const char *run)
{
    const struct journal_context context = {.run = run,
                                            .sync = "cutover",
                                            .declared_digest = "sha256:00",
                                            .identity = &fixture->identity,
                                            .catalog = fixture->catalog,
                                            .capabilities = &fixture->capabilities};
    assert_int_equal(journal_context(fixture->journal, &context, &fixture->why), 0);
}

static void begin_at(struct fixture *fixture, struct catalog *catalog, struct text address)
{
    *fixture = (struct fixture){.catalog = catalog, .capabilities.rules = rules_of(INSTANCE_ANY)};
    for (int kind = 0; kind < KINDS; kind++)
        fixture->capabilities.holds[kind] = fields_of((enum kind)kind);
    identity_set(&fixture->identity, "region", "cn-hangzhou");
    test_loop_begin(&fixture->loop);
    if (journal_open("state", address, &fixture->journal, &fixture->why) != 0)
        fail_msg("%s", fixture->why.text);
    journal_use(fixture->journal, fixture->loop.workers);
    say_context(fixture, "run-1");
}

static void begin(struct fixture *fixture, const char *resources)
{
    begin_at(fixture, catalog_text(resources), ADDRESS);
}

static void raise_flag(void *data)
{
    *(bool *)data = true;
}

static void end(struct fixture *fixture)
{
    journal_close(fixture->journal, raise_flag, &fixture->closed);
    test_loop_run_until(&fixture->loop, &fixture->closed);
    test_loop_end(&fixture->loop);
    catalog_unref(fixture->catalog);
}

static void on_durable(void *data, const struct failure *failure)
{
    struct fixture *fixture = data;
    fixture->answers++;
    fixture->answered = true;
    if (failure) {
        fixture->failures++;
        fixture->last = *failure;
    }
}

static void intend(struct fixture *fixture, const uint32_t *rows, uint32_t count)
{
    fixture->asked++;
    if (journal_intend(fixture->journal, rows, count, 1, on_durable, fixture, &fixture->why) != 0)
        fail_msg("%s", fixture->why.text);
}

static void wait_for_answers(struct fixture *fixture, int answers)
{
    while (fixture->answers < answers) {
        fixture->answered = false;
        test_loop_run_until(&fixture->loop, &fixture->answered);
    }
}

static void intend_and_wait(struct fixture *fixture, uint32_t row)
{
    int before = fixture->asked;
    intend(fixture, &row, 1);
    wait_for_answers(fixture, before + 1);
}

static void note(struct fixture *fixture, uint32_t row, enum journal_event event)
{
    const struct journal_note said = {.event = event, .attempt = 1};
    assert_int_equal(journal_note_row(fixture->journal, row, &said, &fixture->why), 0);
}

/* Topics topic0000 … */
static struct catalog *many_topics(unsigned count)
{
    struct buffer lines;

    buffer_init(&lines, 1 << 20);
    for (unsigned i = 0; i < count; i++)
        buffer_append_format(&lines, "Topic topic%04u messageType=NORMAL\n", i);
    struct catalog *catalog = catalog_text(lines.data);
    buffer_release(&lines);
    return catalog;
}

/* The one journal file below state/, malloc'd. */
static char *journal_path(void)
{
    glob_t found;
    assert_int_equal(glob("state/*/journal.jsonl", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    char *path = strdup(found.gl_pathv[0]);
    globfree(&found);
    return path;
}

static char *journal_text(void)
{
    char *path = journal_path();
    char *text = scratch_get(path);
    free(path);
    return text;
}

static void assert_unresolved(const char *names)
{
    struct journal *journal = NULL;
    struct failure why = FAILURE_INIT;
    char found[1000] = "";
    uint32_t count;

    if (journal_open("state", ADDRESS, &journal, &why) != 0)
        fail_msg("%s", why.text);
    const struct unresolved *unresolved = journal_unresolved(journal, &count);
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%.*s", i > 0 ? " " : "", (int)unresolved[i].name.bytes,
                 unresolved[i].name.data);
    }
    assert_string_equal(found, names);
    journal_free(journal);
}

/* ---- writing */

/* When an intent is answered, its line is in the file, and the file was synced. */
static void an_intent_is_durable_when_it_is_answered(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "Topic orders messageType=FIFO");
    faults_clear();
    intend_and_wait(&fixture, 0);
    assert_int_equal(fixture.failures, 0);
    assert_int_equal(faults_calls(FAULT_FDATASYNC), 1);
    char *text = journal_text();
    assert_non_null(strstr(text, "\"name\":\"orders\",\"event\":\"sending\""));
    free(text);
    end(&fixture);
}

/* A line says who did what to which resource of which instance, with what. */
static void a_line_holds_what_the_contract_names(void **state)
{
    (void)state;
    struct fixture fixture;
    char expected[1000];

    begin(&fixture, "ConsumerGroup GID_a consumeRetryPolicy.maxRetryTimes=3 consumeEnable=true");
    intend_and_wait(&fixture, 0);
    const struct journal_note said = {
        .event = JOURNAL_FAILED, .attempt = 2, .cause = CAUSE_SYSTEM_ERROR, .request_id = "REQ-1"};
    assert_int_equal(journal_note_row(fixture.journal, 0, &said, &fixture.why), 0);
    end(&fixture);

    char *text = journal_text();
    char *second = strchr(text, '\n') + 1;
    assert_memory_equal(text, "{\"time\":\"20", 11);
    snprintf(expected, sizeof expected,
             "\"run\":\"run-1\",\"uid\":%u,\"sync\":\"cutover\",\"destination\":\"snapshot:/demo.json\","
             "\"identity\":{\"region\":\"cn-hangzhou\"},\"kind\":\"ConsumerGroup\",\"name\":\"GID_a\",\"event\":"
             "\"sending\",\"attempt\":1,\"declaredDigest\":\"sha256:00\",\"settings\":{",
             (unsigned)getuid());
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "\"maxRetryTimes\":3"));
    assert_non_null(
        strstr(second, "\"event\":\"failed\",\"cause\":\"system-error\",\"requestId\":\"REQ-1\",\"attempt\":2"));
    assert_null(strstr(second, "settings"));
    free(text);
}

/* Only what the destination holds is sent, so only that is recorded. */
static void settings_that_are_not_held_are_not_recorded(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "Topic orders messageType=FIFO readQueueNums=4");
    fixture.capabilities.holds[KIND_TOPIC] = FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE);
    say_context(&fixture, "run-1");
    intend_and_wait(&fixture, 0);
    char *text = journal_text();
    assert_non_null(strstr(text, "\"settings\":{\"messageType\":\"FIFO\"}"));
    free(text);
    end(&fixture);
}

/* What is queued while one group is being written goes with one sync together. */
static void what_gathers_is_synced_together(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[100];

    begin_at(&fixture, many_topics(100), ADDRESS);
    faults_clear();
    for (uint32_t i = 0; i < 100; i++) {
        rows[i] = i;
        intend(&fixture, &rows[i], 1);
    }
    wait_for_answers(&fixture, 100);
    assert_in_range(faults_calls(FAULT_FDATASYNC), 1, 2);
    assert_int_equal(fixture.failures, 0);
    end(&fixture);
}

/* Everything queued before closing is written by it, and intents are answered. */
static void closing_writes_what_is_queued(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1};

    begin(&fixture, "Topic a\nTopic b");
    intend(&fixture, rows, 1);
    intend(&fixture, rows + 1, 1);
    note(&fixture, 0, JOURNAL_CREATED);
    end(&fixture);
    assert_int_equal(fixture.answers, 2);
    assert_int_equal(fixture.failures, 0);
    assert_unresolved("b");
}

/* Each plan has its own digest and run: lines keep those of their time. */
static void lines_keep_the_context_of_their_time(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t row = 0;

    begin(&fixture, "Topic a");
    intend(&fixture, &row, 1);
    say_context(&fixture, "run-2");
    note(&fixture, 0, JOURNAL_CREATED);
    end(&fixture);
    char *text = journal_text();
    char *second = strchr(text, '\n') + 1;
    assert_non_null(strstr(text, "run-1"));
    assert_null(strstr(second, "run-1"));
    assert_non_null(strstr(second, "run-2"));
    free(text);
}

/* ---- opening again */

/* An intent without a result is unresolved at the next opening; one with any result is not. */
static void intents_without_result_are_found_again(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1, 2, 3};

    begin(&fixture, "Topic a\nTopic b\nTopic c\nConsumerGroup a");
    intend(&fixture, rows, 4);
    note(&fixture, 0, JOURNAL_CREATED);
    note(&fixture, 2, JOURNAL_FAILED);
    end(&fixture);
    assert_unresolved("b a");
}

/* Results of many rows are one record, which the journal owns. */
static void results_of_many_rows_go_together(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1, 2};
    const struct journal_note said = {.event = JOURNAL_CREATED, .attempt = 1};

    begin(&fixture, "Topic a\nTopic b\nTopic c");
    intend(&fixture, rows, 3);
    uint32_t *many = malloc(2 * sizeof *many);
    many[0] = 0;
    many[1] = 2;
    assert_int_equal(journal_note_rows(fixture.journal, many, 2, &said, &fixture.why), 0);
    end(&fixture);
    assert_unresolved("b");
}

/* A create that failed and was sent again is unresolved again. */
static void a_second_try_is_open_again(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t row = 0;

    begin(&fixture, "Topic a");
    intend(&fixture, &row, 1);
    note(&fixture, 0, JOURNAL_FAILED);
    intend_and_wait(&fixture, 0);
    end(&fixture);
    assert_unresolved("a");
}

/* Wherever a crash cut the last line, opening leaves exactly the whole lines before it. */
static void a_torn_last_line_is_cut(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1};

    begin(&fixture, "Topic a\nTopic b");
    intend(&fixture, rows, 2);
    end(&fixture);
    char *path = journal_path();
    char *whole = scratch_get(path);
    size_t first = (size_t)(strchr(whole, '\n') + 1 - whole);
    for (size_t cut = first + 1; cut < strlen(whole); cut += 7) {
        scratch_put(path, whole);
        assert_int_equal(truncate(path, (off_t)cut), 0);
        assert_unresolved("a");
        char *left = scratch_get(path);
        assert_int_equal(strlen(left), first);
        assert_memory_equal(left, whole, first);
        free(left);
    }
    free(whole);
    free(path);
}

/* A power cut can leave a block of zeros behind the last line: it goes too. */
static void zeros_at_the_end_are_cut(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "Topic a");
    intend_and_wait(&fixture, 0);
    end(&fixture);
    char *path = journal_path();
    char *whole = scratch_get(path);
    assert_int_equal(truncate(path, (off_t)strlen(whole) + 4096), 0);
    assert_unresolved("a");
    scratch_assert_content(path, whole);
    free(whole);
    free(path);
}

/* A damaged line between good ones is somebody's evidence: it stays, and the others count. */
static void damage_in_the_middle_stays(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1, 2};

    begin(&fixture, "Topic a\nTopic b\nTopic c");
    intend(&fixture, rows, 3);
    end(&fixture);
    char *path = journal_path();
    char *whole = scratch_get(path);
    strchr(whole, '\n')[2] = 'x';
    scratch_put(path, whole);
    assert_unresolved("a c");
    scratch_assert_content(path, whole);
    free(whole);
    free(path);
}

/* Two writers of one destination's journal cannot be; two destinations do not disturb each other. */
static void a_journal_has_one_writer(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal *second = NULL;

    begin(&fixture, "Topic a");
    assert_int_equal(journal_open("state", ADDRESS, &second, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_STATE_LOCKED);
    assert_int_equal(journal_open("state", TEXT("snapshot:/demo_json"), &second, &fixture.why), 0);
    journal_free(second);
    end(&fixture);
}

/* A journal that rests has no lock, and takes it again where nobody has written meanwhile. */
static void a_resting_journal_gives_others_their_turn(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal *second = NULL;

    begin(&fixture, "Topic a\nTopic b");
    intend_and_wait(&fixture, 0);
    journal_let_go(fixture.journal);
    assert_false(journal_is_held(fixture.journal));
    assert_int_equal(journal_open("state", ADDRESS, &second, &fixture.why), 0);
    assert_int_equal(journal_take_again(fixture.journal, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_STATE_LOCKED);
    journal_free(second); /* it has only looked */
    assert_int_equal(journal_take_again(fixture.journal, &fixture.why), 0);
    assert_true(journal_keep(fixture.journal));
    intend_and_wait(&fixture, 1);
    end(&fixture);
    assert_unresolved("a b");
}

/* What is queued is written before the lock goes; a pass that begins before that keeps it. */
static void what_is_queued_is_written_before_the_lock_goes(void **state)
{
    (void)state;
    struct fixture fixture;
    const uint32_t row = 0;

    begin(&fixture, "Topic a");
    intend(&fixture, &row, 1);
    journal_let_go(fixture.journal);
    assert_true(journal_is_held(fixture.journal));
    assert_true(journal_keep(fixture.journal));
    wait_for_answers(&fixture, 1);
    assert_true(journal_is_held(fixture.journal));
    journal_let_go(fixture.journal);
    assert_false(journal_is_held(fixture.journal));
    end(&fixture);
}

/* Others have written, or have put another file in its place: it must be opened anew. */
static void what_others_wrote_is_noticed(void **state)
{
    (void)state;
    for (int replaced = 0; replaced < 2; replaced++) {
        struct fixture fixture;
        begin_at(&fixture, catalog_text("Topic a"), replaced ? TEXT("snapshot:/b.json") : ADDRESS);
        char *directory = journal_directory("state", replaced ? TEXT("snapshot:/b.json") : ADDRESS), path[400];
        snprintf(path, sizeof path, "%s/journal.jsonl", directory);
        free(directory);
        intend_and_wait(&fixture, 0);
        journal_let_go(fixture.journal);
        char *whole = scratch_get(path);
        if (replaced)
            assert_int_equal(unlink(path), 0);
        scratch_put(path, replaced ? whole : "{}\n");
        free(whole);
        assert_int_equal(journal_take_again(fixture.journal, &fixture.why), -1);
        assert_int_equal(fixture.why.cause, CAUSE_INPUT_WRONG);
        assert_false(journal_is_held(fixture.journal));
        end(&fixture);
    }
}

/* ---- disks that fail */

/* After a failed sync nobody knows what is on the disk: the intent fails, and the descriptor is never used again. */
static void a_failed_sync_ends_the_journal(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t row = 0;

    begin(&fixture, "Topic a");
    faults_clear();
    faults_fail(FAULT_FDATASYNC, 0, EIO);
    intend_and_wait(&fixture, 0);
    assert_int_equal(fixture.failures, 1);
    assert_int_equal(fixture.last.cause, CAUSE_STATE_UNWRITABLE);
    assert_true(journal_broken(fixture.journal));
    faults_clear();
    char *before = journal_text();
    assert_int_equal(journal_intend(fixture.journal, &row, 1, 1, on_durable, &fixture, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_STATE_UNWRITABLE);
    end(&fixture);
    char *after = journal_text();
    assert_string_equal(after, before);
    assert_int_equal(faults_calls(FAULT_FDATASYNC), 0);
    free(before);
    free(after);
}

/* Intents that wait behind a failing group fail with it. */
static void what_waits_behind_a_failure_fails_too(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t row = 0;

    begin(&fixture, "Topic a");
    faults_clear();
    faults_fail(FAULT_FDATASYNC, 0, EIO);
    intend(&fixture, &row, 1);
    intend(&fixture, &row, 1);
    wait_for_answers(&fixture, 2);
    assert_int_equal(fixture.failures, 2);
    faults_clear();
    end(&fixture);
}

/* A disk that fills up in the middle of a line: the intent fails, and the next opening finds the lines before it. */
static void a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "Topic a\nTopic b");
    intend_and_wait(&fixture, 0);
    faults_disk_full_after(100);
    intend_and_wait(&fixture, 1);
    faults_clear();
    assert_int_equal(fixture.failures, 1);
    assert_int_equal(fixture.last.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(fixture.last.text, "no space"));
    end(&fixture);
    assert_unresolved("a");
}

/* A state directory that cannot be made is named, with the reason. */
static void a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct journal *journal = NULL;
    struct failure why = FAILURE_INIT;

    scratch_put("state", "a file");
    assert_int_equal(journal_open("state", ADDRESS, &journal, &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(why.text, "state/snapshot_"));
    scratch_assert_content("state", "a file");
}

/* A journal that is no file is refused: nothing may be sent that cannot be recorded. */
static void a_journal_that_is_no_file_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal *journal = NULL;

    begin(&fixture, "Topic a");
    end(&fixture);
    char *path = journal_path();
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(journal_open("state", ADDRESS, &journal, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_STATE_UNWRITABLE);
    free(path);
}

/* ---- killed */

/* Writes as fast as it can, telling how far its durable intents are, until it is killed. */
static void write_until_killed(int told)
{
    struct fixture fixture;

    begin_at(&fixture, many_topics(2000), ADDRESS);
    for (uint32_t row = 0; row < 2000; row++) {
        intend_and_wait(&fixture, row);
        if (fixture.failures > 0 || write(told, &row, sizeof row) != sizeof row)
            _exit(1);
        if (row % 2 == 0)
            note(&fixture, row, JOURNAL_CREATED);
    }
    for (;;)
        pause();
}

static uint32_t count_intents(uint64_t *out_damaged);

/* However it is killed, every intent that was answered is in the journal, and the journal opens. */
static void a_killed_writer_loses_no_intent(void **state)
{
    (void)state;
    uint64_t damaged;

    for (unsigned round = 0; round < 20; round++) {
        int told[2];
        uint32_t row, durable = 0;
        assert_int_equal(system("rm -rf state"), 0);
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_until_killed(told[1]);
        close(told[1]);
        for (durable = 0; durable < 1 + round * 7 && read(told[0], &row, sizeof row) == sizeof row;)
            durable = row + 1;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(told[0], &row, sizeof row) == sizeof row)
            durable = row + 1;
        close(told[0]);
        struct journal *journal = NULL;
        struct failure why = FAILURE_INIT;
        assert_int_equal(journal_open("state", ADDRESS, &journal, &why), 0);
        journal_free(journal);
        assert_true(count_intents(&damaged) >= durable);
        assert_int_equal(damaged, 0);
    }
}

/* ---- rotation */

/* A journal of 64 MiB; without `settled` its first topic's intent has no result. */
static void fill_journal(bool settled)
{
    struct fixture fixture;
    uint32_t rows[] = {0, 1};

    begin(&fixture, "Topic a\nTopic b");
    intend(&fixture, &rows[settled], settled ? 1 : 2);
    note(&fixture, 1, JOURNAL_CREATED);
    end(&fixture);
    char *path = journal_path();
    char *text = scratch_get(path);
    const char *line = settled ? text : strstr(text, "\n") + 1; /* b: sending, created */
    FILE *file = fopen(path, "a");
    for (size_t bytes = 0; bytes < JOURNAL_ROTATE_BYTES; bytes += strlen(line))
        assert_true(fputs(line, file) >= 0);
    fclose(file);
    free(text);
    free(path);
}

/* Where every intent has its result, nothing is carried into the new file. */
static void a_settled_journal_begins_empty(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t damaged;

    fill_journal(true);
    uint32_t before = count_intents(&damaged);
    begin(&fixture, "Topic a\nTopic b");
    intend_and_wait(&fixture, 0);
    note(&fixture, 0, JOURNAL_CREATED);
    end(&fixture);
    char *text = journal_text();
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(count_intents(&damaged), before + 1);
}

/* A journal of that many bytes, nearly all of them one damaged line, in which nothing is open. */
static void make_journal(uint64_t bytes)
{
    struct fixture fixture;

    begin(&fixture, "Topic a\nTopic b");
    intend_and_wait(&fixture, 1);
    note(&fixture, 1, JOURNAL_CREATED);
    end(&fixture);
    char *path = journal_path(), *text = scratch_get(path);
    assert_int_equal(truncate(path, (off_t)bytes), 0);
    FILE *file = fopen(path, "a");
    assert_true(fprintf(file, "\n%s", text) > 0);
    fclose(file);
    free(text);
    free(path);
}

/* Topic a is sent, and perhaps its plan is over; then b is made. Is there a new file? */
static void check_rotation(uint64_t bytes, bool later_plan, bool expected)
{
    struct fixture fixture;
    glob_t found;

    make_journal(bytes);
    begin(&fixture, "Topic a\nTopic b");
    intend_and_wait(&fixture, 0);
    if (later_plan)
        say_context(&fixture, "run-1");
    intend_and_wait(&fixture, 1);
    note(&fixture, 1, JOURNAL_CREATED);
    end(&fixture);
    assert_int_equal(glob("state/*/journal.jsonl.1", 0, NULL, &found) == 0, expected);
    globfree(&found);
    assert_unresolved("a");
}

/* What is under way has its result soon: the new file begins when there is nothing to carry into it. */
static void a_rotation_waits_for_what_is_under_way(void **state)
{
    (void)state;
    check_rotation(JOURNAL_ROTATE_BYTES, false, false);
}

static void a_rotation_waits_for_no_earlier_plan(void **state)
{
    (void)state;
    check_rotation(JOURNAL_ROTATE_BYTES, true, true);
}

static void a_rotation_does_not_wait_for_ever(void **state)
{
    (void)state;
    check_rotation(JOURNAL_BYTES_MAX, false, true);
}

/* At 64 MiB a new file begins with the unresolved intents; nothing is lost, nothing is read twice. */
static void a_large_journal_is_rotated(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t damaged;

    fill_journal(false);
    uint32_t before = count_intents(&damaged);
    begin(&fixture, "Topic a\nTopic b");
    intend_and_wait(&fixture, 1);
    note(&fixture, 1, JOURNAL_CREATED);
    end(&fixture);
    char *text = journal_text();
    assert_int_equal(strlen(text), strchr(text, '\n') + 1 - text);
    assert_non_null(strstr(text, "\"name\":\"a\",\"event\":\"sending\""));
    assert_non_null(strstr(text, "\"carried\":true}\n"));
    free(text);
    assert_int_equal(count_intents(&damaged), before + 1);
    assert_unresolved("a");
}

/* A crash between the two steps of a rotation leaves no journal.jsonl: opening finishes it. */
static void an_interrupted_rotation_is_finished(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1};
    char rotated[300];

    begin(&fixture, "Topic a\nTopic b");
    intend(&fixture, rows, 2);
    note(&fixture, 1, JOURNAL_EXISTED);
    end(&fixture);
    char *path = journal_path();
    snprintf(rotated, sizeof rotated, "%s.1", path);
    assert_int_equal(rename(path, rotated), 0);
    assert_unresolved("a");
    assert_unresolved("a");
    free(path);
}

/* A rotation that fails takes nothing back: what was written is durable; only the next intent says why. */
static void a_failed_rotation_comes_after_the_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1};

    fill_journal(false);
    begin(&fixture, "Topic a\nTopic b");
    faults_clear();
    faults_fail(FAULT_RENAME, 0, EROFS);
    intend(&fixture, &rows[1], 1);
    intend(&fixture, &rows[1], 1);
    note(&fixture, 1, JOURNAL_CREATED);
    wait_for_answers(&fixture, 2);
    assert_int_equal(fixture.failures, 0);
    assert_true(journal_broken(fixture.journal));
    faults_clear();
    assert_int_equal(journal_intend(fixture.journal, rows, 1, 1, on_durable, &fixture, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_STATE_UNWRITABLE);
    end(&fixture);
    assert_unresolved("a");
}

/* ---- reading back */

struct tally {
    uint32_t sending, all;
    char names[1000];
    uint32_t stop_after;
};

static bool count_record(void *data, const struct journal_record *record)
{
    struct tally *tally = data;

    tally->sending += record->event == JOURNAL_SENDING;
    tally->all++;
    if (tally->all <= 20) {
        size_t used = strlen(tally->names);
        snprintf(tally->names + used, sizeof tally->names - used, "%s%.*s:%s", used > 0 ? " " : "",
                 (int)record->name.bytes, record->name.data, journal_event_name(record->event));
    }
    return tally->stop_after == 0 || tally->all < tally->stop_after;
}

static struct tally read_back(const struct journal_filter *filter, uint64_t *out_damaged)
{
    struct tally tally = {0};
    struct failure why = FAILURE_INIT;

    if (journal_read("state", filter, count_record, &tally, out_damaged, &why) != 0)
        fail_msg("%s", why.text);
    return tally;
}

static uint32_t count_intents(uint64_t *out_damaged)
{
    return read_back(&(struct journal_filter){0}, out_damaged).sending;
}

/* Filters choose by event, time and run; journals of all destinations are read. */
static void filters_choose(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t rows[] = {0, 1};
    uint64_t damaged;

    begin(&fixture, "Topic a\nTopic b");
    intend(&fixture, rows, 2);
    note(&fixture, 0, JOURNAL_CREATED);
    say_context(&fixture, "run-2");
    note(&fixture, 1, JOURNAL_SETTLED);
    end(&fixture);
    begin_at(&fixture, catalog_text("Topic z"), TEXT("snapshot:/other.json"));
    note(&fixture, 0, JOURNAL_EXISTED);
    end(&fixture);

    struct journal_filter filter = {0};
    assert_string_equal(read_back(&filter, &damaged).names, "a:sending b:sending a:created b:settled z:existed");
    filter.created = true;
    assert_string_equal(read_back(&filter, &damaged).names, "a:created b:settled");
    filter.run = "run-2";
    assert_string_equal(read_back(&filter, &damaged).names, "b:settled");
    filter = (struct journal_filter){.since_unix_ms = walltime_unix_ms() + 60000};
    assert_string_equal(read_back(&filter, &damaged).names, "");
    assert_int_equal(damaged, 0);
}

static void make_other(struct fixture *fixture, const char *name, const char *address)
{
    begin_at(fixture, catalog_text(name), text_of(address));
    intend_and_wait(fixture, 0);
    note(fixture, 0, JOURNAL_CREATED);
    end(fixture);
    poll(NULL, 0, 2); /* its time is before what comes next */
}

/* What was done on several destinations comes in the order of time, whatever they are called. */
static void destinations_are_merged_by_time(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_filter filter = {.created = true};
    uint64_t damaged;

    make_other(&fixture, "Topic first", "snapshot:/z.json");
    make_other(&fixture, "Topic second", "snapshot:/a.json");
    make_other(&fixture, "Topic third", "snapshot:/z.json");
    make_other(&fixture, "Topic fourth", "snapshot:/a.json");
    assert_string_equal(read_back(&filter, &damaged).names,
                        "first:created second:created third:created fourth:created");
}

/* A reader that has seen enough stops; damaged lines are counted; a directory without journals has no records. */
static void reading_stops_and_counts_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    struct tally tally = {.stop_after = 1};
    struct journal_filter filter = {0};
    uint32_t rows[] = {0, 1};
    uint64_t damaged;

    assert_int_equal(read_back(&filter, &damaged).all, 0);
    begin(&fixture, "Topic a\nTopic b");
    intend(&fixture, rows, 2);
    end(&fixture);
    assert_int_equal(journal_read("state", &filter, count_record, &tally, &damaged, &fixture.why), 0);
    assert_int_equal(tally.all, 1);

    char *path = journal_path();
    FILE *file = fopen(path, "a");
    fputs("{\"time\":\"2026-11-23T20:01:02.345Z\"}\n{\"time\":1}\nno json\n[]\n{\"a\"", file);
    fclose(file);
    assert_int_equal(read_back(&filter, &damaged).all, 2);
    assert_int_equal(damaged, 5);
    free(path);
}

/* A state directory that is no directory, or a journal that is no file, is a mistake that is named. */
static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_filter filter = {0};
    struct tally tally = {0};
    uint64_t damaged;

    scratch_put("file", "");
    assert_int_equal(journal_read("file", &filter, count_record, &tally, &damaged, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_INPUT_WRONG);
    begin(&fixture, "Topic a");
    end(&fixture);
    char *path = journal_path();
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(journal_read("state", &filter, count_record, &tally, &damaged, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_INPUT_WRONG);
    free(path);
}

/* ---- where state lives */

static void assert_state_dir(const char *flag, const char *expected)
{
    struct buffer path;
    struct failure why = FAILURE_INIT;

    int status = journal_state_dir(flag, &path, &why);
    if (expected) {
        assert_int_equal(status, 0);
        assert_string_equal(path.data, expected);
    } else {
        assert_int_equal(status, -1);
        assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    }
    buffer_release(&path);
}

/* The flag wins, then systemd's directory (the first of several), then XDG's, then the home directory. */
static void the_state_directory_has_an_order(void **state)
{
    (void)state;
    char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;

    setenv("HOME", "/home/x", 1);
    setenv("XDG_STATE_HOME", "/xdg", 1);
    setenv("STATE_DIRECTORY", "/var/lib/mqferry:/var/lib/other", 1);
    assert_state_dir("here", "here");
    assert_state_dir("", "/var/lib/mqferry");
    unsetenv("STATE_DIRECTORY");
    assert_state_dir(NULL, "/xdg/mqferry");
    setenv("XDG_STATE_HOME", "", 1);
    assert_state_dir(NULL, "/home/x/.local/state/mqferry");
    unsetenv("HOME");
    assert_state_dir(NULL, NULL);
    if (home)
        setenv("HOME", home, 1);
    free(home);
}

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : mallinfo2().uordblks;
}

/* A daemon at rest says its context with every pass and writes nothing: that must not pile up. */
static void contexts_without_writes_leave_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, "Topic orders messageType=FIFO");
    say_context(&fixture, "run-2");
    size_t before = allocated_bytes();
    for (int i = 0; i < 1000; i++)
        say_context(&fixture, "run-3");
    assert_in_range(allocated_bytes(), 0, before + 64 * 1024);
    end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        TEST(an_intent_is_durable_when_it_is_answered),
        TEST(a_line_holds_what_the_contract_names),
        TEST(settings_that_are_not_held_are_not_recorded),
        TEST(what_gathers_is_synced_together),
        TEST(closing_writes_what_is_queued),
        TEST(lines_keep_the_context_of_their_time),
        TEST(contexts_without_writes_leave_nothing),
        TEST(intents_without_result_are_found_again),
        TEST(results_of_many_rows_go_together),
        TEST(a_second_try_is_open_again),
        TEST(a_torn_last_line_is_cut),
        TEST(zeros_at_the_end_are_cut),
        TEST(damage_in_the_middle_stays),
        TEST(a_journal_has_one_writer),
        TEST(a_resting_journal_gives_others_their_turn),
        TEST(what_is_queued_is_written_before_the_lock_goes),
        TEST(what_others_wrote_is_noticed),
        TEST(a_failed_sync_ends_the_journal),
        TEST(what_waits_behind_a_failure_fails_too),
        TEST(a_full_disk_leaves_whole_lines),
        TEST(a_directory_that_cannot_be_made_is_named),
        TEST(a_journal_that_is_no_file_is_refused),
        TEST(a_killed_writer_loses_no_intent),
        TEST(a_large_journal_is_rotated),
        TEST(a_settled_journal_begins_empty),
        TEST(a_rotation_waits_for_what_is_under_way),
        TEST(a_rotation_waits_for_no_earlier_plan),
        TEST(a_rotation_does_not_wait_for_ever),
        TEST(an_interrupted_rotation_is_finished),
        TEST(a_failed_rotation_comes_after_the_answer),
        TEST(filters_choose),
        TEST(destinations_are_merged_by_time),
        TEST(reading_stops_and_counts_damage),
        TEST(what_cannot_be_read_is_named),
        TEST(the_state_directory_has_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
