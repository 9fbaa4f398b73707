/* Two acts at the same instant: each on its own thread and connection, released by one barrier. */
#ifndef SIGNET_TEST_DB_TWO_H
#define SIGNET_TEST_DB_TWO_H

#include <pthread.h>
#include <time.h>

#include "world.h"

struct act {
    void (*run)(void *context); /* no CUnit assertions inside: they are not made for threads */
    void *context;
    long delay_us;
    pthread_barrier_t *barrier;
};

static inline void *
act_thread(void *argument)
{
    struct act *act = argument;
    const struct timespec wait = {.tv_nsec = act->delay_us * 1000};

    pthread_barrier_wait(act->barrier);
    if (act->delay_us)
        nanosleep(&wait, NULL);
    act->run(act->context);
    return NULL;
}

/* The round shifts one against the other by up to half a millisecond, so that both orders and the
 * overlaps between come up. */
static inline void
two_at_once(struct act a, struct act b, int round)
{
    pthread_barrier_t barrier;
    pthread_t thread;
    struct act *late = round % 2 ? &a : &b;

    pthread_barrier_init(&barrier, NULL, 2);
    late->delay_us = round / 2 % 10 * 50L;
    a.barrier = b.barrier = &barrier;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, act_thread, &b), 0);
    act_thread(&a);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
}

#endif
