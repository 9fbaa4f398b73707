#include "child.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "signet/file.h"

static const char *const base_environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "TZ=UTC"};

/* What a test build hands on; release builds hand on nothing. */
#ifdef SIGNET_FAULTS
static const char *const passed_names[] = {"SIGNET_FAULT_FILE", "SIGNET_CLOCK_FILE", "ASAN_OPTIONS",
                                           NULL};
#else
static const char *const passed_names[] = {NULL};
#endif

bool
child_init(struct child *child, const char *pin_file, int pin_number, struct error *err)
{
    size_t count = 0;

    child->fd_count = 0;
    for (size_t i = 0; i < ARRAY_LEN(base_environment); i++)
        child->env[count++] = base_environment[i];
    for (size_t i = 0; i < child->environment->count; i++)
        child->env[count++] = child->environment->item[i];
    for (size_t i = 0; passed_names[i]; i++) {
        const char *value = getenv(passed_names[i]);

        if (!value)
            continue;
        snprintf(child->passed[i], OPTION_PATH, "%s=%s", passed_names[i], value);
        child->env[count++] = child->passed[i];
    }
    child->env[count] = NULL;
    child->pin_fd = open(pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (child->pin_fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "open the PIN file %s", pin_file);
    child_add_fd(child, child->pin_fd, pin_number);
    return true;
}

void
child_add_fd(struct child *child, int from, int to)
{
    child->fds[child->fd_count++] = (struct spawn_fd){from, to};
}

void
child_describe(const struct child *child, struct spawn *spawn)
{
    spawn->env = child->env;
    spawn->fds = child->fds;
    spawn->fd_count = child->fd_count;
}

void
child_done(struct child *child)
{
    fd_close(&child->pin_fd);
}
