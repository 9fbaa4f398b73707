#include "publish/answer_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct answer {
    struct answer *next; /* in its bucket, or among the free ones */
    struct ocsp_query key;
    struct published *published; /* null: only being filled */
    uint64_t generation;         /* grows with every drop */
    int64_t retry_s;             /* nobody else is sent to refresh before */
    uint32_t waiters;
    bool linked; /* in a bucket */
    bool filling;
    bool asked;   /* again, since the clock hand passed */
    bool revoked; /* what the answer says */
};

struct shard {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct answer **bucket;
    struct answer *slot;
    struct answer *free; /* in no bucket any more */
    size_t slot_count, slot_used, hand;
    struct answer_cache_counts counts;
};

struct answer_cache {
    size_t shard_count;
    struct shard *shards;
};

enum { ANSWER_RETRY_S = 1 };

/* FNV-1a. Serials of ours are random and others never enter, so collisions cannot be arranged. */
static uint64_t
serial_hash(const uint8_t *serial, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ serial[i]) * 0x100000001b3u;
    return hash;
}

static struct shard *
shard_of(struct answer_cache *cache, uint64_t hash)
{
    return &cache->shards[(hash >> 48) & (cache->shard_count - 1)];
}

static struct answer **
bucket_of(struct shard *shard, const struct ocsp_query *key)
{
    return &shard->bucket[serial_hash(key->serial, key->serial_len) % shard->slot_count];
}

static bool
key_equal(const struct ocsp_query *a, const struct ocsp_query *b)
{
    return a->hash == b->hash && a->null_parameters == b->null_parameters &&
           bytes_equal(bytes_of(a->serial, a->serial_len), bytes_of(b->serial, b->serial_len));
}

static struct answer *
answer_find(struct shard *shard, const struct ocsp_query *key)
{
    struct answer *answer = *bucket_of(shard, key);

    while (answer && !key_equal(&answer->key, key))
        answer = answer->next;
    return answer;
}

static void
answer_forget(struct shard *shard, struct answer *answer)
{
    shard->counts.entries -= answer->published != NULL;
    published_unref(answer->published);
    answer->published = NULL;
    answer->generation++;
    answer->retry_s = 0;
}

static void
answer_unlink(struct shard *shard, struct answer *answer)
{
    struct answer **link = bucket_of(shard, &answer->key);

    while (*link != answer)
        link = &(*link)->next;
    *link = answer->next;
    answer->linked = false;
    answer->next = shard->free;
    shard->free = answer;
    answer_forget(shard, answer);
}

/* Pushes out what was not asked for lately, by the clock, unless all are busy. */
static void
slot_clear(struct shard *shard)
{
    for (size_t i = 0; i < 2 * shard->slot_count; i++) {
        struct answer *answer = &shard->slot[shard->hand];

        shard->hand = (shard->hand + 1) % shard->slot_count;
        if (answer->filling || answer->waiters)
            continue;
        if (!answer->asked) {
            answer_unlink(shard, answer);
            return;
        }
        answer->asked = false;
    }
}

/*
 * Null when all are busy. A free one first: requests for serials that do not exist take a slot and
 * give it back each time, and must not push an answer out for each.
 */
static struct answer *
slot_take(struct shard *shard)
{
    struct answer *answer;

    if (!shard->free && shard->slot_used < shard->slot_count)
        return &shard->slot[shard->slot_used++];
    if (!shard->free)
        slot_clear(shard);
    answer = shard->free;
    if (answer)
        shard->free = answer->next;
    return answer;
}

static struct answer *
answer_insert(struct shard *shard, const struct ocsp_query *key)
{
    struct answer **bucket = bucket_of(shard, key);
    struct answer *answer = slot_take(shard);

    if (!answer)
        return NULL;
    answer->key = *key;
    answer->next = *bucket;
    answer->linked = true;
    answer->asked = false;
    *bucket = answer;
    return answer;
}

static bool
answer_valid(const struct answer *answer, int64_t now_s)
{
    return answer->published && now_s < answer->published->expires_s;
}

static bool
answer_fresh(const struct answer *answer, int64_t now_s)
{
    const struct published *published = answer->published;

    return published &&
           now_s < published->modified_s + (published->expires_s - published->modified_s) / 2;
}

static void
shard_done(struct shard *shard)
{
    for (size_t i = 0; shard->slot && i < shard->slot_count; i++)
        published_unref(shard->slot[i].published);
    free(shard->slot);
    free(shard->bucket);
    pthread_cond_destroy(&shard->filled);
    pthread_mutex_destroy(&shard->lock);
}

static bool
shard_init(struct shard *shard, size_t slots)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&shard->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&shard->filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    shard->slot_count = slots;
    shard->slot = calloc(slots, sizeof(*shard->slot));
    shard->bucket = calloc(slots, sizeof(*shard->bucket));
    return shard->slot && shard->bucket;
}

bool
answer_cache_new(size_t capacity, size_t shards, struct answer_cache **ret_cache, struct error *err)
{
    struct answer_cache *cache = calloc(1, sizeof(*cache));
    bool whole = true;

    if (cache)
        cache->shards = calloc(shards, sizeof(*cache->shards));
    if (!cache || !cache->shards) {
        free(cache);
        return error_set(err, ERROR_MEMORY, "no memory for the cache of OCSP answers");
    }
    cache->shard_count = shards;
    for (size_t i = 0; i < shards; i++)
        whole = shard_init(&cache->shards[i], (capacity + shards - 1) / shards) && whole;
    if (!whole) {
        answer_cache_free(cache);
        return error_set(err, ERROR_MEMORY, "no memory for %zu cached OCSP answers", capacity);
    }
    *ret_cache = cache;
    return true;
}

void
answer_cache_free(struct answer_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->shard_count; i++)
        shard_done(&cache->shards[i]);
    free(cache->shards);
    free(cache);
}

static struct shard *
shard_lock(struct answer_cache *cache, const uint8_t *serial, size_t serial_len)
{
    struct shard *shard = shard_of(cache, serial_hash(serial, serial_len));

    pthread_mutex_lock(&shard->lock);
    return shard;
}

static struct published *
answer_hit(struct shard *shard, struct answer *answer)
{
    answer->asked = true;
    shard->counts.hits++;
    return published_ref(answer->published);
}

bool
answer_cache_get(struct answer_cache *cache, const struct ocsp_query *key, int64_t now_s,
                 struct published **ret_published)
{
    struct shard *shard = shard_lock(cache, key->serial, key->serial_len);
    struct answer *answer = answer_find(shard, key);
    bool served = answer && answer_valid(answer, now_s);

    if (served && !answer_fresh(answer, now_s) && !answer->filling && now_s >= answer->retry_s) {
        answer->retry_s = now_s + ANSWER_RETRY_S;
        served = false;
    }
    if (served)
        *ret_published = answer_hit(shard, answer);
    pthread_mutex_unlock(&shard->lock);
    return served;
}

static struct timespec
wait_end(int wait_ms)
{
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += wait_ms / 1000;
    end.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000L;
    }
    return end;
}

/* Waits until the fill of `answer` ends; false when it took too long or too many wait. The slot
 * cannot be given to another key while somebody waits on it. */
static bool
fill_wait(struct shard *shard, struct answer *answer, const struct timespec *end)
{
    int result = 0;

    if (answer->waiters >= LIMIT_OCSP_WAITERS)
        return false;
    answer->waiters++;
    while (answer->filling && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&shard->filled, &shard->lock, end);
    answer->waiters--;
    return !answer->filling;
}

static enum answer_result
fill_begin(struct shard *shard, struct answer *answer, const struct ocsp_query *key,
           struct answer_fill *ret_fill)
{
    if (!answer)
        answer = answer_insert(shard, key);
    if (!answer)
        return ANSWER_BUSY;
    answer->filling = true;
    shard->counts.fills++;
    *ret_fill = (struct answer_fill){.answer = answer, .generation = answer->generation};
    return ANSWER_FILL;
}

static enum answer_result
acquire_locked(struct shard *shard, const struct ocsp_query *key, int64_t now_s, int wait_ms,
               struct published **ret_published, struct answer_fill *ret_fill)
{
    struct timespec end = wait_end(wait_ms);
    struct answer *answer;

    for (;;) {
        answer = answer_find(shard, key);
        if (answer && answer_valid(answer, now_s) &&
            (answer->filling || answer_fresh(answer, now_s))) {
            *ret_published = answer_hit(shard, answer);
            return ANSWER_HIT;
        }
        if (!answer || !answer->filling)
            return fill_begin(shard, answer, key, ret_fill);
        if (!fill_wait(shard, answer, &end))
            return ANSWER_BUSY;
    }
}

enum answer_result
answer_cache_acquire(struct answer_cache *cache, const struct ocsp_query *key, int64_t now_s,
                     int wait_ms, struct published **ret_published, struct answer_fill *ret_fill)
{
    struct shard *shard = shard_lock(cache, key->serial, key->serial_len);
    enum answer_result result = acquire_locked(shard, key, now_s, wait_ms, ret_published, ret_fill);

    pthread_mutex_unlock(&shard->lock);
    return result;
}

static void
fill_end(struct shard *shard, struct answer *answer)
{
    answer->filling = false;
    if (!answer->published && answer->waiters == 0)
        answer_unlink(shard, answer);
    pthread_cond_broadcast(&shard->filled);
}

bool
answer_cache_publish(struct answer_cache *cache, struct answer_fill *fill,
                     struct published *published, enum ocsp_status status)
{
    struct answer *answer = fill->answer;
    struct shard *shard = shard_lock(cache, answer->key.serial, answer->key.serial_len);
    bool current = answer->generation == fill->generation;

    fill->generation = answer->generation;
    if (current) {
        shard->counts.entries += answer->published == NULL;
        published_unref(answer->published);
        answer->published = published_ref(published);
        answer->revoked = status == OCSP_REVOKED;
        answer->retry_s = 0;
        fill_end(shard, answer);
    } else {
        shard->counts.thrown_away++;
    }
    pthread_mutex_unlock(&shard->lock);
    return current;
}

void
answer_cache_abandon(struct answer_cache *cache, struct answer_fill *fill, int64_t now_s,
                     struct published **ret_published)
{
    struct answer *answer = fill->answer;
    struct shard *shard = shard_lock(cache, answer->key.serial, answer->key.serial_len);

    *ret_published = answer_valid(answer, now_s) ? answer_hit(shard, answer) : NULL;
    answer->retry_s = now_s + ANSWER_RETRY_S;
    fill_end(shard, answer);
    pthread_mutex_unlock(&shard->lock);
}

/* A slot in use stays linked: its fill and its waiters still refer to it. */
static void
answer_drop(struct shard *shard, struct answer *answer)
{
    if (answer->filling || answer->waiters)
        answer_forget(shard, answer);
    else
        answer_unlink(shard, answer);
}

void
answer_cache_drop(struct answer_cache *cache, struct bytes serial, bool keep_revoked)
{
    struct shard *shard = shard_lock(cache, serial.data, serial.len);
    struct answer *answer = shard->bucket[serial_hash(serial.data, serial.len) % shard->slot_count];
    struct answer *next;

    for (; answer; answer = next) {
        next = answer->next;
        if (!bytes_equal(bytes_of(answer->key.serial, answer->key.serial_len), serial))
            continue;
        if (keep_revoked && answer->published && answer->revoked)
            continue;
        answer_drop(shard, answer);
    }
    pthread_mutex_unlock(&shard->lock);
}

void
answer_cache_clear(struct answer_cache *cache)
{
    struct shard *shard;

    for (size_t i = 0; i < cache->shard_count; i++) {
        shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        for (size_t j = 0; j < shard->slot_count; j++)
            if (shard->slot[j].linked)
                answer_drop(shard, &shard->slot[j]);
        pthread_mutex_unlock(&shard->lock);
    }
}

void
answer_cache_counts(struct answer_cache *cache, struct answer_cache_counts *ret_counts)
{
    *ret_counts = (struct answer_cache_counts){0};
    for (size_t i = 0; i < cache->shard_count; i++) {
        struct shard *shard = &cache->shards[i];

        pthread_mutex_lock(&shard->lock);
        ret_counts->entries += shard->counts.entries;
        ret_counts->hits += shard->counts.hits;
        ret_counts->fills += shard->counts.fills;
        ret_counts->thrown_away += shard->counts.thrown_away;
        pthread_mutex_unlock(&shard->lock);
    }
}
