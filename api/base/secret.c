/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void secret_wipe(void *bytes, size_t count)
{
    if (count > 0)
        explicit_bzero(bytes, count);
}

/* What lies in front of a secret, in the same pages. */
struct head {
    size_t bytes; /* of all */
};

char *secret_copy(struct text text)
{
    size_t bytes = sizeof(struct head) + text.bytes + 1;
    struct head *head = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *copy = (char *)(head + 1);

    if (head == MAP_FAILED)
        return NULL;
    madvise(head, bytes, MADV_DONTDUMP);
    head->bytes = bytes;
    if (text.bytes > 0)
        memcpy(copy, text.data, text.bytes);
    return copy;
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    struct head *head = (struct head *)(void *)(secret - sizeof *head);
    size_t bytes = head->bytes;
    secret_wipe(head, bytes);
    munmap(head, bytes);
}
