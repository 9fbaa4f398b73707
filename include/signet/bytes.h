/* Borrowed bytes: a pointer and a length that somebody else owns. */
#ifndef SIGNET_BYTES_H
#define SIGNET_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct bytes
bytes_of(const void *data, size_t len)
{
    return (struct bytes){.data = data, .len = len};
}

/* Borrows the characters of `text` without its terminator; null gives no bytes. */
static inline struct bytes
bytes_of_text(const char *text)
{
    return bytes_of(text, text ? strlen(text) : 0);
}

/* Not for secrets: ends at the first difference. */
static inline bool
bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Order by content, then by length: for qsort and binary search. */
int bytes_compare(struct bytes a, struct bytes b);

/* Equal in constant time for equal lengths: for secrets and their digests. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* Overwrites a secret so that the compiler cannot leave the store out. */
void bytes_wipe(void *data, size_t len);

#endif
