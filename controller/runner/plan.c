/* SPDX-License-Identifier: Apache-2.0
 *
 * Declared × observed, on a worker.
 *
 * happy path: the destination's parts become the observed catalog; the sources' parts and the files become the declared
 *             one, through the mapping (once in a pass, and not at all when nothing changed); what live sources do not
 *             declare any more is noted; then the plan. When every part of every side is the one that the last plan
 *             was made of, that plan stands.
 * what can go wrong: a list that names something twice (said with side and kind, so that it is read again); sources
 *             that cannot be joined; memory.
 * on cancel: looked at between the steps.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/catalog_digest.h"
#include "api/cause.h"
#include "controller/runner/state.h"

struct planning {
    struct job job;
    struct op *op;
    struct parts_input sides[PASS_SIDES_MAX]; /* references; gots are the runner's, which adds none meanwhile */
    uint16_t side_count;                      /* 1: no live source */
    struct inputs *inputs;                    /* a reference */
    struct declared *declared;                /* in: reused when not NULL (a reference); else out */
    struct catalog *before;                   /* the declared set of the last pass; NULL: nothing is compared with it */
    struct catalog *files_before;             /* what files had to do with it; NULL: nothing */
    struct catalog *sources;                  /* with `before`: what this one is made of, before the mapping */
    struct catalog *vanished;                 /* in: until now; out: now. A reference; NULL: nothing */
    bool more_vanished;                       /* out: than until now */
    struct origin origin;                     /* of the plan; empty: not known */
    struct catalog *fixed;                    /* borrowed */
    const char *fixed_digest;
    struct capabilities capabilities;
    struct plan *plan; /* out */
    struct complaints mistakes;
    struct failure failure;
    uint16_t wrong_side; /* of BAD_ANSWER */
    enum kind wrong_kind;
    struct catalog *old_observed; /* of the plan before: freed after the step, not by it */
};

/* ---- declared sets */

struct declared *declared_ref(struct declared *declared)
{
    declared->references++;
    return declared;
}

static void release_declared(void *thing)
{
    struct declared *declared = thing;

    catalog_unref(declared->catalog);
    free(declared);
}

void declared_unref(struct runner *runner, struct declared *declared)
{
    if (!declared || --declared->references > 0)
        return;
    inputs_unref(runner, declared->inputs);
    runner_reap(runner, release_declared, declared);
}

/* ---- the job: what is declared */

static int combine_side(struct planning *planning, uint16_t side, struct catalog **out)
{
    planning->wrong_side = side;
    return parts_combine(&planning->sides[side], out, &planning->wrong_kind, &planning->failure);
}

static int combine_sources(struct planning *planning, struct declared *declared, struct catalog **out)
{
    struct manifests_source sources[PASS_SIDES_MAX];
    const struct manifests *manifests = planning->inputs->manifests;
    uint32_t count = 0;
    int status = 0;

    if (manifests) {
        declared->counts = manifests->counts;
        sources[count++] = (struct manifests_source){.catalog = catalog_ref(manifests->catalog)};
    }
    for (uint16_t side = 1; status == 0 && side < planning->side_count; side++) {
        sources[count].live = true;
        status = combine_side(planning, side, &sources[count].catalog);
        if (status == 0)
            count++;
    }
    if (status == 0)
        status = manifests_combine(sources, count, &declared->counts, out, &planning->mistakes, &planning->failure);
    for (uint32_t i = 0; i < count; i++)
        catalog_unref(sources[i].catalog);
    return status;
}

static int take_fixed(struct planning *planning, struct declared *declared)
{
    declared->catalog = catalog_ref(planning->fixed);
    for (int kind = 0; kind < KINDS; kind++) {
        uint32_t first, count;
        catalog_range(planning->fixed, (enum kind)kind, &first, &count);
        declared->counts.read[kind] = declared->mapping_counts.declared[kind] = count;
    }
    if (planning->fixed_digest && strlen(planning->fixed_digest) < sizeof declared->digest)
        memcpy(declared->digest, planning->fixed_digest, strlen(planning->fixed_digest) + 1);
    return 0;
}

static int map_sources(struct planning *planning, struct declared *declared)
{
    struct catalog *combined = NULL;

    if (combine_sources(planning, declared, &combined) != 0)
        return -1;
    int status = mapping_apply(&planning->inputs->mapping, combined, &declared->mapping_counts, &declared->catalog,
                               &planning->failure);
    if (planning->before)
        planning->sources = combined;
    else
        catalog_unref(combined);
    if (status == 0)
        status = catalog_digest(declared->catalog, declared->digest, &planning->failure);
    return status;
}

static int declare(struct planning *planning)
{
    struct declared *declared = calloc(1, sizeof *declared);

    if (!declared)
        return failure_no_memory(&planning->failure, "what is declared");
    declared->references = 1;
    declared->live = planning->side_count > 1;
    if ((planning->fixed ? take_fixed(planning, declared) : map_sources(planning, declared)) != 0) {
        release_declared(declared);
        return -1;
    }
    planning->declared = declared; /* its inputs are referred to on the loop */
    return 0;
}

/* ---- the job: the plan */

static bool must_stop(struct planning *planning)
{
    if (!job_cancelled(&planning->job))
        return false;
    failure_set(&planning->failure, CAUSE_CANCELLED, "the plan was given up");
    return true;
}

static bool has_more(const struct catalog *now, const struct catalog *until_now)
{
    for (uint32_t row = 0; now && row < catalog_count(now); row++) {
        const struct resource *resource = &catalog_rows(now)[row];
        if (!until_now ||
            catalog_find(until_now, (enum kind)resource->kind, catalog_name(now, resource)) == CATALOG_ABSENT)
            return true;
    }
    return false;
}

static void release_before(struct planning *planning)
{
    catalog_unref(planning->before);
    catalog_unref(planning->files_before);
    catalog_unref(planning->sources);
    planning->before = planning->files_before = planning->sources = NULL;
}

static int note_vanished(struct planning *planning, const struct catalog *observed)
{
    struct catalog *until_now = planning->vanished;

    if (!until_now && !planning->before)
        return 0;
    const struct vanished_input input = {
        .vanished = until_now,
        .before = planning->before,
        .files = planning->files_before,
        .sources = planning->sources,
        .declared = planning->declared->catalog,
        .observed = observed,
    };
    int status = plan_vanished(&input, &planning->vanished, &planning->failure);
    planning->more_vanished = has_more(planning->vanished, until_now);
    catalog_unref(until_now);
    return status;
}

static void work(struct job *job)
{
    struct planning *planning = job->data;
    struct catalog *observed = NULL;

    if (combine_side(planning, SIDE_DESTINATION, &observed) != 0 || must_stop(planning))
        goto out;
    if ((!planning->declared && declare(planning) != 0) || must_stop(planning))
        goto out;
    if (note_vanished(planning, observed) != 0)
        goto out;
    const struct plan_input input = {
        .declared = planning->declared->catalog,
        .observed = observed,
        .vanished = planning->vanished,
        .capabilities = &planning->capabilities,
        .mapping = &planning->inputs->mapping,
    };
    plan_build(&input, &planning->plan, &planning->failure);
out:
    catalog_unref(observed);
    release_before(planning); /* here, not on the loop */
    for (uint16_t side = 0; side < planning->side_count; side++)
        for (int kind = 0; kind < KINDS; kind++)
            part_list_release(&planning->sides[side].lists[kind]);
}

static void on_done(struct job *job)
{
    struct planning *planning = job->data;

    if (!job->began)
        failure_set(&planning->failure, CAUSE_CANCELLED, "the plan was given up");
    op_answer(planning->op);
    runner_pump(planning->op->runner);
}

/* ---- starting */

static int copy_sides(struct runner *runner, struct planning *planning)
{
    for (uint16_t side = 0; side < planning->side_count; side++)
        for (int kind = 0; kind < KINDS; kind++)
            if (part_list_copy(&runner->sides[side].lists[kind], &planning->sides[side].lists[kind]) != 0)
                return -1;
    planning->sides[SIDE_DESTINATION].gots = runner->gots;
    return 0;
}

static void release_planning(struct planning *planning)
{
    release_before(planning);
    catalog_unref(planning->vanished);
    origin_release(&planning->origin);
    for (uint16_t side = 0; side < planning->side_count; side++)
        for (int kind = 0; kind < KINDS; kind++)
            part_list_release(&planning->sides[side].lists[kind]);
    complaints_release(&planning->mistakes);
    free(planning);
}

/* ---- what the plan will be made of */

static bool sources_are_read(const struct runner *runner)
{
    return !runner->options.fixed && !(runner->options.source_once && runner->declared);
}

static int add_lists(struct origin *origin, const struct side *side)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (origin_add_list(origin, side->number != SIDE_DESTINATION, side->lists[kind].parts,
                            side->lists[kind].count) != 0)
            return -1;
    return 0;
}

static bool is_kept(const struct side *side)
{
    return side->lists[KIND_TOPIC].kept && side->lists[KIND_GROUP].kept;
}

/* Where a door keeps nothing, or details were asked for besides, there is no knowing. */
static void note_origin(const struct runner *runner, struct origin *out)
{
    uint16_t side = sources_are_read(runner) ? 1 : runner->side_count;
    int status = runner->gots ? -1 : 0;

    for (; status == 0 && side < runner->side_count; side++)
        status = is_kept(&runner->sides[side]) ? add_lists(out, &runner->sides[side]) : -1;
    if (status == 0)
        status = is_kept(&runner->sides[SIDE_DESTINATION]) ? add_lists(out, &runner->sides[SIDE_DESTINATION]) : -1;
    if (status != 0)
        origin_release(out);
    out->inputs = runner->inputs;
    out->capabilities = runner->sides[SIDE_DESTINATION].description.capabilities;
}

/* ---- what can be used again */

/* The one of this pass; or the last one, when nothing that it was made from can have changed. */
static struct declared *reusable(const struct runner *runner, const struct origin *origin)
{
    struct declared *declared = runner->declared;

    if (runner->shown)
        return runner->shown;
    if (!declared || (declared->inputs != runner->inputs && !runner->options.source_once))
        return NULL;
    if (!declared->live || runner->options.source_once)
        return declared;
    return runner->standing && origin_same_declared(origin, &runner->standing->origin) ? declared : NULL;
}

/* The last plan stands: nothing is to be done, and the answer is ready. */
static bool stands(const struct runner *runner, const struct planning *planning)
{
    return runner->standing && planning->declared && planning->declared == runner->declared &&
           origin_same(&planning->origin, &runner->standing->origin);
}

static void release_standing(void *thing)
{
    struct standing *standing = thing;

    plan_free(standing->plan);
    origin_release(&standing->origin);
    free(standing);
}

void plan_forget(struct runner *runner)
{
    runner_reap(runner, release_standing, runner->standing);
    runner->standing = NULL;
}

/* What live sources may have lost since: the set in force, and what of it came from files as they were then. */
static void compare_with_last(const struct runner *runner, struct planning *planning)
{
    const struct declared *last = runner->declared;

    if (!last || !last->live)
        return;
    planning->before = catalog_ref(last->catalog);
    planning->files_before = last->inputs->manifests ? catalog_ref(last->inputs->manifests->catalog) : NULL;
}

static struct planning *planning_new(struct op *op)
{
    struct runner *runner = op->runner;
    struct planning *planning = calloc(1, sizeof *planning);

    if (!planning)
        return NULL;
    complaints_init(&planning->mistakes);
    note_origin(runner, &planning->origin);
    struct declared *declared = reusable(runner, &planning->origin);
    planning->side_count = declared || runner->options.fixed ? 1 : runner->side_count;
    if (copy_sides(runner, planning) != 0) {
        release_planning(planning);
        return NULL;
    }
    if (!declared)
        compare_with_last(runner, planning);
    planning->vanished = runner->vanished ? catalog_ref(runner->vanished) : NULL;
    planning->declared = declared ? declared_ref(declared) : NULL;
    planning->inputs = inputs_ref(declared ? declared->inputs : runner->inputs);
    planning->fixed = runner->options.fixed;
    planning->fixed_digest = runner->options.fixed_digest;
    planning->capabilities = runner->sides[SIDE_DESTINATION].description.capabilities;
    planning->op = op;
    planning->job.work = work;
    planning->job.done = on_done;
    planning->job.data = planning;
    return planning;
}

void plan_start(struct op *op)
{
    struct runner *runner = op->runner;
    struct planning *planning = op->planning = planning_new(op);
    struct failure why = FAILURE_INIT;

    if (!planning) {
        failure_no_memory(&why, "the plan");
        op_fail(op, &why);
        return;
    }
    if (stands(runner, planning)) {
        planning->plan = plan_ref(runner->standing->plan);
        op_answer(op);
        return;
    }
    plan_forget(runner);
    worker_submit(runner->options.workers, &planning->job);
}

void plan_cancel(struct op *op)
{
    if (op->planning)
        job_cancel(&op->planning->job);
}

/* ---- back on the loop */

static uint64_t source_age(const struct inputs *inputs)
{
    int64_t exported = inputs->manifests ? inputs->manifests->oldest_export_unix_ms : 0;
    int64_t now = walltime_unix_ms();

    return exported > 0 && exported < now ? (uint64_t)(now - exported) : 0;
}

/* The declared set of this pass from now on, and of later ones as long as nothing changes. */
static void take_declared(struct runner *runner, struct planning *planning)
{
    struct declared *declared = planning->declared;

    if (!declared || runner->shown == declared)
        return;
    if (!declared->inputs)
        declared->inputs = inputs_ref(planning->inputs);
    if (runner->declared != declared) {
        declared_unref(runner, runner->declared);
        runner->declared = declared_ref(declared);
    }
    runner->shown = declared_ref(declared);
}

/* For the next pass, if the doors then give what they gave now. */
static void keep_standing(struct runner *runner, struct planning *planning)
{
    struct standing *standing = NULL;

    if (!runner->standing && planning->origin.count > 0)
        standing = malloc(sizeof *standing);
    if (!standing)
        return;
    *standing = (struct standing){.plan = plan_ref(planning->plan), .origin = planning->origin};
    planning->origin = (struct origin){.count = 0};
    runner->standing = standing;
}

static void keep_vanished(struct runner *runner, struct planning *planning)
{
    struct catalog *until_now = runner->vanished;

    runner->more_vanished = runner->more_vanished || planning->more_vanished;
    runner->vanished = planning->vanished;
    planning->vanished = until_now;
}

static void take_plan(struct runner *runner, struct planning *planning, struct event *event)
{
    const struct plan *old = pass_plan(runner->pass);

    planning->old_observed = old ? catalog_ref(old->observed) : NULL;
    keep_standing(runner, planning);
    keep_vanished(runner, planning);
    runner_say_context(runner, planning->plan);
    event->plan = planning->plan;
    event->declared_digest = runner->shown->digest;
    event->source_age_ms = source_age(planning->inputs);
    runner_record_plan(runner, planning->plan);
}

void plan_deliver(struct op *op, struct event *event)
{
    struct runner *runner = op->runner;
    struct planning *planning = op->planning;

    event->kind = EVENT_PLANNED;
    if (!planning)
        return;
    op->failure = planning->failure;
    event->failure = op->failure.cause != CAUSE_NONE ? &op->failure : NULL;
    event->side = planning->wrong_side;
    event->resource_kind = planning->wrong_kind;
    if (planning->mistakes.count > 0) {
        complaints_release(&runner->mistakes);
        runner->mistakes = planning->mistakes;
        complaints_init(&planning->mistakes);
    }
    if (!planning->plan) /* what has vanished since the set in force is still to be found out */
        return;
    take_declared(runner, planning);
    take_plan(runner, planning, event);
}

void plan_delivered(struct op *op)
{
    struct runner *runner = op->runner;
    struct planning *planning = op->planning;

    if (!planning)
        return;
    runner_reap_catalog(runner, planning->old_observed);
    runner_reap_catalog(runner, planning->vanished);
    planning->vanished = NULL;
    inputs_unref(runner, planning->inputs);
    declared_unref(runner, planning->declared);
    release_planning(planning);
}
