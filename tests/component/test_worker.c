/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <semaphore.h>

#include "api/base/worker.h"

enum { JOBS = 8, WIDTH = 2 };

struct scene {
    uv_loop_t loop;
    struct worker_pool *pool;
    sem_t may_end; /* one post lets one job end */
    sem_t has_begun;
    atomic_int at_once, most_at_once;
    struct task {
        struct job job;
        struct scene *scene;
        unsigned done_count;
        bool saw_cancel;
    } tasks[JOBS];
    int order[JOBS]; /* in which the jobs came back */
    int done;
};

static int set_scene(void **state)
{
    static struct scene scene;
    scene = (struct scene){.done = 0};
    if (uv_loop_init(&scene.loop) != 0 || sem_init(&scene.may_end, 0, 0) != 0 || sem_init(&scene.has_begun, 0, 0) != 0)
        return -1;
    scene.pool = worker_pool_new(&scene.loop, WIDTH);
    *state = &scene;
    return scene.pool ? 0 : -1;
}

static int clear_scene(void **state)
{
    struct scene *scene = *state;
    worker_pool_free(scene->pool);
    sem_destroy(&scene->may_end);
    sem_destroy(&scene->has_begun);
    return uv_loop_close(&scene->loop);
}

static void note_most(struct scene *scene, int now)
{
    int most = atomic_load(&scene->most_at_once);
    while (now > most && !atomic_compare_exchange_weak(&scene->most_at_once, &most, now))
        continue;
}

static void hold(struct job *job)
{
    struct task *task = job->data;
    note_most(task->scene, atomic_fetch_add(&task->scene->at_once, 1) + 1);
    sem_post(&task->scene->has_begun);
    sem_wait(&task->scene->may_end);
    task->saw_cancel = job_cancelled(job);
    atomic_fetch_sub(&task->scene->at_once, 1);
}

static void note_done(struct job *job)
{
    struct task *task = job->data;
    task->done_count++;
    task->scene->order[task->scene->done++] = (int)(task - task->scene->tasks);
}

static struct task *submit(struct scene *scene, int i)
{
    struct task *task = &scene->tasks[i];
    task->scene = scene;
    task->job = (struct job){.work = hold, .done = note_done, .data = task};
    worker_submit(scene->pool, &task->job);
    return task;
}

static void let_end(struct scene *scene, int count)
{
    for (int i = 0; i < count; i++)
        sem_post(&scene->may_end);
}

/* Every job comes back exactly once, after submission, and never more than the width of them work at once. */
static void no_more_than_the_width_work_at_once(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < JOBS; i++)
        submit(scene, i);
    assert_int_equal(scene->done, 0);
    let_end(scene, JOBS);

    uv_run(&scene->loop, UV_RUN_DEFAULT);

    assert_int_equal(scene->done, JOBS);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(scene->tasks[i].done_count, 1);
        assert_true(scene->tasks[i].job.began);
    }
    assert_in_range(atomic_load(&scene->most_at_once), 1, WIDTH);
}

/* A job that is cancelled while it works is told so by its flag and comes back when it ends. */
static void a_working_job_sees_that_it_is_cancelled(void **state)
{
    struct scene *scene = *state;
    struct task *task = submit(scene, 0);
    sem_wait(&scene->has_begun);

    job_cancel(&task->job);
    job_cancel(&task->job);
    let_end(scene, 1);
    uv_run(&scene->loop, UV_RUN_DEFAULT);

    assert_int_equal(task->done_count, 1);
    assert_true(task->job.began);
    assert_true(task->saw_cancel);
}

/* A job that is cancelled while it waits never works, and comes back before those that hold it up. */
static void a_waiting_job_is_dropped_at_once(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 5; i++)
        submit(scene, i);
    sem_wait(&scene->has_begun);
    sem_wait(&scene->has_begun);

    job_cancel(&scene->tasks[3].job);
    assert_int_equal(scene->done, 0);
    while (scene->done == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(scene->order[0], 3);
    assert_false(scene->tasks[3].job.began);

    job_cancel(&scene->tasks[4].job);
    submit(scene, 5);
    let_end(scene, 4);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->done, 6);
    assert_false(scene->tasks[4].job.began);
    assert_true(scene->tasks[2].job.began);
    assert_true(scene->tasks[5].job.began);
}

/* Cancelling what is not submitted, or has come back, does nothing; a job can be used again. */
static void cancelling_what_is_not_there_does_nothing(void **state)
{
    struct scene *scene = *state;
    struct job never = {.work = hold};
    job_cancel(&never);
    let_end(scene, 2);
    struct task *task = submit(scene, 0);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    job_cancel(&task->job);
    assert_int_equal(task->done_count, 1);

    submit(scene, 0);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(task->done_count, 2);
    assert_false(task->saw_cancel);
    worker_pool_free(NULL);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, set_scene, clear_scene)
    const struct CMUnitTest tests[] = {
        IN_SCENE(no_more_than_the_width_work_at_once),
        IN_SCENE(a_working_job_sees_that_it_is_cancelled),
        IN_SCENE(a_waiting_job_is_dropped_at_once),
        IN_SCENE(cancelling_what_is_not_there_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
