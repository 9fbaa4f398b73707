#include "world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/spawn.h"
#include "suite.h"

const char *
world_path(const struct world *world, const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", world->folder, name);
    return path;
}

void
world_write(const struct world *world, const char *name, const char *text, mode_t mode)
{
    struct error err = {0};

    ASSERT_OK(file_write_atomic(world_path(world, name), bytes_of_text(text), mode, (uid_t)-1,
                                (gid_t)-1, &err),
              &err);
}

/* Three free ports in a row, as far as one can tell. */
static int
world_free_port(void)
{
    for (int port = 20000 + getpid() % 20000; port < 60000; port += 3) {
        int fds[3] = {-1, -1, -1}, good = 0;

        for (int i = 0; i < 3; i++) {
            struct sockaddr_in address = {.sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)(port + i)),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

            fds[i] = socket(AF_INET, SOCK_STREAM, 0);
            good += bind(fds[i], (struct sockaddr *)&address, sizeof(address)) == 0;
        }
        for (int i = 0; i < 3; i++)
            close(fds[i]);
        if (good == 3)
            return port;
    }
    return 0;
}

static void
world_write_config(const struct world *world)
{
    char text[4096];
    const char *f = world->folder;

    snprintf(text, sizeof(text),
             "programs = \"%s/bin\"\n"
             "database { server = \"host=%s user=a\" signer = \"host=%s user=b\"\n"
             "           status = \"host=%s user=c\" }\n"
             "token issuing { module = \"%s/module.so\" uri = \"pkcs11:token=a\" sessions = 1\n"
             "  pin_file = \"%s/issuing.pin\" permit = \"%s/issuing.conf\" state = \"%s/state\"\n"
             "  environment = {\"FAKE_EXTRA=here\"} }\n"
             "token status { module = \"%s/module.so\" uri = \"pkcs11:token=b\"\n"
             "  pin_file = \"%s/status.pin\" permit = \"%s/status.conf\" state = \"%s/state\" }\n"
             "server { https = {\"127.0.0.1:%d\"} publish = {\"127.0.0.1:%d\"}\n"
             "  health = \"127.0.0.1:%d\" tls = \"%s/tls\" workers = 4 publish_workers = 3 }\n",
             f, f, f, f, f, f, f, f, f, f, f, f, world->port, world->port + 1, world->port + 2, f);
    world_write(world, "signet.conf", text, 0644);
}

void
world_make(struct world *world)
{
    static const char *const folders[] = {"bin", "state", "tls"};
    static const char *const programs[] = {"bin/signet-server", "bin/signet-signer"};

    memset(world, 0, sizeof(*world));
    scratch_make(world->folder, "signet-supervisor");
    world->port = world_free_port();
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        CU_ASSERT_EQUAL_FATAL(mkdir(world_path(world, folders[i]), 0700), 0);
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        CU_ASSERT_EQUAL_FATAL(symlink(SIGNET_FAKE_CHILD, world_path(world, programs[i])), 0);
    world_write(world, "issuing.pin", "1234", 0600);
    world_write(world, "status.pin", "5678", 0600);
    world_write(world, "issuing.conf", "", 0644);
    world_write(world, "status.conf", "", 0644);
    world_write(world, "module.so", "\177ELF and more", 0644);
    world_write_config(world);
}

void
world_remove(struct world *world)
{
    if (world->signetd > 0) {
        kill(world->signetd, SIGKILL);
        waitpid(world->signetd, NULL, 0);
    }
    scratch_remove(world->folder);
}

void
world_start(struct world *world)
{
    const char *notify = getenv("NOTIFY_SOCKET");
    char variable[256];
    const char *const env[] = {variable, NULL};
    int log = open(world_path(world, "log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct spawn_fd fds[] = {{log, STDERR_FILENO}};
    struct spawn spawn = {.path = SIGNET_BIN "/signetd",
                          .argv = (const char *const[]){"signetd", "--config",
                                                        world_path(world, "signet.conf"), NULL},
                          .env = env,
                          .fds = fds,
                          .fd_count = 1};
    struct error err = {0};

    snprintf(variable, sizeof(variable), "NOTIFY_SOCKET=%s", notify ? notify : "");
    ASSERT_OK(spawn_start(&spawn, &world->signetd, &err), &err);
    close(log);
}

int
world_wait(struct world *world)
{
    int64_t deadline_ms = clock_monotonic_ms() + 15000;
    int status = 0;

    while (waitpid(world->signetd, &status, WNOHANG) == 0) {
        if (clock_monotonic_ms() > deadline_ms)
            return -1;
        usleep(5000);
    }
    world->signetd = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *
world_read(struct world *world, const char *name)
{
    struct error err = {0};
    AUTO_BUFFER out;

    buffer_init(&out, sizeof(world->text) - 1);
    world->text[0] = '\0';
    if (file_read(world_path(world, name), &out, &err) && buffer_text(&out))
        memcpy(world->text, buffer_text(&out), out.len + 1);
    return world->text;
}

bool
world_sees(struct world *world, const char *name, const char *text, int times)
{
    int64_t deadline_ms = clock_monotonic_ms() + 5000;

    for (;;) {
        int seen = 0;

        for (const char *at = strstr(world_read(world, name), text); at; at = strstr(at + 1, text))
            seen++;
        if (seen >= times)
            return true;
        if (clock_monotonic_ms() > deadline_ms) {
            printf("\n    wanted %d times \"%s\" in %s, which is:\n%s", times, text, name,
                   world->text);
            return false;
        }
        usleep(5000);
    }
}

int
world_run(struct world *world, const char *option, const char *argument)
{
    struct spawn spawn = {.path = SIGNET_BIN "/signetd",
                          .argv = (const char *const[]){"signetd", option, argument, NULL}};
    struct error err = {0};
    AUTO_BUFFER out;
    int status = -1;

    buffer_init(&out, sizeof(world->text) - 1);
    if (!ASSERT_OK(spawn_run(&spawn, bytes_of(NULL, 0), &out, 20000, &status, &err), &err))
        return -1;
    snprintf(world->text, sizeof(world->text), "%s", buffer_text(&out));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
