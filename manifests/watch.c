/* SPDX-License-Identifier: Apache-2.0
 *
 * Happy path: walk (worker) → one uv_fs_event per directory → event → quiet for a while → changed, and walk again,
 * because directories may have come and gone. What can go wrong: a directory vanishes while it is walked (the parent's
 * event brings the next walk); inotify is full (incomplete, said once by the caller). On close: the job is cancelled,
 * every handle is closed; the memory goes when the last one has reported.
 */
#include "manifests/watch.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/cause.h"

enum { WALK_DEPTH_MAX = 32 };

struct directory {
    char *path;
    uint64_t inode; /* another one under the same name must be watched anew */
};

/* Directories to watch, each once. Made by the worker, then the loop's. */
struct directories {
    struct directory *items;
    uint32_t count, capacity;
    bool complete;
};

struct eye { /* one watched directory */
    uv_fs_event_t handle;
    struct watch *watch;
    struct directory directory; /* owns the path */
    bool wanted;                /* by the newest walk */
    struct eye *next;
};

struct watch {
    struct watch_options options;
    uv_timer_t quiet;
    struct job walk;
    struct directories found; /* the job's while it runs */
    struct eye *eyes;
    uint32_t open;           /* handles that have not reported closed; the timer is one */
    uint64_t first_event_ms; /* of the burst; 0: none */
    bool walking, walk_again, walked, complete, closing;
    void (*closed)(void *context);
    void *closed_context;
};

/* --- the walk (worker)
 * --------------------------------------------------------------------------------------------------- */

static bool knows(const struct directories *found, const char *path)
{
    for (uint32_t i = 0; i < found->count; i++) {
        if (strcmp(found->items[i].path, path) == 0)
            return true;
    }
    return false;
}

static bool add_directory(struct directories *found, const char *path)
{
    struct stat status;
    if (knows(found, path) || stat(path, &status) < 0)
        return false;
    if (found->count >= WATCH_DIRECTORIES_MAX) {
        found->complete = false;
        return false;
    }
    if (found->count == found->capacity) {
        uint32_t capacity = found->capacity == 0 ? 16 : found->capacity * 2;
        struct directory *grown = realloc(found->items, capacity * sizeof *grown);
        if (grown == NULL)
            return found->complete = false;
        found->items = grown;
        found->capacity = capacity;
    }
    found->items[found->count] = (struct directory){.path = strdup(path), .inode = status.st_ino};
    if (found->items[found->count].path == NULL)
        return found->complete = false;
    found->count++;
    return true;
}

static void walk_directory(struct watch *watch, const char *path, unsigned depth)
{
    char child[PATH_MAX];
    struct dirent *entry;
    struct stat status;

    if (job_cancelled(&watch->walk) || depth > WALK_DEPTH_MAX || !add_directory(&watch->found, path))
        return;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        size_t bytes = strlen(path) + 1 + strlen(entry->d_name);
        if (bytes >= sizeof child)
            continue;
        memcpy(child, path, strlen(path));
        child[strlen(path)] = '/';
        memcpy(child + strlen(path) + 1, entry->d_name, strlen(entry->d_name) + 1);
        if (stat(child, &status) == 0 && S_ISDIR(status.st_mode))
            walk_directory(watch, child, depth + 1);
    }
    closedir(directory);
}

static void walk_parent(struct watch *watch, const char *path)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX] = ".";

    if (slash != NULL && (size_t)(slash - path) < sizeof parent) {
        size_t bytes = slash == path ? 1 : (size_t)(slash - path);
        memcpy(parent, path, bytes);
        parent[bytes] = '\0';
    }
    add_directory(&watch->found, parent);
}

static void walk(struct job *job)
{
    struct watch *watch = job->data;
    char real[PATH_MAX];
    struct stat status;

    for (uint32_t i = 0; i < watch->options.path_count; i++) {
        const char *path = watch->options.paths[i];
        if (strcmp(path, "-") == 0)
            continue;
        walk_parent(watch, path);
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            walk_directory(watch, path, 0);
        if (realpath(path, real) != NULL)
            walk_parent(watch, real);
    }
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
    watch->walking = true;
    watch->walk_again = false;
    watch->found = (struct directories){.complete = true};
    watch->walk = (struct job){.work = walk, .done = walked, .data = watch};
    worker_submit(watch->options.workers, &watch->walk);
}

static void release_found(struct directories *found)
{
    for (uint32_t i = 0; i < found->count; i++)
        free(found->items[i].path);
    free(found->items);
    *found = (struct directories){0};
}

static void finish_close(struct watch *watch)
{
    if (!watch->closing || watch->open > 0 || watch->walking)
        return;
    void (*closed)(void *) = watch->closed;
    void *context = watch->closed_context;
    release_found(&watch->found);
    free(watch);
    if (closed != NULL)
        closed(context);
}

static void eye_closed(uv_handle_t *handle)
{
    struct eye *eye = handle->data;
    struct watch *watch = eye->watch;

    free(eye->directory.path);
    free(eye);
    watch->open--;
    finish_close(watch);
}

static void open_eye(struct watch *watch, struct directory directory)
{
    struct eye *eye = calloc(1, sizeof *eye);
    if (eye == NULL) {
        free(directory.path);
        watch->complete = false;
        return;
    }
    *eye = (struct eye){.watch = watch, .directory = directory, .wanted = true, .next = watch->eyes};
    uv_fs_event_init(watch->options.loop, &eye->handle);
    eye->handle.data = eye;
    watch->open++;
    if (uv_fs_event_start(&eye->handle, told, directory.path, 0) < 0) {
        watch->complete = false;
        uv_close((uv_handle_t *)&eye->handle, eye_closed);
        return;
    }
    watch->eyes = eye;
}

static struct eye *eye_of(struct watch *watch, const struct directory *directory)
{
    for (struct eye *eye = watch->eyes; eye != NULL; eye = eye->next) {
        if (strcmp(eye->directory.path, directory->path) == 0 && eye->directory.inode == directory->inode)
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
        struct eye *eye = eye_of(watch, &watch->found.items[i]);
        if (eye != NULL) {
            eye->wanted = true;
            continue;
        }
        open_eye(watch, watch->found.items[i]);
        watch->found.items[i].path = NULL;
        opened = true;
    }
    close_unwanted(watch);
    release_found(&watch->found);
    if (opened && watch->walked) /* what came into a new directory before its watch was open */
        uv_timer_start(&watch->quiet, became_quiet, WATCH_QUIET_MS, 0);
    watch->walked = true;
}

static void walked(struct job *job)
{
    struct watch *watch = job->data;

    watch->walking = false;
    if (watch->closing) {
        finish_close(watch);
        return;
    }
    keep_up(watch);
    if (watch->walk_again)
        start_walk(watch);
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

    (void)name;
    (void)events;
    (void)status;
    if (watch->closing)
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
    watch->complete = true;
    uv_timer_init(options->loop, &watch->quiet);
    watch->quiet.data = watch;
    watch->open = 1;
    start_walk(watch);
    *out = watch;
    return 0;
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
