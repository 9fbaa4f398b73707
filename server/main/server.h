/*
 * The server's context, passed first everywhere. Parts are opaque here; each belongs to one folder.
 * Made in main.c in named phases, ended in the opposite order.
 */
#ifndef SIGNET_SERVER_H
#define SIGNET_SERVER_H

#include "signet/config.h"

struct authority; /* issue/authority.h: issuers and policy, re-read on notice, reference counted */
struct publisher; /* publish/publisher.h: OCSP cache, CRLs, CA certificates */
struct limiter;   /* http/limiter.h: token buckets by address and identity */
struct metrics;   /* http/metrics.h */
struct audit; /* http/audit.h: refusals of unauthenticated callers aggregated, the rest at once */
struct tls_front; /* tls/front.h */
struct pool;      /* http/pool.h */
struct http;      /* http/daemon.h */
struct channels;  /* main/channels.h: signer channels, replaced by the supervisor */
struct jobs;      /* jobs/jobs.h */

struct server {
    const struct config *config;
    struct authority *authority;
    struct publisher *publisher;
    struct limiter *limiter;
    struct metrics *metrics;
    struct audit *audit;
    struct tls_front *front;
    struct http *api, *publish, *health;
    struct pool *api_pool; /* of api and publish */
    struct pool *publish_pool;
    struct channels *channels;
    struct jobs *jobs;
    int64_t started_s;
};

#endif
