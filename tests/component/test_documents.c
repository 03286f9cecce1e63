/* SPDX-License-Identifier: Apache-2.0
 *
 * The good and bad documents of tests/data/manifests through the readers of manifests, mappings and the configuration.
 * The same files go through the JSON Schema (tests/rules/schema.py): so the two agree.
 *
 * good/NAME.yaml is right. Beside bad/NAME.yaml stands NAME.expected: every mistake that is reported, in order of
 * place. *mapping*.yaml are mappings, config*.yaml and mqferry.yaml the configuration of the daemon, all others
 * manifests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "controller/config/config.h"
#include "manifests/declare.h"
#include "manifests/mapping_yaml.h"
#include "tests/lib/scratch.h"

static enum duplicate on_duplicate(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)why;
    return declare_twice(pair, context);
}

/* Each gives 0, or -1 and says what is wrong in `mistakes`. */

static int read_manifest(const char *path, struct complaints *mistakes, struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct complaints notices;
    struct declare_request request = {.path = path, .mistakes = mistakes, .notices = &notices};
    struct catalog *catalog = NULL;
    uint64_t read[KINDS] = {0};
    struct file_text file;

    complaints_init(&notices);
    assert_int_equal(file_read(path, &file, why), 0);
    assert_int_equal(declare_read((struct text){file.data, file.bytes}, &request, builder, read, why), 0);
    assert_int_equal(catalog_seal(builder, on_duplicate, mistakes, &catalog, why), 0);
    catalog_unref(catalog);
    catalog_builder_free(builder);
    complaints_release(&notices);
    file_text_release(&file);
    return mistakes->count == 0 ? 0 : failure_set(why, CAUSE_INPUT_WRONG, "mistakes");
}

static int read_mapping(const char *path, struct complaints *mistakes, struct failure *why)
{
    struct file_mark *marks = NULL;
    uint32_t mark_count = 0;
    struct mapping mapping;

    mapping_init(&mapping);
    int status = mapping_load(path, &mapping, &marks, &mark_count, mistakes, why);
    file_marks_free(marks, mark_count);
    mapping_release(&mapping);
    return status;
}

static int read_config(const char *path, struct complaints *mistakes, struct failure *why)
{
    struct config *config = NULL;

    int status = config_load(path, &config, mistakes, why);
    config_unref(config);
    return status;
}

/* The name says which reader a file is for. */
static int read_document(const char *path, struct complaints *mistakes)
{
    struct failure why = FAILURE_INIT;

    if (strstr(path, "mapping") != NULL && strstr(path, "-among-manifests") == NULL)
        return read_mapping(path, mistakes, &why);
    if (strstr(path, "config") != NULL || strcmp(path, "mqferry.yaml") == 0)
        return read_config(path, mistakes, &why);
    return read_manifest(path, mistakes, &why);
}

/* ---- one file ---- */

static unsigned check_good(const char *path)
{
    struct complaints mistakes;
    struct buffer said;

    complaints_init(&mistakes);
    buffer_init(&said, 1 << 20);
    int status = read_document(path, &mistakes);
    complaints_append(&said, &mistakes);
    if (status != 0)
        fprintf(stderr, "%s is refused:\n%s", path, said.length > 0 ? said.data : "without a word");
    complaints_release(&mistakes);
    buffer_release(&said);
    return status != 0;
}

static unsigned check_bad(const char *path)
{
    struct complaints mistakes;
    struct buffer said;
    char beside[256];

    complaints_init(&mistakes);
    buffer_init(&said, 1 << 20);
    buffer_append_string(&said, "");
    snprintf(beside, sizeof beside, "%.*s.expected", (int)(strlen(path) - strlen(".yaml")), path);
    char *expected = scratch_get(beside);
    int status = read_document(path, &mistakes);
    complaints_sort(&mistakes);
    complaints_append(&said, &mistakes);
    bool right = status != 0 && strcmp(said.data, expected) == 0;
    if (!right)
        fprintf(stderr, "bad/%s: %s; said is\n%s", path, status == 0 ? "is accepted" : "other mistakes", said.data);
    free(expected);
    complaints_release(&mistakes);
    buffer_release(&said);
    return !right;
}

static void check_folder(const char *folder, unsigned (*check)(const char *path))
{
    unsigned count = 0, wrong = 0;

    assert_int_equal(chdir(folder), 0);
    DIR *directory = opendir(".");
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strlen(entry->d_name) < 5 || strcmp(entry->d_name + strlen(entry->d_name) - 5, ".yaml") != 0)
            continue;
        count++;
        wrong += check(entry->d_name);
    }
    closedir(directory);
    assert_in_range(count, 1, 10000);
    assert_int_equal(wrong, 0);
}

/* Every good document is read without a word. */
static void good_documents_are_read(void **state)
{
    (void)state;
    check_folder(SOURCE_DIR "/tests/data/manifests/good", check_good);
}

/* The samples are right, too. */
static void samples_are_read(void **state)
{
    (void)state;
    check_folder(SOURCE_DIR "/manifests/samples", check_good);
}

/* Every bad document is refused, with the mistakes that stand beside it, each at its place. */
static void bad_documents_are_refused_with_every_mistake(void **state)
{
    (void)state;
    check_folder(SOURCE_DIR "/tests/data/manifests/bad", check_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_documents_are_read),
        cmocka_unit_test(samples_are_read),
        cmocka_unit_test(bad_documents_are_refused_with_every_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
