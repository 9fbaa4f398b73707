/* Names as people type them, for certification requests and identities. */
#ifndef SIGNET_CLI_NAME_H
#define SIGNET_CLI_NAME_H

#include "arguments.h"
#include "signet/tbs_cert.h"

enum { NAME_TEXT_OCTETS = LIMIT_NAME_OCTETS + 8 };

/* "dns:..." and "ip:..." stay; a bare address becomes ip:, anything else dns:. ERROR_USAGE. */
MUST_USE bool name_normalise(const char *typed, char text[NAME_TEXT_OCTETS], struct error *err);

struct names { /* keeps what the list borrows */
    struct san_list list;
    char text[LIMIT_NAMES][NAME_TEXT_OCTETS];
    uint8_t address[LIMIT_NAMES][16];
};
/* Every --name of the command line. */
MUST_USE bool names_parse(const struct arguments *arguments, struct names *ret_names,
                          struct error *err);

#endif
