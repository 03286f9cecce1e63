/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/watch_walk.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WALK_DEPTH_MAX = 32, LINK_BYTES_MAX = PATH_MAX };

struct walk {
    struct watched_set *found;
    const struct job *job;
    uint32_t most;
};

/* --- the set
 * --------------------------------------------------------------------------------------------------------------------
 */

void watched_release(struct watched *watched)
{
    for (uint32_t i = 0; i < watched->name_count; i++)
        free(watched->names[i]);
    free(watched->names);
    free(watched->path);
    *watched = (struct watched){0};
}

void watched_set_release(struct watched_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        watched_release(&set->items[i]);
    free(set->items);
    *set = (struct watched_set){0};
}

bool watched_minds(const struct watched *watched, const char *name)
{
    const char *slash = strrchr(watched->path, '/');

    if (watched->all || name == NULL || strcmp(name, slash == NULL ? watched->path : slash + 1) == 0)
        return true;
    for (uint32_t i = 0; i < watched->name_count; i++) {
        if (strcmp(watched->names[i], name) == 0)
            return true;
    }
    return false;
}

static struct watched *find(const struct watched_set *set, const char *path)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (strcmp(set->items[i].path, path) == 0)
            return &set->items[i];
    }
    return NULL;
}

static struct watched *add(struct walk *walk, const char *path)
{
    struct watched_set *set = walk->found;
    struct stat status;

    if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
        return NULL;
    if (set->count < walk->most && set->count == set->capacity) {
        uint32_t capacity = set->capacity == 0 ? 16 : set->capacity * 2;
        struct watched *grown = realloc(set->items, capacity * sizeof *grown);
        if (grown != NULL) {
            set->items = grown;
            set->capacity = capacity;
        }
    }
    char *copy = set->count < walk->most && set->count < set->capacity ? strdup(path) : NULL;
    if (copy == NULL) {
        set->complete = false;
        return NULL;
    }
    set->items[set->count] = (struct watched){.path = copy, .inode = status.st_ino};
    return &set->items[set->count++];
}

static struct watched *get(struct walk *walk, const char *path)
{
    struct watched *known = find(walk->found, path);
    return known != NULL ? known : add(walk, path);
}

static void add_name(struct walk *walk, const char *path, const char *name)
{
    struct watched *watched = get(walk, path);

    if (watched == NULL || watched_minds(watched, name))
        return;
    char **grown = realloc(watched->names, (watched->name_count + 1) * sizeof *grown);
    char *copy = strdup(name);
    if (grown != NULL)
        watched->names = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        walk->found->complete = false;
        return;
    }
    grown[watched->name_count++] = copy;
}

/* --- the way of a path
 * ------------------------------------------------------------------------------------------------------------------ */

/* "FOLDER/NAME"; false: too long. */
static bool join(char out[static PATH_MAX], const char *folder, const char *name)
{
    const char *slash = folder[0] == '\0' || folder[strlen(folder) - 1] == '/' ? "" : "/";
    return snprintf(out, PATH_MAX, "%s%s%s", folder, slash, name) < PATH_MAX;
}

static void follow(struct walk *walk, const char *path, unsigned links);

/* A symlink on the way: where it stands is watched already; now the way of what it names. */
static void follow_link(struct walk *walk, const char *folder, const char *link, unsigned links)
{
    char *room = malloc(LINK_BYTES_MAX + PATH_MAX), *target = room, *path = room == NULL ? NULL : room + LINK_BYTES_MAX;
    ssize_t bytes = room == NULL ? -1 : readlink(link, target, LINK_BYTES_MAX - 1);

    if (room == NULL)
        walk->found->complete = false;
    if (bytes > 0 && links > 0) {
        target[bytes] = '\0';
        if (target[0] == '/')
            follow(walk, target, links - 1);
        else if (join(path, folder, target))
            follow(walk, path, links - 1);
    }
    free(room);
}

/* Every name on the way that can be swapped, made or taken away: the last one, each symlink, the first that is not
 * there. */
static void follow(struct walk *walk, const char *path, unsigned links)
{
    char folder[PATH_MAX] = "", whole[PATH_MAX], name[NAME_MAX + 1];
    struct stat status;

    if (path[0] == '/')
        memcpy(folder, "/", 2);
    for (const char *at = path + strspn(path, "/"); *at != '\0';) {
        size_t bytes = strcspn(at, "/");
        if (bytes >= sizeof name)
            return;
        memcpy(name, at, bytes);
        name[bytes] = '\0';
        at += bytes + strspn(at + bytes, "/");
        if (!join(whole, folder, name))
            return;
        bool there = lstat(whole, &status) == 0, link = there && S_ISLNK(status.st_mode);
        if (!there || link || *at == '\0')
            add_name(walk, folder[0] == '\0' ? "." : folder, name);
        if (link)
            follow_link(walk, folder[0] == '\0' ? "." : folder, whole, links);
        if (!there)
            return;
        memcpy(folder, whole, strlen(whole) + 1);
    }
}

/* --- all below a directory
 * -------------------------------------------------------------------------------------------------------------- */

static void walk_directory(struct walk *walk, const char *path, unsigned depth);

static void walk_entry(struct walk *walk, const char *path, const struct dirent *entry, unsigned depth)
{
    char *child = malloc(PATH_MAX);
    struct stat status;

    if (child == NULL) {
        walk->found->complete = false;
        return;
    }
    if (join(child, path, entry->d_name)) {
        if (lstat(child, &status) == 0 && S_ISLNK(status.st_mode))
            follow(walk, child, WATCH_LINKS_MAX);
        if (stat(child, &status) == 0 && S_ISDIR(status.st_mode))
            walk_directory(walk, child, depth + 1);
    }
    free(child);
}

static void walk_directory(struct walk *walk, const char *path, unsigned depth)
{
    const struct dirent *entry;

    if (job_cancelled(walk->job) || depth > WALK_DEPTH_MAX)
        return;
    struct watched *watched = get(walk, path);
    if (watched == NULL || watched->all)
        return;
    watched->all = true;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.')
            walk_entry(walk, path, entry, depth);
    }
    closedir(directory);
}

void watch_walk(const char *const *paths, uint32_t path_count, uint32_t most, const struct job *job,
                struct watched_set *out)
{
    struct walk walk = {.found = out, .job = job, .most = most};
    struct stat status;

    *out = (struct watched_set){.complete = true};
    for (uint32_t i = 0; i < path_count; i++) {
        if (strcmp(paths[i], "-") == 0)
            continue;
        follow(&walk, paths[i], WATCH_LINKS_MAX);
        if (stat(paths[i], &status) == 0 && S_ISDIR(status.st_mode))
            walk_directory(&walk, paths[i], 0);
    }
}
