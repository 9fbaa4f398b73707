/*
 * signet-signer: holds one key, signs what the permit of that key allows and the database has
 * recorded. docs/signer-protocol.md tells what it takes and gives.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hardening.h"
#include "issuing.h"
#include "serve.h"
#include "signet/clock.h"
#include "signet/log.h"
#include "startup.h"
#include "status.h"

struct arguments {
    const char *config;
    enum config_role role;
    bool has_role;
    int pin_fd;
    int first_channel, last_channel;
    bool ceremony;
};

struct program {
    struct arguments arguments;
    struct config config;
    struct signer signer;
    struct pin pin;
    struct anchor anchor;
    struct channels channels;
    struct serving serving;
    struct db *crl_db;
    struct crl_builder *crl_builder;
    struct issuing *issuing;
    struct status *status;
    int64_t started_ms;
};

static bool
parse_role(const char *text, struct arguments *arguments)
{
    static const char *const names[] = {[ROLE_ISSUING] = "issuing", [ROLE_STATUS] = "status"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(text, names[i]) == 0) {
            arguments->role = (enum config_role)i;
            arguments->has_role = true;
            return true;
        }
    return false;
}

/* A descriptor number without sign, space or tail. */
static bool
parse_fd(const char *text, const char **ret_end, int *ret_fd)
{
    char *end;
    long value;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtol(text, &end, 10);
    if (errno != 0 || value < 3 || value > 65535)
        return false;
    *ret_fd = (int)value;
    *ret_end = end;
    return true;
}

static bool
parse_channels(const char *text, struct arguments *arguments)
{
    const char *end;

    return parse_fd(text, &end, &arguments->first_channel) && *end == '-' &&
           parse_fd(end + 1, &end, &arguments->last_channel) && *end == '\0';
}

static bool
parse_arguments(int argc, char **argv, struct arguments *arguments, struct error *err)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"role", required_argument, NULL, 'r'},
        {"pin-fd", required_argument, NULL, 'p'}, {"channels", required_argument, NULL, 'n'},
        {"ceremony", no_argument, NULL, 'y'},     {NULL, 0, NULL, 0},
    };
    const char *end = "";
    bool ok = true;
    int option;

    *arguments = (struct arguments){.pin_fd = -1, .first_channel = -1};
    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            arguments->config = optarg;
        else if (option == 'r')
            ok = parse_role(optarg, arguments);
        else if (option == 'p')
            ok = parse_fd(optarg, &end, &arguments->pin_fd) && *end == '\0';
        else if (option == 'n')
            ok = parse_channels(optarg, arguments);
        else if (option == 'y')
            arguments->ceremony = true;
        else
            ok = false;
    }
    if (!ok || optind != argc || !arguments->config || !arguments->has_role ||
        arguments->pin_fd < 0 || arguments->first_channel < 0)
        return error_set(err, ERROR_USAGE,
                         "usage: signet-signer --config FILE --role issuing|status --pin-fd N "
                         "--channels A-B [--ceremony]; it is started by signetd");
    return true;
}

/* Before any thread: they inherit the mask, and the serving thread reads the signals as frames. */
static bool
block_signals(struct error *err)
{
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    if (sigprocmask(SIG_BLOCK, &stops, NULL) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot block the stop signals");
    return true;
}

static bool
phase_settings(struct program *program, struct error *err)
{
    struct signer *signer = &program->signer;

    if (!config_load(program->arguments.config, &program->config, err))
        return false;
    signer->config = &program->config;
    signer->role = program->arguments.role;
    signer->token = &program->config.token[signer->role];
    signer->ceremony = program->arguments.ceremony;
    return startup_lock(signer, err) && startup_permit(signer, err);
}

static bool
phase_database(struct program *program, struct error *err)
{
    struct signer *signer = &program->signer;

    if (!startup_database(signer, &program->serving.db, err) ||
        !startup_issuer(signer, program->serving.db, err))
        return false;
    if (signer->role == ROLE_STATUS)
        return true;
    return anchor_open(&program->anchor, signer->token->state, err) &&
           anchor_check(&program->anchor, program->serving.db, signer->issuer_id, clock_now_s(),
                        err) &&
           startup_database(signer, &program->crl_db, err);
}

static bool
phase_channels(struct program *program, struct error *err)
{
    struct signer *signer = &program->signer;

    signer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (signer->wake_fd < 0)
        return error_errno(err, ERROR_INTERNAL, "cannot make an eventfd");
    if (!channels_init(&program->channels, program->arguments.first_channel,
                       program->arguments.last_channel, signer->wake_fd, err))
        return false;
    program->serving.signer = signer;
    program->serving.channels = &program->channels;
    program->serving.refusals = refusals_new(clock_monotonic_ms());
    if (!program->serving.refusals)
        return error_set(err, ERROR_MEMORY, "no memory for the refusals");
    return true;
}

static bool
phase_threads(struct program *program, struct error *err)
{
    struct signer *signer = &program->signer;

    if (!signing_start(signer, err))
        return false;
    if (signer->role == ROLE_STATUS)
        return status_new(&program->serving, &program->status, err);
    return crl_builder_start(signer, &program->anchor, program->crl_db, &program->crl_builder,
                             err) &&
           issuing_new(&program->serving, &program->anchor, program->crl_builder, &program->issuing,
                       err);
}

static void
log_ready(const struct program *program)
{
    log_event(LOG_LEVEL_INFO, "ready",
              LOG_TEXT("role", program->signer.role == ROLE_ISSUING ? "issuing" : "status"),
              LOG_TEXT("module", keyring_module_name(program->signer.keyring)),
              LOG_NUMBER("sessions", keyring_sessions(program->signer.keyring)),
              LOG_NUMBER("channels", program->channels.count),
              LOG_NUMBER("start_ms", clock_monotonic_ms() - program->started_ms));
}

static bool
start(struct program *program, int argc, char **argv, struct error *err)
{
    return parse_arguments(argc, argv, &program->arguments, err) && hardening_set(err) &&
           block_signals(err) && pin_read(&program->pin, program->arguments.pin_fd, err) &&
           /* the database first: while it is away, each try would be a login for nothing */
           phase_settings(program, err) && phase_database(program, err) &&
           startup_token(&program->signer, &program->pin, err) && phase_channels(program, err) &&
           phase_threads(program, err) && filter_set(program->signer.token->module, err);
}

/* Ends by _exit: threads run, and the module's exit handlers are not to
 * be trusted (T-03). */
int
main(int argc, char **argv)
{
    struct program *program = calloc(1, sizeof(*program)); /* too large for the stack */
    struct error err = {0};

    log_open("signet-signer", LOG_LEVEL_INFO);
    if (!program)
        _exit(EXIT_TEMPORARY);
    signer_init(&program->signer);
    program->started_ms = clock_monotonic_ms();
    if (!start(program, argc, argv, &err)) {
        pin_wipe(&program->pin);
        log_error("the signer does not start", &err, NULL);
        _exit(error_exit_status(&err));
    }
    log_ready(program);
    _exit(program->signer.role == ROLE_ISSUING ? issuing_serve(program->issuing)
                                               : status_serve(program->status));
}
