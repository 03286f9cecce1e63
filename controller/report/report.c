/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/report/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api/cause.h"

enum {
    SINK_FLUSH_BYTES = 64 * 1024,
    SINK_BYTES_MAX = 64 * 1024 * 1024, /* one row cannot be longer than its settings, which are bounded */
};

void report_sink_init(struct report_sink *sink, int fd)
{
    *sink = (struct report_sink){.fd = fd};
    buffer_init(&sink->buffer, SINK_BYTES_MAX);
}

static void write_all(struct report_sink *sink)
{
    size_t done = 0;
    while (done < sink->buffer.length && !sink->failed) {
        ssize_t count = write(sink->fd, sink->buffer.data + done, sink->buffer.length - done);
        if (count >= 0) {
            done += (size_t)count;
        } else if (errno != EINTR) {
            sink->failed = true;
            sink->error = errno;
        }
    }
    buffer_reset(&sink->buffer);
}

void report_sink_drain(struct report_sink *sink, bool all)
{
    if (sink->buffer.failed && !sink->failed) {
        sink->failed = true;
        sink->error = ENOMEM;
    }
    if (sink->failed || (!all && sink->buffer.length < SINK_FLUSH_BYTES))
        return;
    write_all(sink);
}

int report_sink_end(struct report_sink *sink, struct failure *why)
{
    report_sink_drain(sink, true);
    bool failed = sink->failed;
    int error = sink->error;
    buffer_release(&sink->buffer);
    if (!failed || error == EPIPE)
        return 0;
    return failure_set(why, CAUSE_STATE_UNWRITABLE, "could not write the report to standard output: %s",
                       strerror(error));
}

int report_print(const struct report_options *options, const struct runner_result *result, struct failure *why)
{
    struct report_sink sink;

    report_sink_init(&sink, options->fd);
    if (options->output == OUTPUT_TABLE) {
        if (!options->quiet)
            report_table(&sink, options, result);
    } else {
        report_json(&sink, options, result);
    }
    return report_sink_end(&sink, why);
}

int report_error(const struct report_options *options, const struct failure *failure)
{
    struct report_sink sink;
    struct json_writer json;
    struct failure ignored = FAILURE_INIT;

    if (options->output == OUTPUT_TABLE)
        return 0;
    report_sink_init(&sink, options->fd);
    json_writer_init(&json, &sink.buffer, 0);
    json_write_begin_object(&json);
    json_write_key(&json, "version");
    json_write_integer(&json, 1);
    json_write_key(&json, "command");
    json_write_string(&json, options->command);
    json_write_key(&json, "error");
    json_write_begin_object(&json);
    json_write_key(&json, "cause");
    json_write_string(&json, cause_name(failure->cause));
    json_write_key(&json, "message");
    json_write_string(&json, failure->text);
    json_write_key(&json, "hint");
    json_write_string(&json, cause_hint(failure->cause));
    if (failure->provider_code[0] != '\0') {
        json_write_key(&json, "providerCode");
        json_write_string(&json, failure->provider_code);
    }
    if (failure->request_id[0] != '\0') {
        json_write_key(&json, "requestId");
        json_write_string(&json, failure->request_id);
    }
    json_write_end_object(&json);
    json_write_end_object(&json);
    json_write_newline(&json);
    return report_sink_end(&sink, &ignored);
}
