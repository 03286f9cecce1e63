/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick of `./dev bench cloud`: libcurl's multi interface and nothing else sends prepared requests, so many at
 * a time, each handle and connection used again.
 *
 *   bench-multi-post FILE CONCURRENCY      prints how many were answered with 200
 *
 * FILE holds requests: "POST URL", header lines, an empty line, the body in one line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { CONCURRENCY_MAX = 256, LINE_BYTES = 4096, ERROR_EXIT = 2 };

struct prepared {
    char *url, *body;
    struct curl_slist *headers;
};

static struct prepared *requests;
static size_t request_count;

static char *next_line(FILE *file)
{
    static char line[LINE_BYTES];
    if (!fgets(line, sizeof line, file))
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench-multi-post: %s\n", what);
    exit(ERROR_EXIT);
}

static void read_requests(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line;

    if (!file)
        fail("the requests cannot be read");
    while ((line = next_line(file)) != NULL) {
        struct prepared *grown = realloc(requests, (request_count + 1) * sizeof *requests);
        if (!grown || strncmp(line, "POST ", 5) != 0)
            fail("a request is no POST");
        requests = grown;
        struct prepared *request = &requests[request_count++];
        *request = (struct prepared){.url = strdup(line + 5)};
        while ((line = next_line(file)) != NULL && line[0] != '\0')
            request->headers = curl_slist_append(request->headers, line);
        line = next_line(file);
        request->body = line ? strdup(line) : NULL;
        if (!request->url || !request->headers || !request->body)
            fail("a request is cut off");
    }
    fclose(file);
}

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static void start(CURLM *multi, CURL *easy, const struct prepared *request)
{
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    if (curl_multi_add_handle(multi, easy) != CURLM_OK)
        fail("a request cannot be started");
}

/* Gives ended handles their next request; how many ended. */
static size_t take_ended(CURLM *multi, size_t *next, size_t *answered)
{
    CURLMsg *message;
    size_t ended = 0;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        long status = 0;
        if (message->data.result == CURLE_OK)
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        *answered += status == 200;
        ended++;
        curl_multi_remove_handle(multi, easy);
        if (*next < request_count)
            start(multi, easy, &requests[(*next)++]);
        else
            curl_easy_cleanup(easy);
    }
    return ended;
}

int main(int argc, char **argv)
{
    size_t concurrency = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, next = 0, ended = 0, answered = 0;
    int running;

    if (concurrency == 0 || concurrency > CONCURRENCY_MAX)
        fail("FILE CONCURRENCY");
    read_requests(argv[1]);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)concurrency);
    while (next < request_count && next < concurrency)
        start(multi, curl_easy_init(), &requests[next++]);
    while (ended < request_count) {
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            fail("libcurl gave up");
        size_t now_ended = take_ended(multi, &next, &answered);
        ended += now_ended;
        if (now_ended == 0 && curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK)
            fail("libcurl gave up");
    }
    curl_multi_cleanup(multi);
    printf("answered %zu\n", answered);
    return answered == request_count ? EXIT_SUCCESS : EXIT_FAILURE;
}
