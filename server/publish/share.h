/* A token bucket that bounds the share of the status token which live OCSP answers may take. */
#ifndef SIGNET_PUBLISH_SHARE_H
#define SIGNET_PUBLISH_SHARE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct share {
    pthread_mutex_t lock;
    int64_t per_s;
    int64_t filled_us; /* monotonic; what the bucket holds is told by the time since then */
};

/* Holds at most one second's worth, and is full at the start. */
void share_init(struct share *share, int64_t per_s, int64_t now_us);
void share_done(struct share *share);
/* Takes one; false when the share is used up. `now_us` is monotonic. */
bool share_take(struct share *share, int64_t now_us);

#endif
