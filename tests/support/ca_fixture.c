#include "ca_internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "signet/file.h"
#include "signet/spawn.h"

enum { CA_ARGUMENTS = 48, CA_LAB_TIMEOUT_MS = 120000, CA_LOG_TAIL = 4096 };

static void
show_tail(const char *path)
{
    char tail[CA_LOG_TAIL + 1];
    FILE *file = fopen(path, "re");
    size_t len;

    if (!file)
        return;
    if (fseek(file, -CA_LOG_TAIL, SEEK_END) != 0)
        rewind(file);
    len = fread(tail, 1, CA_LOG_TAIL, file);
    tail[len] = '\0';
    fclose(file);
    fprintf(stderr, "--- end of %s\n%s\n---\n", path, tail);
}

void
ca_give_up(const struct ca *ca, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "authority fixture: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    show_tail(ca->log);
    exit(1);
}

void
ca_write_file(const struct ca *ca, const char *path, const char *text, mode_t mode)
{
    struct error err = {0};

    if (!file_write_atomic(path, bytes_of_text(text), mode, (uid_t)-1, (gid_t)-1, &err))
        ca_give_up(ca, "%s", err.detail);
}

void
ca_lab(const struct ca *ca, const char *const *arguments)
{
    const char *argv[CA_ARGUMENTS] = {"ca_lab"};
    char **env = ca_environment(ca, NULL);
    struct spawn spawn = {.path = SIGNET_SOURCE "/tests/support/ca_lab",
                          .argv = argv,
                          .env = (const char *const *)(uintptr_t)env};
    struct error err = {0};
    int status = -1;
    AUTO_BUFFER out;

    buffer_init(&out, 256 * 1024);
    for (size_t i = 0; arguments[i] && i + 2 < CA_ARGUMENTS; i++)
        argv[i + 1] = arguments[i];
    if (!spawn_run(&spawn, bytes_of(NULL, 0), &out, CA_LAB_TIMEOUT_MS, &status, &err))
        ca_give_up(ca, "ca_lab %s: %s", arguments[0], err.detail);
    ca_environment_free(env);
    if (status != 0)
        ca_give_up(ca, "ca_lab %s failed: %s", arguments[0], buffer_text(&out));
}

static bool
port_is_free(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

void
ca_choose_ports(struct ca *ca, unsigned base)
{
    for (unsigned tries = 0; tries < 1000; tries++, base += 3) {
        if (!port_is_free(base) || !port_is_free(base + 1) || !port_is_free(base + 2))
            continue;
        ca->https_port = base;
        ca->publish_port = base + 1;
        ca->health_port = base + 2;
        snprintf(ca->server_url, sizeof(ca->server_url), "https://127.0.0.1:%u", base);
        snprintf(ca->publish_url, sizeof(ca->publish_url), "http://127.0.0.1:%u", base + 1);
        snprintf(ca->health_url, sizeof(ca->health_url), "http://127.0.0.1:%u", base + 2);
        return;
    }
    ca_give_up(ca, "no three free ports");
}

static void
choose_paths(struct ca *ca)
{
    const struct {
        char *path;
        size_t room;
        const char *name;
    } rows[] = {
        {ca->work, sizeof(ca->work), "work"},
        {ca->bin, sizeof(ca->bin), "bin"},
        {ca->config, sizeof(ca->config), "signet.conf"},
        {ca->log, sizeof(ca->log), "log/signetd.log"},
        {ca->fault_file, sizeof(ca->fault_file), "faults"},
        {ca->clock_file, sizeof(ca->clock_file), "clock"},
        {ca->socket, sizeof(ca->socket), "run"},
        {ca->root_pem, sizeof(ca->root_pem), "pki/root.pem"},
        {ca->issuing_pem, sizeof(ca->issuing_pem), "pki/issuing.pem"},
        {ca->admin_pem, sizeof(ca->admin_pem), "admin/admin.pem"},
        {ca->admin_key, sizeof(ca->admin_key), "admin/admin.key"},
    };

    scratch_make(ca->folder, "signet-ca");
    if (chmod(ca->folder, 0755) != 0)
        ca_give_up(ca, "chmod %s failed", ca->folder);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        snprintf(rows[i].path, rows[i].room, "%s/%s", ca->folder, rows[i].name);
    if (mkdir(ca->work, 0700) != 0)
        ca_give_up(ca, "mkdir %s failed", ca->work);
}

/* Ends and removes everything when this process goes, however it goes. */
static void
start_guard(struct ca_running *running)
{
    struct ca *ca = &running->ca;
    const char *const argv[] = {"ca_lab", "guard", ca->folder, NULL};
    char **env = ca_environment(ca, NULL);
    int ends[2];
    struct spawn_fd fds[1];
    struct spawn spawn = {.path = SIGNET_SOURCE "/tests/support/ca_lab",
                          .argv = argv,
                          .env = (const char *const *)(uintptr_t)env,
                          .fds = fds,
                          .fd_count = 1,
                          .own_group = true};
    struct error err = {0};

    if (pipe2(ends, O_CLOEXEC) != 0)
        ca_give_up(ca, "pipe failed");
    fds[0] = (struct spawn_fd){ends[0], STDIN_FILENO};
    if (!spawn_start(&spawn, &running->guard, &err))
        ca_give_up(ca, "%s", err.detail);
    ca_environment_free(env);
    close(ends[0]);
    running->guard_fd = ends[1];
}

static void
make_authority(struct ca *ca, const struct ca_options *options)
{
    const char *arguments[CA_ARGUMENTS] = {"make", ca->folder, SIGNET_BIN "/.."};
    char ports[3][8];
    size_t count = 3;

    snprintf(ports[0], sizeof(ports[0]), "%u", ca->https_port);
    snprintf(ports[1], sizeof(ports[1]), "%u", ca->publish_port);
    snprintf(ports[2], sizeof(ports[2]), "%u", ca->health_port);
    for (size_t i = 0; i < 3; i++)
        arguments[count++] = ports[i];
    for (size_t i = 0; options->init && options->init[i] && count + 2 < CA_ARGUMENTS; i++)
        arguments[count++] = options->init[i];
    ca_lab(ca, arguments);
}

static void
edit_file(struct ca *ca, const char *path, const char *const *edits)
{
    for (; edits && *edits; edits++)
        if (ca_run(ca, NULL, NULL, "sed", "-i", "-e", *edits, path, NULL) != 0)
            ca_give_up(ca, "sed -e '%s' %s failed", *edits, path);
}

static void
append_config(struct ca *ca, const char *lines)
{
    FILE *file = fopen(ca->config, "ae");

    if (!file || fprintf(file, "\n%s\n", lines) < 0 || fclose(file) != 0)
        ca_give_up(ca, "%s cannot be written", ca->config);
}

struct ca *
ca_start(const struct ca_options *options)
{
    static const struct ca_options defaults = {0};
    struct ca_running *running = calloc(1, sizeof(*running));
    struct ca *ca = running ? &running->ca : NULL;
    char permit[CA_ARGUMENTS + 64];

    if (!ca)
        abort();
    if (!options)
        options = &defaults;
    setenv("CA_LAB_FSYNC", options->fsync ? "on" : "off", 1);
    setenv("CA_LAB_ROOT", options->no_ceremony ? "external" : "own", 1);
    setenv("CA_LAB_MODULE", options->nss ? "nss" : "softhsm", 1);
    choose_paths(ca);
    /* Below the range of outgoing connections, and apart for tests that run at once. */
    ca_choose_ports(ca, 10000 + (unsigned)getpid() * 13 % 20000);
    start_guard(running);
    ca_fault(ca, "");
    ca_clock(ca, 0);
    make_authority(ca, options);
    edit_file(ca, ca->config, options->edits);
    snprintf(permit, sizeof(permit), "%s/permits/issuing.conf", ca->folder);
    edit_file(ca, permit, options->permit_edits);
    if (options->config)
        append_config(ca, options->config);
    if (!options->stopped && !options->no_ceremony)
        ca_signetd_start(ca);
    return ca;
}

/* A sanitizer's complaint in a program of the authority is a failure, though the supervisor started
 * the program again and nothing else was to be seen. */
static bool
log_is_clean(const struct ca *ca)
{
    char line[CA_LOG_TAIL];
    FILE *log = fopen(ca->log, "re");
    bool clean = true;

    while (log && clean && fgets(line, sizeof(line), log))
        clean = !strstr(line, "Sanitizer") && !strstr(line, ": runtime error: ");
    if (log)
        fclose(log);
    return clean;
}

void
ca_stop(struct ca *ca)
{
    struct ca_running *running = (struct ca_running *)ca;
    int status;

    if (!ca)
        return;
    if (ca->signetd)
        ca_signetd_stop(ca);
    if (!log_is_clean(ca))
        ca_give_up(ca, "a sanitizer complained");
    close(running->guard_fd);
    waitpid(running->guard, &status, 0);
    free(running);
}

void
ca_fault(struct ca *ca, const char *lines)
{
    ca_write_file(ca, ca->fault_file, lines, 0666);
}

void
ca_clock(struct ca *ca, long long offset_s)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld\n", offset_s);
    ca_write_file(ca, ca->clock_file, text, 0644);
}
