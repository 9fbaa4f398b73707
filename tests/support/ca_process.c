#include "ca_internal.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/spawn.h"

enum { CA_READY_MS = 30000, CA_STOP_MS = 20000, CA_STEP_MS = 20, CA_PROC_OCTETS = 4096 };

/* --- finding --- */

static bool
read_proc(pid_t pid, const char *name, char *text, size_t room, size_t *ret_len)
{
    char path[64];
    ssize_t len;
    AUTO_FD fd = -1;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? read(fd, text, room - 1) : -1;
    if (len < 0)
        return false;
    text[len] = '\0';
    *ret_len = (size_t)len;
    return true;
}

/* The parent and whether the process still runs (a zombie does not). */
static pid_t
parent_of(pid_t pid)
{
    char text[CA_PROC_OCTETS], state = 'Z';
    const char *after;
    size_t len;
    int parent = 0;

    if (!read_proc(pid, "stat", text, sizeof(text), &len))
        return 0;
    after = strrchr(text, ')');
    if (!after || sscanf(after + 1, " %c %d", &state, &parent) != 2 || state == 'Z')
        return 0;
    return parent;
}

/* The command line has this program as its first word and `word` (null: any) among the others. */
static bool
runs_as(pid_t pid, const char *program, const char *word)
{
    char text[CA_PROC_OCTETS];
    const char *name;
    size_t len;

    if (!read_proc(pid, "cmdline", text, sizeof(text), &len) || len == 0)
        return false;
    name = strrchr(text, '/');
    if (strcmp(name ? name + 1 : text, program) != 0)
        return false;
    for (size_t at = 0; word && at < len; at += strlen(text + at) + 1)
        if (strcmp(text + at, word) == 0)
            return true;
    return !word;
}

static pid_t
child_of(pid_t parent, const char *program, const char *word)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    pid_t found = 0;

    while (folder && !found && (entry = readdir(folder))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && parent_of(pid) == parent && runs_as(pid, program, word))
            found = pid;
    }
    if (folder)
        closedir(folder);
    return found;
}

static pid_t
postgres_pid(const struct ca *ca)
{
    char path[96], line[32] = "";
    FILE *file;
    pid_t pid;

    snprintf(path, sizeof(path), "%s/pg/postmaster.pid", ca->folder);
    file = fopen(path, "re");
    if (!file)
        return 0;
    pid = fgets(line, sizeof(line), file) ? (pid_t)strtol(line, NULL, 10) : 0;
    fclose(file);
    return pid > 0 && parent_of(pid) ? pid : 0;
}

pid_t
ca_pid(const struct ca *ca, enum ca_process process)
{
    if (process == CA_POSTGRES)
        return postgres_pid(ca);
    if (!ca->signetd || !parent_of(ca->signetd))
        return 0;
    switch (process) {
    case CA_SIGNETD:
        return ca->signetd;
    case CA_SERVER:
        return child_of(ca->signetd, "signet-server", NULL);
    case CA_ISSUING:
        return child_of(ca->signetd, "signet-signer", "issuing");
    case CA_STATUS:
        return child_of(ca->signetd, "signet-signer", "status");
    case CA_POSTGRES:
        break;
    }
    return 0;
}

bool
ca_kill(struct ca *ca, enum ca_process process, int signal)
{
    pid_t pid = ca_pid(ca, process);

    return pid > 0 && kill(pid, signal) == 0;
}

/* --- readiness --- */

static bool
ready_now(const struct ca *ca)
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)ca->health_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {2, 0};
    char answer[16] = "";
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1 &&
           recv(fd, answer, 12, MSG_WAITALL) == 12 && strncmp(answer + 9, "200", 3) == 0;
}

bool
ca_wait_ready(struct ca *ca, int timeout_ms)
{
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;

    while (!ready_now(ca)) {
        if (clock_monotonic_ms() >= end_ms)
            return false;
        poll(NULL, 0, CA_STEP_MS);
    }
    return true;
}

/* --- signetd --- */

void
ca_signetd_launch(struct ca *ca)
{
    char program[96], pid_file[96], pid[16];
    const char *const argv[] = {"signetd", "--config", ca->config, NULL};
    char **env = ca_environment(ca, NULL);
    AUTO_FD log = open(ca->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct spawn_fd fds[] = {{log, STDOUT_FILENO}, {log, STDERR_FILENO}};
    struct spawn spawn = {.path = program,
                          .argv = argv,
                          .env = (const char *const *)(uintptr_t)env,
                          .fds = fds,
                          .fd_count = ARRAY_LEN(fds),
                          .own_group = true};
    struct error err = {0};

    snprintf(program, sizeof(program), "%s/signetd", ca->bin);
    if (log < 0 || !spawn_start(&spawn, &ca->signetd, &err))
        ca_give_up(ca, "start signetd: %s", err.detail);
    ca_environment_free(env);
    snprintf(pid_file, sizeof(pid_file), "%s/signetd.pid", ca->folder);
    snprintf(pid, sizeof(pid), "%d\n", (int)ca->signetd);
    ca_write_file(ca, pid_file, pid, 0644);
}

void
ca_signetd_start(struct ca *ca)
{
    ca_signetd_launch(ca);
    if (!ca_wait_ready(ca, CA_READY_MS))
        ca_give_up(ca, "signetd was not ready after %d ms", CA_READY_MS);
}

int
ca_signetd_stop(struct ca *ca)
{
    int64_t end_ms = clock_monotonic_ms() + CA_STOP_MS;
    int status = 0;

    kill(ca->signetd, SIGTERM);
    while (waitpid(ca->signetd, &status, WNOHANG) == 0) {
        if (clock_monotonic_ms() >= end_ms)
            kill(ca->signetd, SIGKILL);
        poll(NULL, 0, CA_STEP_MS);
    }
    ca->signetd = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
ca_postgres_start(struct ca *ca)
{
    ca_lab(ca, (const char *const[]){"postgres-start", ca->folder, NULL});
}

void
ca_postgres_stop(struct ca *ca, bool crash)
{
    ca_lab(ca,
           (const char *const[]){"postgres-stop", ca->folder, crash ? "immediate" : "fast", NULL});
}
