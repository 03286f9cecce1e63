/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plan costs, part by part, with the product's own code: loaded SNAPSHOT SOURCE… reads the declared set and the
 * snapshot, compares them, and tells the time of each part and what stays allocated afterwards, per resource of both.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "api/base/file.h"
#include "api/snapshot_json.h"
#include "controller/plan/plan.h"
#include "manifests/manifests.h"

static struct timespec began;

static double seconds_since_last(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9;
    began = now;
    return seconds;
}

static size_t allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* One part is over. */
static void tell(const char *part, size_t before_bytes)
{
    double seconds = seconds_since_last();
    printf("%s seconds %.3f kept_bytes %zu\n", part, seconds, allocated_bytes() - before_bytes);
    seconds_since_last();
}

static struct catalog *load_declared(char **paths, int count, struct failure *why)
{
    const struct manifests_request request = {
        .paths = (const char *const *)paths, .path_count = (uint32_t)count, .source_masters = 1};
    struct manifests *manifests = NULL;
    struct complaints mistakes;
    struct catalog *catalog = NULL;

    complaints_init(&mistakes);
    if (manifests_load(&request, &manifests, &mistakes, why) == 0)
        catalog = catalog_ref(manifests->catalog);
    manifests_free(manifests);
    complaints_release(&mistakes);
    return catalog;
}

static struct catalog *load_observed(const char *path, struct failure *why)
{
    struct file_text file;
    struct catalog *catalog = NULL;
    struct snapshot_head head;

    if (file_read(path, &file, why) != 0)
        return NULL;
    if (snapshot_json_read((struct text){file.data, file.bytes}, path, &catalog, &head, why) != 0)
        catalog = NULL;
    file_text_release(&file);
    return catalog;
}

static struct plan *compare(struct catalog *declared, struct catalog *observed, const struct mapping *mapping,
                            struct failure *why)
{
    struct capabilities capabilities = {.kind = INSTANCE_ROCKETMQ};
    struct plan *plan = NULL;

    for (int kind = 0; kind < KINDS; kind++)
        capabilities.holds[kind] = capabilities.listed[kind] = fields_held(INSTANCE_ROCKETMQ, kind);
    const struct plan_input input = {
        .declared = declared, .observed = observed, .capabilities = &capabilities, .mapping = mapping};
    return plan_build(&input, &plan, why) == 0 ? plan : NULL;
}

int main(int argc, char **argv)
{
    struct failure why = FAILURE_INIT;
    struct mapping mapping;
    size_t before = allocated_bytes();

    mapping_init(&mapping);
    seconds_since_last();
    struct catalog *declared = load_declared(argv + 2, argc - 2, &why);
    tell("declared", before);
    struct catalog *observed = declared ? load_observed(argv[1], &why) : NULL;
    tell("observed", before);
    struct plan *plan = observed ? compare(declared, observed, &mapping, &why) : NULL;
    tell("plan", before);

    if (plan)
        printf("resources %u equal %u\n", catalog_count(declared) + catalog_count(observed),
               plan->counts[KIND_TOPIC].states[STATE_IN_SYNC] + plan->counts[KIND_GROUP].states[STATE_IN_SYNC]);
    else
        fprintf(stderr, "%s\n", why.text);
    int result = plan ? 0 : 1;
    plan_free(plan);
    catalog_unref(declared);
    catalog_unref(observed);
    mapping_release(&mapping);
    return result;
}
