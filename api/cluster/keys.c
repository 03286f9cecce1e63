/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/keys.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/buffer.h"
#include "api/base/file.h"
#include "api/base/json.h"
#include "api/base/secret.h"
#include "api/cause.h"

enum { PATH_BYTES_MAX = 8192, NAME_BYTES_MAX_ENV = 256 };

void keys_wipe(struct keys_owned *keys)
{
    secret_free(keys->access_key);
    secret_free(keys->secret_key);
    secret_free(keys->security_token);
    *keys = (struct keys_owned){NULL, NULL, NULL};
}

static int fail(struct failure *why, const char *what, const char *where)
{
    return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "no credentials: %s %s", where, what);
}

static int set(char **out, struct text text, struct failure *why)
{
    if (text.bytes == 0)
        return 0;
    secret_free(*out);
    *out = secret_copy(text);
    return *out ? 0 : failure_no_memory(why, "credentials");
}

/* --- the environment -------------------------------------------------------------------------------------------------
 */

static int read_variable(const char *prefix, const char *suffix, char **out, struct failure *why)
{
    struct buffer name;

    buffer_init(&name, NAME_BYTES_MAX_ENV);
    if (buffer_append_format(&name, "%s%s", prefix, suffix) != 0) {
        buffer_release(&name);
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "the prefix of env:PREFIX is too long");
    }
    int status = set(out, text_of(getenv(name.data)), why);
    buffer_release(&name);
    return status;
}

static int read_environment(const char *prefix, bool may_be_absent, struct keys_owned *out, struct failure *why)
{
    if (read_variable(prefix, "_ACCESS_KEY", &out->access_key, why) != 0 ||
        read_variable(prefix, "_SECRET_KEY", &out->secret_key, why) != 0 ||
        read_variable(prefix, "_SECURITY_TOKEN", &out->security_token, why) != 0)
        return -1;
    if (!out->access_key && !out->secret_key && may_be_absent) {
        keys_wipe(out);
        return 0;
    }
    if (!out->access_key || !out->secret_key)
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED, "no credentials: the variable %s_%s is not set", prefix,
                           out->access_key ? "SECRET_KEY" : "ACCESS_KEY");
    return 0;
}

/* --- files -----------------------------------------------------------------------------------------------------------
 */

static int take(struct keys_owned *out, struct text name, struct text value, struct failure *why)
{
    if (text_is(name, "accessKey"))
        return set(&out->access_key, value, why);
    if (text_is(name, "secretKey"))
        return set(&out->secret_key, value, why);
    if (text_is(name, "securityToken"))
        return set(&out->security_token, value, why);
    return 0;
}

static int read_json(struct text text, struct keys_owned *out, struct failure *why)
{
    struct json_reader *reader = json_reader_new(text, why);
    struct json_token token = {.type = JSON_BROKEN};
    int status = reader ? 0 : -1;

    while (status == 0 && json_next(reader, &token) > JSON_END)
        if (token.type == JSON_STRING && token.depth == 1)
            status = take(out, token.key, token.text, why);
    if (status == 0 && token.type == JSON_BROKEN)
        status = fail(why, "is no JSON", "the file");
    json_reader_free(reader);
    return status;
}

static struct text trim(struct text text)
{
    while (text.bytes > 0 && strchr(" \t\r\"'", text.data[0]))
        text = text_after(text, 1);
    while (text.bytes > 0 && strchr(" \t\r\"'", text.data[text.bytes - 1]))
        text.bytes--;
    return text;
}

/* accessKey: x, or accessKey = x. */
static int read_line(struct text line, struct keys_owned *out, struct failure *why)
{
    size_t at = 0;

    while (at < line.bytes && line.data[at] != ':' && line.data[at] != '=')
        at++;
    return take(out, trim((struct text){line.data, at}), trim(text_after(line, at + 1)), why);
}

static int read_lines(struct text text, struct keys_owned *out, struct failure *why)
{
    while (text.bytes > 0) {
        const char *end = memchr(text.data, '\n', text.bytes);
        struct text line = {text.data, end ? (size_t)(end - text.data) : text.bytes};
        if (read_line(line, out, why) != 0)
            return -1;
        text = text_after(text, line.bytes + 1);
    }
    return 0;
}

static int read_file(const char *path, struct keys_owned *out, struct failure *why)
{
    struct file_text file = {.data = NULL};

    if (file_read(path, &file, why) != 0) {
        why->cause = why->cause == CAUSE_OUT_OF_MEMORY ? why->cause : CAUSE_CREDENTIALS_REJECTED;
        return failure_wrap(why, "no credentials");
    }
    struct text text = {file.data, file.bytes};
    bool is_json = file.data[strspn(file.data, " \t\r\n")] == '{';
    int status = (is_json ? read_json : read_lines)(text, out, why);
    secret_wipe(file.data, file.bytes);
    file_text_release(&file);
    if (status == 0 && (!out->access_key || !out->secret_key))
        status = fail(why, out->access_key ? "holds no secretKey" : "holds no accessKey", path);
    return status;
}

static int read_credential(const char *name, struct keys_owned *out, struct failure *why)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    struct buffer path;

    if (!directory || directory[0] == '\0')
        return failure_set(why, CAUSE_CREDENTIALS_REJECTED,
                           "no credentials: CREDENTIALS_DIRECTORY is not set: add LoadCredential=%s to the unit", name);
    buffer_init(&path, PATH_BYTES_MAX);
    int status = buffer_append_format(&path, "%s/%s", directory, name) != 0 ? failure_no_memory(why, "credentials")
                                                                            : read_file(path.data, out, why);
    buffer_release(&path);
    return status;
}

/* --- SPEC ------------------------------------------------------------------------------------------------------------
 */

static const char *argument_of(const char *spec, const char *form)
{
    size_t bytes = strlen(form);
    return strncmp(spec, form, bytes) == 0 && spec[bytes] != '\0' ? spec + bytes : NULL;
}

int keys_check_spec(const char *spec, struct failure *why)
{
    if (!spec || spec[0] == '\0' || argument_of(spec, "file:") || argument_of(spec, "env:"))
        return 0;
    const char *name = argument_of(spec, "credential:");
    if (name && !strchr(name, '/'))
        return 0;
    return failure_set(why, CAUSE_CONFIGURATION_WRONG,
                       "credentials of an open-source cluster are file:PATH, credential:NAME or env:PREFIX, not '%s'",
                       spec);
}

int keys_read(const char *spec, struct keys_owned *out, struct failure *why)
{
    const char *argument;
    int status;

    *out = (struct keys_owned){NULL, NULL, NULL};
    if (!spec || spec[0] == '\0')
        status = read_environment("MQFERRY", true, out, why);
    else if ((argument = argument_of(spec, "env:")) != NULL)
        status = read_environment(argument, false, out, why);
    else if ((argument = argument_of(spec, "file:")) != NULL)
        status = read_file(argument, out, why);
    else if ((argument = argument_of(spec, "credential:")) != NULL)
        status = read_credential(argument, out, why);
    else
        status = keys_check_spec(spec, why);
    if (status != 0)
        keys_wipe(out);
    return status;
}
