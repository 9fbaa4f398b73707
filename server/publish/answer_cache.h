/*
 * Cached OCSP answers, bounded, with one computation for each key however many ask.
 *
 * A key is computed by whoever gets ANSWER_FILL; the others wait for it, or are served what is
 * still valid. A fill ends with answer_cache_publish or answer_cache_abandon. A drop of the serial
 * while a fill runs makes that fill useless: it read the database before the change.
 *
 * Thread-safe. Sharded by serial, so that one lock is not everybody's.
 */
#ifndef SIGNET_ANSWER_CACHE_H
#define SIGNET_ANSWER_CACHE_H

#include "publish/published.h"
#include "signet/message.h"

struct answer_cache;

struct answer_fill { /* one computation in progress */
    struct answer *answer;
    uint64_t generation;
};

enum answer_result {
    ANSWER_HIT,  /* *ret_published is a reference */
    ANSWER_FILL, /* compute it, then publish or abandon *ret_fill */
    ANSWER_BUSY  /* too many wait for it, or the wait took too long, or no slot is free */
};

/* `capacity` answers over `shards` shards (a power of two). Gives. */
MUST_USE bool answer_cache_new(size_t capacity, size_t shards, struct answer_cache **ret_cache,
                               struct error *err);
/* No fill may be in progress. */
void answer_cache_free(struct answer_cache *cache);

/*
 * Never blocks for longer than a look-up. One caller past half of an answer's life is told false,
 * so that it goes on to acquire and refresh it (O-16); all others get the answer meanwhile.
 */
bool answer_cache_get(struct answer_cache *cache, const struct ocsp_query *key, int64_t now_s,
                      struct published **ret_published);
/* As above for a worker, which may wait up to `wait_ms`. */
enum answer_result answer_cache_acquire(struct answer_cache *cache, const struct ocsp_query *key,
                                        int64_t now_s, int wait_ms,
                                        struct published **ret_published,
                                        struct answer_fill *ret_fill);
/* Ends the fill and stores a reference. False when the serial was dropped meanwhile: the fill goes
 * on with a new generation, and the caller computes again or abandons. */
MUST_USE bool answer_cache_publish(struct answer_cache *cache, struct answer_fill *fill,
                                   struct published *published, enum ocsp_status status);
/* Ends the fill without an answer. An older answer that is still valid stays; *ret_published is a
 * reference to it or null. */
void answer_cache_abandon(struct answer_cache *cache, struct answer_fill *fill, int64_t now_s,
                          struct published **ret_published);
/* Drops the answers of a serial, all of them or only those that do not say revoked yet. */
void answer_cache_drop(struct answer_cache *cache, struct bytes serial, bool keep_revoked);
void answer_cache_clear(struct answer_cache *cache);

struct answer_cache_counts {
    uint64_t entries, hits, fills, thrown_away;
};
void answer_cache_counts(struct answer_cache *cache, struct answer_cache_counts *ret_counts);

#endif
