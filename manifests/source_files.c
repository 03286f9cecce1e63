/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/source_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/base/file.h"
#include "api/base/glob.h"
#include "api/base/sort.h"
#include "api/cause.h"

/* One walk through one directory that the user named. */
struct walk {
    const struct manifests_request *request;
    struct source_files *files;
    struct complaints *notices, *mistakes;
    struct failure *why;
    size_t below;    /* bytes of a path in front of what --exclude-file sees */
    struct stat own; /* the destination's own file */
    bool has_own;
    bool full; /* there was more than may be read, and it was said */
    struct {   /* the directories around the one that is read: a link back to one of them is a loop */
        dev_t device;
        ino_t inode;
    } around[MANIFESTS_DIRECTORY_DEPTH_MAX];
};

static const char what[] = "a list of files";

/* --- names --- */

const char *file_name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool path_has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(file_name_of(path), '.');
    return dot && strcmp(dot + 1, extension) == 0;
}

static bool is_readable_kind(const char *path)
{
    return path_has_extension(path, "json") || path_has_extension(path, "yaml") || path_has_extension(path, "yml");
}

/* What lies beside topics.json in a broker's config folder and ends in .json too (rocketmq-remoting 1.10). */
static const char *neighbour(const char *path)
{
    static const struct {
        const char *name, *holds;
    } neighbours[] = {
        {"consumerOffset.json", "consumer offsets"},
        {"lmqConsumerOffset.json", "consumer offsets"},
        {"delayOffset.json", "offsets of delayed messages"},
        {"consumerFilter.json", "filters of consumers"},
        {"consumerOrderInfo.json", "the state of ordered consumers"},
        {"messageRequestMode.json", "request modes of consumers"},
    };

    for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++)
        if (strcmp(file_name_of(path), neighbours[i].name) == 0)
            return neighbours[i].holds;
    return NULL;
}

static bool is_excluded(const struct walk *walk, const char *path)
{
    for (const char *const *glob = walk->request->exclude_files; glob && *glob; glob++)
        if (glob_match(text_of(*glob), text_of(path + walk->below)))
            return true;
    return false;
}

/* --- lists --- */

static void *room_for_one(void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    uint32_t larger = *capacity == 0 ? 16 : *capacity * 2;
    items = realloc(items, larger * size);
    if (items)
        *capacity = larger;
    return items;
}

static int add_file(struct source_files *files, const char *path, const struct stat *about, bool in_directory,
                    struct failure *why)
{
    struct source_file *items = room_for_one(files->items, files->count, &files->capacity, sizeof *items);

    if (!items)
        return failure_no_memory(why, what);
    files->items = items;
    items[files->count] = (struct source_file){strdup(path), in_directory, about->st_dev, about->st_ino};
    if (!items[files->count].path)
        return failure_no_memory(why, what);
    files->count++;
    return 0;
}

static int add_directory(struct source_files *files, const char *path, struct failure *why)
{
    struct file_mark *items =
        room_for_one(files->directories, files->directory_count, &files->directory_capacity, sizeof *items);
    struct file_mark mark = {0};

    if (!items)
        return failure_no_memory(why, what);
    files->directories = items;
    file_mark_take(path, &mark); /* what is gone by now fails when it is opened */
    mark.path = strdup(path);
    if (!mark.path)
        return failure_no_memory(why, what);
    items[files->directory_count++] = mark;
    return 0;
}

void source_files_release(struct source_files *files)
{
    for (uint32_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    for (uint32_t i = 0; i < files->directory_count; i++)
        free(files->directories[i].path);
    free(files->items);
    free(files->directories);
    *files = (struct source_files){0};
}

/* --- walking --- */

static int walk_directory(struct walk *walk, const char *path, const struct stat *about, int depth);

static int cannot_read(struct walk *walk, const char *path, int error)
{
    complain(walk->mistakes, &(struct place){.path = path}, "cannot read it: %s", file_error_text(error));
    return 0;
}

static int too_many(struct walk *walk, const char *path)
{
    walk->full = true;
    complain(walk->mistakes, &(struct place){.path = path}, "one source has at most %d files, this is one too many",
             MANIFESTS_FILES_MAX);
    return 0;
}

static int take_file(struct walk *walk, const char *path, const struct stat *about)
{
    const char *holds = neighbour(path);

    if (!is_readable_kind(path) || is_excluded(walk, path))
        return 0;
    if (holds) {
        complain(walk->notices, &(struct place){.path = path}, "skipped: it holds %s, no topics or groups", holds);
        return 0;
    }
    if (walk->has_own && about->st_dev == walk->own.st_dev && about->st_ino == walk->own.st_ino) {
        complain(walk->notices, &(struct place){.path = path}, "skipped: it is the destination's own file");
        return 0;
    }
    if (walk->files->count == MANIFESTS_FILES_MAX)
        return too_many(walk, path);
    return add_file(walk->files, path, about, true, walk->why);
}

/* What is gone since the directory was listed makes it no half directory; a link may have led to half of one. */
static int missing_entry(struct walk *walk, const char *path, int error)
{
    struct stat link;

    if (error != ENOENT)
        return cannot_read(walk, path, error);
    if (lstat(path, &link) == 0)
        complain(walk->mistakes, &(struct place){.path = path}, "it is a symbolic link that leads nowhere");
    return 0;
}

static int take_entry(struct walk *walk, const char *path, int depth)
{
    struct stat about;

    if (walk->full)
        return 0;
    if (stat(path, &about) != 0)
        return is_excluded(walk, path) ? 0 : missing_entry(walk, path, errno);
    if (S_ISDIR(about.st_mode))
        return walk_directory(walk, path, &about, depth + 1);
    return take_file(walk, path, &about);
}

/* Not worth a closer look: what is neither a link nor a directory, and has no name that is read. */
static bool is_passed_over(const struct dirent *entry)
{
    return entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_LNK &&
                                       entry->d_type != DT_UNKNOWN && !is_readable_kind(entry->d_name));
}

/* Paths of the entries, in no order. A list that breaks off is a mistake. */
static int list_entries(struct walk *walk, DIR *directory, const char *path, char ***out, uint32_t *out_count)
{
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    uint32_t capacity = 0;

    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            return errno != 0 ? cannot_read(walk, path, errno) : 0;
        if (is_passed_over(entry))
            continue;
        if (*out_count > MANIFESTS_FILES_MAX)
            return too_many(walk, path);
        char **names = room_for_one(*out, *out_count, &capacity, sizeof *names);
        if (!names)
            return failure_no_memory(walk->why, what);
        *out = names;
        if (asprintf(&names[*out_count], "%s%s%s", path, slash, entry->d_name) < 0)
            return failure_no_memory(walk->why, what);
        ++*out_count;
    }
}

static bool is_loop(const struct walk *walk, const struct stat *about, int depth)
{
    for (int i = 0; i < depth; i++)
        if (walk->around[i].device == about->st_dev && walk->around[i].inode == about->st_ino)
            return true;
    return false;
}

static int walk_directory(struct walk *walk, const char *path, const struct stat *about, int depth)
{
    char **names = NULL;
    uint32_t count = 0;

    if (is_loop(walk, about, depth)) {
        complain(walk->notices, &(struct place){.path = path}, "skipped: it leads back to a directory above it");
        return 0;
    }
    if (depth == MANIFESTS_DIRECTORY_DEPTH_MAX) {
        complain(walk->mistakes, &(struct place){.path = path}, "more than %d directories inside one another",
                 MANIFESTS_DIRECTORY_DEPTH_MAX);
        return 0;
    }
    if (walk->request->cancelled && atomic_load(walk->request->cancelled))
        return failure_set(walk->why, CAUSE_CANCELLED, "reading %s was cancelled", path);
    if (add_directory(walk->files, path, walk->why) != 0)
        return -1;
    DIR *directory = opendir(path);
    if (!directory)
        return cannot_read(walk, path, errno);
    walk->around[depth].device = about->st_dev;
    walk->around[depth].inode = about->st_ino;
    int result = list_entries(walk, directory, path, &names, &count);
    closedir(directory);
    for (uint32_t i = 0; i < count; i++) {
        if (result == 0)
            result = take_entry(walk, names[i], depth);
        free(names[i]);
    }
    free(names);
    return result;
}

/* --- what the user named --- */

static int compare_paths(const void *left, const void *right)
{
    const struct source_file *a = left, *b = right;
    return strcmp(a->path, b->path);
}

static int find_in_directory(struct walk *walk, const char *path, const struct stat *about)
{
    uint32_t first = walk->files->count;
    size_t bytes = strlen(path);

    walk->below = path[bytes - 1] == '/' ? bytes : bytes + 1;
    walk->full = false;
    if (walk_directory(walk, path, about, 0) != 0)
        return -1;
    if (walk->files->count > first)
        sort_in_place(walk->files->items + first, walk->files->count - first, sizeof *walk->files->items,
                      compare_paths);
    else
        complain(walk->notices, &(struct place){.path = path}, "it holds no *.yaml, *.yml or *.json file to read");
    return 0;
}

static int find_path(struct walk *walk, const char *path)
{
    struct stat about = {0};

    if (strcmp(path, "-") == 0)
        return add_file(walk->files, path, &about, false, walk->why);
    if (stat(path, &about) != 0)
        return cannot_read(walk, path, errno);
    if (S_ISDIR(about.st_mode))
        return find_in_directory(walk, path, &about);
    return add_file(walk->files, path, &about, false, walk->why);
}

/* --- the same file twice --- */

struct seen {
    dev_t device;
    ino_t inode;
    uint32_t index;
};

static int compare_seen(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;

    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static void drop(struct source_files *files, const struct seen *first, const struct seen *again,
                 struct complaints *notices, struct complaints *mistakes)
{
    struct source_file *file = &files->items[again->index];
    const struct place place = {.path = file->path};

    if (file->inode == 0)
        complain(mistakes, &place, "standard input can be read only once");
    else
        complain(notices, &place, "skipped: it is the same file as %s", files->items[first->index].path);
    free(file->path);
    file->path = NULL;
}

static void compact(struct source_files *files)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < files->count; i++)
        if (files->items[i].path)
            files->items[kept++] = files->items[i];
    files->count = kept;
}

/* Links and paths given twice lead to one file: reading it again could only declare everything twice. */
static int drop_same(struct source_files *files, struct complaints *notices, struct complaints *mistakes,
                     struct failure *why)
{
    struct seen *seen = malloc((files->count + (size_t)1) * sizeof *seen);
    uint32_t first = 0;

    if (!seen)
        return failure_no_memory(why, what);
    for (uint32_t i = 0; i < files->count; i++)
        seen[i] = (struct seen){files->items[i].device, files->items[i].inode, i};
    sort_in_place(seen, files->count, sizeof *seen, compare_seen);
    for (uint32_t i = 1; i < files->count; i++) {
        if (seen[i].device != seen[first].device || seen[i].inode != seen[first].inode)
            first = i;
        else
            drop(files, &seen[first], &seen[i], notices, mistakes);
    }
    compact(files);
    free(seen);
    return 0;
}

int source_files_find(const struct manifests_request *request, struct source_files *out, struct complaints *notices,
                      struct complaints *mistakes, struct failure *why)
{
    struct walk walk = {.request = request, .files = out, .notices = notices, .mistakes = mistakes, .why = why};

    walk.has_own = request->own_file && stat(request->own_file, &walk.own) == 0;
    for (uint32_t i = 0; i < request->path_count; i++)
        if (find_path(&walk, request->paths[i]) != 0)
            return -1;
    return drop_same(out, notices, mistakes, why);
}
