/*
 * The configuration file (libconfuse syntax), one schema table, one struct. Every complaint names
 * file, line, option, what was wanted and what was found (settings.h). Used by signetd,
 * signet-signer and signet-server alike; the ceremony writes the first one.
 *
 *   user { server = "signet"  issuing = "signet-signer"  status = "signet-status" }
 *   database { server = "host=... user=signet_server dbname=signet" signer = "..." status = "..." }
 *   token issuing { module = "/usr/lib/softhsm/libsofthsm2.so" uri = "pkcs11:token=..;object=.."
 *                   pin_file = "..." environment = {"SOFTHSM2_CONF=..."} sessions = 2
 *                   permit = "..." state = "..." waivers = {} }
 *   token status { ... }
 *   server { https = {"127.0.0.1:8443"} publish = {"127.0.0.1:8080"} health = "127.0.0.1:9180"
 *            tls = "/folder/of/its/own/tls/key" names = {"localhost"} addresses = {"127.0.0.1"}
 *            workers = 16 publish_workers = 8 }
 *   rate { address_per_s = 50 address_burst = 200 identity_per_s = 10 identity_burst = 50 }
 *   programs = "/opt/signet/bin"     # folder of the programs; absent: that of signetd itself
 *   jobs { crl_life_s = 86400 ocsp_life_s = 3600 partition_days = 14 retention_days = 30 audit_days
 * = 400 }
 */
#ifndef SIGNET_CONFIG_H
#define SIGNET_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "signet/error.h"

enum { CONFIG_TEXT = 512, CONFIG_PATH = 1024, CONFIG_LIST = 16 };

struct config_list {
    size_t count;
    char item[CONFIG_LIST][CONFIG_TEXT];
};

struct config_token {
    char module[CONFIG_PATH];
    char init_string[CONFIG_TEXT]; /* "" none */
    char uri[CONFIG_TEXT];
    char pin_file[CONFIG_PATH];
    struct config_list environment; /* "NAME=value" */
    uint32_t sessions;
    char permit[CONFIG_PATH];
    char state[CONFIG_PATH]; /* folder of the role's user: anchor, PIN latch */
    struct config_list waivers;
};

enum config_role { ROLE_ISSUING, ROLE_STATUS };

struct config {
    char path[CONFIG_PATH];
    char programs[CONFIG_PATH]; /* "": the folder that signetd itself stands in */
    struct {
        char server[64], issuing[64], status[64]; /* "" : stay who we are */
    } user;
    struct {
        char server[CONFIG_TEXT], signer[CONFIG_TEXT], status[CONFIG_TEXT];
    } database;
    struct config_token token[2]; /* by enum config_role */
    struct {
        struct config_list https, publish; /* "address:port", "[v6]:port" */
        char health[CONFIG_TEXT];
        /* Folder with one file, server.pem: the private key (PKCS#8), then the chain, leaf first.
         * One file, so that a renewal replaces key and certificate in one rename. */
        char tls[CONFIG_PATH];
        struct config_list names, addresses; /* of its own TLS certificate */
        uint32_t workers, publish_workers;
        uint32_t connections; /* most client connections at once, HTTPS */
        uint32_t request_deadline_ms;
    } server;
    struct {
        uint32_t address_per_s, address_burst, identity_per_s, identity_burst;
    } rate;
    struct {
        uint32_t crl_life_s, ocsp_life_s, partition_days, retention_days, audit_days;
    } jobs;
};

/* Errors: ERROR_CONFIG with "file:line: ..." . The struct is large: keep it static or on the heap.
 */
MUST_USE bool config_load(const char *path, struct config *ret_config, struct error *err);

struct settings_row;
/* The schema itself (settings.h), for what must agree with it. */
const struct settings_row *config_schema(size_t *ret_count);

/* Parses "127.0.0.1:8443" or "[::1]:8443": numeric address, port 1 to 65535, nothing else. */
MUST_USE bool config_address(const char *text, struct sockaddr_storage *ret_address,
                             socklen_t *ret_len);

#endif
