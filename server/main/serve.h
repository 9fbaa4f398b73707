/*
 * The server from start to stop, in named phases: material (database, authority, TLS certificate),
 * parts, services, then the loop on control socket and signals; and the same backwards.
 */
#ifndef SIGNET_SERVE_H
#define SIGNET_SERVE_H

#include "arguments.h"
#include "http/connection.h"
#include "main/server.h"

struct serving {
    struct server server;
    const struct arguments *arguments;
    struct connections *connections, *publish_connections, *health_connections;
};

/* Everything up and listening, but for HTTPS when there is no TLS certificate yet: serve_tick
 * starts that one once the jobs have made it. Keeps both arguments. On failure serve_stop is still
 * due. */
MUST_USE bool serve_start(struct serving *serving, const struct config *config,
                          const struct arguments *arguments, struct error *err);
/* Reads the TLS file again; what cannot be used is logged and the old one stays. */
void serve_reload(struct serving *serving);
/* What is to be done every LIMIT_TICK_MS. Never blocks. */
void serve_tick(struct serving *serving, int64_t now_ms);
/* Stops accepting, lets what is in flight end within LIMIT_DRAIN_MS, frees everything. */
void serve_stop(struct serving *serving);

#endif
