/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and mapping, on a worker.
 *
 * happy path: nothing changed since they were loaded: a few stats, and the inputs in force stay. Else the mapping is
 *             loaded, the flags laid over it, then the manifests; both become the inputs in force together.
 * what can go wrong: mistakes in either: all of both are kept for the report, and the last good inputs stay in force
 *             where the caller wants that.
 * on cancel: the loader polls; what it has made is freed by the worker.
 */
#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/runner/state.h"
#include "manifests/mapping_yaml.h"

struct load {
    struct job job;
    struct op *op;
    const struct runner_options *options;
    const char *own_file;  /* the destination's, if it is one */
    struct inputs *before; /* a reference; NULL: none yet */
    struct inputs *fresh;  /* out; NULL when those before are current, or on failure */
    struct complaints mistakes;
    struct failure failure;
};

/* ---- inputs */

struct inputs *inputs_ref(struct inputs *inputs)
{
    inputs->references++;
    return inputs;
}

static struct inputs *inputs_new(void)
{
    struct inputs *inputs = calloc(1, sizeof *inputs);

    if (!inputs)
        return NULL;
    inputs->references = 1;
    inputs->started_unix_ms = walltime_unix_ms();
    mapping_init(&inputs->mapping);
    return inputs;
}

static void inputs_free(void *thing)
{
    struct inputs *inputs = thing;

    manifests_free(inputs->manifests);
    mapping_release(&inputs->mapping);
    file_marks_free(inputs->mapping_marks, inputs->mapping_mark_count);
    free(inputs);
}

void inputs_unref(struct runner *runner, struct inputs *inputs)
{
    if (inputs && --inputs->references == 0)
        runner_reap(runner, inputs_free, inputs);
}

static bool inputs_are_current(const struct inputs *inputs)
{
    const struct manifests *manifests = inputs->manifests;

    return file_marks_current(inputs->mapping_marks, inputs->mapping_mark_count, inputs->started_unix_ms) &&
           (!manifests || file_marks_current(manifests->files, manifests->file_count, inputs->started_unix_ms));
}

/* ---- flags */

static int lay_defaults(struct mapping *mapping, enum kind kind, const struct draft *over, struct failure *why)
{
    struct draft *both = mapping_alloc(mapping, sizeof *both);

    if (!both)
        return failure_no_memory(why, "the mapping");
    if (mapping->create_defaults[kind])
        *both = *mapping->create_defaults[kind];
    for (uint64_t rest = over->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        both->values[field] = over->values[field];
        both->set |= FIELD_BIT(field);
    }
    mapping->create_defaults[kind] = both;
    return 0;
}

/* What flags say comes on top of the mapping's word; their texts outlive it. */
static int lay_flags(struct mapping *mapping, const struct mapping *flags, struct failure *why)
{
    mapping->include[FROM_FLAGS] = flags->include[FROM_FLAGS];
    mapping->exclude[FROM_FLAGS] = flags->exclude[FROM_FLAGS];
    mapping->kinds &= flags->kinds;
    if (flags->source_masters != 0)
        mapping->source_masters = flags->source_masters;
    for (int kind = 0; kind < KINDS; kind++)
        if (flags->create_defaults[kind] &&
            lay_defaults(mapping, (enum kind)kind, flags->create_defaults[kind], why) != 0)
            return -1;
    return 0;
}

int runner_empty_inputs(struct runner *runner, struct failure *why)
{
    const struct runner_options *options = &runner->options;
    struct inputs *inputs = inputs_new();

    if (!inputs)
        return failure_no_memory(why, "the mapping");
    if (!options->fixed && options->flags && lay_flags(&inputs->mapping, options->flags, why) != 0) {
        inputs_free(inputs);
        return -1;
    }
    runner->inputs = inputs;
    return 0;
}

/* ---- the job */

static int load_mapping(struct load *load, struct inputs *inputs)
{
    const struct runner_options *options = load->options;

    if (options->mapping_path && mapping_load(options->mapping_path, &inputs->mapping, &inputs->mapping_marks,
                                              &inputs->mapping_mark_count, &load->mistakes, &load->failure) != 0)
        return -1;
    return options->flags ? lay_flags(&inputs->mapping, options->flags, &load->failure) : 0;
}

static int load_manifests(struct load *load, struct inputs *inputs, struct failure *why)
{
    const struct runner_options *options = load->options;
    const struct manifests_request request = {
        .paths = options->paths,
        .path_count = options->path_count,
        .exclude_files = options->exclude_files,
        .own_file = load->own_file,
        .source_masters = inputs->mapping.source_masters,
        .cancelled = &load->job.cancelled,
    };

    return options->path_count > 0 ? manifests_load(&request, &inputs->manifests, &load->mistakes, why) : 0;
}

static void work(struct job *job)
{
    struct load *load = job->data;
    struct failure why = FAILURE_INIT;

    if (load->before && inputs_are_current(load->before))
        return;
    struct inputs *inputs = inputs_new();
    if (!inputs) {
        failure_no_memory(&load->failure, "what is declared");
        return;
    }
    /* A wrong mapping does not hide the mistakes of the manifests. */
    int mapping_status = load_mapping(load, inputs);
    int status = load_manifests(load, inputs, &why);
    if (mapping_status == 0 && status != 0)
        load->failure = why;
    complaints_sort(&load->mistakes);
    if (mapping_status == 0 && status == 0)
        load->fresh = inputs;
    else
        inputs_free(inputs);
}

static void on_done(struct job *job)
{
    struct load *load = job->data;

    if (!job->began)
        failure_set(&load->failure, CAUSE_CANCELLED, "the files were not looked at any more");
    op_answer(load->op);
    runner_pump(load->op->runner);
}

void load_start(struct op *op)
{
    struct runner *runner = op->runner;
    struct load *load = calloc(1, sizeof *load);
    struct failure why = FAILURE_INIT;

    if (!load) {
        failure_no_memory(&why, "what is declared");
        op_fail(op, &why);
        return;
    }
    *load = (struct load){.op = op, .options = &runner->options};
    complaints_init(&load->mistakes);
    if (runner->destination.scheme == SCHEME_SNAPSHOT)
        load->own_file = runner->destination.path;
    if (runner->inputs)
        load->before = inputs_ref(runner->inputs);
    load->job.work = work;
    load->job.done = on_done;
    load->job.data = load;
    op->load = load;
    worker_submit(runner->options.workers, &load->job);
}

void load_cancel(struct op *op)
{
    if (op->load)
        job_cancel(&op->load->job);
}

/* ---- back on the loop */

static bool leaves_last_good(const struct runner *runner, const struct failure *failure)
{
    return runner->options.keep_last_good && runner->inputs && failure->cause == CAUSE_INPUT_WRONG;
}

static void take_load(struct runner *runner, struct load *load)
{
    complaints_release(&runner->mistakes);
    runner->mistakes = load->mistakes;
    runner->load_failure = load->failure;
    runner->last_good = leaves_last_good(runner, &load->failure);
    runner->loaded = load->fresh != NULL;
    if (load->fresh) {
        inputs_unref(runner, runner->inputs);
        runner->inputs = load->fresh;
    }
    inputs_unref(runner, load->before);
}

void load_deliver(struct op *op, struct event *event)
{
    struct load *load = op->load;

    event->kind = EVENT_LOADED;
    if (!load)
        return;
    op->failure = load->failure;
    event->failure = op->failure.cause != CAUSE_NONE ? &op->failure : NULL;
    take_load(op->runner, load);
    event->last_good = op->runner->last_good;
    free(load);
}
