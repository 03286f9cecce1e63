/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/profile.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/secret.h"
#include "api/cause.h"

/* --- fields ----------------------------------------------------------------------------------------------------------
 */

void profile_release(struct profile *profile)
{
    for (uint32_t i = 0; i < profile->count; i++) {
        secret_free(profile->fields[i].name);
        secret_free(profile->fields[i].value);
    }
    *profile = (struct profile){.count = 0};
}

static struct profile_field *find_field(const struct profile *profile, struct text name)
{
    for (uint32_t i = 0; i < profile->count; i++)
        if (text_is(name, profile->fields[i].name))
            return (struct profile_field *)&profile->fields[i];
    return NULL;
}

const char *profile_get(const struct profile *profile, const char *name)
{
    const struct profile_field *field = find_field(profile, text_of(name));
    return field != NULL && field->value[0] != '\0' ? field->value : NULL;
}

static int set_field(struct profile *profile, struct text name, struct text value, struct failure *why)
{
    struct profile_field *field = find_field(profile, name);

    if (field == NULL && profile->count == PROFILE_FIELDS_MAX)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "a profile has more than %d fields", PROFILE_FIELDS_MAX);
    struct profile_field fresh = {secret_copy(name), secret_copy(value)};
    if (fresh.name == NULL || fresh.value == NULL) {
        secret_free(fresh.name);
        secret_free(fresh.value);
        return failure_no_memory(why, "reading credentials");
    }
    if (field == NULL) {
        profile->fields[profile->count++] = fresh;
        return 0;
    }
    secret_free(field->name);
    secret_free(field->value);
    *field = fresh;
    return 0;
}

int profile_set(struct profile *profile, const char *name, struct text value, struct failure *why)
{
    return set_field(profile, text_of(name), value, why);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------
 */

static int fail_json(const char *what, struct failure *why)
{
    return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "%s is not the JSON that was expected", what);
}

int profile_take_object(struct profile *profile, struct json_reader *reader, struct failure *why)
{
    struct json_token token;

    while (json_next(reader, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN || token.type == JSON_END)
            return fail_json("a profile", why);
        if (token.type == JSON_STRING || token.type == JSON_INTEGER || token.type == JSON_TRUE) {
            if (set_field(profile, token.key, token.type == JSON_TRUE ? TEXT("true") : token.text, why) < 0)
                return -1;
        } else if (json_skip(reader, &token) < 0) {
            return fail_json("a profile", why);
        }
    }
    return 0;
}

/* Goes on to the member `name` of the object that was begun: 0, or -1 when it is not there. */
static int seek_member(struct json_reader *reader, const char *name, enum json_type type)
{
    struct json_token token;

    while (json_next(reader, &token) > JSON_END && token.type != JSON_END_OBJECT) {
        if (text_is(token.key, name) && token.type == type)
            return 0;
        if (json_skip(reader, &token) < 0)
            return -1;
    }
    return -1;
}

int profile_of_json(struct text json, const char *inside, const char *what, struct profile *out, struct failure *why)
{
    struct json_token token;
    struct json_reader *reader = json_reader_new(json, why);
    int status = -1;

    *out = (struct profile){.count = 0};
    if (reader == NULL)
        return -1;
    if (json_next(reader, &token) != JSON_BEGIN_OBJECT ||
        (inside != NULL && seek_member(reader, inside, JSON_BEGIN_OBJECT) < 0))
        fail_json(what, why);
    else
        status = profile_take_object(out, reader, why);
    if (status < 0)
        profile_release(out);
    json_reader_free(reader);
    return status;
}

/* Reads profile after profile until the one that is called `name`. */
static int take_profile(struct json_reader *reader, const char *name, const char *path, struct profile *out,
                        struct failure *why)
{
    struct json_token token;

    while (json_next(reader, &token) == JSON_BEGIN_OBJECT) {
        if (profile_take_object(out, reader, why) < 0)
            return -1;
        const char *own = profile_get(out, "name");
        if (own != NULL && strcmp(own, name) == 0)
            return 0;
        profile_release(out);
    }
    return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "%s has no profile '%s'", path, name);
}

int profile_of_cli_file(struct text json, const char *name, const char *path, struct profile *out, struct failure *why)
{
    struct profile top = {.count = 0};
    struct json_token token;
    struct json_reader *reader = NULL;
    int status = -1;

    *out = (struct profile){.count = 0};
    if (profile_of_json(json, NULL, path, &top, why) < 0)
        return -1;
    if (name == NULL)
        name = profile_get(&top, "current");
    reader = json_reader_new(json, why);
    if (reader == NULL)
        goto out;
    if (name == NULL)
        failure_set(why, CAUSE_CREDENTIALS_REJECTED, "%s names no current profile", path);
    else if (json_next(reader, &token) != JSON_BEGIN_OBJECT || seek_member(reader, "profiles", JSON_BEGIN_ARRAY) < 0)
        failure_set(why, CAUSE_CREDENTIALS_REJECTED, "%s has no profiles", path);
    else
        status = take_profile(reader, name, path, out, why);
out:
    if (status < 0)
        profile_release(out);
    json_reader_free(reader);
    profile_release(&top);
    return status;
}

/* --- ini -------------------------------------------------------------------------------------------------------------
 */

static struct text trimmed(struct text text)
{
    static const char blanks[] = " \t\r";
    while (text.bytes > 0 && memchr(blanks, text.data[0], sizeof blanks - 1) != NULL)
        text = text_after(text, 1);
    while (text.bytes > 0 && memchr(blanks, text.data[text.bytes - 1], sizeof blanks - 1) != NULL)
        text.bytes--;
    return text;
}

static struct text take_line(struct text *rest)
{
    const char *end = rest->bytes > 0 ? memchr(rest->data, '\n', rest->bytes) : NULL;
    struct text line = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->bytes};
    *rest = text_after(*rest, end != NULL ? line.bytes + 1 : line.bytes);
    return trimmed(line);
}

/* The ini file's names for the command line tool's fields (openapi 6.3). */
static struct text field_name(struct text name)
{
    static const char *const names[][2] = {
        {"type", "mode"},
        {"role_name", "ram_role_name"},
        {"role_arn", "ram_role_arn"},
        {"role_session_name", "ram_session_name"},
        {"oidc_token_file_path", "oidc_token_file"},
        {"security_token", "sts_token"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_is(name, names[i][0]))
            return text_of(names[i][1]);
    return name;
}

static int take_setting(struct profile *out, struct text line, struct failure *why)
{
    const char *equals = memchr(line.data, '=', line.bytes);
    if (equals == NULL)
        return 0;
    size_t name_bytes = (size_t)(equals - line.data);
    return set_field(out, field_name(trimmed((struct text){line.data, name_bytes})),
                     trimmed(text_after(line, name_bytes + 1)), why);
}

int profile_of_ini(struct text ini, const char *section, const char *path, struct profile *out, struct failure *why)
{
    bool inside = strcmp(section, "default") == 0;

    *out = (struct profile){.count = 0};
    while (ini.bytes > 0) {
        struct text line = take_line(&ini);
        if (line.bytes == 0 || line.data[0] == '#' || line.data[0] == ';')
            continue;
        if (line.data[0] == '[' && text_ends(line, "]")) {
            inside = text_is(trimmed((struct text){line.data + 1, line.bytes - 2}), section);
        } else if (inside && take_setting(out, line, why) < 0) {
            profile_release(out);
            return -1;
        }
    }
    if (out->count == 0)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "%s has no section '%s'", path, section);
    return 0;
}
