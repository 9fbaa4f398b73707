#include "publish/published.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/clock.h"
#include "signet/encode.h"
#include "signet/public_key.h"

static void
published_label(struct published *published)
{
    uint8_t digest[LIMIT_DIGEST_OCTETS];
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];

    if (published->max_age_s <= 0)
        return;
    digest_sha256(published->body, digest);
    hex_encode(bytes_of(digest, sizeof(digest)), hex, sizeof(hex));
    snprintf(published->etag, sizeof(published->etag), "\"%s\"", hex);
    clock_http_date(published->modified_s, published->last_modified);
    if (published->expires_s > 0)
        clock_http_date(published->expires_s, published->expires);
}

bool
published_new(const struct publication *publication, struct bytes body, struct published **ret,
              struct error *err)
{
    struct published *published = calloc(1, sizeof(*published) + body.len);
    uint8_t *copy;

    if (!published)
        return error_set(err, ERROR_MEMORY, "no memory for %zu octets to publish", body.len);
    copy = (uint8_t *)(published + 1);
    if (body.len)
        memcpy(copy, body.data, body.len);
    atomic_init(&published->references, 1);
    published->status = 200;
    published->content_type = publication->content_type;
    published->body = bytes_of(copy, body.len);
    published->modified_s = publication->modified_s;
    published->expires_s = publication->expires_s;
    published->max_age_s = publication->max_age_s;
    published_label(published);
    *ret = published;
    return true;
}

struct published *
published_ref(struct published *published)
{
    atomic_fetch_add_explicit(&published->references, 1, memory_order_relaxed);
    return published;
}

void
published_unref(struct published *published)
{
    if (!published)
        return;
    if (atomic_fetch_sub_explicit(&published->references, 1, memory_order_acq_rel) == 1)
        free(published);
}

void
published_cache_control(const struct published *published, int64_t now_s,
                        char text[PUBLISHED_CONTROL_OCTETS])
{
    int64_t age = published->max_age_s;

    if (published->expires_s > 0 && published->expires_s - now_s - 1 < age)
        age = published->expires_s - now_s - 1;
    if (published->max_age_s <= 0) {
        snprintf(text, PUBLISHED_CONTROL_OCTETS, "no-store");
        return;
    }
    snprintf(text, PUBLISHED_CONTROL_OCTETS,
             "max-age=%" PRId64 ", public, no-transform, must-revalidate", age > 0 ? age : 0);
}

/* Whether the list of entity tags names this one; weak comparison (RFC 9110 §13.1.2). */
static bool
etag_listed(const char *list, const char *etag)
{
    size_t len = strlen(etag);

    for (;;) {
        list += strspn(list, ", \t");
        if (*list == '\0')
            return false;
        if (*list == '*')
            return true;
        if (strncmp(list, "W/", 2) == 0)
            list += 2;
        if (strncmp(list, etag, len) == 0)
            return true;
        list += strcspn(list, ",");
    }
}

int
published_status(const struct published *published, const char *method, const char *if_none_match,
                 const char *if_modified_since)
{
    int64_t since_s;

    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return published->status;
    if (published->etag[0] == '\0')
        return published->status;
    if (if_none_match)
        return etag_listed(if_none_match, published->etag) ? 304 : published->status;
    if (if_modified_since && clock_parse_http_date(if_modified_since, &since_s) &&
        published->modified_s <= since_s)
        return 304;
    return published->status;
}
