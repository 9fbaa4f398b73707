#include "suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "publish/answer_cache.h"

enum { NOW_S = 1000000000, LIFE_S = 100, WAITING_THREADS = 8 };

static struct ocsp_query
key_of(uint32_t number)
{
    struct ocsp_query key = {.hash = CERTID_SHA1, .serial_len = 8};

    memcpy(key.serial + 4, &number, sizeof(number));
    key.serial[0] = 0x51;
    return key;
}

static struct bytes
serial_of(const struct ocsp_query *key)
{
    return bytes_of(key->serial, key->serial_len);
}

static struct published *
answer_of(const char *text, int64_t made_s)
{
    const struct publication publication = {.content_type = "application/ocsp-response",
                                            .modified_s = made_s,
                                            .expires_s = made_s + LIFE_S,
                                            .max_age_s = LIFE_S / 2};
    struct published *published = NULL;
    struct error err = {0};

    if (!published_new(&publication, bytes_of_text(text), &published, &err))
        abort();
    return published;
}

static struct answer_cache *
cache_of(size_t capacity)
{
    struct answer_cache *cache = NULL;
    struct error err = {0};

    if (!answer_cache_new(capacity, 1, &cache, &err))
        abort();
    return cache;
}

static enum answer_result
acquire(struct answer_cache *cache, const struct ocsp_query *key, int64_t now_s,
        struct answer_fill *fill)
{
    struct published *published = NULL;
    enum answer_result result = answer_cache_acquire(cache, key, now_s, 0, &published, fill);

    published_unref(published);
    return result;
}

/* Computes and stores an answer; false when the cache threw it away. */
static bool
store(struct answer_cache *cache, const struct ocsp_query *key, const char *text,
      enum ocsp_status status, int64_t made_s)
{
    AUTO_PUBLISHED published = answer_of(text, made_s);
    struct published *older = NULL;
    struct answer_fill fill;

    if (acquire(cache, key, made_s, &fill) != ANSWER_FILL)
        return false;
    if (answer_cache_publish(cache, &fill, published, status))
        return true;
    answer_cache_abandon(cache, &fill, made_s, &older);
    published_unref(older);
    return false;
}

static bool
holds(struct answer_cache *cache, const struct ocsp_query *key, const char *text, int64_t now_s)
{
    AUTO_PUBLISHED published = NULL;

    return answer_cache_get(cache, key, now_s, &published) &&
           bytes_equal(published->body, bytes_of_text(text));
}

static bool
lacks(struct answer_cache *cache, const struct ocsp_query *key, int64_t now_s)
{
    AUTO_PUBLISHED published = NULL;

    return !answer_cache_get(cache, key, now_s, &published);
}

static void
keeps_an_answer_for_each_key(void)
{
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query sha1 = key_of(1), sha256 = sha1, with_null = sha1, other = key_of(2);

    sha256.hash = CERTID_SHA256;
    with_null.null_parameters = true;
    CU_ASSERT_TRUE(store(cache, &sha1, "one", OCSP_GOOD, NOW_S));
    CU_ASSERT_TRUE(holds(cache, &sha1, "one", NOW_S));
    CU_ASSERT_TRUE(lacks(cache, &sha256, NOW_S));
    CU_ASSERT_TRUE(lacks(cache, &with_null, NOW_S));
    CU_ASSERT_TRUE(lacks(cache, &other, NOW_S));
    answer_cache_free(cache);
}

static void
a_revocation_drops_all_forms_of_a_serial(void)
{
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query sha1 = key_of(1), sha256 = sha1, other = key_of(2);

    sha256.hash = CERTID_SHA256;
    CU_ASSERT_TRUE(store(cache, &sha1, "one", OCSP_GOOD, NOW_S));
    CU_ASSERT_TRUE(store(cache, &sha256, "one", OCSP_GOOD, NOW_S));
    CU_ASSERT_TRUE(store(cache, &other, "other", OCSP_GOOD, NOW_S));
    answer_cache_drop(cache, serial_of(&sha1), false);
    CU_ASSERT_TRUE(lacks(cache, &sha1, NOW_S));
    CU_ASSERT_TRUE(lacks(cache, &sha256, NOW_S));
    CU_ASSERT_TRUE(holds(cache, &other, "other", NOW_S));
    answer_cache_clear(cache);
    CU_ASSERT_TRUE(lacks(cache, &other, NOW_S));
    answer_cache_free(cache);
}

static void
a_reread_window_keeps_what_says_revoked(void)
{
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query good = key_of(1), revoked = key_of(2);

    CU_ASSERT_TRUE(store(cache, &good, "good", OCSP_GOOD, NOW_S));
    CU_ASSERT_TRUE(store(cache, &revoked, "revoked", OCSP_REVOKED, NOW_S));
    answer_cache_drop(cache, serial_of(&good), true);
    answer_cache_drop(cache, serial_of(&revoked), true);
    CU_ASSERT_TRUE(lacks(cache, &good, NOW_S));
    CU_ASSERT_TRUE(holds(cache, &revoked, "revoked", NOW_S));
    answer_cache_free(cache);
}

/* The fill read the database before the revocation: it must not be kept. */
static void
a_fill_that_began_before_a_drop_is_thrown_away(void)
{
    AUTO_PUBLISHED before = answer_of("good", NOW_S);
    AUTO_PUBLISHED after = answer_of("revoked", NOW_S);
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query key = key_of(1);
    struct answer_cache_counts counts;
    struct answer_fill fill;

    CU_ASSERT_EQUAL_FATAL(acquire(cache, &key, NOW_S, &fill), ANSWER_FILL);
    answer_cache_drop(cache, serial_of(&key), false);
    CU_ASSERT_FALSE(answer_cache_publish(cache, &fill, before, OCSP_GOOD));
    CU_ASSERT_TRUE(lacks(cache, &key, NOW_S));
    CU_ASSERT_TRUE(answer_cache_publish(cache, &fill, after, OCSP_REVOKED));
    CU_ASSERT_TRUE(holds(cache, &key, "revoked", NOW_S));
    answer_cache_counts(cache, &counts);
    CU_ASSERT_EQUAL(counts.thrown_away, 1);
    CU_ASSERT_EQUAL(counts.entries, 1);
    answer_cache_free(cache);
}

static void
a_refresh_that_began_before_a_drop_is_thrown_away(void)
{
    AUTO_PUBLISHED stale = answer_of("good", NOW_S + 60);
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query key = key_of(1);
    struct published *older = NULL;
    struct answer_fill fill;

    CU_ASSERT_TRUE(store(cache, &key, "good", OCSP_GOOD, NOW_S));
    CU_ASSERT_EQUAL_FATAL(acquire(cache, &key, NOW_S + 60, &fill), ANSWER_FILL);
    answer_cache_clear(cache);
    CU_ASSERT_FALSE(answer_cache_publish(cache, &fill, stale, OCSP_GOOD));
    answer_cache_abandon(cache, &fill, NOW_S + 60, &older);
    CU_ASSERT_PTR_NULL(older);
    CU_ASSERT_TRUE(lacks(cache, &key, NOW_S + 60));
    answer_cache_free(cache);
}

/* O-16: one asker refreshes past half the life, the others are served meanwhile. */
static void
one_asker_refreshes_past_half_life(void)
{
    AUTO_PUBLISHED fresh = answer_of("new", NOW_S + 50);
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query key = key_of(1);
    struct answer_fill fill;

    CU_ASSERT_TRUE(store(cache, &key, "old", OCSP_GOOD, NOW_S));
    CU_ASSERT_TRUE(holds(cache, &key, "old", NOW_S + 49));
    CU_ASSERT_TRUE(lacks(cache, &key, NOW_S + 50));
    CU_ASSERT_TRUE(holds(cache, &key, "old", NOW_S + 50));
    CU_ASSERT_EQUAL_FATAL(acquire(cache, &key, NOW_S + 50, &fill), ANSWER_FILL);
    CU_ASSERT_EQUAL(acquire(cache, &key, NOW_S + 50, &fill), ANSWER_HIT);
    CU_ASSERT_TRUE(holds(cache, &key, "old", NOW_S + 55));
    CU_ASSERT_TRUE(answer_cache_publish(cache, &fill, fresh, OCSP_GOOD));
    CU_ASSERT_TRUE(holds(cache, &key, "new", NOW_S + 55));
    answer_cache_free(cache);
}

/* While the signer is away the old answer is served, up to its end and not a second longer. */
static void
a_failed_refresh_keeps_what_is_valid(void)
{
    struct answer_cache *cache = cache_of(16);
    struct ocsp_query key = key_of(1);
    struct published *older = NULL;
    struct answer_fill fill;

    CU_ASSERT_TRUE(store(cache, &key, "old", OCSP_GOOD, NOW_S));
    CU_ASSERT_EQUAL_FATAL(acquire(cache, &key, NOW_S + 60, &fill), ANSWER_FILL);
    answer_cache_abandon(cache, &fill, NOW_S + 60, &older);
    CU_ASSERT_PTR_NOT_NULL_FATAL(older);
    published_unref(older);
    CU_ASSERT_TRUE(holds(cache, &key, "old", NOW_S + 60));
    CU_ASSERT_TRUE(lacks(cache, &key, NOW_S + LIFE_S));
    CU_ASSERT_EQUAL_FATAL(acquire(cache, &key, NOW_S + LIFE_S, &fill), ANSWER_FILL);
    answer_cache_abandon(cache, &fill, NOW_S + LIFE_S, &older);
    CU_ASSERT_PTR_NULL(older);
    answer_cache_free(cache);
}

static void
stays_within_its_bound(void)
{
    struct answer_cache *cache = cache_of(8);
    struct answer_cache_counts counts;
    struct ocsp_query hot = key_of(1000), key;

    CU_ASSERT_TRUE(store(cache, &hot, "hot", OCSP_GOOD, NOW_S));
    for (uint32_t i = 0; i < 100; i++) {
        key = key_of(i);
        CU_ASSERT_TRUE(holds(cache, &hot, "hot", NOW_S));
        CU_ASSERT_TRUE(store(cache, &key, "cold", OCSP_GOOD, NOW_S));
    }
    answer_cache_counts(cache, &counts);
    CU_ASSERT_EQUAL(counts.entries, 8);
    CU_ASSERT_TRUE(holds(cache, &key, "cold", NOW_S));
    key = key_of(0);
    CU_ASSERT_TRUE(lacks(cache, &key, NOW_S));
    answer_cache_free(cache);
}

/* Answers about serials that do not exist are not kept: asking for many must not push out what is,
 * which goes on being served while the signer is away. */
static void
unknown_serials_push_out_no_more_than_one_answer(void)
{
    enum { KEPT = 32, UNKNOWN = 200 };
    struct answer_cache *cache = cache_of(KEPT);
    struct published *published;
    size_t left = 0;

    for (uint32_t i = 0; i < KEPT; i++) {
        struct ocsp_query key = key_of(i);

        CU_ASSERT_TRUE(store(cache, &key, "good", OCSP_GOOD, NOW_S));
    }
    for (uint32_t i = 0; i < UNKNOWN; i++) {
        struct ocsp_query key = key_of(1000 + i);
        struct answer_fill fill;

        CU_ASSERT_EQUAL_FATAL(acquire(cache, &key, NOW_S, &fill), ANSWER_FILL);
        answer_cache_abandon(cache, &fill, NOW_S, &published);
        CU_ASSERT_PTR_NULL(published);
    }
    for (uint32_t i = 0; i < KEPT; i++) {
        struct ocsp_query key = key_of(i);

        if (!answer_cache_get(cache, &key, NOW_S, &published))
            continue;
        published_unref(published);
        left++;
    }
    CU_ASSERT_EQUAL(left, KEPT - 1);
    answer_cache_free(cache);
}

static void
is_busy_when_every_slot_is_being_filled(void)
{
    struct answer_cache *cache = cache_of(2);
    struct ocsp_query keys[] = {key_of(1), key_of(2), key_of(3)};
    struct answer_fill fill[3];
    struct published *older;

    CU_ASSERT_EQUAL(acquire(cache, &keys[0], NOW_S, &fill[0]), ANSWER_FILL);
    CU_ASSERT_EQUAL(acquire(cache, &keys[1], NOW_S, &fill[1]), ANSWER_FILL);
    CU_ASSERT_EQUAL(acquire(cache, &keys[2], NOW_S, &fill[2]), ANSWER_BUSY);
    CU_ASSERT_EQUAL(acquire(cache, &keys[0], NOW_S, &fill[2]), ANSWER_BUSY);
    answer_cache_abandon(cache, &fill[0], NOW_S, &older);
    CU_ASSERT_EQUAL(acquire(cache, &keys[2], NOW_S, &fill[2]), ANSWER_FILL);
    answer_cache_abandon(cache, &fill[1], NOW_S, &older);
    answer_cache_abandon(cache, &fill[2], NOW_S, &older);
    answer_cache_free(cache);
}

struct crowd {
    struct answer_cache *cache;
    struct ocsp_query key;
    atomic_int fills, hits;
};

static void *
crowd_ask(void *context)
{
    struct crowd *crowd = context;
    struct published *published = NULL;
    struct answer_fill fill;

    switch (answer_cache_acquire(crowd->cache, &crowd->key, NOW_S, 20000, &published, &fill)) {
    case ANSWER_HIT:
        atomic_fetch_add(&crowd->hits, 1);
        published_unref(published);
        break;
    case ANSWER_FILL:
        atomic_fetch_add(&crowd->fills, 1);
        published = answer_of("one", NOW_S);
        if (!answer_cache_publish(crowd->cache, &fill, published, OCSP_GOOD))
            abort();
        published_unref(published);
        break;
    case ANSWER_BUSY:
        break;
    }
    return NULL;
}

static void
many_askers_cost_one_computation(void)
{
    struct crowd crowd = {.cache = cache_of(16), .key = key_of(7)};
    AUTO_PUBLISHED published = answer_of("one", NOW_S);
    pthread_t thread[WAITING_THREADS];
    struct answer_fill fill;

    CU_ASSERT_EQUAL_FATAL(acquire(crowd.cache, &crowd.key, NOW_S, &fill), ANSWER_FILL);
    for (size_t i = 0; i < WAITING_THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, crowd_ask, &crowd), 0);
    CU_ASSERT_TRUE(answer_cache_publish(crowd.cache, &fill, published, OCSP_GOOD));
    for (size_t i = 0; i < WAITING_THREADS; i++)
        pthread_join(thread[i], NULL);
    CU_ASSERT_EQUAL(crowd.fills, 0);
    CU_ASSERT_EQUAL(crowd.hits, WAITING_THREADS);
    answer_cache_free(crowd.cache);
}

/* When the first gives up, one of those who wait goes on for the rest. */
static void
a_waiter_takes_over_what_was_abandoned(void)
{
    struct crowd crowd = {.cache = cache_of(16), .key = key_of(7)};
    pthread_t thread[WAITING_THREADS];
    struct published *older = NULL;
    struct answer_fill fill;

    CU_ASSERT_EQUAL_FATAL(acquire(crowd.cache, &crowd.key, NOW_S, &fill), ANSWER_FILL);
    for (size_t i = 0; i < WAITING_THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, crowd_ask, &crowd), 0);
    answer_cache_abandon(crowd.cache, &fill, NOW_S, &older);
    for (size_t i = 0; i < WAITING_THREADS; i++)
        pthread_join(thread[i], NULL);
    CU_ASSERT_EQUAL(crowd.fills, 1);
    CU_ASSERT_EQUAL(crowd.hits, WAITING_THREADS - 1);
    answer_cache_free(crowd.cache);
}

int
main(void)
{
    return RUN_SUITE(
        "publish/answer_cache", TEST(keeps_an_answer_for_each_key),
        TEST(a_revocation_drops_all_forms_of_a_serial),
        TEST(a_reread_window_keeps_what_says_revoked),
        TEST(a_fill_that_began_before_a_drop_is_thrown_away),
        TEST(a_refresh_that_began_before_a_drop_is_thrown_away),
        TEST(one_asker_refreshes_past_half_life), TEST(a_failed_refresh_keeps_what_is_valid),
        TEST(stays_within_its_bound), TEST(unknown_serials_push_out_no_more_than_one_answer),
        TEST(is_busy_when_every_slot_is_being_filled), TEST(many_askers_cost_one_computation),
        TEST(a_waiter_takes_over_what_was_abandoned));
}
