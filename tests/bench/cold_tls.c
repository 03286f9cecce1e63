/* SPDX-License-Identifier: Apache-2.0
 *
 * How long the loop is busy at a stretch while so many cold TLS connections are made at once, through the product's own
 * http.c.
 *
 *   bench-cold-tls URL CA-FILE COUNT
 *
 * Prints the longest turn of the loop in processor time of its thread and in wall time (microseconds), what all took,
 * and the peak memory. A turn is what runs between two waits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <uv.h>

#include "api/base/monotime.h"
#include "api/cloud/http.h"

enum { DEADLINE_MS = 60000, ANSWER_BYTES = 1 << 16 };

struct watch {
    uv_prepare_t before_waiting;
    uv_check_t after_waiting;
    uint64_t cpu_us, wall_us; /* when the turn began */
    uint64_t longest_cpu_us, longest_wall_us;
    uint32_t left, answered;
};

static uint64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void begin_turn(struct watch *watch)
{
    watch->cpu_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    watch->wall_us = clock_us(CLOCK_MONOTONIC);
}

/* Events are handled inside of libuv's wait: a turn is everything from one wait to the next, the wait's own
 * processor time (next to nothing) included. Wall time counts from when the wait returned at the latest. */
static void on_before_waiting(uv_prepare_t *handle)
{
    struct watch *watch = handle->data;
    uint64_t cpu_us = clock_us(CLOCK_THREAD_CPUTIME_ID) - watch->cpu_us;

    if (cpu_us > watch->longest_cpu_us)
        watch->longest_cpu_us = cpu_us;
    begin_turn(watch);
}

static void on_done(struct http_request *request)
{
    struct watch *watch = request->data;

    if (request->failure.cause != 0)
        fprintf(stderr, "bench-cold-tls: %s\n", request->failure.text);
    watch->answered += request->failure.cause == 0;
    if (--watch->left == 0)
        uv_prepare_stop(&watch->before_waiting);
}

static void on_closed(void *context)
{
    (void)context;
}

int main(int argc, char **argv)
{
    uint32_t count = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    struct http_request *requests = calloc(count > 0 ? count : 1, sizeof *requests);
    struct watch watch = {.left = count};
    struct failure why = FAILURE_INIT;
    struct rusage usage;
    uv_loop_t loop;

    if (count == 0 || !requests || uv_loop_init(&loop) != 0)
        return EXIT_FAILURE;
    struct http *http = http_new(&loop, &why);
    if (!http) {
        fprintf(stderr, "bench-cold-tls: %s\n", why.text);
        return EXIT_FAILURE;
    }
    http_allow(http, count);
    uv_prepare_init(&loop, &watch.before_waiting);
    watch.before_waiting.data = &watch;
    uv_prepare_start(&watch.before_waiting, on_before_waiting);
    begin_turn(&watch);
    uint64_t began_us = watch.wall_us;
    for (uint32_t i = 0; i < count; i++) {
        requests[i] = (struct http_request){.method = "GET",
                                            .url = argv[1],
                                            .ca_file = argv[2],
                                            .connect_timeout_ms = DEADLINE_MS,
                                            .deadline_ms = monotime_ms() + DEADLINE_MS,
                                            .answer_bytes_max = ANSWER_BYTES,
                                            .done = on_done,
                                            .data = &watch};
        if (http_start(http, &requests[i], &why) != 0)
            return EXIT_FAILURE;
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uint64_t took_us = clock_us(CLOCK_MONOTONIC) - began_us;
    getrusage(RUSAGE_SELF, &usage);
    printf("answered %" PRIu32 "\nlongest_cpu_us %" PRIu64 "\ntook_us %" PRIu64 "\npeak_kib %ld\n", watch.answered,
           watch.longest_cpu_us, took_us, usage.ru_maxrss);
    uv_close((uv_handle_t *)&watch.before_waiting, NULL);
    http_close(http, on_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    free(requests);
    return watch.answered == count && uv_loop_close(&loop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
