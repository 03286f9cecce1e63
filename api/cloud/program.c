/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/monotime.h"
#include "api/base/secret.h"
#include "api/cause.h"

enum { WORDS_MAX = 64, LOOK_UP_MS = 200, LINGER_MS = 5 };

extern char **environ;

static uint32_t split_words(char *command, char *words[static WORDS_MAX + 1])
{
    uint32_t count = 0;
    char *rest = command;
    for (char *word = strsep(&rest, " \t"); word != NULL; word = strsep(&rest, " \t"))
        if (word[0] != '\0' && count < WORDS_MAX)
            words[count++] = word;
    words[count] = NULL;
    return count;
}

/* A group of its own, so that its children end with it; signals as a fresh program expects them. */
static int spawn(char *const *words, int output, pid_t *out_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    error = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawnp(out_pid, words[0], &files, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* 1: more may come; 0: that was all; -1: it failed. */
static int read_some(int output, struct buffer *out, struct failure *why)
{
    char bytes[4096];
    ssize_t count = read(output, bytes, sizeof bytes);

    if (count < 0)
        return errno == EINTR || errno == EAGAIN ? 1
                                                 : failure_set(why, CAUSE_CREDENTIALS_REJECTED,
                                                               "its output cannot be read: %s", file_error_text(errno));
    int status = count > 0 ? 1 : 0;
    if (count > 0 && buffer_append(out, bytes, (size_t)count) < 0)
        status =
            failure_set(why, CAUSE_CREDENTIALS_REJECTED, "it printed more than %d bytes", PROGRAM_OUTPUT_BYTES_MAX);
    secret_wipe(bytes, sizeof bytes);
    return status;
}

static int read_all(int output, const atomic_bool *cancelled, struct buffer *out, struct failure *why)
{
    uint64_t deadline_ms = monotime_ms() + PROGRAM_TIMEOUT_MS;

    while (monotime_ms() < deadline_ms) {
        struct pollfd ready = {.fd = output, .events = POLLIN};
        if (cancelled != NULL && atomic_load(cancelled))
            return failure_set(why, CAUSE_CANCELLED, "it was stopped");
        if (poll(&ready, 1, LOOK_UP_MS) <= 0)
            continue;
        int status = read_some(output, out, why);
        if (status <= 0)
            return status;
    }
    return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "it took more than %d seconds", PROGRAM_TIMEOUT_MS / 1000);
}

/* A program that has said everything may still linger: until the deadline, then it is killed too. */
static int wait_for_end(pid_t pid, bool kill_now)
{
    uint64_t deadline_ms = monotime_ms() + PROGRAM_TIMEOUT_MS;
    int ended = 0;
    pid_t found = 0;

    while (!kill_now && (found = waitpid(pid, &ended, WNOHANG)) == 0 && monotime_ms() < deadline_ms)
        poll(NULL, 0, LINGER_MS);
    if (found == pid)
        return ended;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        continue;
    return ended;
}

static int run(char *const *words, const atomic_bool *cancelled, struct buffer *out, struct failure *why)
{
    int ends[2];
    pid_t pid = 0;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return failure_set(why, CAUSE_SYSTEM_ERROR, "cannot make a pipe: %s", file_error_text(errno));
    int error = spawn(words, ends[1], &pid);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "it cannot be started: %s", file_error_text(error));
    }
    int status = read_all(ends[0], cancelled, out, why);
    close(ends[0]);
    int ended = wait_for_end(pid, status < 0);
    if (status == 0 && !(WIFEXITED(ended) && WEXITSTATUS(ended) == 0))
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "it failed");
    return status;
}

/* Only the program's name is shown: its arguments may hold a secret. */
int program_output(const char *command, const atomic_bool *cancelled, struct buffer *out, struct failure *why)
{
    char *words[WORDS_MAX + 1];
    char *copy = secret_copy(text_of(command));
    int status = -1;

    if (copy == NULL)
        return failure_no_memory(why, "running a program for credentials");
    if (split_words(copy, words) == 0)
        failure_set(why, CAUSE_CREDENTIALS_REJECTED, "process_command is blank");
    else if (run(words, cancelled, out, why) < 0)
        failure_wrap(why, "the program '%s' gave no credentials", words[0]);
    else
        status = 0;
    secret_free(copy);
    return status;
}
