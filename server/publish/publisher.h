/*
 * The publishing side: OCSP answers, CRLs, CA certificates. Everything shared is immutable and
 * reference counted; a lock is held only to look up or swap a pointer.
 *
 * An HTTP thread first asks publisher_cached, which only looks at memory; what it does not know
 * goes to a worker by publish_routes.
 */
#ifndef SIGNET_PUBLISHER_H
#define SIGNET_PUBLISHER_H

#include "http/http.h"
#include "publish/published.h"

struct publisher;
struct server;

/* Gives. Knows nothing until the first publisher_poll. Keeps `server`. */
MUST_USE bool publisher_new(struct server *server, struct publisher **ret_publisher,
                            struct error *err);
void publisher_free(struct publisher *publisher);

/*
 * Answers from memory without blocking: true with a reference in *ret_published. The caller sends
 * published_status(), the body (none for HEAD and 304, with the length of the body for HEAD),
 * Content-Type, and the headers that are not empty. Looks at method, raw target, content type and
 * body. False: pass the request to a worker.
 */
bool publisher_cached(struct publisher *publisher, const struct request *request,
                      struct published **ret_published);

/*   GET, HEAD  /ocsp{raw...}  /crl/{issuer}.crl  /issuers/{issuer}.cer  /roots.pem
 *   POST       /ocsp
 * Ends with a null method. Nothing else is on the publishing listener. */
extern const struct route publish_routes[];

/*
 * A revocation was committed: drops the cached OCSP answers of this serial at once and makes fills
 * that began before useless. From any thread. (The CRL follows by jobs_revoked.)
 */
void publisher_revoked(struct publisher *publisher, int32_t issuer, struct bytes serial);
/* Drops every cached OCSP answer: the responder's certificate changed. */
void publisher_forget_all(struct publisher *publisher);

/*
 * Called each second, on NOTIFY and after a CRL was built, by one thread at a time: reads the
 * revocations since an overlapping window and drops their answers, takes over a newer CRL, loads
 * issuers that are new. A failure keeps what is published.
 */
MUST_USE bool publisher_poll(struct publisher *publisher, struct db *db, struct error *err);

enum { PUBLISHER_ISSUERS = 16 };
struct publisher_issuer_facts {
    char name[64];
    char kind[16];
    bool external;       /* its key is elsewhere: so is its CRL, unless it was brought here */
    int64_t not_after_s; /* of its certificate */
    uint64_t crl_number; /* 0: no CRL is published */
    int64_t crl_this_update_s, crl_next_update_s;
};
struct publisher_facts {
    int64_t polled_s; /* last successful poll; 0: none yet */
    size_t issuer_count;
    struct publisher_issuer_facts issuer[PUBLISHER_ISSUERS];
    uint64_t cache_entries, cache_hits, cache_fills, cache_thrown_away, try_later, nonce_refused;
};
/* For /readyz and /metrics. */
void publisher_facts(struct publisher *publisher, struct publisher_facts *ret_facts);

#endif
