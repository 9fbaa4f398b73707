#include "signet/fault.h"

#ifdef SIGNET_FAULTS

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signet/file.h"

enum { FAULT_FILE_OCTETS = 4096, FAULT_WAIT_MAX_MS = 60000 };

/* One line of the file, as far as this point is concerned. */
struct fault_line {
    char action[32];
    bool counted;
    unsigned long count;
    size_t at, len; /* place of the line in the file */
};

/* Whether the line speaks of this point. */
static bool
fault_line_parse(const char *text, size_t len, const char *name, struct fault_line *ret_line)
{
    char line[160], point[64], count[16] = "";
    int fields;

    if (len >= sizeof(line))
        return false;
    memcpy(line, text, len);
    line[len] = '\0';
    fields = sscanf(line, "%63s %31s %15s", point, ret_line->action, count);
    if (fields < 2 || strcmp(point, name) != 0)
        return false;
    ret_line->counted = fields == 3;
    ret_line->count = strtoul(count, NULL, 10);
    ret_line->len = len;
    return true;
}

static bool
fault_find(const char *text, const char *name, struct fault_line *ret_line)
{
    for (size_t at = 0; text[at];) {
        size_t len = strcspn(text + at, "\n");

        if (fault_line_parse(text + at, len, name, ret_line)) {
            ret_line->at = at;
            return true;
        }
        at += len + (text[at + len] == '\n');
    }
    return false;
}

/* Writes the lowered count over the line, same length; a spent line becomes a comment. */
static bool
fault_count_down(int fd, const char *name, struct fault_line *line)
{
    char fresh[200];
    bool acts = line->count <= 1;

    snprintf(fresh, sizeof(fresh), "%s%s %s %lu%*s", acts ? "#" : "", name, line->action,
             line->count - 1, (int)sizeof(fresh) / 2, "");
    if (lseek(fd, (off_t)line->at, SEEK_SET) < 0 || write(fd, fresh, line->len) < 0)
        return false;
    return acts;
}

static bool
fault_act(const char *action)
{
    if (strcmp(action, "kill") == 0)
        raise(SIGKILL);
    if (strncmp(action, "wait:", 5) == 0) {
        long wait_ms = strtol(action + 5, NULL, 10);

        poll(NULL, 0, (int)(wait_ms > FAULT_WAIT_MAX_MS ? FAULT_WAIT_MAX_MS : wait_ms));
    }
    return strcmp(action, "fail") == 0;
}

/* Only system calls that the signer's filter allows: an OFD lock by fcntl, no flock, no pread. */
bool
fault_point(const char *name)
{
    const char *path = getenv("SIGNET_FAULT_FILE");
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct fault_line line = {0};
    char text[FAULT_FILE_OCTETS + 1] = "";
    bool acts = false;
    AUTO_FD fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0 || fcntl(fd, F_OFD_SETLKW, &lock) != 0 || read(fd, text, FAULT_FILE_OCTETS) <= 0)
        return false;
    if (fault_find(text, name, &line))
        acts = line.counted ? fault_count_down(fd, name, &line) : true;
    fd_close(&fd);
    return acts && fault_act(line.action);
}

#else
typedef int fault_nothing_in_release_builds;
#endif
