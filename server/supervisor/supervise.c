#include "supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "notify.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/log.h"

enum {
    DRAIN_SERVER_MS = 10000, /* requests in flight end by their own deadline before this */
    DRAIN_SIGNER_MS = 5000,
    /* A signer whose server is gone sees its channels close and ends by itself, after its login
     * at the latest; a signal in the middle of the login would leave the PIN latch behind. */
    DISMISS_TERM_MS = 500,
    DISMISS_KILL_MS = 3000
};

struct supervision {
    struct children *children;
    int signals;
    bool stopping;
    bool signers_told;
    int exit_status;
};

static bool
supervise_block_signals(int *ret_fd)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        sigaddset(&set, wanted[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    *ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_fd >= 0;
}

static void
supervise_log_started(const struct children *children, enum child_kind kind)
{
    log_event(LOG_LEVEL_INFO, "started", LOG_TEXT("child", child_name(kind)),
              LOG_NUMBER("child_pid", children->child[kind].pid),
              LOG_TEXT("user", child_user(children, kind)));
}

/* A start that failed counts as an exit after no time at all. */
static void
supervise_schedule(struct supervision *supervision, enum child_kind kind, int status, int64_t up_ms)
{
    struct child *child = &supervision->children->child[kind];
    int64_t delay_ms = 0;

    child->state = CHILD_DONE;
    if (supervision->stopping)
        return;
    if (!child->dismissed &&
        restart_decide(&child->restart, status, up_ms, &delay_ms) == RESTART_NEVER) {
        log_event(
            LOG_LEVEL_ALERT,
            "stopped for good: mend what its last log lines name, then send SIGHUP to signetd",
            LOG_TEXT("child", child_name(kind)));
        child->stopped = WEXITSTATUS(status);
        child->told = false;
        return;
    }
    child->state = CHILD_DUE;
    child->due_ms = clock_monotonic_ms() + delay_ms;
    log_event(LOG_LEVEL_INFO, "will start again", LOG_TEXT("child", child_name(kind)),
              LOG_NUMBER("delay_ms", delay_ms));
}

static void
supervise_start_due(struct supervision *supervision)
{
    struct children *children = supervision->children;
    struct error err = {0};

    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++) {
        struct child *child = &children->child[kind];

        if (child->state != CHILD_DUE || child->due_ms > clock_monotonic_ms())
            continue;
        if (child_start(children, kind, &err)) {
            supervise_log_started(children, kind);
            continue;
        }
        log_error("cannot start", &err,
                  (const struct log_field[]){LOG_TEXT("child", child_name(kind)), {0}});
        child->dismissed = false;
        supervise_schedule(supervision, kind, EXIT_TEMPORARY << 8, 0);
    }
    if (!child_hand_over(children, &err))
        log_error("the server does not take its channels", &err, NULL);
}

static void
supervise_signal(const struct child *child, int number)
{
    if (child->state == CHILD_RUNNING)
        kill(child->pid, number);
}

/* Both signers serve a server that is gone; their channels with it are dead. */
static void
supervise_dismiss_signers(struct supervision *supervision)
{
    struct children *children = supervision->children;
    int64_t now_ms = clock_monotonic_ms();

    for (enum child_kind kind = CHILD_ISSUING; kind <= CHILD_STATUS; kind++) {
        struct child *child = &children->child[kind];

        /* channels that wait to be handed over are as good as new */
        if (child->state != CHILD_RUNNING || children->ends[kind].count)
            continue;
        child->dismissed = true;
        child->term_ms = now_ms + DISMISS_TERM_MS;
        child->kill_ms = now_ms + DISMISS_KILL_MS;
    }
}

static void
supervise_begin_stop(struct supervision *supervision, int exit_status)
{
    struct children *children = supervision->children;

    notify_send("STOPPING=1");
    supervision->stopping = true;
    supervision->exit_status = exit_status;
    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++)
        if (children->child[kind].state == CHILD_DUE)
            children->child[kind].state = CHILD_DONE;
    supervise_signal(&children->child[CHILD_SERVER], SIGTERM);
    children->child[CHILD_SERVER].kill_ms = clock_monotonic_ms() + DRAIN_SERVER_MS;
}

static void
supervise_log_exit(const struct children *children, enum child_kind kind, int status, bool wanted)
{
    bool signalled = WIFSIGNALED(status);

    log_event(wanted ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, signalled ? "was killed" : "has ended",
              LOG_TEXT("child", child_name(kind)),
              LOG_NUMBER("child_pid", children->child[kind].pid),
              LOG_NUMBER(signalled ? "signal" : "status",
                         signalled ? WTERMSIG(status) : WEXITSTATUS(status)));
}

static void
supervise_reap_one(struct supervision *supervision, enum child_kind kind, int status)
{
    struct children *children = supervision->children;
    struct child *child = &children->child[kind];

    supervise_log_exit(children, kind, status, supervision->stopping || child->dismissed);
    supervise_schedule(supervision, kind, status, clock_monotonic_ms() - child->started_ms);
    if (kind != CHILD_SERVER) {
        ends_close(&children->ends[kind]); /* of channels whose other end is gone */
        return;
    }
    fd_close(&children->control);
    if (supervision->stopping)
        return;
    supervise_dismiss_signers(supervision);
    /* without the server nothing is served: let the service manager and the operator see it */
    if (child->state == CHILD_DONE)
        supervise_begin_stop(supervision, EXIT_PERMANENT);
}

static void
supervise_reap(struct supervision *supervision)
{
    /* the server first: signers that followed it are then known to be without fault */
    static const enum child_kind order[] = {CHILD_SERVER, CHILD_ISSUING, CHILD_STATUS};

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        const struct child *child = &supervision->children->child[order[i]];
        int status;

        if (child->state == CHILD_RUNNING && waitpid(child->pid, &status, WNOHANG) == child->pid)
            supervise_reap_one(supervision, order[i], status);
    }
}

/* The server hears it; a signer that stopped for good gets another try. */
static void
supervise_hangup(struct supervision *supervision)
{
    struct children *children = supervision->children;

    supervise_signal(&children->child[CHILD_SERVER], SIGHUP);
    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++) {
        struct child *child = &children->child[kind];

        if (child->state != CHILD_DONE)
            continue;
        child->state = CHILD_DUE;
        child->due_ms = 0;
        child->restart = (struct restart){0};
    }
}

static void
supervise_obey(struct supervision *supervision, uint32_t number)
{
    struct children *children = supervision->children;

    if (number == SIGCHLD) {
        supervise_reap(supervision);
        return;
    }
    log_event(LOG_LEVEL_NOTICE, "signal", LOG_TEXT("name", strsignal((int)number)));
    if (number == SIGHUP && !supervision->stopping)
        supervise_hangup(supervision);
    if (number == SIGHUP)
        return;
    if (!supervision->stopping) {
        supervise_begin_stop(supervision, 0);
        return;
    }
    /* asked twice: now */
    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++)
        supervise_signal(&children->child[kind], SIGKILL);
}

static void
supervise_read_signals(struct supervision *supervision)
{
    struct signalfd_siginfo info;

    while (read(supervision->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        supervise_obey(supervision, info.ssi_signo);
}

static void
supervise_enforce(struct supervision *supervision)
{
    int64_t now_ms = clock_monotonic_ms();

    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++) {
        struct child *child = &supervision->children->child[kind];

        if (child->state != CHILD_RUNNING)
            continue;
        if (child->term_ms && child->term_ms <= now_ms) {
            supervise_signal(child, SIGTERM);
            child->term_ms = 0;
        }
        if (child->kill_ms && child->kill_ms <= now_ms) {
            log_event(LOG_LEVEL_ERROR, "does not end: killed", LOG_TEXT("child", child_name(kind)));
            supervise_signal(child, SIGKILL);
            child->kill_ms = 0;
        }
    }
}

/* The signers outlive the server, so that it can finish what it began. */
static void
supervise_advance_stop(struct supervision *supervision)
{
    struct children *children = supervision->children;

    if (!supervision->stopping || supervision->signers_told ||
        children->child[CHILD_SERVER].state == CHILD_RUNNING)
        return;
    supervision->signers_told = true;
    for (enum child_kind kind = CHILD_ISSUING; kind <= CHILD_STATUS; kind++) {
        supervise_signal(&children->child[kind], SIGTERM);
        children->child[kind].kill_ms = clock_monotonic_ms() + DRAIN_SIGNER_MS;
    }
}

static bool
supervise_ended(const struct supervision *supervision)
{
    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++)
        if (supervision->children->child[kind].state == CHILD_RUNNING)
            return false;
    return supervision->stopping;
}

/* Milliseconds to the next thing to do; -1: none is known. */
static int
supervise_patience_ms(const struct supervision *supervision)
{
    int64_t next_ms = INT64_MAX, now_ms = clock_monotonic_ms();

    for (enum child_kind kind = CHILD_ISSUING; kind < CHILDREN; kind++) {
        const struct child *child = &supervision->children->child[kind];
        int64_t moments_ms[3] = {child->state == CHILD_DUE ? child->due_ms : 0,
                                 child->state == CHILD_RUNNING ? child->term_ms : 0,
                                 child->state == CHILD_RUNNING ? child->kill_ms : 0};

        for (size_t i = 0; i < ARRAY_LEN(moments_ms); i++)
            if (moments_ms[i] && moments_ms[i] < next_ms)
                next_ms = moments_ms[i];
        if (child->state == CHILD_DUE && child->due_ms == 0)
            return 0;
    }
    if (next_ms == INT64_MAX)
        return -1;
    return next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
}

static void
supervise_loop(struct supervision *supervision)
{
    bool announced = false;

    for (;;) {
        struct pollfd waiting = {.fd = supervision->signals, .events = POLLIN};

        if (!supervision->stopping)
            supervise_start_due(supervision);
        supervise_advance_stop(supervision);
        if (supervise_ended(supervision))
            return;
        if (!announced)
            notify_send("READY=1");
        announced = true;
        if (poll(&waiting, 1, supervise_patience_ms(supervision)) > 0)
            supervise_read_signals(supervision);
        supervise_enforce(supervision);
    }
}

int
supervise(struct children *children)
{
    struct supervision supervision = {.children = children, .signals = -1};
    struct error err = {0};

    if (!supervise_block_signals(&supervision.signals)) {
        error_errno(&err, ERROR_INTERNAL, "cannot wait for signals");
        log_error("cannot supervise", &err, NULL);
        return EXIT_TEMPORARY;
    }
    supervise_loop(&supervision);
    fd_close(&supervision.signals);
    fd_close(&children->control);
    ends_close(&children->ends[ROLE_ISSUING]);
    ends_close(&children->ends[ROLE_STATUS]);
    log_event(LOG_LEVEL_NOTICE, "stopped", LOG_NUMBER("status", supervision.exit_status));
    return supervision.exit_status;
}
