/*
 * The anchor: a small file of the signer outside the database with the highest CRL number that was
 * published and the last serial that was recorded. A database that does not know them was restored
 * or rewound and is not used until an operator accepts it (signet-ceremony accept-database,
 * docs/operations.md).
 */
#ifndef SIGNET_SIGNER_ANCHOR_H
#define SIGNET_SIGNER_ANCHOR_H

#include <pthread.h>

#include "signet/anchor_mark.h"
#include "signet/db.h"
#include "signet/error.h"

struct anchor {
    int fd;
    pthread_mutex_t lock;
    struct anchor_mark mark;
    bool dirty;
};

/* Opens or makes `folder`/anchor. Errors: ERROR_FILE_ACCESS, also for a content not of ours. */
MUST_USE bool anchor_open(struct anchor *anchor, const char *folder, struct error *err);
void anchor_close(struct anchor *anchor);
/* ERROR_DATABASE_REWOUND when the database is behind. */
MUST_USE bool anchor_check(struct anchor *anchor, struct db *db, int32_t issuer, int64_t now_s,
                           struct error *err);
/* The highest CRL number known, any thread. */
uint64_t anchor_crl_number(struct anchor *anchor);
/* Written through to the disk at once. */
MUST_USE bool anchor_put_crl(struct anchor *anchor, uint64_t number, struct error *err);
/* Remembered; written with the next anchor_flush, since a write a batch would cost a disk flush. */
void anchor_put_serial(struct anchor *anchor, struct bytes serial);
MUST_USE bool anchor_flush(struct anchor *anchor, struct error *err);

#endif
