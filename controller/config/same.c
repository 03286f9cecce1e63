/* SPDX-License-Identifier: Apache-2.0
 *
 * Did a reload change this Sync? Every setting counts; the place of the document in the file does not.
 */
#include <string.h>

#include "controller/config/config.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_texts(const char *const *a, uint32_t a_count, const char *const *b, uint32_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint32_t i = 0; i < a_count; i++) {
        if (!same_text(a[i], b[i]))
            return false;
    }
    return true;
}

static uint32_t count_texts(const char *const *texts)
{
    uint32_t count = 0;
    while (texts != NULL && texts[count] != NULL)
        count++;
    return count;
}

static bool same_expectations(const struct side_options *a, const struct side_options *b)
{
    if (a->expect_count != b->expect_count)
        return false;
    for (uint32_t i = 0; i < a->expect_count; i++) {
        if (!same_text(a->expect[i].key, b->expect[i].key) || !same_text(a->expect[i].value, b->expect[i].value))
            return false;
    }
    return true;
}

static bool same_side(const struct side_options *a, const struct side_options *b)
{
    return same_text(a->address, b->address) && same_text(a->endpoint, b->endpoint) &&
           same_text(a->ca_file, b->ca_file) && same_text(a->cert_file, b->cert_file) &&
           same_text(a->key_file, b->key_file) && same_text(a->credentials, b->credentials) &&
           same_text(a->address_map, b->address_map) && a->unsafe_attributes == b->unsafe_attributes &&
           a->stands_for == b->stands_for && same_expectations(a, b) && a->rate_per_s == b->rate_per_s &&
           a->concurrency == b->concurrency && a->share_percent == b->share_percent;
}

static bool same_sides(const struct sync_config *a, const struct sync_config *b)
{
    if (a->source_count != b->source_count || !same_side(&a->destination, &b->destination))
        return false;
    for (uint16_t i = 0; i < a->source_count; i++) {
        if (!same_side(&a->sources[i], &b->sources[i]))
            return false;
    }
    return true;
}

/* What it expects of the destination is the side's. */
static bool same_guard(const struct guard *a, const struct guard *b)
{
    return a->max_creates == b->max_creates && a->allow_empty_source == b->allow_empty_source &&
           a->max_shrink_percent == b->max_shrink_percent && same_text(a->accept_shrink, b->accept_shrink) &&
           a->max_source_age_ms == b->max_source_age_ms;
}

bool sync_config_same(const struct sync_config *a, const struct sync_config *b)
{
    return same_text(a->name, b->name) && a->mode == b->mode && same_sides(a, b) &&
           same_texts(a->paths, a->path_count, b->paths, b->path_count) &&
           same_texts(a->exclude_files, count_texts(a->exclude_files), b->exclude_files,
                      count_texts(b->exclude_files)) &&
           same_text(a->mapping, b->mapping) && same_guard(&a->guard, &b->guard) && a->interval_ms == b->interval_ms &&
           a->concurrency == b->concurrency;
}
