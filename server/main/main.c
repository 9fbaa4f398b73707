/*
 * signet-server: TLS, HTTP, protocols, publishing. Holds no PIN and no token handle; asks the
 * signers over the channels that the supervisor hands it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "arguments.h"
#include "control.h"
#include "serve.h"
#include "signet/file.h"
#include "signet/log.h"

enum { EXIT_TEMPORARY = 75, EXIT_PERMANENT = 78 };

struct program {
    struct arguments arguments;
    struct config config;
    struct serving serving;
    int signals;
};

/* What waiting cannot mend: the supervisor does not start us again. */
static int
exit_code(const struct error *err)
{
    switch ((int)err->kind) {
    case ERROR_USAGE:
    case ERROR_CONFIG:
    case ERROR_SCHEMA:
    case ERROR_FILE_ACCESS:
    case ERROR_POLICY:
        return EXIT_PERMANENT;
    default:
        return EXIT_TEMPORARY;
    }
}

/* After exec and the change of user, which undo both. */
static bool
tie_to_supervisor(const struct arguments *arguments, struct error *err)
{
    const struct rlimit none = {0, 0};
    pid_t parent = getppid();

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot give up rights");
    if (arguments->control == -1)
        return true;
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot set the parent-death signal");
    return getppid() == parent || error_set(err, ERROR_INTERNAL, "the supervisor is gone");
}

static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_line(LOG_LEVEL_WARNING, "the limit of open files cannot be raised");
}

/* Signals come to the main thread by descriptor; a closed connection must not raise SIGPIPE. */
static bool
open_signals(int *ret_signals, struct error *err)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &wanted, NULL) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot set signals up");
    *ret_signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_signals != -1 || error_errno(err, ERROR_INTERNAL, "cannot open a signalfd");
}

static int
run(struct program *program, int argc, char **argv)
{
    struct error err = {0};
    int code = EXIT_SUCCESS;

    if (!arguments_parse(argc, argv, &program->arguments, &err) ||
        !tie_to_supervisor(&program->arguments, &err) || !open_signals(&program->signals, &err) ||
        !config_load(program->arguments.config, &program->config, &err)) {
        log_error("cannot start", &err, NULL);
        return exit_code(&err);
    }
    raise_descriptor_limit();
    if (serve_start(&program->serving, &program->config, &program->arguments, &err)) {
        log_line(LOG_LEVEL_NOTICE, "started");
        if (!control_run(&program->serving, program->arguments.control, program->signals))
            code = EXIT_TEMPORARY;
    } else {
        log_error("cannot start", &err, NULL);
        code = exit_code(&err);
    }
    serve_stop(&program->serving);
    log_line(LOG_LEVEL_NOTICE, "stopped");
    return code;
}

int
main(int argc, char **argv)
{
    struct program *program = calloc(1, sizeof(*program)); /* the configuration alone is large */
    int code;

    log_open("signet-server", LOG_LEVEL_INFO);
    if (!program)
        return EXIT_TEMPORARY;
    program->signals = -1;
    code = run(program, argc, argv);
    fd_close(&program->signals);
    free(program);
    return code;
}
