#include "publish/share.h"

enum { SECOND_US = 1000000 };

void
share_init(struct share *share, int64_t per_s, int64_t now_us)
{
    pthread_mutex_init(&share->lock, NULL);
    share->per_s = per_s;
    share->filled_us = now_us - SECOND_US;
}

void
share_done(struct share *share)
{
    pthread_mutex_destroy(&share->lock);
}

bool
share_take(struct share *share, int64_t now_us)
{
    int64_t cost_us = SECOND_US / share->per_s;
    bool taken;

    pthread_mutex_lock(&share->lock);
    if (share->filled_us < now_us - SECOND_US)
        share->filled_us = now_us - SECOND_US;
    taken = share->filled_us + cost_us <= now_us;
    if (taken)
        share->filled_us += cost_us;
    pthread_mutex_unlock(&share->lock);
    return taken;
}
