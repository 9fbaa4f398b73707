#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/spawn.h"

enum {
    CHILD_FIRST_FD = 3,
    CHILD_FDS = FRAME_FDS + 1,
    CHILD_ENVIRONMENT = CONFIG_LIST + 16,
    CHILD_ARGUMENTS = 16 + 2 * LISTENERS,
    CHILD_ARGUMENT_OCTETS = 48
};

/* What a test build hands on of its own environment. */
#ifdef SIGNET_FAULTS
static const char *const passed_on[] = {"SIGNET_FAULT_FILE", "SIGNET_CLOCK_FILE", "ASAN_OPTIONS",
                                        "UBSAN_OPTIONS",     "TSAN_OPTIONS",      NULL};
#else
static const char *const passed_on[] = {NULL};
#endif

const char *
child_name(enum child_kind kind)
{
    static const char *const names[CHILDREN] = {[CHILD_ISSUING] = "signer issuing",
                                                [CHILD_STATUS] = "signer status",
                                                [CHILD_SERVER] = "server"};

    return names[kind];
}

const char *
child_user(const struct children *children, enum child_kind kind)
{
    const char *user[CHILDREN];

    user[CHILD_ISSUING] = children->config->user.issuing;
    user[CHILD_STATUS] = children->config->user.status;
    user[CHILD_SERVER] = children->config->user.server;
    return children->separate && user[kind][0] ? user[kind] : NULL;
}

void
ends_close(struct ends *ends)
{
    for (size_t i = 0; i < ends->count; i++)
        fd_close(&ends->fds[i]);
    ends->count = 0;
}

/* A command line and what goes with it, built piece by piece. */
struct launch {
    char path[CONFIG_PATH + 32];
    const char *argv[CHILD_ARGUMENTS + 1];
    size_t argc;
    char text[CHILD_ARGUMENTS][CHILD_ARGUMENT_OCTETS];
    const char *env[CHILD_ENVIRONMENT + 1];
    size_t env_count;
    char passed[8][512];
    struct spawn_fd fds[CHILD_FDS];
    size_t fd_count;
};

static void
launch_argument(struct launch *launch, const char *argument)
{
    if (launch->argc < CHILD_ARGUMENTS)
        launch->argv[launch->argc++] = argument;
}

static void launch_printf(struct launch *launch, const char *format, ...) PRINTF_LIKE(2, 3);

static void
launch_printf(struct launch *launch, const char *format, ...)
{
    char *text = launch->text[launch->argc % CHILD_ARGUMENTS];
    va_list args;

    va_start(args, format);
    vsnprintf(text, CHILD_ARGUMENT_OCTETS, format, args);
    va_end(args);
    launch_argument(launch, text);
}

/* Gives the number that the descriptor will have in the program. */
static int
launch_fd(struct launch *launch, int fd)
{
    int to = CHILD_FIRST_FD + (int)launch->fd_count;

    launch->fds[launch->fd_count++] = (struct spawn_fd){fd, to};
    return to;
}

static void
launch_environment(struct launch *launch, const struct config_list *extra)
{
    static const char *const always[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "TZ=UTC"};

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        launch->env[launch->env_count++] = always[i];
    for (size_t i = 0; extra && i < extra->count; i++)
        launch->env[launch->env_count++] = extra->item[i];
    for (size_t i = 0; passed_on[i] && i < ARRAY_LEN(launch->passed); i++) {
        const char *value = getenv(passed_on[i]);

        if (!value)
            continue;
        snprintf(launch->passed[i], sizeof(launch->passed[i]), "%s=%s", passed_on[i], value);
        launch->env[launch->env_count++] = launch->passed[i];
    }
}

static void
launch_begin(struct launch *launch, const struct children *children, const char *program)
{
    snprintf(launch->path, sizeof(launch->path), "%s/%s", children->programs, program);
    launch_argument(launch, program);
    launch_argument(launch, "--config");
    launch_argument(launch, children->config->path);
}

static bool
launch_go(struct launch *launch, struct children *children, enum child_kind kind, struct error *err)
{
    struct child *child = &children->child[kind];
    struct spawn spawn = {.path = launch->path,
                          .argv = launch->argv,
                          .env = launch->env,
                          .user = child_user(children, kind),
                          .fds = launch->fds,
                          .fd_count = launch->fd_count,
                          .own_group = true};

    if (!spawn_start(&spawn, &child->pid, err))
        return false;
    child->state = CHILD_RUNNING;
    child->started_ms = clock_monotonic_ms();
    child->dismissed = false;
    child->term_ms = 0;
    child->kill_ms = 0;
    return true;
}

/* A PIN that others can read is no PIN: such a file is not used. */
static bool
child_open_pin(const char *path, int *ret_fd, struct error *err)
{
    struct stat status;
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot open the PIN file %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_FILE_ACCESS, "the PIN file %s is not a regular file", path);
    if (status.st_mode & 077)
        return error_set(err, ERROR_FILE_ACCESS,
                         "the PIN file %s has mode %04o, so that others can use it: chmod 0600",
                         path, (unsigned)status.st_mode & 07777);
    *ret_fd = fd;
    fd = -1;
    return true;
}

/* `theirs` are the signer's ends, `ours` will be the server's. */
static bool
child_make_channels(size_t count, struct ends *ours, struct ends *theirs, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        int pair[2];

        if (!frame_pair(pair, err))
            return false;
        ours->fds[ours->count++] = pair[0];
        theirs->fds[theirs->count++] = pair[1];
    }
    return true;
}

/* Each worker has its own channel; the jobs, and the probe among them, have the last ones. */
static size_t
child_channel_count(const struct config *config, enum config_role role)
{
    return role == ROLE_ISSUING ? config->server.workers + 2 : config->server.publish_workers + 1;
}

static bool
child_launch_signer(struct children *children, enum config_role role, int pin,
                    const struct ends *theirs, struct error *err)
{
    struct launch launch = {0};

    launch_begin(&launch, children, "signet-signer");
    launch_argument(&launch, "--role");
    launch_argument(&launch, role == ROLE_ISSUING ? "issuing" : "status");
    launch_argument(&launch, "--pin-fd");
    launch_printf(&launch, "%d", launch_fd(&launch, pin));
    for (size_t i = 0; i < theirs->count; i++)
        launch_fd(&launch, theirs->fds[i]);
    launch_argument(&launch, "--channels");
    launch_printf(&launch, "%d-%d", CHILD_FIRST_FD + 1, CHILD_FIRST_FD + (int)theirs->count);
    launch_environment(&launch, &children->config->token[role].environment);
    return launch_go(&launch, children, (enum child_kind)role, err);
}

static bool
child_start_signer(struct children *children, enum config_role role, struct error *err)
{
    struct ends ours = {0}, theirs = {0};
    AUTO_FD pin = -1;
    bool started =
        child_open_pin(children->config->token[role].pin_file, &pin, err) &&
        child_make_channels(child_channel_count(children->config, role), &ours, &theirs, err) &&
        child_launch_signer(children, role, pin, &theirs, err);

    ends_close(&theirs);
    if (!started) {
        ends_close(&ours);
        return false;
    }
    ends_close(&children->ends[role]);
    children->ends[role] = ours;
    children->child[role].stopped = 0;
    children->child[role].told = false;
    return true;
}

static bool
child_start_server(struct children *children, struct error *err)
{
    struct launch launch = {0};
    int pair[2];
    bool started;

    if (!frame_pair(pair, err))
        return false;
    launch_begin(&launch, children, "signet-server");
    launch_argument(&launch, "--control");
    launch_printf(&launch, "%d", launch_fd(&launch, pair[1]));
    for (size_t i = 0; i < children->listeners.count; i++) {
        const struct listener *listener = &children->listeners.item[i];

        launch_argument(&launch, "--listen");
        launch_printf(&launch, "%s:%d", listener->kind, launch_fd(&launch, listener->fd));
    }
    launch_environment(&launch, NULL);
    started = launch_go(&launch, children, CHILD_SERVER, err);
    fd_close(&pair[1]);
    fd_close(&children->control);
    children->control = pair[0];
    if (!started)
        fd_close(&children->control);
    children->child[CHILD_ISSUING].told = children->child[CHILD_STATUS].told = false;
    return started;
}

bool
child_start(struct children *children, enum child_kind kind, struct error *err)
{
    if (kind == CHILD_SERVER)
        return child_start_server(children, err);
    return child_start_signer(children, kind == CHILD_ISSUING ? ROLE_ISSUING : ROLE_STATUS, err);
}

static bool
child_tell_stopped(struct children *children, struct error *err)
{
    for (enum child_kind kind = CHILD_ISSUING; kind <= CHILD_STATUS; kind++) {
        struct child *child = &children->child[kind];
        uint8_t body[2] = {(uint8_t)kind, (uint8_t)child->stopped};

        if (children->control < 0 || child->state != CHILD_DONE || !child->stopped || child->told)
            continue;
        if (!frame_send(children->control, FRAME_STOPPED, ++children->sent,
                        bytes_of(body, sizeof(body)), err))
            return error_context(err, "telling the server of a signer that stays down");
        child->told = true;
    }
    return true;
}

bool
child_hand_over(struct children *children, struct error *err)
{
    for (size_t role = 0; role < ARRAY_LEN(children->ends); role++) {
        struct ends *ends = &children->ends[role];
        uint32_t count = (uint32_t)ends->count;
        uint8_t body[5] = {(uint8_t)role, (uint8_t)(count >> 24), (uint8_t)(count >> 16),
                           (uint8_t)(count >> 8), (uint8_t)count};

        if (children->control < 0 || !count)
            continue;
        if (!frame_send_fds(children->control, FRAME_CHANNELS, ++children->sent,
                            bytes_of(body, sizeof(body)), ends->fds, ends->count, err))
            return error_context(err, "handing channels to the server");
        ends_close(ends);
    }
    return child_tell_stopped(children, err);
}
