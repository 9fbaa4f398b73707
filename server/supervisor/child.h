/*
 * The three programs below signetd: how each is started, and what is remembered of it.
 *
 *   signet-signer --config FILE --role issuing --pin-fd 3 --channels 4-21
 *   signet-signer --config FILE --role status  --pin-fd 3 --channels 4-12
 *   signet-server --config FILE --control 3 --listen https:4 --listen publish:5 --listen health:6
 *
 * With each start of a signer new channels are made. The server's ends wait in `ends` until the
 * server runs, then travel over its control socket (FRAME_CHANNELS: u8 role, u32 count). A signer
 * that stays down is told by FRAME_STOPPED (u8 role, u8 exit status).
 */
#ifndef SIGNET_CHILD_H
#define SIGNET_CHILD_H

#include <sys/types.h>

#include "listen.h"
#include "restart.h"
#include "signet/config.h"
#include "signet/error.h"
#include "signet/frame.h"

/* The first two are numbered as enum config_role. */
enum child_kind {
    CHILD_ISSUING = ROLE_ISSUING,
    CHILD_STATUS = ROLE_STATUS,
    CHILD_SERVER,
    CHILDREN
};

enum child_state {
    CHILD_DUE, /* to be started at due_ms */
    CHILD_RUNNING,
    CHILD_DONE /* not to be started again */
};

struct child {
    enum child_state state;
    pid_t pid;
    int64_t due_ms;
    int64_t started_ms;
    int64_t term_ms; /* send SIGTERM then; 0: no */
    int64_t kill_ms; /* send SIGKILL then; 0: no */
    bool dismissed;  /* its end is wanted: no fault, no delay */
    int stopped;     /* exit status after which it stays down; 0: none */
    bool told;       /* the server knows of it */
    struct restart restart;
};

struct ends {
    size_t count;
    int fds[FRAME_FDS];
};

struct children {
    const struct config *config;
    char programs[CONFIG_PATH];
    bool separate; /* we are root and start each as its own user */
    struct listeners listeners;
    struct child child[CHILDREN];
    struct ends ends[2]; /* the server's, not yet sent; by role */
    int control;         /* ours of the pair with the server; -1 while it is down */
    uint32_t sent;       /* frames over the control socket */
};

/* "signer issuing", "signer status", "server" */
const char *child_name(enum child_kind kind);
/* The user it runs as; null: ours. */
const char *child_user(const struct children *children, enum child_kind kind);
/* Starts it, with new channels for a signer. Sets pid, state and started_ms. */
MUST_USE bool child_start(struct children *children, enum child_kind kind, struct error *err);
/* Sends the waiting ends to the server, if it runs, and which signers stay down. */
MUST_USE bool child_hand_over(struct children *children, struct error *err);
void ends_close(struct ends *ends);

#endif
