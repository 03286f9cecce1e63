/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/secret.h"

#include <stdlib.h>
#include <string.h>

void secret_wipe(void *bytes, size_t count)
{
    if (count > 0)
        explicit_bzero(bytes, count);
}

char *secret_copy(struct text text)
{
    char *copy = malloc(text.bytes + 1);
    if (copy == NULL)
        return NULL;
    if (text.bytes > 0)
        memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    return copy;
}

void secret_free(char *secret)
{
    if (secret != NULL)
        secret_wipe(secret, strlen(secret));
    free(secret);
}

int secret_buffer_reserve(struct buffer *buffer)
{
    for (size_t i = 0; i < buffer->ceiling; i++)
        buffer_append_char(buffer, '\0');
    if (buffer->failed)
        return -1;
    buffer_reset(buffer);
    return 0;
}

void secret_buffer_release(struct buffer *buffer)
{
    if (buffer->data != NULL)
        secret_wipe(buffer->data, buffer->capacity);
    buffer_release(buffer);
}
