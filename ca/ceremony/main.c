#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct {
    const char *name;
    int (*run)(char **arguments);
    const char *help;
} commands[] = {
    {"init", command_init, "make a certificate authority (init --help tells the options)"},
    {"keygen", command_keygen,
     "--module PATH --token URI --label NAME --pin-fd N [--module-init TEXT]\n"
     "            [--algorithm NAME]  make a key in a token; prints its URI and public key"},
    {"csr", command_csr,
     "--module PATH --key URI --pin-fd N --trust-domain NAME [--module-init TEXT]\n"
     "            [--waivers NAME,...]  the issuing key's request to an external root"},
    {"token", command_token,
     "--module PATH --label NAME --so-pin-fd N --pin-fd N\n"
     "            make a token in a slot that has none"},
    {"bench", command_bench,
     "--module PATH --token URI --pin-fd N [--module-init TEXT] [--threads N] [--seconds N]\n"
     "            how fast the token signs, by algorithm and threads; leaves nothing in it"},
    {"admin", command_admin,
     "--state DIR --name NAME [--owner OWNER] [--config FILE]\n"
     "            certificate for admin/NAME into STATE/admin, when nobody else can make one;\n"
     "            signetd is stopped meanwhile"},
    {"root-crl", command_root_crl,
     "--state DIR [--config FILE] [--pin FILE] [--environment NAME=VALUE] [--module PATH]\n"
     "            [--module-init TEXT]  the next CRL of the root, with the root's token; signetd "
     "may run"},
    {"accept-database", command_accept_database,
     "--state DIR [--config FILE] [--crl FILE]\n"
     "            go on with a database that is older than what was published (restored); takes\n"
     "            over what the last CRL lists, and the numbers go on above it"},
    {"migrate", command_migrate,
     "--config FILE\n"
     "            bring the database to the level of these programs; signetd is stopped"},
    {"roles", command_roles,
     "--database CONNINFO\n"
     "            make the database roles, as a superuser"},
};

static int
usage(FILE *out, int status)
{
    fprintf(out, "usage: signet-ceremony COMMAND ...\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\nexit status: 0 done, 1 failed, 2 wrong command line, 3 there is one already\n");
    return status;
}

int
main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_DONE);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argv + 2);
    return usage(stderr, EXIT_USAGE);
}
