/* signetd: opens the sockets and PIN files, starts the other programs, starts them again. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "programs.h"
#include "signet/log.h"
#include "supervise.h"

static const char usage[] =
    "Usage: signetd --config FILE      run in the foreground\n"
    "       signetd --check FILE       check a configuration, and the world against it\n"
    "       signetd --help | --version\n"
    "\n"
    "Starts signet-signer (roles issuing and status) and signet-server, each as its own user when\n"
    "started by root, and starts them again when they end.\n"
    "\n"
    "Signals: SIGTERM and SIGINT stop after the requests in flight (twice: at once); SIGHUP makes\n"
    "the server look again and gives a signer that stopped for good another try.\n"
    "Exit status: 0 stopped on request, 64 wrong usage, 75 temporary failure, 78 wrong\n"
    "configuration or a server that stopped for good.\n"
    "\n"
    "Example: signetd --check /etc/signet/signet.conf && signetd --config "
    "/etc/signet/signet.conf\n";

enum { EXIT_USAGE = 64, DESCRIPTORS = 65536 };

struct options {
    const char *config;
    const char *check;
    const char *check_database;
    bool help, version;
};

static bool
options_parse(int argc, char **argv, struct options *ret_options)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", required_argument, NULL, 'k'},
        {"check-database", required_argument, NULL, 'd'}, /* started by --check itself */
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {0};

    for (;;) {
        switch (getopt_long(argc, argv, "", table, NULL)) {
        case 'c':
            options.config = optarg;
            continue;
        case 'k':
            options.check = optarg;
            continue;
        case 'd':
            options.check_database = optarg;
            continue;
        case 'h':
            options.help = true;
            continue;
        case 'v':
            options.version = true;
            continue;
        case -1:
            *ret_options = options;
            return optind == argc &&
                   (options.help || options.version || !options.config != !options.check);
        default:
            return false;
        }
    }
}

/* The children start in another folder, so that the path must not depend on ours. */
static bool
load_config(const char *name, struct config *config, struct error *err)
{
    char *path = realpath(name, NULL);
    bool loaded;

    if (!path)
        return error_errno(err, ERROR_CONFIG, "%s:0: cannot find the configuration", name);
    loaded = config_load(path, config, err);
    free(path);
    return loaded;
}

/* Before any child drops root: locked memory for the signers, descriptors for the connections. */
static void
raise_limits(void)
{
    static const struct {
        int resource;
        rlim_t wanted;
    } limits[] = {{RLIMIT_MEMLOCK, RLIM_INFINITY}, {RLIMIT_NOFILE, DESCRIPTORS}};

    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct rlimit limit = {limits[i].wanted, limits[i].wanted};

        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) == 0 ||
            getrlimit((__rlimit_resource_t)limits[i].resource, &limit) != 0)
            continue;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) != 0)
            log_line(LOG_LEVEL_WARNING, "a resource limit cannot be raised");
    }
}

static bool
wants_users(const struct config *config)
{
    return config->user.server[0] || config->user.issuing[0] || config->user.status[0];
}

static void
tell_separation(const struct config *config)
{
    bool complete = config->user.server[0] && config->user.issuing[0] && config->user.status[0] &&
                    strcmp(config->user.server, config->user.issuing) != 0 &&
                    strcmp(config->user.server, config->user.status) != 0;

    if (geteuid() != 0)
        log_line(LOG_LEVEL_WARNING, "the separation between users is off: not started by root, all "
                                    "programs run as one user");
    else if (!complete)
        log_line(LOG_LEVEL_WARNING, "the separation between users is off: section user of the "
                                    "configuration does not name three different users");
}

static int
run(const struct config *config)
{
    struct children children = {.config = config, .control = -1};
    struct error err = {0};
    int status;

    children.separate = geteuid() == 0 && wants_users(config);
    if (!programs_find(config, children.programs, &err) ||
        !listeners_open(config, &children.listeners, &err)) {
        log_error("cannot start", &err, NULL);
        return EXIT_PERMANENT;
    }
    raise_limits();
    tell_separation(config);
    log_event(LOG_LEVEL_NOTICE, "starting", LOG_TEXT("version", SIGNET_VERSION),
              LOG_TEXT("config", config->path), LOG_TEXT("programs", children.programs));
    status = supervise(&children);
    listeners_close(&children.listeners);
    return status;
}

static int
check(const struct config *config)
{
    char programs[CONFIG_PATH];
    struct error err = {0};
    bool separate = geteuid() == 0 && wants_users(config);

    if (!programs_find(config, programs, &err)) {
        printf("WRONG  %s\n", err.detail);
        return EXIT_PERMANENT;
    }
    return check_all(config, programs, separate) ? EXIT_PERMANENT : 0;
}

static int
work(const struct options *options, struct config *config)
{
    struct error err = {0};

    if (load_config(options->check ? options->check : options->config, config, &err)) {
        if (options->check)
            return check(config);
        return options->check_database ? check_database(config, options->check_database)
                                       : run(config);
    }
    if (options->config && !options->check_database)
        log_error("cannot start", &err, NULL);
    else
        printf("WRONG  %s%s%s\n", err.detail, err.internal[0] ? ": " : "", err.internal);
    return EXIT_PERMANENT;
}

int
main(int argc, char **argv)
{
    struct options options = {0};
    struct config *config;
    int status;

    setvbuf(stdout, NULL, _IOLBF, 0);
    log_open("signetd", LOG_LEVEL_INFO);
    if (!options_parse(argc, argv, &options)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (options.help || options.version) {
        fputs(options.help ? usage : "signetd " SIGNET_VERSION "\n", stdout);
        return 0;
    }
    config = calloc(1, sizeof(*config));
    if (!config)
        return EXIT_TEMPORARY;
    status = work(&options, config);
    free(config);
    return status;
}
