// SPDX-License-Identifier: Apache-2.0
// The simplest client that makes a broker do the work: bare calls on one connection per master, no listing, no reading
// back.
//   bench-bare topics|groups PREFIX COUNT BATCH PORT...     creates, BATCH in one call (1: single calls, WINDOW in
//   flight) bench-bare list ROUNDS PORT...                          the whole tables of topics and groups
// Ports are those of the masters on 127.0.0.1.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WINDOW = 32, MASTERS_MAX = 8, HEADER_MAX = 512, ENTRY_MAX = 256 };
enum { LIST_TOPICS = 21, LIST_GROUPS = 201, TOPIC = 17, TOPICS = 18, GROUP = 200, GROUPS = 225 };

struct work {
    pthread_t thread;
    const char *what, *prefix;
    int port, count, batch;
};

static void die(const char *what)
{
    fprintf(stderr, "bench-bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connected(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void transfer(int fd, char *bytes, size_t size, ssize_t (*call)(int, char *, size_t))
{
    while (size > 0) {
        const ssize_t done = call(fd, bytes, size);
        if (done <= 0)
            die("the connection broke");
        bytes += done;
        size -= (size_t)done;
    }
}

static ssize_t out(int fd, char *bytes, size_t size)
{
    return write(fd, bytes, size);
}
static ssize_t in(int fd, char *bytes, size_t size)
{
    return read(fd, bytes, size);
}

// One frame: two lengths, the header as JSON, the body.
static void ask(int fd, int code, int opaque, const char *fields, char *body, size_t size)
{
    char head[HEADER_MAX];
    const int head_size =
        snprintf(head + 8, sizeof head - 8,
                 "{\"code\":%d,\"language\":\"CPP\",\"version\":401,\"opaque\":%d,\"flag\":0,\"extFields\":{%s}}", code,
                 opaque, fields);
    const uint32_t words[2] = {htonl(4 + (uint32_t)head_size + (uint32_t)size), htonl((uint32_t)head_size)};
    memcpy(head, words, sizeof words);
    transfer(fd, head, 8 + (size_t)head_size, out);
    transfer(fd, body, size, out);
}

// Reads one answer and throws its body away; only code 0 is good.
static size_t answered(int fd)
{
    uint32_t size;
    transfer(fd, (char *)&size, sizeof size, in);
    size = ntohl(size);
    char *frame = malloc(size + 1);
    if (frame == NULL)
        die("memory");
    transfer(fd, frame, size, in);
    frame[size] = '\0';
    if (strstr(frame + 4, "\"code\":0,") == NULL) {
        fprintf(stderr, "bench-bare: refused: %.300s\n", frame + 4);
        exit(1);
    }
    free(frame);
    return size;
}

static void singles(const struct work *work, int fd)
{
    char text[ENTRY_MAX];
    for (int sent = 0, received = 0; received < work->count;) {
        for (; sent < work->count && sent - received < WINDOW; sent++)
            if (*work->what == 't') {
                snprintf(
                    text, sizeof text,
                    "\"topic\":\"%s%d\",\"defaultTopic\":\"TBW102\",\"readQueueNums\":\"8\",\"writeQueueNums\":\"8\","
                    "\"perm\":\"6\",\"topicFilterType\":\"SINGLE_TAG\",\"topicSysFlag\":\"0\",\"order\":\"false\"",
                    work->prefix, sent);
                ask(fd, TOPIC, sent, text, NULL, 0);
            } else {
                ask(fd, GROUP, sent, "", text,
                    (size_t)snprintf(text, sizeof text, "{\"groupName\":\"%s%d\"}", work->prefix, sent));
            }
        answered(fd);
        received++;
    }
}

static void batches(const struct work *work, int fd)
{
    char *body = malloc((size_t)work->batch * ENTRY_MAX + ENTRY_MAX);
    if (body == NULL)
        die("memory");
    const int topics = *work->what == 't';
    for (int at = 0; at < work->count;) {
        int size = sprintf(body, topics ? "{\"topicConfigList\":[" : "{\"groupConfigList\":[");
        for (int i = 0; i < work->batch && at < work->count; i++, at++)
            size += sprintf(body + size,
                            topics ? "%s{\"topicName\":\"%s%d\",\"readQueueNums\":8,\"writeQueueNums\":8,\"perm\":6}"
                                   : "%s{\"groupName\":\"%s%d\"}",
                            i > 0 ? "," : "", work->prefix, at);
        size += sprintf(body + size, "]}");
        ask(fd, topics ? TOPICS : GROUPS, at, "", body, (size_t)size);
        answered(fd);
    }
    free(body);
}

static void lists(const struct work *work, int fd)
{
    for (int i = 0; i < work->count; i++)
        for (int kind = 0; kind < 2; kind++) {
            ask(fd, kind == 0 ? LIST_TOPICS : LIST_GROUPS, i, "", NULL, 0);
            answered(fd);
        }
}

static void *run(void *argument)
{
    const struct work *work = argument;
    const int fd = connected(work->port);
    if (*work->what == 'l')
        lists(work, fd);
    else if (work->batch == 1)
        singles(work, fd);
    else
        batches(work, fd);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    const int list = argc > 1 && strcmp(argv[1], "list") == 0, first = list ? 3 : 5;
    if (argc <= first || argc - first > MASTERS_MAX ||
        (!list && strcmp(argv[1], "topics") != 0 && strcmp(argv[1], "groups") != 0)) {
        fprintf(stderr, "bench-bare topics|groups PREFIX COUNT BATCH PORT... | list ROUNDS PORT...\n");
        return 64;
    }
    struct work works[MASTERS_MAX];
    for (int i = first; i < argc; i++) {
        struct work *work = &works[i - first];
        *work = (struct work){.what = argv[1], .prefix = argv[2], .port = atoi(argv[i])};
        work->count = atoi(argv[list ? 2 : 3]);
        work->batch = list ? 0 : atoi(argv[4]);
        if (pthread_create(&work->thread, NULL, run, work) != 0)
            die("thread");
    }
    for (int i = first; i < argc; i++)
        pthread_join(works[i - first].thread, NULL);
    return 0;
}
