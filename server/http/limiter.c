#include "limiter.h"

#include <pthread.h>
#include <stdlib.h>

#include "signet/public_key.h"

enum { LIMITER_WAYS = 8, LIMITER_SETS = 4096, LIMITER_LOCKS = 64, LIMITER_UNIT = 1000 };

/* `tokens` in thousandths, as of `at_ms`; key 0 is an empty place. */
struct bucket {
    uint64_t key;
    int64_t at_ms;
    int64_t tokens;
};

struct rate {
    int64_t per_s;
    int64_t burst; /* thousandths */
};

struct limiter {
    struct rate rate[LIMITER_KINDS];
    uint64_t seed; /* so that nobody can choose keys that fall into one set */
    pthread_mutex_t lock[LIMITER_LOCKS];
    struct bucket bucket[LIMITER_KINDS][LIMITER_SETS][LIMITER_WAYS];
};

static struct rate
rate_of(uint32_t per_s, uint32_t burst)
{
    return (struct rate){per_s, (int64_t)(burst ? burst : 1) * LIMITER_UNIT};
}

bool
limiter_new(const struct config *config, struct limiter **ret_limiter, struct error *err)
{
    struct limiter *limiter = calloc(1, sizeof(*limiter));

    if (!limiter)
        return error_set(err, ERROR_MEMORY, "no memory for the rate limiter");
    if (!random_bytes(&limiter->seed, sizeof(limiter->seed), err)) {
        free(limiter);
        return false;
    }
    limiter->rate[LIMITER_ADDRESS] =
        rate_of(config->rate.address_per_s, config->rate.address_burst);
    limiter->rate[LIMITER_IDENTITY] =
        rate_of(config->rate.identity_per_s, config->rate.identity_burst);
    for (size_t i = 0; i < LIMITER_LOCKS; i++)
        pthread_mutex_init(&limiter->lock[i], NULL);
    *ret_limiter = limiter;
    return true;
}

void
limiter_free(struct limiter *limiter)
{
    if (!limiter)
        return;
    for (size_t i = 0; i < LIMITER_LOCKS; i++)
        pthread_mutex_destroy(&limiter->lock[i]);
    free(limiter);
}

/* FNV-1a from a secret start, finished with a multiplication that mixes high bits down. */
static uint64_t
limiter_hash(const struct limiter *limiter, enum limiter_kind kind, struct bytes key)
{
    uint64_t hash = limiter->seed ^ (uint64_t)kind;

    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ key.data[i]) * 0x100000001b3u;
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9u;
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

static int64_t
bucket_fill(const struct bucket *bucket, const struct rate *rate, int64_t now_ms)
{
    int64_t gone_ms = now_ms - bucket->at_ms;

    if (bucket->key == 0 || gone_ms >= rate->burst / rate->per_s)
        return rate->burst;
    if (gone_ms < 0)
        return bucket->tokens;
    /* A thousandth per millisecond is one a second. */
    if (bucket->tokens + gone_ms * rate->per_s > rate->burst)
        return rate->burst;
    return bucket->tokens + gone_ms * rate->per_s;
}

/* The bucket of this key, or the one of the set that forgets least when it is given away. */
static struct bucket *
bucket_of(struct bucket *set, uint64_t key, const struct rate *rate, int64_t now_ms)
{
    struct bucket *fullest = &set[0];

    for (size_t i = 0; i < LIMITER_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].key == 0) {
            fullest = &set[i];
            continue;
        }
        if (fullest->key != 0 &&
            bucket_fill(&set[i], rate, now_ms) > bucket_fill(fullest, rate, now_ms))
            fullest = &set[i];
    }
    *fullest = (struct bucket){.key = key, .at_ms = now_ms, .tokens = rate->burst};
    return fullest;
}

bool
limiter_admit(struct limiter *limiter, enum limiter_kind kind, struct bytes key, int64_t now_ms,
              uint32_t *ret_wait_s, struct error *err)
{
    const struct rate *rate = &limiter->rate[kind];
    uint64_t hash = limiter_hash(limiter, kind, key);
    size_t set = hash % LIMITER_SETS;
    struct bucket *bucket;
    int64_t tokens;

    if (rate->per_s == 0)
        return true;
    pthread_mutex_lock(&limiter->lock[set % LIMITER_LOCKS]);
    bucket = bucket_of(limiter->bucket[kind][set], hash, rate, now_ms);
    tokens = bucket_fill(bucket, rate, now_ms);
    if (tokens >= LIMITER_UNIT) {
        bucket->tokens = tokens - LIMITER_UNIT;
        bucket->at_ms = now_ms;
    }
    pthread_mutex_unlock(&limiter->lock[set % LIMITER_LOCKS]);
    if (tokens >= LIMITER_UNIT)
        return true;
    *ret_wait_s = (uint32_t)((LIMITER_UNIT - tokens) / (rate->per_s * 1000) + 1);
    return error_refuse(err, ERROR_RATE_LIMITED,
                        kind == LIMITER_ADDRESS ? "rate.address" : "rate.identity",
                        "more than %lld requests a second; come again in %u s",
                        (long long)rate->per_s, (unsigned)*ret_wait_s);
}
