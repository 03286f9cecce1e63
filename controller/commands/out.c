/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/out.h"

#include <sys/stat.h>

#include "api/address.h"
#include "api/cause.h"

static bool is_path(const struct stat *out, const char *path)
{
    struct stat there;
    return path != NULL && stat(path, &there) == 0 && there.st_dev == out->st_dev && there.st_ino == out->st_ino;
}

/* The file of a snapshot; other instances are no files. */
static bool is_instance(const struct stat *out, const char *text)
{
    struct failure ignored = FAILURE_INIT;
    struct address address;
    return text != NULL && address_parse(text_of(text), &address, &ignored) == 0 && is_path(out, address.path);
}

static bool is_input(const struct stat *out, const struct setup *setup)
{
    const struct runner_options *runner = &setup->runner;

    for (uint32_t i = 0; i < runner->path_count; i++)
        if (is_path(out, runner->paths[i]))
            return true;
    for (uint32_t i = 0; i < runner->source_count; i++)
        if (is_instance(out, runner->sources[i].address))
            return true;
    return is_path(out, runner->mapping_path) || is_instance(out, setup->destination.address);
}

int out_spares_input(const struct setup *setup, struct failure *why)
{
    const char *path = options_text(setup->session->options, OPTION_OUT, NULL);
    struct stat out;

    if (path == NULL || stat(path, &out) < 0 || !is_input(&out, setup))
        return 0;
    return failure_set(why, CAUSE_USAGE, "--out %s would replace what is read; name another file", path);
}
