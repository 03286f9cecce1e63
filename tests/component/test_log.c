/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "api/base/json.h"
#include "api/base/log.h"
#include "api/base/log_journal.h"
#include "api/base/strings.h"

/* What a log with these options wrote since the last look, read back from a file that stands for standard error. */
struct sink {
    int fd;
    char text[128 * 1024];
};

static int open_sink(void **state)
{
    struct sink *sink = calloc(1, sizeof *sink);
    char path[] = "/tmp/mqferry-log-XXXXXX";
    if (!sink)
        return -1;
    sink->fd = mkostemp(path, O_CLOEXEC | O_APPEND);
    unlink(path);
    *state = sink;
    return sink->fd < 0 ? -1 : 0;
}

static int close_sink(void **state)
{
    struct sink *sink = *state;
    close(sink->fd);
    free(sink);
    return 0;
}

static const char *written(struct sink *sink)
{
    ssize_t count = pread(sink->fd, sink->text, sizeof sink->text - 1, 0);
    assert_true(count >= 0);
    sink->text[count] = '\0';
    assert_int_equal(ftruncate(sink->fd, 0), 0);
    return sink->text;
}

static struct log *open_log(struct sink *sink, enum log_format format, bool journal)
{
    struct log *log = log_new(&(struct log_options){
        .fd = sink->fd, .level = LOG_LEVEL_INFO, .format = format, .journal_priorities = journal});
    assert_non_null(log);
    return log;
}

/* People get the time of day, the level, the sentence, then the fields; the event's name stays inside. */
static void text_is_for_people(void **state)
{
    struct sink *sink = *state;
    struct log *log = open_log(sink, LOG_FORMAT_TEXT, false);

    log_event(log, LOG_LEVEL_WARN, "create-failed", "could not create the topic", "kind", "Topic", "absent", NULL,
              "name", "a b", NULL);

    const char *line = written(sink);
    unsigned hour, minute, second;
    int end = 0;
    assert_int_equal(sscanf(line, "%2u:%2u:%2u %n", &hour, &minute, &second, &end), 3);
    assert_true(hour < 24 && minute < 60 && second < 61);
    assert_string_equal(line + end, "warn  could not create the topic kind=Topic name=\"a b\"\n");
    log_free(log);
}

/* Colours mark the level, and nothing else changes. */
static void colours_mark_the_level(void **state)
{
    struct sink *sink = *state;
    struct log *log = log_new(&(struct log_options){.fd = sink->fd, .journal_priorities = true, .color = true});
    log_event(log, LOG_LEVEL_ERROR, "start", "cannot start", NULL);
    assert_string_equal(written(sink), "<3>\x1B[31merror\x1B[0m cannot start\n");
    log_free(log);
}

/* logfmt: the moment, then pairs; what is not plain stands in quotes and can neither end the line nor the quotes. */
static void logfmt_is_pairs(void **state)
{
    struct sink *sink = *state;
    struct log *log = open_log(sink, LOG_FORMAT_LOGFMT, false);

    log_event(log, LOG_LEVEL_INFO, "pass-end", "pass ended", "sync", "cutover", "why", "said \"no\" \\ \n\x1B[2J\xFF",
              "empty", "", "remark", "订单", NULL);

    const char *line = written(sink);
    int64_t moment;
    assert_memory_equal(line, "time=", 5);
    assert_true(time_parse((struct text){line + 5, strcspn(line + 5, " ")}, &moment));
    assert_true(moment > 1700000000000);
    assert_string_equal(strchr(line, ' '),
                        " level=info event=pass-end msg=\"pass ended\" sync=cutover why=\"said \\\"no\\\" \\\\ "
                        "\\x0a\\x1b[2J\\xff\" empty=\"\" remark=\"订单\"\n");
    log_free(log);
}

/* json: one object a line that a parser takes, whatever the fields hold. */
static void json_is_one_object_a_line(void **state)
{
    struct sink *sink = *state;
    struct log *log = open_log(sink, LOG_FORMAT_JSON, false);
    struct failure why = FAILURE_INIT;

    log_event(log, LOG_LEVEL_ERROR, "load-failed", "cannot load", "path", "a\"b\n\xFF", "absent", NULL, NULL);

    const char *line = written(sink);
    static const char *const keys[] = {"time", "level", "event", "msg", "path"};
    static const char *const values[] = {NULL, "error", "load-failed", "cannot load", "a\"b\n\xEF\xBF\xBD"};
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    char *padded = json_pad(text_of(line));
    struct json_reader *reader = json_reader_new((struct text){padded, strlen(line)}, &why);
    struct json_token token;
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_OBJECT);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(json_next(reader, &token), JSON_STRING);
        assert_true(text_is(token.key, keys[i]));
        assert_true(!values[i] || text_is(token.text, values[i]));
    }
    assert_int_equal(json_next(reader, &token), JSON_END_OBJECT);
    assert_int_equal(json_next(reader, &token), JSON_END);
    json_reader_free(reader);
    free(padded);
    log_free(log);
}

/* The journal knows the time itself and reads the level from the priority in front. */
static void the_journal_gets_priorities_and_no_time(void **state)
{
    struct sink *sink = *state;
    static const struct {
        enum log_format format;
        const char *line;
    } cases[] = {{LOG_FORMAT_TEXT, "<4>warn  slow\n"},
                 {LOG_FORMAT_LOGFMT, "<4>level=warn event=pace msg=slow\n"},
                 {LOG_FORMAT_JSON, "<4>{\"level\":\"warn\",\"event\":\"pace\",\"msg\":\"slow\"}\n"}};
    for (size_t i = 0; i < 3; i++) {
        struct log *log = open_log(sink, cases[i].format, true);
        log_event(log, LOG_LEVEL_WARN, "pace", "slow", NULL);
        assert_string_equal(written(sink), cases[i].line);
        log_free(log);
    }
    struct log *log = open_log(sink, LOG_FORMAT_TEXT, true);
    log_set_level(log, LOG_LEVEL_DEBUG);
    log_event(log, LOG_LEVEL_INFO, "e", "i", NULL);
    log_event(log, LOG_LEVEL_DEBUG, "e", "d", NULL);
    assert_string_equal(written(sink), "<6>info  i\n<7>debug d\n");
    log_free(log);
}

/* What nobody asked for is not written; no log at all wants nothing. */
static void levels_filter(void **state)
{
    struct sink *sink = *state;
    struct log *log = open_log(sink, LOG_FORMAT_TEXT, true);
    log_event(log, LOG_LEVEL_DEBUG, "e", "hidden", NULL);
    assert_false(log_wants(log, LOG_LEVEL_DEBUG));
    assert_true(log_wants(log, LOG_LEVEL_INFO));
    log_set_level(log, LOG_LEVEL_ERROR);
    log_event(log, LOG_LEVEL_WARN, "e", "hidden", NULL);
    log_event(NULL, LOG_LEVEL_ERROR, "e", "hidden", NULL);
    assert_false(log_wants(NULL, LOG_LEVEL_ERROR));
    assert_string_equal(written(sink), "");
    log_free(log);
    log_free(NULL);
}

/* A line that is too long is replaced by one that says so. */
static void a_line_that_is_too_long_is_replaced(void **state)
{
    struct sink *sink = *state;
    struct log *log = open_log(sink, LOG_FORMAT_LOGFMT, false);
    char *huge = malloc(100000);
    assert_non_null(huge);
    memset(huge, 'x', 99999);
    huge[99999] = '\0';
    log_event(log, LOG_LEVEL_INFO, "e", "m", "huge", huge, NULL);
    assert_string_equal(written(sink), "a log line was lost: it was too long, or memory ran out\n");
    free(huge);
    log_free(log);
}

enum { THREADS = 4, LINES = 200 };

static void *write_lines(void *argument)
{
    for (int i = 0; i < LINES; i++)
        log_event(argument, LOG_LEVEL_INFO, "e", "a sentence that is long enough to be torn apart", "key", "value",
                  NULL);
    return NULL;
}

/* Lines of many threads come whole. */
static void threads_do_not_mix_their_lines(void **state)
{
    struct sink *sink = *state;
    struct log *log = open_log(sink, LOG_FORMAT_TEXT, true);
    pthread_t threads[THREADS];
    static const char expected[] = "<6>info  a sentence that is long enough to be torn apart key=value\n";
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, log), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    const char *text = written(sink);
    assert_int_equal(strlen(text), THREADS * LINES * (sizeof expected - 1));
    for (size_t i = 0; i < THREADS * LINES; i++)
        assert_memory_equal(text + i * (sizeof expected - 1), expected, sizeof expected - 1);
    log_free(log);
}

/* A log that cannot be written loses its lines and nothing else. */
static void a_broken_sink_does_no_harm(void **state)
{
    (void)state;
    struct log *log = log_new(&(struct log_options){.fd = -1, .level = LOG_LEVEL_INFO});
    log_event(log, LOG_LEVEL_ERROR, "e", "nobody reads this", NULL);
    log_free(log);
}

/* Levels and formats are known by their names only. */
static void names_are_parsed(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_ERROR;
    enum log_format format = LOG_FORMAT_TEXT;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_true(log_level_parse("warn", &level));
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_false(log_level_parse("Debug", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_true(log_format_parse("json", &format));
    assert_int_equal(format, LOG_FORMAT_JSON);
    assert_true(log_format_parse("logfmt", &format));
    assert_int_equal(format, LOG_FORMAT_LOGFMT);
    assert_false(log_format_parse("xml", &format));
    assert_int_equal(format, LOG_FORMAT_LOGFMT);
}

/* ---- the journal's own protocol */

/* A journal of our own: a datagram socket in a folder of its own. */
struct journal {
    char folder[64], path[96];
    int socket;
    char entry[64 * 1024];
};

static void open_journal(struct journal *journal)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(journal->folder, sizeof journal->folder, "/tmp/mqferry-journal-XXXXXX");
    assert_non_null(mkdtemp(journal->folder));
    snprintf(journal->path, sizeof journal->path, "%s/socket", journal->folder);
    memcpy(address.sun_path, journal->path, strlen(journal->path) + 1);
    journal->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(journal->socket, (struct sockaddr *)&address, sizeof address), 0);
}

static void close_journal(struct journal *journal)
{
    close(journal->socket);
    unlink(journal->path);
    rmdir(journal->folder);
}

static void expect_entry(struct journal *journal, const char *expected, size_t bytes)
{
    assert_int_equal(recv(journal->socket, journal->entry, sizeof journal->entry, 0), bytes);
    assert_memory_equal(journal->entry, expected, bytes);
}

/* Each field becomes a field of the entry; one with lines of its own keeps them; nothing is written beside it. */
static void the_journal_gets_fields(void **state)
{
    struct sink *sink = *state;
    struct journal journal;
    static const char expected[] = "MESSAGE=not at parity sync=one why=\"a\\x0ab\"\nPRIORITY=4\n"
                                   "SYSLOG_IDENTIFIER=mqferry\nMQFERRY_EVENT=pass-end\nMQFERRY_SYNC=one\n"
                                   "MQFERRY_WHY\n\3\0\0\0\0\0\0\0a\nb\n";

    open_journal(&journal);
    struct log *log = log_new(&(struct log_options){
        .fd = sink->fd, .level = LOG_LEVEL_INFO, .journal_priorities = true, .journal_path = journal.path});
    log_event(log, LOG_LEVEL_WARN, "pass-end", "not at parity", "sync", "one", "why", "a\nb", NULL);
    expect_entry(&journal, expected, sizeof expected - 1);
    assert_string_equal(written(sink), "");
    log_free(log);
    close_journal(&journal);
}

/* People who want another form get it as the message; fields stay fields. */
static void the_journal_keeps_the_form(void **state)
{
    struct sink *sink = *state;
    struct journal journal;
    static const char expected[] = "MESSAGE={\"level\":\"info\",\"event\":\"end\",\"msg\":\"ended\"}\nPRIORITY=6\n"
                                   "SYSLOG_IDENTIFIER=mqferry\nMQFERRY_EVENT=end\n";

    open_journal(&journal);
    struct log *log = log_new(&(struct log_options){
        .fd = sink->fd, .level = LOG_LEVEL_INFO, .journal_priorities = true, .journal_path = journal.path});
    log_set_format(log, LOG_FORMAT_JSON);
    log_event(log, LOG_LEVEL_INFO, "end", "ended", NULL);
    expect_entry(&journal, expected, sizeof expected - 1);
    log_free(log);
    close_journal(&journal);
}

/* A journal that is gone, or was never there, costs no line: it goes to standard error. */
static void a_journal_that_is_gone_costs_no_line(void **state)
{
    struct sink *sink = *state;
    struct journal journal;

    open_journal(&journal);
    struct log *log = log_new(&(struct log_options){
        .fd = sink->fd, .level = LOG_LEVEL_INFO, .journal_priorities = true, .journal_path = journal.path});
    close_journal(&journal);
    log_event(log, LOG_LEVEL_INFO, "e", "kept", NULL);
    assert_string_equal(written(sink), "<6>kept\n");
    log_free(log);
    log = log_new(&(struct log_options){
        .fd = sink->fd, .level = LOG_LEVEL_INFO, .journal_priorities = true, .journal_path = journal.path});
    log_event(log, LOG_LEVEL_INFO, "e", "kept too", NULL);
    assert_string_equal(written(sink), "<6>info  kept too\n");
    log_free(log);
}

/* systemd says by device and inode which stream is the journal's: another one of the same process is not. */
static void the_journals_stream_is_known_by_its_inode(void **state)
{
    struct sink *sink = *state;
    struct stat status;
    char name[64];

    assert_int_equal(fstat(sink->fd, &status), 0);
    snprintf(name, sizeof name, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    assert_true(log_journal_owns(sink->fd, name));
    assert_false(log_journal_owns(STDIN_FILENO, name));
    assert_false(log_journal_owns(-1, name));
    assert_false(log_journal_owns(sink->fd, NULL));
    assert_false(log_journal_owns(sink->fd, ""));
    assert_false(log_journal_owns(sink->fd, "8:1x"));
    snprintf(name, sizeof name, "%llu:%llu ", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    assert_false(log_journal_owns(sink->fd, name));
}

int main(void)
{
#define WITH_SINK(test) cmocka_unit_test_setup_teardown(test, open_sink, close_sink)
    const struct CMUnitTest tests[] = {
        WITH_SINK(text_is_for_people),
        WITH_SINK(colours_mark_the_level),
        WITH_SINK(logfmt_is_pairs),
        WITH_SINK(json_is_one_object_a_line),
        WITH_SINK(the_journal_gets_priorities_and_no_time),
        WITH_SINK(levels_filter),
        WITH_SINK(a_line_that_is_too_long_is_replaced),
        WITH_SINK(threads_do_not_mix_their_lines),
        cmocka_unit_test(a_broken_sink_does_no_harm),
        cmocka_unit_test(names_are_parsed),
        WITH_SINK(the_journal_gets_fields),
        WITH_SINK(the_journal_keeps_the_form),
        WITH_SINK(a_journal_that_is_gone_costs_no_line),
        WITH_SINK(the_journals_stream_is_known_by_its_inode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
