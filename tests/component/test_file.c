/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/json.h"
#include "api/cause.h"

/* Each test runs in an empty directory of its own, which is the working directory meanwhile. */
static int enter_directory(void **state)
{
    char *path = strdup("/tmp/mqferry-file-XXXXXX");
    if (!path || !mkdtemp(path) || chdir(path) != 0)
        return -1;
    *state = path;
    return 0;
}

static int leave_directory(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", (char *)*state, (char *)*state);
    int status = chdir("/") == 0 && system(command) == 0 ? 0 : -1;
    free(*state);
    return status;
}

static void put(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
    struct file_text file;
    struct failure why = FAILURE_INIT;
    assert_int_equal(file_read(path, &file, &why), 0);
    assert_int_equal(file.bytes, strlen(expected));
    assert_memory_equal(file.data, expected, file.bytes);
    file_text_release(&file);
}

static void assert_unreadable(const char *path, const char *reason)
{
    struct file_text file = {.bytes = 77};
    struct failure why = FAILURE_INIT;
    assert_int_equal(file_read(path, &file, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_non_null(strstr(why.text, path));
    if (!strstr(why.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", why.text, reason);
    assert_null(file.data);
    assert_int_equal(file.bytes, 77);
}

static void assert_unwritable(const char *path, const char *reason)
{
    struct failure why = FAILURE_INIT;
    assert_int_equal(file_replace(path, TEXT("new"), 0600, &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(why.text, path));
    if (!strstr(why.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", why.text, reason);
}

/* The bytes come whole, followed by zeros that a parser may read, with the time of the last change. */
static void a_file_is_read_whole_and_padded(void **state)
{
    (void)state;
    struct file_text file;
    struct failure why = FAILURE_INIT;
    put("topics.yaml", "kind: Topic\n");
    struct timespec times[2] = {{0, 0}, {1234567890, 345000000}};
    assert_int_equal(utimensat(AT_FDCWD, "topics.yaml", times, 0), 0);

    assert_int_equal(file_read("topics.yaml", &file, &why), 0);

    assert_int_equal(file.bytes, 12);
    assert_string_equal(file.data, "kind: Topic\n");
    for (size_t i = 0; i < JSON_PADDING; i++)
        assert_int_equal(file.data[file.bytes + i], 0);
    assert_true(file.modified_unix_ms == 1234567890345);
    file_text_release(&file);
    assert_null(file.data);
    file_text_release(&file);
}

/* An empty file is an empty text, not an error. */
static void an_empty_file_is_empty(void **state)
{
    (void)state;
    put("empty", "");
    assert_content("empty", "");
}

/* Whatever is not a readable regular file is refused at once, with what it is. */
static void what_is_no_file_is_named(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("loop2", "loop1"), 0);
    assert_int_equal(symlink("loop1", "loop2"), 0);
    put("plain", "");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);

    assert_unreadable("absent", "it does not exist");
    assert_unreadable("folder", "it is a directory");
    assert_unreadable("pipe", "it is a pipe");
    assert_unreadable("socket", "it is a socket");
    assert_unreadable("/dev/null", "it is a device");
    assert_unreadable("dangling", "a symbolic link to something that does not exist");
    assert_unreadable("loop1", "its symbolic links lead in a circle");
    assert_unreadable("plain/file", "not a directory");
    close(fd);
}

/* A child, because root (who may read everything) has to become somebody else for it. */
static void a_file_without_permission_is_refused(void **state)
{
    (void)state;
    put("secret", "x");
    assert_int_equal(chmod("secret", 0), 0);
    pid_t child = fork();
    if (child == 0) {
        struct file_text file;
        struct failure why = FAILURE_INIT;
        bool other = geteuid() != 0 || (chmod(".", 0755) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        bool refused = other && file_read("secret", &file, &why) == -1 && strstr(why.text, "permission denied") != NULL;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The limit is told; a sparse file of twice its size is refused without being read. */
static void a_file_over_the_limit_is_refused(void **state)
{
    (void)state;
    put("huge", "");
    assert_int_equal(truncate("huge", (off_t)FILE_BYTES_MAX * 2), 0);
    assert_unreadable("huge", "larger than 1 GiB");
}

struct writer {
    atomic_bool stop;
    const char *path;
};

static void *keep_changing(void *argument)
{
    struct writer *writer = argument;
    int fd = open(writer->path, O_WRONLY | O_CLOEXEC);
    for (off_t size = 1; !atomic_load(&writer->stop); size++) {
        if (ftruncate(fd, 4 * 1024 * 1024 + size % 2 * 4096) != 0)
            break;
    }
    close(fd);
    return NULL;
}

/* A file that changes size while it is read gives a whole moment of it or an error that says so, never a mixture. */
static void a_changing_file_is_never_half_read(void **state)
{
    (void)state;
    struct writer writer = {.path = "changing"};
    pthread_t thread;
    put("changing", "");
    assert_int_equal(truncate("changing", 4 * 1024 * 1024), 0);
    assert_int_equal(pthread_create(&thread, NULL, keep_changing, &writer), 0);

    for (int i = 0; i < 50; i++) {
        struct file_text file;
        struct failure why = FAILURE_INIT;
        if (file_read("changing", &file, &why) != 0) {
            assert_non_null(strstr(why.text, "it changed while it was read"));
            continue;
        }
        assert_true(file.bytes == 4 * 1024 * 1024 || file.bytes == 4 * 1024 * 1024 + 4096);
        file_text_release(&file);
    }
    atomic_store(&writer.stop, true);
    pthread_join(thread, NULL);
}

/* A file that never holds as many bytes as its size says is given up after a few tries. */
static void a_file_that_does_not_settle_is_refused(void **state)
{
    (void)state;
    assert_unreadable("/proc/self/status", "it changed while it was read");
}

/* Puts `fd` in the place of standard input, reads it, and puts the old one back. */
static int read_standard_input_until(const atomic_bool *cancelled, int fd, struct file_text *file, struct failure *why)
{
    int saved = dup(STDIN_FILENO);
    dup2(fd, STDIN_FILENO);
    int status = file_read_cancellable("-", cancelled, file, why);
    dup2(saved, STDIN_FILENO);
    close(saved);
    return status;
}

static int read_standard_input_from(int fd, struct file_text *file, struct failure *why)
{
    return read_standard_input_until(NULL, fd, file, why);
}

static void *feed(void *argument)
{
    int fd = *(int *)argument;
    char line[1000];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 3000; i++) {
        if (write(fd, line, sizeof line) != sizeof line)
            break;
    }
    close(fd);
    return NULL;
}

/* A pipe of unknown length is read to its end, even one that somebody made non-blocking. */
static void standard_input_may_be_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    pthread_t thread;
    struct file_text file;
    struct failure why = FAILURE_INIT;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&thread, NULL, feed, &ends[1]), 0);

    assert_int_equal(read_standard_input_from(ends[0], &file, &why), 0);

    pthread_join(thread, NULL);
    close(ends[0]);
    assert_int_equal(file.bytes, 3000000);
    assert_int_equal(file.data[2999999], 'x');
    for (size_t i = 0; i < JSON_PADDING; i++)
        assert_int_equal(file.data[file.bytes + i], 0);
    file_text_release(&file);
}

static void *cancel(void *argument)
{
    usleep(20000);
    atomic_store((atomic_bool *)argument, true);
    return NULL;
}

/* An input that never ends is waited for until that is cancelled. */
static void waiting_for_standard_input_can_be_cancelled(void **state)
{
    (void)state;
    int ends[2];
    pthread_t thread;
    struct file_text file;
    struct failure why = FAILURE_INIT;
    atomic_bool cancelled = false;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "half", 4), 4);
    assert_int_equal(pthread_create(&thread, NULL, cancel, &cancelled), 0);

    assert_int_equal(read_standard_input_until(&cancelled, ends[0], &file, &why), -1);

    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(why.cause, CAUSE_CANCELLED);
    assert_non_null(strstr(why.text, "standard input"));
}

/* A redirected file is read as well; a directory on standard input is named. */
static void standard_input_may_be_a_file(void **state)
{
    (void)state;
    struct file_text file;
    struct failure why = FAILURE_INIT;
    put("topics.yaml", "kind: Topic\n");
    int fd = open("topics.yaml", O_RDONLY);
    assert_int_equal(read_standard_input_from(fd, &file, &why), 0);
    close(fd);
    assert_string_equal(file.data, "kind: Topic\n");
    file_text_release(&file);

    fd = open(".", O_RDONLY);
    assert_int_equal(read_standard_input_from(fd, &file, &why), -1);
    close(fd);
    assert_string_equal(why.text, "cannot read standard input: it is a directory, not a file");
}

/* A new file gets the mode asked for; an old one is replaced and keeps its own; nothing else stays in the directory. */
static void a_file_is_replaced_whole(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;
    struct stat about;
    mode_t old_mask = umask(022);

    assert_int_equal(file_replace("snapshot.json", TEXT("first"), 0660, &why), 0);
    assert_content("snapshot.json", "first");
    assert_int_equal(stat("snapshot.json", &about), 0);
    assert_int_equal(about.st_mode & 07777, 0640);

    assert_int_equal(chmod("snapshot.json", 0604), 0);
    assert_int_equal(file_replace("./snapshot.json", TEXT(""), 0600, &why), 0);
    assert_content("snapshot.json", "");
    assert_int_equal(stat("snapshot.json", &about), 0);
    assert_int_equal(about.st_mode & 07777, 0604);
    assert_int_equal(access("snapshot.json.part", F_OK), -1);
    umask(old_mask);
}

/* Who reads through a symbolic link goes on reading through it. */
static void a_symbolic_link_stays_one(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;
    struct stat about;
    assert_int_equal(mkdir("real", 0700), 0);
    put("real/file", "old");
    assert_int_equal(symlink("real/file", "link"), 0);

    assert_int_equal(file_replace("link", TEXT("new"), 0600, &why), 0);

    assert_int_equal(lstat("link", &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_content("real/file", "new");
}

/* What cannot be written is named, and what is there stays. */
static void what_cannot_be_written_is_named(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    put("plain", "old");
    assert_int_equal(symlink("loop", "loop"), 0);
    char long_name[300];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';

    assert_unwritable("folder", "not a regular file");
    assert_unwritable("absent/", "it is a directory");
    assert_unwritable("/dev/null", "not a regular file");
    assert_unwritable("absent/file", "its directory does not exist");
    assert_unwritable("plain/file", "not a directory");
    assert_unwritable("loop", "circle");
    assert_unwritable(long_name, "too long");
    assert_unwritable("/proc/mqferry", "its directory does not exist");
    assert_content("plain", "old");
}

/* The part of a writer that died is cleared away; the part of one that lives makes us give way. */
static void parts_of_others_are_told_apart(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;
    put("file", "old");
    put("file.part", "half of something");
    int fd = open("file.part", O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);

    assert_unwritable("file", "another process is writing it");
    assert_content("file", "old");
    assert_content("file.part", "half of something");

    close(fd);
    assert_int_equal(file_replace("file", TEXT("new"), 0600, &why), 0);
    assert_content("file", "new");
    assert_int_equal(access("file.part", F_OK), -1);

    assert_int_equal(mkdir("file.part", 0700), 0);
    assert_unwritable("file", "it is a directory");
    assert_content("file", "new");
}

/* A write that fails half way leaves the old file and no new one. */
static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    put("file", "old");
    pid_t child = fork();
    if (child == 0) {
        struct failure why = FAILURE_INIT;
        static char large[10000];
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
        bool refused = file_replace("file", (struct text){large, sizeof large}, 0600, &why) == -1 &&
                       why.cause == CAUSE_STATE_UNWRITABLE &&
                       strstr(why.text, "larger than this system allows") != NULL;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_content("file", "old");
    assert_int_equal(access("file.part", F_OK), -1);
}

static void assert_position(const char *text, size_t offset, uint32_t line, uint32_t column)
{
    uint32_t found_line = 0, found_column = 0;
    text_position(text_of(text), offset, &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

/* Lines and columns count from one; an offset behind the text is its end. */
static void positions_count_from_one(void **state)
{
    (void)state;
    assert_position("", 0, 1, 1);
    assert_position("abc", 2, 1, 3);
    assert_position("abc\ndef", 3, 1, 4);
    assert_position("abc\ndef", 4, 2, 1);
    assert_position("abc\n\ndef", 6, 3, 2);
    assert_position("abc\n", 99, 2, 1);
    assert_position("é\nx", 2, 1, 3);
}

/* Every errno has words. */
static void every_error_has_words(void **state)
{
    (void)state;
    for (int error = -1; error < 200; error++)
        assert_true(strlen(file_error_text(error)) > 3);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_file_is_read_whole_and_padded),
        IN_DIRECTORY(an_empty_file_is_empty),
        IN_DIRECTORY(what_is_no_file_is_named),
        IN_DIRECTORY(a_file_without_permission_is_refused),
        IN_DIRECTORY(a_file_over_the_limit_is_refused),
        IN_DIRECTORY(a_changing_file_is_never_half_read),
        cmocka_unit_test(a_file_that_does_not_settle_is_refused),
        IN_DIRECTORY(standard_input_may_be_a_pipe),
        IN_DIRECTORY(waiting_for_standard_input_can_be_cancelled),
        IN_DIRECTORY(standard_input_may_be_a_file),
        IN_DIRECTORY(a_file_is_replaced_whole),
        IN_DIRECTORY(a_symbolic_link_stays_one),
        IN_DIRECTORY(what_cannot_be_written_is_named),
        IN_DIRECTORY(parts_of_others_are_told_apart),
        IN_DIRECTORY(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(positions_count_from_one),
        cmocka_unit_test(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
