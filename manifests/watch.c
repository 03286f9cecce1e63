/* SPDX-License-Identifier: Apache-2.0
 *
 * Happy path: walk (worker) → one uv_fs_event per directory → event → quiet for a while → changed, and walk again,
 * because directories may have come and gone. What can go wrong: a directory vanishes while it is walked (the parent's
 * event brings the next walk); inotify is full (incomplete, said once by the caller). On close: the job is cancelled,
 * every handle is closed; the memory goes when the last one has reported.
 */
#include "manifests/watch.h"

#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "manifests/watch_walk.h"

struct eye { /* one watched directory */
    uv_fs_event_t handle;
    struct watch *watch;
    struct watched watched; /* owned */
    bool wanted;            /* by the newest walk */
    struct eye *next;
};

struct path_list {
    const char **paths; /* the options', then `own` copies that belong to it */
    uint32_t count, own;
};

struct watch {
    struct watch_options options;
    struct path_list list;   /* the job's while it runs */
    struct path_list wanted; /* by watch_also, until a walk begins; paths NULL: nothing new */
    uv_timer_t quiet;
    struct job walk;
    struct watched_set found; /* the job's while it runs */
    struct eye *eyes;
    uint32_t open;           /* handles that have not reported closed; the timer is one */
    uint64_t first_event_ms; /* of the burst; 0: none */
    bool walking, walk_again, walked, complete, closing;
    bool changed_list; /* since the last walk that ended: what is told then is not seen by an event */
    void (*closed)(void *context);
    void *closed_context;
};

static void walk(struct job *job)
{
    struct watch *watch = job->data;
    watch_walk(watch->list.paths, watch->list.count, WATCH_DIRECTORIES_MAX, job, &watch->found);
}

/* --- what is watched
 * ---------------------------------------------------------------------------------------------------------------- */

static void free_list(struct path_list *list)
{
    for (uint32_t i = list->count - list->own; i < list->count; i++)
        free((char *)list->paths[i]);
    free(list->paths);
    *list = (struct path_list){0};
}

/* The options' paths, and copies of others. 0, or -1: no memory. */
static int make_list(const struct watch_options *options, const char *const *others, uint32_t count,
                     struct path_list *out)
{
    *out = (struct path_list){.paths = calloc(options->path_count + (size_t)count + 1, sizeof *out->paths)};
    if (out->paths == NULL)
        return -1;
    for (; out->count < options->path_count; out->count++)
        out->paths[out->count] = options->paths[out->count];
    for (; out->own < count; out->own++, out->count++) {
        out->paths[out->count] = strdup(others[out->own]);
        if (out->paths[out->count] == NULL) {
            free_list(out);
            return -1;
        }
    }
    return 0;
}

static bool list_says(const struct path_list *list, const char *const *others, uint32_t count)
{
    if (list->own != count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list->paths[list->count - count + i], others[i]) != 0)
            return false;
    }
    return true;
}

/* --- from directories to watches (loop)
 * ----------------------------------------------------------------------------------- */

static void walked(struct job *job);
static void told(uv_fs_event_t *handle, const char *name, int events, int status);
static void became_quiet(uv_timer_t *timer);

static void start_walk(struct watch *watch)
{
    if (watch->walking) {
        watch->walk_again = true;
        return;
    }
    if (watch->wanted.paths != NULL) {
        free_list(&watch->list);
        watch->list = watch->wanted;
        watch->wanted = (struct path_list){0};
        watch->changed_list = true;
    }
    watch->walking = true;
    watch->walk_again = false;
    watch->walk = (struct job){.work = walk, .done = walked, .data = watch};
    worker_submit(watch->options.workers, &watch->walk);
}

static void finish_close(struct watch *watch)
{
    if (!watch->closing || watch->open > 0 || watch->walking)
        return;
    void (*closed)(void *) = watch->closed;
    void *context = watch->closed_context;
    watched_set_release(&watch->found);
    free_list(&watch->list);
    free_list(&watch->wanted);
    free(watch);
    if (closed != NULL)
        closed(context);
}

static void eye_closed(uv_handle_t *handle)
{
    struct eye *eye = handle->data;
    struct watch *watch = eye->watch;

    watched_release(&eye->watched);
    free(eye);
    watch->open--;
    finish_close(watch);
}

/* Takes what is watched. */
static void open_eye(struct watch *watch, struct watched *watched)
{
    struct eye *eye = calloc(1, sizeof *eye);
    if (eye == NULL) {
        watch->complete = false;
        return;
    }
    *eye = (struct eye){.watch = watch, .watched = *watched, .wanted = true, .next = watch->eyes};
    *watched = (struct watched){0};
    uv_fs_event_init(watch->options.loop, &eye->handle);
    eye->handle.data = eye;
    watch->open++;
    if (uv_fs_event_start(&eye->handle, told, eye->watched.path, 0) < 0) {
        watch->complete = false;
        uv_close((uv_handle_t *)&eye->handle, eye_closed);
        return;
    }
    watch->eyes = eye;
}

static struct eye *eye_of(struct watch *watch, const struct watched *watched)
{
    for (struct eye *eye = watch->eyes; eye != NULL; eye = eye->next) {
        if (strcmp(eye->watched.path, watched->path) == 0 && eye->watched.inode == watched->inode)
            return eye;
    }
    return NULL;
}

/* Closes watches that the newest walk does not want: gone, or replaced under the same name. */
static void close_unwanted(struct watch *watch)
{
    for (struct eye **link = &watch->eyes; *link != NULL;) {
        struct eye *eye = *link;
        if (eye->wanted) {
            link = &eye->next;
            continue;
        }
        *link = eye->next;
        uv_close((uv_handle_t *)&eye->handle, eye_closed);
    }
}

/* Opens and closes watches until they are those of the newest walk. */
static void keep_up(struct watch *watch)
{
    bool opened = false;

    watch->complete = watch->found.complete;
    for (struct eye *eye = watch->eyes; eye != NULL; eye = eye->next)
        eye->wanted = false;
    for (uint32_t i = 0; i < watch->found.count; i++) {
        struct watched *watched = &watch->found.items[i];
        struct eye *eye = eye_of(watch, watched);
        if (eye != NULL) {
            struct watched before = eye->watched;
            eye->watched = *watched;
            *watched = before;
            eye->wanted = true;
            continue;
        }
        open_eye(watch, watched);
        opened = true;
    }
    close_unwanted(watch);
    watched_set_release(&watch->found);
    /* What came into a new directory before its watch was open, or befell a new path before it was minded. */
    if ((opened || watch->changed_list) && watch->walked)
        uv_timer_start(&watch->quiet, became_quiet, WATCH_QUIET_MS, 0);
    watch->changed_list = false;
}

static void walked(struct job *job)
{
    struct watch *watch = job->data;

    watch->walking = false;
    if (watch->closing) {
        finish_close(watch);
        return;
    }
    bool first = !watch->walked;
    keep_up(watch);
    watch->walked = true;
    if (watch->walk_again)
        start_walk(watch);
    if (first)
        watch->options.changed(watch->options.context);
}

/* --- events
 * ---------------------------------------------------------------------------------------------------------------- */

static void became_quiet(uv_timer_t *timer)
{
    struct watch *watch = timer->data;

    watch->first_event_ms = 0;
    start_walk(watch);
    watch->options.changed(watch->options.context);
}

static void told(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct eye *eye = handle->data;
    struct watch *watch = eye->watch;
    uint64_t now_ms = uv_now(watch->options.loop);
    uint64_t wait_ms = WATCH_QUIET_MS;

    (void)events;
    (void)status;
    if (watch->closing || !watched_minds(&eye->watched, name))
        return;
    if (watch->first_event_ms == 0)
        watch->first_event_ms = now_ms;
    uint64_t spent_ms = now_ms - watch->first_event_ms;
    if (spent_ms + wait_ms > WATCH_PATIENCE_MS)
        wait_ms = spent_ms >= WATCH_PATIENCE_MS ? 0 : WATCH_PATIENCE_MS - spent_ms;
    uv_timer_start(&watch->quiet, became_quiet, wait_ms, 0);
}

/* --- life
 * -------------------------------------------------------------------------------------------------------------------
 */

int watch_new(const struct watch_options *options, struct watch **out, struct failure *why)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return failure_no_memory(why, "watching files");
    watch->options = *options;
    if (make_list(options, NULL, 0, &watch->list) < 0) {
        free(watch);
        return failure_no_memory(why, "watching files");
    }
    watch->complete = true;
    uv_timer_init(options->loop, &watch->quiet);
    watch->quiet.data = watch;
    watch->open = 1;
    start_walk(watch);
    *out = watch;
    return 0;
}

void watch_also(struct watch *watch, const char *const *paths, uint32_t count)
{
    const struct path_list *newest = watch->wanted.paths != NULL ? &watch->wanted : &watch->list;
    struct path_list list;

    if (watch->closing || list_says(newest, paths, count) || make_list(&watch->options, paths, count, &list) < 0)
        return;
    free_list(&watch->wanted);
    watch->wanted = list;
    start_walk(watch);
}

bool watch_complete(const struct watch *watch)
{
    return watch->complete;
}

static void timer_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    watch->open--;
    finish_close(watch);
}

void watch_close(struct watch *watch, void (*closed)(void *context), void *context)
{
    watch->closing = true;
    watch->closed = closed;
    watch->closed_context = context;
    if (watch->walking)
        job_cancel(&watch->walk);
    for (struct eye *eye = watch->eyes; eye != NULL; eye = eye->next)
        uv_close((uv_handle_t *)&eye->handle, eye_closed);
    watch->eyes = NULL;
    uv_close((uv_handle_t *)&watch->quiet, timer_closed);
}
