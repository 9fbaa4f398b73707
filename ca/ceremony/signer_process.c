#include "signer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "signet/file.h"
#include "signet/frame.h"

enum { SIGNER_PIN_FD = 3, SIGNER_CHANNEL_FD = 4, SIGNER_STOP_MS = 5000, SIGNER_LOG_OCTETS = 65536 };

static bool
signer_process_exec(struct ceremony *ceremony, struct signer_process *signer, int channel_fd,
                    int log_fd, struct error *err)
{
    const struct token_options *token = &ceremony->options.token[KEY_OF_ISSUING];
    char program[CEREMONY_PATH];
    const char *const argv[] = {
        "signet-signer", "--config", ceremony->config_path, "--role", "issuing", "--pin-fd", "3",
        "--channels",    "4-4",      "--ceremony",          NULL};
    struct child child = {.environment = &token->environment};
    struct spawn spawn = {.path = program, .argv = argv, .user = token->user};
    bool ok;

    snprintf(program, sizeof(program), "%s/signet-signer", ceremony->options.programs);
    if (!child_init(&child, token->pin_file, SIGNER_PIN_FD, err))
        return false;
    child_add_fd(&child, channel_fd, SIGNER_CHANNEL_FD);
    child_add_fd(&child, log_fd, STDOUT_FILENO);
    child_add_fd(&child, log_fd, STDERR_FILENO);
    child_describe(&child, &spawn);
    ok = spawn_start(&spawn, &signer->pid, err);
    child_done(&child);
    return ok;
}

bool
signer_process_start(struct ceremony *ceremony, struct signer_process *signer, struct error *err)
{
    AUTO_FD log = -1;
    AUTO_FD theirs = -1;
    int ends[2];

    *signer = (struct signer_process){0};
    ceremony_path(ceremony, ".ceremony/signer.log", signer->log);
    log = open(signer->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "open %s", signer->log);
    if (!frame_pair(ends, err))
        return false;
    theirs = ends[1];
    signer->channel = signer_channel_new(ends[0]);
    if (!signer->channel) {
        close(ends[0]);
        return error_set(err, ERROR_MEMORY, "no memory for the signer's channel");
    }
    if (signer_process_exec(ceremony, signer, theirs, log, err))
        return true;
    signer_channel_free(steal(&signer->channel));
    return false;
}

void
signer_process_stop(struct signer_process *signer)
{
    struct timespec pause = {0, 10 * 1000 * 1000};

    signer_channel_free(steal(&signer->channel));
    if (signer->pid <= 0)
        return;
    kill(signer->pid, SIGTERM);
    for (int waited_ms = 0; waited_ms < SIGNER_STOP_MS; waited_ms += 10) {
        if (waitpid(signer->pid, NULL, WNOHANG) != 0) {
            signer->pid = 0;
            return;
        }
        nanosleep(&pause, NULL);
    }
    kill(signer->pid, SIGKILL);
    while (waitpid(signer->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    signer->pid = 0;
}

bool
signer_process_explain(const struct signer_process *signer, struct error *err)
{
    struct error ignored;
    const char *text, *line;
    AUTO_BUFFER log;

    buffer_init(&log, SIGNER_LOG_OCTETS);
    if (!file_read(signer->log, &log, &ignored) || log.len == 0)
        return false;
    log.data[log.len - 1] = '\0';
    text = (const char *)log.data;
    line = strrchr(text, '\n');
    return error_internal(err, "the signer's last words: %.300s", line ? line + 1 : text);
}
