#include "token_fixture.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "signet/attributes.h"

extern char **environ;

static void
fixture_require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "token fixture: %s failed\n", what);
    abort();
}

static void
fixture_run(const char *const *argv)
{
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    /* posix_spawn takes its arguments without const and does not write to them. */
    fixture_require(
        posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0,
        argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    fixture_require(waitpid(pid, &status, 0) == pid && status == 0, argv[0]);
}

static void
fixture_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);

    fixture_require(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0, path);
}

const char *
token_fixture_softhsm(void)
{
    static const char *const places[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                         "/usr/lib64/pkcs11/libsofthsm2.so",
                                         "/usr/local/lib/softhsm/libsofthsm2.so"};
    const char *named = getenv("SIGNET_TEST_SOFTHSM");

    if (named)
        return named;
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    fixture_require(false, "to find libsofthsm2.so");
    return NULL;
}

const char *
token_fixture_shim(void)
{
    return SIGNET_SHIM;
}

void
token_fixture_add(struct token_fixture *fixture, const char *label)
{
    (void)fixture;
    fixture_run((const char *const[]){"softhsm2-util", "--init-token", "--free", "--label", label,
                                      "--so-pin", "31415926", "--pin", TOKEN_FIXTURE_PIN, NULL});
}

void
token_fixture_start(struct token_fixture *fixture, const char *label)
{
    char path[96], text[192];

    memset(fixture, 0, sizeof(*fixture));
    scratch_make(fixture->folder, "signet-token");
    snprintf(path, sizeof(path), "%s/tokens", fixture->folder);
    fixture_require(mkdir(path, 0700) == 0, "mkdir");
    snprintf(text, sizeof(text),
             "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", path);
    snprintf(path, sizeof(path), "%s/softhsm2.conf", fixture->folder);
    fixture_write(path, text);
    setenv("SOFTHSM2_CONF", path, 1);
    snprintf(fixture->control, sizeof(fixture->control), "%s/control", fixture->folder);
    snprintf(fixture->log, sizeof(fixture->log), "%s/log", fixture->folder);
    setenv("SIGNET_SHIM_MODULE", token_fixture_softhsm(), 1);
    setenv("SIGNET_SHIM_CONTROL", fixture->control, 1);
    setenv("SIGNET_SHIM_LOG", fixture->log, 1);
    token_fixture_order(fixture, "");
    token_fixture_add(fixture, label);
}

void
token_fixture_stop(struct token_fixture *fixture)
{
    scratch_remove(fixture->folder);
}

void
token_fixture_order(struct token_fixture *fixture, const char *orders)
{
    fixture_write(fixture->control, orders);
    fixture_write(fixture->log, "");
}

unsigned
token_fixture_calls(const struct token_fixture *fixture, const char *function)
{
    FILE *file = fopen(fixture->log, "re");
    char line[64];
    unsigned calls = 0;

    fixture_require(file != NULL, fixture->log);
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        calls += strcmp(line, function) == 0;
    }
    fclose(file);
    return calls;
}
