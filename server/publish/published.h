/*
 * Bytes that are published: immutable once made, shared by reference count between the HTTP
 * threads, the workers and the caches. Headers as RFC 9919 §6 (O-15) and R-11 want them.
 */
#ifndef SIGNET_PUBLISHED_H
#define SIGNET_PUBLISHED_H

#include <stdatomic.h>

#include "signet/bytes.h"
#include "signet/error.h"

enum { PUBLISHED_ETAG_OCTETS = 67, PUBLISHED_DATE_OCTETS = 30, PUBLISHED_CONTROL_OCTETS = 96 };

struct published {
    atomic_uint references;
    int status;                       /* HTTP; 200 also for an OCSP-level error (O-02) */
    const char *content_type;         /* static text */
    struct bytes body;                /* owned, lives as long as the object */
    int64_t modified_s;               /* thisUpdate, or when the object was made */
    int64_t expires_s;                /* nextUpdate; 0: none */
    int64_t max_age_s;                /* upper bound of max-age; 0: Cache-Control is no-store */
    char etag[PUBLISHED_ETAG_OCTETS]; /* quoted; "": send none */
    char last_modified[PUBLISHED_DATE_OCTETS]; /* "": send none */
    char expires[PUBLISHED_DATE_OCTETS];       /* "": send none */
};

/* What is said of the bytes; as the members of struct published. */
struct publication {
    const char *content_type;
    int64_t modified_s;
    int64_t expires_s;
    int64_t max_age_s;
};

/* Copies the body. Gives one reference. Errors: ERROR_MEMORY. */
MUST_USE bool published_new(const struct publication *publication, struct bytes body,
                            struct published **ret, struct error *err);
struct published *published_ref(struct published *published);
/* Accepts null. The last one frees. */
void published_unref(struct published *published);
DEFINE_CLEANUP(struct published *, published_unref);
#define AUTO_PUBLISHED CLEANUP(published_unref_auto) struct published *

/* The Cache-Control value at `now_s`: never lets a cache keep the bytes past expires_s. */
void published_cache_control(const struct published *published, int64_t now_s,
                             char text[PUBLISHED_CONTROL_OCTETS]);
/* 304 when the conditional headers of a GET or HEAD say that the client has these bytes already,
 * else published->status. Either header may be null (RFC 9110 §13.2.2). */
int published_status(const struct published *published, const char *method,
                     const char *if_none_match, const char *if_modified_since);

#endif
