/*
 * Stands in for signet-server and signet-signer below a real signetd (by its name). It tells what
 * happens to it in the file `story` beside the configuration, one line each, and exits at its start
 * with the status that the file NAME.exit there holds.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/file.h"
#include "signet/frame.h"
#include "signet/limits.h"

static char folder[512], name[64];

static void tell(const char *format, ...) PRINTF_LIKE(1, 2);

static void
tell(const char *format, ...)
{
    char path[600], text[900], line[1000];
    va_list args;
    int fd, len;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    snprintf(path, sizeof(path), "%s/story", folder);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    len = snprintf(line, sizeof(line), "%s: %s\n", name, text);
    if (write(fd, line, (size_t)len) != len)
        _exit(1);
    close(fd);
}

static void
on_term(int number)
{
    (void)number;
    tell("told to stop");
    _exit(0);
}

static void
on_hangup(int number)
{
    (void)number;
    tell("hangup");
}

static const char *
argument(char **argv, const char *wanted)
{
    for (; *argv; argv++)
        if (strcmp(*argv, wanted) == 0)
            return argv[1];
    return NULL;
}

static void
begin(char **argv)
{
    const char *config = argument(argv, "--config"), *role = argument(argv, "--role");
    struct sigaction term = {.sa_handler = on_term},
                     hangup = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
    char path[700];
    FILE *file;
    int status;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(config, '/') - config), config);
    snprintf(name, sizeof(name), "%s", role ? role : "server");
    sigaction(SIGTERM, &term, NULL);
    sigaction(SIGHUP, &hangup, NULL);
    tell("started %d", (int)getpid());
    snprintf(path, sizeof(path), "%s/%s.exit", folder, name);
    file = fopen(path, "r");
    if (file && fscanf(file, "%d", &status) == 1)
        exit(status);
}

static void
act_signer(char **argv)
{
    const char *pin_fd = argument(argv, "--pin-fd"), *extra = getenv("FAKE_EXTRA");
    int first = 0, last = -1, left;
    struct pollfd waiting[FRAME_FDS];
    struct error err = {0};
    char pin[32] = "";

    if (read((int)strtol(pin_fd, NULL, 10), pin, sizeof(pin) - 1) < 0 ||
        sscanf(argument(argv, "--channels"), "%d-%d", &first, &last) != 2)
        exit(70);
    tell("pin %s, channels %d, extra %s, descriptor after the last %d", pin, last - first + 1,
         extra ? extra : "-", fcntl(last + 1, F_GETFD));
    left = last - first + 1;
    for (int i = 0; i < left; i++)
        waiting[i] = (struct pollfd){.fd = first + i, .events = POLLIN};
    for (int count = left; left > 0;) {
        poll(waiting, (nfds_t)count, -1);
        for (int i = 0; i < count; i++) {
            struct frame frame;
            AUTO_BUFFER in;

            buffer_init(&in, LIMIT_FRAME_OCTETS);
            if (!waiting[i].revents)
                continue;
            if (frame_receive(waiting[i].fd, 0, &in, &frame, &err) != FRAME_OK) {
                waiting[i].fd = -1;
                left--;
                continue;
            }
            if (!frame_send(waiting[i].fd, FRAME_PROBED, frame.id, bytes_of(NULL, 0), &err))
                exit(70);
        }
    }
    tell("channels closed");
    exit(75);
}

static void
probe(unsigned role, const int *fds, size_t count)
{
    struct error err = {0};
    size_t answered = 0;

    for (size_t i = 0; i < count; i++) {
        struct frame frame = {0};
        AUTO_BUFFER in;

        buffer_init(&in, LIMIT_FRAME_OCTETS);
        answered += frame_send(fds[i], FRAME_PROBE, (uint32_t)i, bytes_of(NULL, 0), &err) &&
                    frame_receive(fds[i], 2000, &in, &frame, &err) == FRAME_OK && frame.id == i;
    }
    tell("channels of role %u: %zu answered of %zu", role, answered, count);
}

static void
act_server(char **argv)
{
    int control = (int)strtol(argument(argv, "--control"), NULL, 10);
    size_t listeners = 0;

    for (char **at = argv; *at; at++)
        if (strcmp(*at, "--listen") == 0) {
            const char *colon = strchr(at[1], ':');
            int on = 0;
            socklen_t len = sizeof(on);

            listeners += colon &&
                         getsockopt((int)strtol(colon + 1, NULL, 10), SOL_SOCKET, SO_ACCEPTCONN,
                                    &on, &len) == 0 &&
                         on;
        }
    tell("listeners %zu, pin in the environment %s", listeners,
         getenv("FAKE_EXTRA") ? "yes" : "no");
    for (;;) {
        struct error err = {0};
        struct frame frame;
        int fds[FRAME_FDS];
        size_t count = 0;
        AUTO_BUFFER in;

        buffer_init(&in, LIMIT_FRAME_OCTETS);
        if (frame_receive_fds(control, -1, &in, &frame, fds, &count, &err) != FRAME_OK)
            exit(75);
        if (frame.kind == FRAME_STOPPED && frame.body.len == 2 && count == 0) {
            tell("role %d stopped with %d", frame.body.data[0], frame.body.data[1]);
            continue;
        }
        if (frame.kind != FRAME_CHANNELS || frame.body.len != 5 || frame.body.data[4] != count)
            exit(70);
        probe(frame.body.data[0], fds, count);
    }
}

int
main(int argc, char **argv)
{
    (void)argc;
    begin(argv);
    if (strcmp(name, "server") == 0)
        act_server(argv);
    act_signer(argv);
}
