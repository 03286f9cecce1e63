/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/digest.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/journal/file.h"

enum {
    STATE_DIR_BYTES_MAX = 4096,
    NAME_SLUG_BYTES = 64,   /* of the address, for people */
    NAME_DIGEST_DIGITS = 16 /* of its digest, so that two addresses never share a directory */
};

/* A directory from the environment, with what comes below it. systemd lists several, separated by colons: the first. */
static int append_from(struct buffer *out, const char *variable, const char *below, bool list)
{
    const char *value = getenv(variable);
    size_t bytes = !value ? 0 : list ? strcspn(value, ":") : strlen(value);

    if (bytes == 0)
        return 0;
    buffer_append(out, value, bytes);
    buffer_append_string(out, below);
    return 1;
}

int journal_state_dir(const char *flag, struct buffer *out, struct failure *why)
{
    buffer_init(out, STATE_DIR_BYTES_MAX);
    if (flag && flag[0] != '\0')
        buffer_append_string(out, flag);
    else if (append_from(out, "STATE_DIRECTORY", "", true) == 0 &&
             append_from(out, "XDG_STATE_HOME", "/mqferry", false) == 0 &&
             append_from(out, "HOME", "/.local/state/mqferry", false) == 0)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG,
                           "there is no place for the journal: give --state-dir, or set STATE_DIRECTORY or HOME");
    if (out->failed)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "the path of the state directory is longer than %d bytes",
                           STATE_DIR_BYTES_MAX);
    return 0;
}

/* The address with everything but letters, digits, dots and dashes as '_', and a digest of the whole. */
char *journal_directory(const char *state_dir, struct text address)
{
    char slug[NAME_SLUG_BYTES + 1];
    char digest[DIGEST_TEXT_BYTES];
    char *directory = NULL;
    size_t bytes = address.bytes < NAME_SLUG_BYTES ? address.bytes : NAME_SLUG_BYTES;

    if (digest_of(address, digest) != 0)
        return NULL;
    for (size_t i = 0; i < bytes; i++) {
        char c = address.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        slug[i] = plain ? c : '_';
    }
    slug[bytes] = '\0';
    const char *digits = strchr(digest, ':') + 1;
    if (asprintf(&directory, "%s/%s-%.*s", state_dir, slug, NAME_DIGEST_DIGITS, digits) < 0)
        return NULL;
    return directory;
}

uint32_t journal_newest_rotated(const char *directory)
{
    static const char prefix[] = "journal.jsonl.";
    uint32_t newest = 0;
    DIR *listing = opendir(directory);

    if (!listing)
        return 0;
    for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing)) {
        int64_t number;
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0 &&
            number_parse(text_of(entry->d_name + sizeof prefix - 1), &number) && number > newest && number < UINT32_MAX)
            newest = (uint32_t)number;
    }
    closedir(listing);
    return newest;
}
