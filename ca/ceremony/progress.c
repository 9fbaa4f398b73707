#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"

enum { PROGRESS_LINE = 512, PROGRESS_OCTETS = 64 * 1024 };

static const char *const authority_files[] = {"signet.conf", "transcript.json", "pki/root.pem"};
static const char *const own_files[] = {"progress", "signer.log", "signet.conf", "issuing.key",
                                        "status.key"};
static const char waiting_file[] = "waiting";

/* The last line of a progress file, for people. */
static void
progress_last(const char *folder, char *text, size_t room)
{
    char path[700];
    struct error ignored;
    const char *content, *line;
    AUTO_BUFFER buffer;

    buffer_init(&buffer, PROGRESS_OCTETS);
    snprintf(path, sizeof(path), "%.600s/progress", folder);
    snprintf(text, room, "nothing");
    if (!file_read(path, &buffer, &ignored) || buffer.len == 0)
        return;
    buffer.data[buffer.len - 1] = '\0';
    content = (const char *)buffer.data;
    line = strrchr(content, '\n');
    snprintf(text, room, "%s", line ? line + 1 : content);
}

bool
progress_waits(const char *state)
{
    char path[700];

    snprintf(path, sizeof(path), "%.600s/.ceremony/%s", state, waiting_file);
    return file_exists(path);
}

bool
progress_check(const char *state, struct error *err)
{
    char path[700], last[PROGRESS_LINE / 2];

    snprintf(path, sizeof(path), "%s/.ceremony", state);
    if (progress_waits(state))
        return error_set(err, ERROR_STATE_EXISTS,
                         "%s waits for the external root: go on with --root-cert", state);
    if (file_exists(path)) {
        progress_last(path, last, sizeof(last));
        return error_set(err, ERROR_STATE_EXISTS,
                         "a ceremony in %s did not finish; its last line: %s. Nothing of it is in "
                         "use. To begin again, give it a new state folder, new tokens and an empty "
                         "database",
                         state, last);
    }
    for (size_t i = 0; i < ARRAY_LEN(authority_files); i++) {
        snprintf(path, sizeof(path), "%s/%s", state, authority_files[i]);
        if (file_exists(path))
            return error_set(err, ERROR_STATE_EXISTS, "%s holds an authority already: %s is there",
                             state, authority_files[i]);
    }
    return true;
}

bool
progress_begin(struct progress *progress, const char *state, struct error *err)
{
    char path[700];

    snprintf(progress->folder, sizeof(progress->folder), "%s/.ceremony", state);
    if (mkdir(state, 0755) != 0 && errno != EEXIST)
        return error_errno(err, ERROR_FILE_ACCESS, "make the state folder %s", state);
    if (mkdir(progress->folder, 0755) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "make the folder %s", progress->folder);
    snprintf(path, sizeof(path), "%s/progress", progress->folder);
    progress->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (progress->fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "make the file %s", path);
    return progress_note(progress, err, "the ceremony begins");
}

bool
progress_wait(struct progress *progress, struct error *err)
{
    char path[700];

    snprintf(path, sizeof(path), "%s/%s", progress->folder, waiting_file);
    if (!file_write_atomic(path, bytes_of_text("\n"), 0644, (uid_t)-1, (gid_t)-1, err))
        return false;
    progress_done(progress);
    return true;
}

bool
progress_resume(struct progress *progress, const char *state, struct error *err)
{
    char path[700];

    snprintf(progress->folder, sizeof(progress->folder), "%s/.ceremony", state);
    snprintf(path, sizeof(path), "%s/%s", progress->folder, waiting_file);
    if (unlink(path) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "remove the file %s", path);
    snprintf(path, sizeof(path), "%s/progress", progress->folder);
    progress->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (progress->fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "open the file %s", path);
    return progress_note(progress, err, "the ceremony goes on with the external root");
}

bool
progress_note(struct progress *progress, struct error *err, const char *format, ...)
{
    char line[PROGRESS_LINE], time[CLOCK_TEXT_OCTETS], text[PROGRESS_LINE - 40];
    va_list args;
    int len;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    clock_text(clock_now_s(), time);
    len = snprintf(line, sizeof(line), "%s %s\n", time, text);
    if (write(progress->fd, line, (size_t)len) != len || fsync(progress->fd) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "write %s/progress", progress->folder);
    return true;
}

void
progress_end(struct progress *progress)
{
    char path[700];

    for (size_t i = 0; i < ARRAY_LEN(own_files); i++) {
        snprintf(path, sizeof(path), "%s/%s", progress->folder, own_files[i]);
        unlink(path);
    }
    rmdir(progress->folder);
    progress_done(progress);
}

void
progress_done(struct progress *progress)
{
    fd_close(&progress->fd);
}
