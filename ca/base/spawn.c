#include "signet/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"

enum {
    SPAWN_FDS = 96,      /* more than any program of ours inherits */
    SPAWN_GROUPS = 64,   /* supplementary groups of a user */
    SPAWN_HIGH_FD = 512, /* inherited descriptors have lower numbers */
    SPAWN_PASSWD_OCTETS = 16 * 1024
};

static const char *const spawn_environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "TZ=UTC", NULL};

/* All that the child needs, looked up before the fork: after it only plain system calls are safe.
 */
struct spawn_plan {
    const struct spawn *spawn;
    bool switches;
    uid_t uid;
    gid_t gid;
    gid_t groups[SPAWN_GROUPS];
    int group_count;
    int report; /* a failed step is written here; exec closes it */
};

enum spawn_step { STEP_SIGNALS = 1, STEP_DESCRIPTORS, STEP_USER, STEP_FOLDER, STEP_EXEC };

struct spawn_failure {
    enum spawn_step step;
    int cause;
};

static bool
spawn_find_user(const char *user, struct spawn_plan *plan, struct error *err)
{
    struct passwd entry, *found = NULL;
    char *room = malloc(SPAWN_PASSWD_OCTETS);

    if (!room)
        return error_set(err, ERROR_MEMORY, "no memory to look up user %s", user);
    if (getpwnam_r(user, &entry, room, SPAWN_PASSWD_OCTETS, &found) != 0 || !found) {
        free(room);
        return error_set(err, ERROR_CONFIG, "there is no user %s on this machine: create it", user);
    }
    plan->uid = found->pw_uid;
    plan->gid = found->pw_gid;
    free(room);
    plan->switches = plan->uid != geteuid();
    plan->group_count = SPAWN_GROUPS;
    if (getgrouplist(user, plan->gid, plan->groups, &plan->group_count) < 0)
        return error_set(err, ERROR_CONFIG, "user %s is in more than %d groups", user,
                         SPAWN_GROUPS);
    if (plan->switches && geteuid() != 0)
        return error_set(err, ERROR_CONFIG,
                         "only root can start a program as user %s: start as root, or leave the "
                         "user out of the configuration",
                         user);
    return true;
}

static bool
spawn_reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            sigaction(number, &standard, NULL); /* glibc's own two are refused: no matter */
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* All are first moved high, so that no number is overwritten before it is used. */
static bool
spawn_place_descriptors(const struct spawn_plan *plan)
{
    const struct spawn *spawn = plan->spawn;
    int high[SPAWN_FDS];
    bool input_named = false;

    for (size_t i = 0; i < spawn->fd_count; i++) {
        high[i] = fcntl(spawn->fds[i].from, F_DUPFD_CLOEXEC, SPAWN_HIGH_FD);
        if (high[i] < 0)
            return false;
        input_named |= spawn->fds[i].to == STDIN_FILENO;
    }
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        return false;
    for (size_t i = 0; i < spawn->fd_count; i++)
        if (dup2(high[i], spawn->fds[i].to) < 0)
            return false;
    if (!input_named) {
        int null = open("/dev/null", O_RDONLY);

        if (null < 0 || (null != STDIN_FILENO && dup2(null, STDIN_FILENO) < 0))
            return false;
        if (null > STDERR_FILENO)
            close(null);
    }
    return true;
}

static bool
spawn_become(const struct spawn_plan *plan)
{
    if (!plan->switches)
        return true;
    if (setgroups((size_t)plan->group_count, plan->groups) != 0 ||
        setresgid(plan->gid, plan->gid, plan->gid) != 0 ||
        setresuid(plan->uid, plan->uid, plan->uid) != 0)
        return false;
    return plan->uid == 0 || setuid(0) != 0;
}

static _Noreturn void
spawn_child(const struct spawn_plan *plan)
{
    const struct spawn *spawn = plan->spawn;
    const char *const *env = spawn->env ? spawn->env : spawn_environment;
    struct spawn_failure failure = {.step = STEP_SIGNALS};
    bool ready = spawn_reset_signals() && (!spawn->own_group || setpgid(0, 0) == 0);

    if (ready) {
        failure.step = STEP_DESCRIPTORS;
        ready = spawn_place_descriptors(plan);
    }
    if (ready) {
        failure.step = STEP_USER;
        ready = spawn_become(plan);
    }
    if (ready) {
        failure.step = STEP_FOLDER;
        ready = chdir(spawn->directory ? spawn->directory : "/") == 0;
    }
    if (ready) {
        failure.step = STEP_EXEC;
        execve(spawn->path, (char *const *)(uintptr_t)spawn->argv, (char *const *)(uintptr_t)env);
    }
    failure.cause = errno;
    if (write(plan->report, &failure, sizeof(failure)) < 0)
        _exit(126);
    _exit(127);
}

/* Waits for the exec: the pipe ends without a word when it succeeded. */
static bool
spawn_await_exec(const struct spawn *spawn, int report, pid_t pid, struct error *err)
{
    static const char *const steps[] = {
        [STEP_SIGNALS] = "cannot reset the signals",
        [STEP_DESCRIPTORS] = "cannot hand over the descriptors",
        [STEP_USER] = "cannot become the user",
        [STEP_FOLDER] = "cannot enter the working folder",
        [STEP_EXEC] = "cannot execute the file",
    };
    struct spawn_failure failure = {0};
    ssize_t got;

    do
        got = read(report, &failure, sizeof(failure));
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return true;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (got != (ssize_t)sizeof(failure) || failure.step < STEP_SIGNALS || failure.step > STEP_EXEC)
        return error_set(err, ERROR_INTERNAL, "cannot start %s", spawn->path);
    errno = failure.cause;
    return error_errno(err, ERROR_FILE_ACCESS, "cannot start %s%s%s: %s", spawn->path,
                       spawn->user ? " as " : "", spawn->user ? spawn->user : "",
                       steps[failure.step]);
}

/* The report pipe stands above every number that the child will use. */
static bool
spawn_report_pipe(int fds[2], struct error *err)
{
    int low[2];

    if (pipe2(low, O_CLOEXEC) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot make a pipe");
    fds[0] = low[0];
    fds[1] = fcntl(low[1], F_DUPFD_CLOEXEC, SPAWN_HIGH_FD);
    close(low[1]);
    if (fds[1] < 0) {
        error_errno(err, ERROR_INTERNAL, "cannot move a pipe");
        fd_close(&fds[0]);
        return false;
    }
    return true;
}

static bool
spawn_check(const struct spawn *spawn, struct error *err)
{
    if (spawn->path[0] != '/')
        return error_set(err, ERROR_INTERNAL, "the program %s has no absolute path", spawn->path);
    if (spawn->fd_count > SPAWN_FDS)
        return error_set(err, ERROR_INTERNAL, "%zu descriptors for %s, at most %d", spawn->fd_count,
                         spawn->path, SPAWN_FDS);
    for (size_t i = 0; i < spawn->fd_count; i++)
        if (spawn->fds[i].from < 0 || spawn->fds[i].to < 0 || spawn->fds[i].to >= SPAWN_HIGH_FD)
            return error_set(err, ERROR_INTERNAL, "descriptor %d cannot become %d in %s",
                             spawn->fds[i].from, spawn->fds[i].to, spawn->path);
    return true;
}

bool
spawn_start(const struct spawn *spawn, pid_t *ret_pid, struct error *err)
{
    struct spawn_plan plan = {.spawn = spawn};
    int report[2] = {-1, -1};
    pid_t pid;
    bool started;

    if (!spawn_check(spawn, err) || (spawn->user && !spawn_find_user(spawn->user, &plan, err)) ||
        !spawn_report_pipe(report, err))
        return false;
    plan.report = report[1];
    pid = fork();
    if (pid == 0)
        spawn_child(&plan);
    fd_close(&report[1]);
    started = pid > 0 ? spawn_await_exec(spawn, report[0], pid, err)
                      : error_errno(err, ERROR_INTERNAL, "cannot fork to start %s", spawn->path);
    fd_close(&report[0]);
    if (started)
        *ret_pid = pid;
    return started;
}

/* Our ends of a running program. */
struct spawn_talk {
    const struct spawn *spawn;
    int process; /* pidfd */
    int input, output;
    struct bytes left;
    struct buffer *out;
    int64_t deadline_ms;
};

static bool
spawn_feed(struct spawn_talk *talk)
{
    ssize_t put = write(talk->input, talk->left.data, talk->left.len);

    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (put > 0) {
        talk->left.data += put;
        talk->left.len -= (size_t)put;
    }
    /* a program that does not want the rest is its own affair */
    if (put < 0 || talk->left.len == 0)
        fd_close(&talk->input);
    return true;
}

static bool
spawn_collect(struct spawn_talk *talk, struct error *err)
{
    uint8_t chunk[4096];
    ssize_t got;

    while ((got = read(talk->output, chunk, sizeof(chunk))) > 0)
        if (!buffer_put(talk->out, chunk, (size_t)got))
            return error_set(err, ERROR_MEMORY, "%s writes more than %zu octets", talk->spawn->path,
                             talk->out->max);
    if (got == 0)
        fd_close(&talk->output);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return error_errno(err, ERROR_INTERNAL, "cannot read from %s", talk->spawn->path);
    return true;
}

/* Until the program has ended; what it wrote last is then still in the pipe. */
static bool
spawn_converse(struct spawn_talk *talk, struct error *err)
{
    for (;;) {
        int64_t left_ms = talk->deadline_ms - clock_monotonic_ms();
        struct pollfd waits[3] = {{.fd = talk->process, .events = POLLIN},
                                  {.fd = talk->input, .events = POLLOUT},
                                  {.fd = talk->output, .events = POLLIN}};
        int ready = left_ms > 0 ? poll(waits, 3, (int)left_ms) : 0;

        if (ready < 0 && errno != EINTR)
            return error_errno(err, ERROR_INTERNAL, "cannot wait for %s", talk->spawn->path);
        if (ready < 0)
            continue;
        if (ready == 0)
            return error_set(err, ERROR_DEADLINE, "%s did not end in time", talk->spawn->path);
        if (waits[1].revents && !spawn_feed(talk))
            return false;
        if (waits[2].revents && !spawn_collect(talk, err))
            return false;
        if (waits[0].revents)
            return talk->output < 0 || spawn_collect(talk, err);
    }
}

/* The pipes of spawn_run; `child` are the ends that the program gets. */
static bool
spawn_pipes(struct spawn_talk *talk, int child[2], struct error *err)
{
    int in[2], out[2] = {-1, -1};

    if (pipe2(in, O_CLOEXEC) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot make a pipe");
    talk->input = in[1];
    child[0] = in[0];
    if (talk->out && pipe2(out, O_CLOEXEC) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot make a pipe");
    talk->output = out[0];
    child[1] = out[1];
    if (fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
        (out[0] >= 0 && fcntl(out[0], F_SETFL, O_NONBLOCK) != 0))
        return error_errno(err, ERROR_INTERNAL, "cannot set up a pipe");
    return true;
}

static bool
spawn_start_piped(const struct spawn *spawn, const int child[2], pid_t *ret_pid, struct error *err)
{
    struct spawn_fd fds[SPAWN_FDS];
    struct spawn piped = *spawn;

    if (spawn->fd_count + 2 > SPAWN_FDS)
        return error_set(err, ERROR_INTERNAL, "%s would inherit too many descriptors", spawn->path);
    if (spawn->fd_count)
        memcpy(fds, spawn->fds, spawn->fd_count * sizeof(fds[0]));
    fds[piped.fd_count++] = (struct spawn_fd){child[0], STDIN_FILENO};
    if (child[1] >= 0)
        fds[piped.fd_count++] = (struct spawn_fd){child[1], STDOUT_FILENO};
    piped.fds = fds;
    return spawn_start(&piped, ret_pid, err);
}

/* SIGPIPE of a program that does not read its input must not end us; the caller's mask comes back.
 */
static bool
spawn_converse_quietly(struct spawn_talk *talk, struct error *err)
{
    struct timespec now = {0};
    sigset_t pipe_signal, pending, old;
    bool was_pending, ok;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
    ok = spawn_converse(talk, err);
    if (!was_pending)
        sigtimedwait(&pipe_signal, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ok;
}

bool
spawn_run(const struct spawn *spawn, struct bytes input, struct buffer *out, int timeout_ms,
          int *ret_status, struct error *err)
{
    struct spawn_talk talk = {.spawn = spawn,
                              .process = -1,
                              .input = -1,
                              .output = -1,
                              .left = input,
                              .out = out,
                              .deadline_ms = clock_monotonic_ms() + timeout_ms};
    int child[2] = {-1, -1}, status = 0;
    pid_t pid = -1;
    bool ok = spawn_pipes(&talk, child, err) && spawn_start_piped(spawn, child, &pid, err);

    fd_close(&child[0]);
    fd_close(&child[1]);
    if (ok) {
        talk.process = pidfd_open(pid, 0);
        ok = talk.process >= 0 ? spawn_converse_quietly(&talk, err)
                               : error_errno(err, ERROR_INTERNAL, "cannot watch %s", spawn->path);
        if (!ok)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    fd_close(&talk.process);
    fd_close(&talk.input);
    fd_close(&talk.output);
    if (ok)
        *ret_status = status;
    return ok;
}
