#include "ca_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/file.h"
#include "signet/spawn.h"

enum {
    CA_RUN_MS = 120000,
    CA_RUN_ARGUMENTS = 64,
    CA_ENVIRONMENT = 48,
    CA_OUTPUT = 8 * 1024 * 1024
};

static const char *const passed_names[] = {
    "TMPDIR",       "SIGNET_KEEP",   "CA_LAB_FSYNC", "SIGNET_TEST_SOFTHSM",
    "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS",
    "HOME",         "CA_LAB_MODULE", "CA_LAB_ROOT"};

static void
environment_put(const struct ca *ca, char **environment, size_t *count, const char *text)
{
    size_t name_len = strcspn(text, "=") + 1;

    for (size_t i = 0; i < *count; i++)
        if (strncmp(environment[i], text, name_len) == 0) {
            free(environment[i]);
            environment[i] = strdup(text);
            return;
        }
    if (*count + 1 >= CA_ENVIRONMENT)
        ca_give_up(ca, "too many variables for a program");
    environment[(*count)++] = strdup(text);
}

static void
environment_set(const struct ca *ca, char **environment, size_t *count, const char *name,
                const char *value)
{
    char text[512];

    snprintf(text, sizeof(text), "%s=%s", name, value);
    environment_put(ca, environment, count, text);
}

char **
ca_environment(const struct ca *ca, const char *const *more)
{
    char **environment = calloc(CA_ENVIRONMENT, sizeof(*environment));
    char path[256];
    size_t count = 0;

    if (!environment)
        ca_give_up(ca, "no memory");
    snprintf(path, sizeof(path), "%s:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             ca->bin);
    environment_set(ca, environment, &count, "PATH", path);
    environment_set(ca, environment, &count, "LANG", "C.UTF-8");
    environment_set(ca, environment, &count, "TZ", "UTC");
    environment_set(ca, environment, &count, "SIGNET_SERVER", ca->server_url);
    environment_set(ca, environment, &count, "SIGNET_ROOT", ca->root_pem);
    environment_set(ca, environment, &count, "SIGNET_CERT", ca->admin_pem);
    environment_set(ca, environment, &count, "SIGNET_KEY", ca->admin_key);
    environment_set(ca, environment, &count, "SIGNET_FAULT_FILE", ca->fault_file);
    environment_set(ca, environment, &count, "SIGNET_CLOCK_FILE", ca->clock_file);
    for (size_t i = 0; i < ARRAY_LEN(passed_names); i++)
        if (getenv(passed_names[i]))
            environment_set(ca, environment, &count, passed_names[i], getenv(passed_names[i]));
    for (; more && *more; more++)
        environment_put(ca, environment, &count, *more);
    return environment;
}

void
ca_environment_free(char **environment)
{
    for (char **at = environment; *at; at++)
        free(*at);
    free(environment);
}

/* A shell finds the program in PATH and joins or parts its outputs; it sees no text of the test's.
 */
static void
shell_arguments(const struct ca *ca, const char *redirect, const char *const *argv,
                const char **ret_argv)
{
    size_t count = 0;

    ret_argv[count++] = "sh";
    ret_argv[count++] = "-c";
    ret_argv[count++] = redirect;
    for (; *argv; argv++) {
        if (count + 1 >= CA_RUN_ARGUMENTS)
            ca_give_up(ca, "too many arguments");
        ret_argv[count++] = *argv;
    }
    ret_argv[count] = NULL;
}

static int
exit_status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
ca_run_argv(struct ca *ca, const char *input, struct buffer *out, struct buffer *err_out,
            const char *const *env, const char *const *argv)
{
    const char *shell_argv[CA_RUN_ARGUMENTS];
    char redirect[160] = "exec \"$0\" \"$@\" 2>&1", apart[96];
    char **environment = ca_environment(ca, env);
    struct spawn spawn = {.path = "/bin/sh",
                          .argv = shell_argv,
                          .env = (const char *const *)(uintptr_t)environment,
                          .directory = ca->work};
    struct error err = {0};
    int status = -1;
    AUTO_BUFFER output;

    buffer_init(&output, CA_OUTPUT);
    snprintf(apart, sizeof(apart), "%.64s/stderr.%d", ca->work, (int)getpid());
    if (err_out)
        snprintf(redirect, sizeof(redirect), "exec \"$0\" \"$@\" 2>%s", apart);
    shell_arguments(ca, redirect, argv, shell_argv);
    if (!spawn_run(&spawn, bytes_of_text(input), &output, CA_RUN_MS, &status, &err))
        ca_give_up(ca, "run %s: %s", argv[0], err.detail);
    ca_environment_free(environment);
    if ((out && !buffer_put(out, output.data, output.len)) ||
        (err_out && !file_read(apart, err_out, &err)))
        ca_give_up(ca, "the output of %s is too long", argv[0]);
    return exit_status_of(status);
}

int
ca_run(struct ca *ca, const char *input, struct buffer *out, const char *program, ...)
{
    const char *argv[CA_RUN_ARGUMENTS] = {program};
    size_t count = 1;
    va_list args;

    va_start(args, program);
    while (count + 1 < CA_RUN_ARGUMENTS && (argv[count] = va_arg(args, const char *)))
        count++;
    va_end(args);
    argv[count] = NULL;
    return ca_run_argv(ca, input, out, NULL, NULL, argv);
}

pid_t
ca_spawn(struct ca *ca, const char *log_name, const char *const *argv)
{
    const char *shell_argv[CA_RUN_ARGUMENTS];
    char path[160];
    char **environment = ca_environment(ca, NULL);
    AUTO_FD log = -1;
    struct spawn_fd fds[2];
    struct spawn spawn = {.path = "/bin/sh",
                          .argv = shell_argv,
                          .env = (const char *const *)(uintptr_t)environment,
                          .directory = ca->work,
                          .fds = fds,
                          .fd_count = 2};
    struct error err = {0};
    pid_t pid = 0;

    snprintf(path, sizeof(path), "%s/%.60s.log", ca->work, log_name);
    log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fds[0] = (struct spawn_fd){log, STDOUT_FILENO};
    fds[1] = (struct spawn_fd){log, STDERR_FILENO};
    shell_arguments(ca, "exec \"$0\" \"$@\"", argv, shell_argv);
    if (log < 0 || !spawn_start(&spawn, &pid, &err))
        ca_give_up(ca, "start %s: %s", argv[0], err.detail);
    ca_environment_free(environment);
    return pid;
}

void
ca_end(pid_t pid)
{
    int status;

    kill(pid, SIGTERM);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
}

/* --- database --- */

void
ca_conninfo(const struct ca *ca, const char *role, char *text, size_t room)
{
    snprintf(text, room, "host=%s dbname=signet user=%s", ca->socket, role);
}

static void
sql_run(struct ca *ca, struct buffer *rows, const char *sql)
{
    char conninfo[256];
    AUTO_BUFFER out;

    buffer_init(&out, CA_OUTPUT);
    ca_conninfo(ca, "signet_owner", conninfo, sizeof(conninfo));
    if (ca_run(ca, sql, &out, "psql", "--no-psqlrc", "-At", "-q", "-v", "ON_ERROR_STOP=1", "-f",
               "-", conninfo, NULL) != 0)
        ca_give_up(ca, "SQL failed: %s\n%s", sql, buffer_text(&out));
    if (rows && !buffer_put(rows, out.data, out.len))
        ca_give_up(ca, "too many rows of: %s", sql);
}

void
ca_sql(struct ca *ca, struct buffer *rows, const char *format, ...)
{
    char sql[8192] = "SET search_path = signet; ";
    size_t used = strlen(sql);
    va_list args;

    va_start(args, format);
    vsnprintf(sql + used, sizeof(sql) - used, format, args);
    va_end(args);
    sql_run(ca, rows, sql);
}

long long
ca_sql_number(struct ca *ca, const char *format, ...)
{
    char sql[8192] = "SET search_path = signet; ", *end;
    size_t used = strlen(sql);
    const char *text;
    long long number;
    va_list args;
    AUTO_BUFFER rows;

    buffer_init(&rows, 4096);
    va_start(args, format);
    vsnprintf(sql + used, sizeof(sql) - used, format, args);
    va_end(args);
    sql_run(ca, &rows, sql);
    text = buffer_text(&rows);
    number = text ? strtoll(text, &end, 10) : 0;
    if (!text || end == text)
        ca_give_up(ca, "no number from: %s", sql);
    return number;
}

/* --- short cuts --- */

void
ca_token(struct ca *ca, const char *identity, char token[CA_TOKEN_TEXT])
{
    const char *text;
    AUTO_BUFFER out;
    AUTO_BUFFER notes;

    buffer_init(&out, 65536);
    buffer_init(&notes, 65536);
    /* Refused when it is there already, which is as good. */
    ca_run(ca, NULL, NULL, "signet", "identity", "create", identity, "--owner", "tests", NULL);
    if (ca_run_argv(ca, NULL, &out, &notes, NULL,
                    (const char *const[]){"signet", "token", "create", identity, NULL}) != 0)
        ca_give_up(ca, "signet token create %s: %s", identity, buffer_text(&notes));
    text = buffer_text(&out);
    snprintf(token, CA_TOKEN_TEXT, "%.*s", (int)strcspn(text, "\n"), text);
}

void
ca_enroll(struct ca *ca, const char *identity, const char *name)
{
    char token[CA_TOKEN_TEXT], pem[80], key[80];
    AUTO_BUFFER out;

    buffer_init(&out, 65536);
    ca_token(ca, identity, token);
    snprintf(pem, sizeof(pem), "%.64s.pem", name);
    snprintf(key, sizeof(key), "%.64s.key", name);
    if (ca_run(ca, token, &out, "signet", "enroll", "--token-stdin", "--cert", pem, "--key", key,
               NULL) != 0)
        ca_give_up(ca, "signet enroll for %s: %s", identity, buffer_text(&out));
}

void
ca_serial(struct ca *ca, const char *pem_name, char text[64])
{
    const char *serial;
    size_t len;
    AUTO_BUFFER out;

    buffer_init(&out, 4096);
    if (ca_run(ca, NULL, &out, "openssl", "x509", "-noout", "-serial", "-in", pem_name, NULL) != 0)
        ca_give_up(ca, "openssl x509 %s: %s", pem_name, buffer_text(&out));
    serial = strchr(buffer_text(&out), '=');
    len = serial ? strcspn(++serial, "\n") : 0;
    if (len == 0 || len >= 64)
        ca_give_up(ca, "openssl x509 printed no serial of %s", pem_name);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(serial[i] >= 'A' && serial[i] <= 'F' ? serial[i] - 'A' + 'a' : serial[i]);
    text[len] = '\0';
}

static size_t
http_arguments(const struct ca *ca, const char *method, const char *url, const char *cert,
               const char *const *headers, const char *body, char paths[2][160], const char **argv)
{
    size_t count = 0;
    const char *const always[] = {
        "curl",       "--silent",    "--show-error",   "--max-time", "60",   "--cacert",
        ca->root_pem, "--write-out", "\n%{http_code}", "--request",  method, url};

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        argv[count++] = always[i];
    if (strcmp(method, "HEAD") == 0)
        argv[count++] = "--head";
    if (cert) {
        bool admin = strcmp(cert, "admin") == 0;

        snprintf(paths[0], 160, admin ? "%s" : "%s.pem", admin ? ca->admin_pem : cert);
        snprintf(paths[1], 160, admin ? "%s" : "%s.key", admin ? ca->admin_key : cert);
        argv[count++] = "--cert";
        argv[count++] = paths[0];
        argv[count++] = "--key";
        argv[count++] = paths[1];
    }
    for (; headers && *headers && count + 4 < CA_RUN_ARGUMENTS / 2; headers++) {
        argv[count++] = "--header";
        argv[count++] = *headers;
    }
    if (body) {
        argv[count++] = "--data-binary";
        argv[count++] = "@-";
    }
    return count;
}

int
ca_http(struct ca *ca, const char *method, const char *url_or_path, const char *cert,
        const char *const *headers, const char *body, struct buffer *out)
{
    const char *argv[CA_RUN_ARGUMENTS] = {0};
    char paths[2][160], url[4096];
    size_t last;
    AUTO_BUFFER answer;
    AUTO_BUFFER notes;

    buffer_init(&answer, CA_OUTPUT);
    buffer_init(&notes, 65536);
    snprintf(url, sizeof(url), "%s%s", url_or_path[0] == '/' ? ca->server_url : "", url_or_path);
    argv[http_arguments(ca, method, url, cert, headers, body, paths, argv)] = NULL;
    ca_run_argv(ca, body, &answer, &notes, NULL, argv);
    for (last = answer.len; last > 0 && answer.data[last - 1] != '\n'; last--)
        ;
    if (last == 0)
        ca_give_up(ca, "curl %s said nothing: %s", url, buffer_text(&notes));
    if (out && !buffer_put(out, answer.data, last - 1))
        ca_give_up(ca, "the answer of %s is too long", url);
    return (int)strtol(buffer_text(&answer) + last, NULL, 10);
}
