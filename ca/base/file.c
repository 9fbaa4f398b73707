#include "signet/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_CHUNK_OCTETS = 16 * 1024, FILE_PATH_OCTETS = 4096 };

void
fd_close(int *fd)
{
    if (!fd || *fd < 0)
        return;
    close(*fd);
    *fd = -1;
}

bool
file_read_fd(int fd, const char *what, struct buffer *out, struct error *err)
{
    uint8_t chunk[FILE_CHUNK_OCTETS];
    size_t start = out->len;

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));

        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0) {
            bytes_wipe(chunk, sizeof(chunk));
            return true;
        }
        if (got > 0 && buffer_put(out, chunk, (size_t)got))
            continue;
        out->len = start;
        bytes_wipe(chunk, sizeof(chunk));
        if (got < 0)
            return error_errno(err, ERROR_FILE_ACCESS, "cannot read %s", what);
        return error_set(err, ERROR_FILE_ACCESS, "%s is larger than the %zu octets allowed", what,
                         out->max);
    }
}

bool
file_read(const char *path, struct buffer *out, struct error *err)
{
    /* O_NONBLOCK: a named pipe in the place of the file must not hang us */
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot open %s", path);
    if (fstat(fd, &status) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot look at %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_FILE_ACCESS, "%s is not a regular file", path);
    return file_read_fd(fd, path, out, err);
}

bool
file_exists(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0;
}

static bool
file_put_all(int fd, struct bytes content)
{
    while (content.len) {
        ssize_t put = write(fd, content.data, content.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        content.data += put;
        content.len -= (size_t)put;
    }
    return true;
}

/* The owner before the mode: chown clears set-id bits, and the content is not there yet. */
static bool
file_fill(int fd, struct bytes content, mode_t mode, uid_t owner, gid_t group)
{
    bool keeps = owner == (uid_t)-1 && group == (gid_t)-1;

    return (keeps || fchown(fd, owner, group) == 0) && fchmod(fd, mode) == 0 &&
           file_put_all(fd, content) && fsync(fd) == 0;
}

static bool
file_sync_folder(const char *path)
{
    char folder[FILE_PATH_OCTETS];
    const char *slash = strrchr(path, '/');
    AUTO_FD fd = -1;

    if (!slash)
        snprintf(folder, sizeof(folder), ".");
    else
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

bool
file_write_atomic(const char *path, struct bytes content, mode_t mode, uid_t owner, gid_t group,
                  struct error *err)
{
    char temporary[FILE_PATH_OCTETS];
    AUTO_FD fd = -1;
    int saved;

    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
        return error_set(err, ERROR_FILE_ACCESS, "the path %.60s... is too long", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot make a file beside %s", path);
    if (file_fill(fd, content, mode, owner, group) && rename(temporary, path) == 0) {
        if (!file_sync_folder(path))
            return error_errno(err, ERROR_FILE_ACCESS, "cannot sync the folder of %s", path);
        return true;
    }
    saved = errno;
    unlink(temporary);
    errno = saved;
    return error_errno(err, ERROR_FILE_ACCESS, "cannot write %s", path);
}
