/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching real directories with real inotify. What is asserted is that a change is told, within a generous deadline;
 * when is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "manifests/watch.h"

enum { DEADLINE_MS = 20000, TICK_MS = 20 };

struct scene {
    uv_loop_t loop;
    struct worker_pool *workers;
    struct watch *watch;
    uv_timer_t clock;
    char folder[64];
    char path[128];
    const char *paths[1];
    unsigned told, closed;
    uint64_t ticks;
};

static void on_changed(void *context)
{
    ((struct scene *)context)->told++;
}

static void on_closed(void *context)
{
    ((struct scene *)context)->closed++;
}

static void on_tick(uv_timer_t *timer)
{
    ((struct scene *)timer->data)->ticks++;
}

static void spin(struct scene *scene, uint64_t ticks)
{
    for (uint64_t end = scene->ticks + ticks; scene->ticks < end;)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

/* Runs the loop until the change has been told. */
static void expect_told(struct scene *scene)
{
    unsigned before = scene->told;
    for (uint64_t end = scene->ticks + DEADLINE_MS / TICK_MS; scene->told == before && scene->ticks < end;)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_not_equal(scene->told, before);
}

/* Nothing is told for longer than a burst takes to be told. */
static void expect_quiet(struct scene *scene)
{
    unsigned before = scene->told;
    spin(scene, (WATCH_QUIET_MS + WATCH_PATIENCE_MS) / TICK_MS);
    assert_int_equal(scene->told, before);
}

static void start(struct scene *scene, const char *below)
{
    struct failure why = FAILURE_INIT;

    memset(scene, 0, sizeof *scene);
    snprintf(scene->folder, sizeof scene->folder, "/tmp/mqferry-watch-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof scene->path, "%s%s", scene->folder, below);
    scene->paths[0] = scene->path;
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    scene->workers = worker_pool_new(&scene->loop, 2);
    assert_non_null(scene->workers);
    uv_timer_init(&scene->loop, &scene->clock);
    scene->clock.data = scene;
    uv_timer_start(&scene->clock, on_tick, TICK_MS, TICK_MS);
    const struct watch_options options = {.loop = &scene->loop,
                                          .workers = scene->workers,
                                          .paths = scene->paths,
                                          .path_count = 1,
                                          .changed = on_changed,
                                          .context = scene};
    assert_int_equal(watch_new(&options, &scene->watch, &why), 0);
    expect_told(scene); /* the first walk */
}

static void finish(struct scene *scene)
{
    char command[160];

    watch_close(scene->watch, on_closed, scene);
    uv_close((uv_handle_t *)&scene->clock, NULL);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->closed, 1);
    worker_pool_free(scene->workers);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    snprintf(command, sizeof command, "rm -rf %s", scene->folder);
    assert_int_equal(system(command), 0);
}

static void write_file(const struct scene *scene, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scene->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void rename_file(const struct scene *scene, const char *from, const char *to)
{
    char a[256], b[256];
    snprintf(a, sizeof a, "%s/%s", scene->folder, from);
    snprintf(b, sizeof b, "%s/%s", scene->folder, to);
    assert_int_equal(rename(a, b), 0);
}

static void a_new_file_in_a_directory_is_told(void **state)
{
    /* A manifest that is written into the watched directory is worth looking again. */
    struct scene scene;
    (void)state;
    start(&scene, "");
    write_file(&scene, "a.yaml", "x");
    expect_told(&scene);
    finish(&scene);
}

static void an_editors_rename_into_place_is_told(void **state)
{
    /* Editors write a sibling and rename it over the file: the file itself is another inode afterwards. */
    struct scene scene;
    (void)state;
    start(&scene, "/a.yaml");
    write_file(&scene, "a.yaml", "old");
    expect_told(&scene);
    for (int i = 0; i < 2; i++) {
        spin(&scene, 10);
        write_file(&scene, ".a.yaml.swp", "new");
        rename_file(&scene, ".a.yaml.swp", "a.yaml");
        expect_told(&scene);
    }
    finish(&scene);
}

static void a_file_in_a_new_subdirectory_is_told(void **state)
{
    /* A directory that comes later is watched too, and so is one that replaces another of its name. */
    struct scene scene;
    char path[256];
    (void)state;
    start(&scene, "");
    snprintf(path, sizeof path, "%s/sub", scene.folder);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mkdir(path, 0755), 0);
        expect_told(&scene);
        spin(&scene, 30);
        write_file(&scene, "sub/b.yaml", "x");
        expect_told(&scene);
        rename_file(&scene, "sub", i == 0 ? ".old" : ".older");
        expect_told(&scene);
        spin(&scene, 30);
    }
    finish(&scene);
}

static void a_symlink_swap_is_told(void **state)
{
    /* Kubernetes and git-sync swap a link to another folder: the path stays, what it names changes. */
    struct scene scene;
    char target[256], link[256], next[256];
    (void)state;
    start(&scene, "");
    snprintf(target, sizeof target, "%s/..1", scene.folder);
    snprintf(link, sizeof link, "%s/data", scene.folder);
    snprintf(next, sizeof next, "%s/..tmp", scene.folder);
    assert_int_equal(mkdir(target, 0755), 0);
    assert_int_equal(symlink("..1", link), 0);
    expect_told(&scene);
    spin(&scene, 30);
    snprintf(target, sizeof target, "%s/..2", scene.folder);
    assert_int_equal(mkdir(target, 0755), 0);
    assert_int_equal(symlink("..2", next), 0);
    spin(&scene, 30);
    assert_int_equal(rename(next, link), 0);
    expect_told(&scene);
    finish(&scene);
}

static void a_burst_is_told_a_few_times_only(void **state)
{
    /* 200 writes in a row coalesce: a pass per write would be too many. */
    struct scene scene;
    (void)state;
    start(&scene, "");
    for (int i = 0; i < 200; i++) {
        write_file(&scene, "a.yaml", "x");
        uv_run(&scene.loop, UV_RUN_NOWAIT);
    }
    expect_told(&scene);
    spin(&scene, 30);
    assert_in_range(scene.told, 1, 20);
    finish(&scene);
}

static void a_path_that_is_not_there_is_waited_for(void **state)
{
    /* The nearest directory that is there is watched for the next name only; closing leaves no handle. */
    struct scene scene;
    char path[256];
    (void)state;
    start(&scene, "/not/there.yaml");
    write_file(&scene, "other", "x");
    expect_quiet(&scene);
    snprintf(path, sizeof path, "%s/not", scene.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    expect_told(&scene);
    spin(&scene, 30);
    write_file(&scene, "not/there.yaml", "x");
    expect_told(&scene);
    finish(&scene);
}

static void a_file_that_vanishes_with_its_folder_is_seen_when_it_returns(void **state)
{
    struct scene scene;
    char folder[256], file[300];
    (void)state;
    start(&scene, "/sub/a.yaml");
    snprintf(folder, sizeof folder, "%s/sub", scene.folder);
    snprintf(file, sizeof file, "%s/a.yaml", folder);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mkdir(folder, 0755), 0);
        expect_told(&scene);
        spin(&scene, 30);
        write_file(&scene, "sub/a.yaml", "x");
        expect_told(&scene);
        spin(&scene, 10);
        assert_int_equal(unlink(file), 0);
        assert_int_equal(rmdir(folder), 0);
        expect_told(&scene);
        spin(&scene, 30);
    }
    finish(&scene);
}

static void what_happens_beside_a_file_is_none_of_ours(void **state)
{
    /* Logs and snapshots often lie beside manifests: a pass that writes them must not bring the next one. */
    struct scene scene;
    (void)state;
    start(&scene, "/a.yaml");
    write_file(&scene, "a.log", "x");
    write_file(&scene, "d.json", "x");
    write_file(&scene, ".a.yaml.swp", "x");
    expect_quiet(&scene);
    write_file(&scene, "a.yaml", "x");
    expect_told(&scene);
    finish(&scene);
}

static void make_link(const struct scene *scene, const char *target, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scene->folder, name);
    assert_int_equal(symlink(target, path), 0);
}

static void make_folder(const struct scene *scene, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scene->folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void another_path_is_watched_while_it_is_wanted(void **state)
{
    struct scene scene;
    char other[192];
    const char *const also[] = {other};
    (void)state;

    start(&scene, "/manifests");
    make_folder(&scene, "lists");
    write_file(&scene, "lists/wave.txt", "a");
    snprintf(other, sizeof other, "%s/lists/wave.txt", scene.folder);
    watch_also(scene.watch, also, 1);
    expect_told(&scene); /* it is watched now */
    expect_quiet(&scene);
    write_file(&scene, "lists/wave.txt", "b");
    expect_told(&scene);
    write_file(&scene, "lists/beside.txt", "b");
    watch_also(scene.watch, also, 1); /* the same */
    expect_quiet(&scene);
    watch_also(scene.watch, NULL, 0);
    expect_told(&scene);
    write_file(&scene, "lists/wave.txt", "c");
    expect_quiet(&scene);
    finish(&scene);
}

static void git_syncs_swap_above_the_source_is_told(void **state)
{
    /* The source is a folder below a link; only the link, higher up, is ever changed. */
    struct scene scene;
    (void)state;
    start(&scene, "/current/manifests");
    make_folder(&scene, ".trees");
    for (int i = 0; i < 2; i++) {
        make_folder(&scene, i == 0 ? ".trees/1" : ".trees/2");
        make_folder(&scene, i == 0 ? ".trees/1/manifests" : ".trees/2/manifests");
        make_link(&scene, i == 0 ? ".trees/1" : ".trees/2", "next");
        rename_file(&scene, "next", "current");
        expect_told(&scene);
        spin(&scene, 30);
        write_file(&scene, i == 0 ? ".trees/1/manifests/a.yaml" : ".trees/2/manifests/a.yaml", "x");
        expect_told(&scene);
        spin(&scene, 30);
    }
    finish(&scene);
}

static void kubernetes_swap_under_one_file_is_told(void **state)
{
    /* A ConfigMap's file: a.yaml → ..data/a.yaml, ..data → ..1; the swap renames ..data alone. */
    struct scene scene;
    (void)state;
    start(&scene, "/a.yaml");
    make_folder(&scene, "..1");
    make_folder(&scene, "..2");
    write_file(&scene, "..1/a.yaml", "x");
    write_file(&scene, "..2/a.yaml", "y");
    make_link(&scene, "..1", "..data");
    make_link(&scene, "..data/a.yaml", "a.yaml");
    expect_told(&scene);
    spin(&scene, 30);
    make_link(&scene, "..2", "..data_tmp");
    rename_file(&scene, "..data_tmp", "..data");
    expect_told(&scene);
    spin(&scene, 30);
    write_file(&scene, "..2/a.yaml", "z");
    expect_told(&scene);
    finish(&scene);
}

static void links_that_go_round_in_circles_end(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene, "/a");
    make_link(&scene, "b", "a");
    make_link(&scene, "a", "b");
    expect_told(&scene);
    spin(&scene, 30);
    finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_in_a_directory_is_told),
        cmocka_unit_test(an_editors_rename_into_place_is_told),
        cmocka_unit_test(a_file_in_a_new_subdirectory_is_told),
        cmocka_unit_test(a_symlink_swap_is_told),
        cmocka_unit_test(a_burst_is_told_a_few_times_only),
        cmocka_unit_test(a_path_that_is_not_there_is_waited_for),
        cmocka_unit_test(a_file_that_vanishes_with_its_folder_is_seen_when_it_returns),
        cmocka_unit_test(what_happens_beside_a_file_is_none_of_ours),
        cmocka_unit_test(another_path_is_watched_while_it_is_wanted),
        cmocka_unit_test(git_syncs_swap_above_the_source_is_told),
        cmocka_unit_test(kubernetes_swap_under_one_file_is_told),
        cmocka_unit_test(links_that_go_round_in_circles_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
