/*
 * pkits_verdicts FOLDER - what our parsers say of the certificates (in FOLDER/certs) and CRLs
 * (in FOLDER/crls) of NIST's PKITS: lines "OBJECTS: FUNCTION VERDICT, COUNT". No verdict is
 * wrong here; the script that calls us compares them with docs/conformance.md. Ends with 1 when a
 * truncated certificate is read or a certificate is taken for a request.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/crl.h"
#include "signet/csr.h"
#include "signet/file.h"

enum { VERDICTS = 64, VERDICT_OCTETS = 96, FILE_OCTETS = 64 * 1024 };

struct tally {
    size_t count;
    struct {
        char text[VERDICT_OCTETS];
        unsigned times;
    } verdict[VERDICTS];
};

static void
note(struct tally *tally, const char *objects, const char *function, const char *verdict)
{
    char text[VERDICT_OCTETS];
    size_t i = 0;

    snprintf(text, sizeof(text), "%s: %s %s", objects, function, verdict);
    while (i < tally->count && strcmp(tally->verdict[i].text, text) != 0)
        i++;
    if (i == VERDICTS) {
        fprintf(stderr, "more than %d verdicts\n", VERDICTS);
        exit(1);
    }
    if (i == tally->count)
        memcpy(tally->verdict[tally->count++].text, text, sizeof(text));
    tally->verdict[i].times++;
}

static const char *
refusal(const struct error *err)
{
    return err->rule[0] ? err->rule : error_row(err->kind)->type;
}

static bool
certificate_judge(struct tally *tally, const char *path, struct bytes der)
{
    struct certificate certificate;
    struct bytes tbs, serial;
    struct error err = {0};
    AUTO_CSR csr = NULL;

    note(tally, "certificates", "certificate_peek",
         certificate_peek(der, &tbs, &serial, &err) ? "reads" : refusal(&err));
    for (size_t len = 0; len < der.len; len++)
        if (certificate_peek(bytes_of(der.data, len), &tbs, &serial, &err)) {
            fprintf(stderr, "%s: read although cut to %zu octets\n", path, len);
            return false;
        }
    if (!certificate_parse(der, &certificate, &err))
        note(tally, "certificates", "certificate_parse", refusal(&err));
    else
        note(tally, "certificates", "certificate_parse, then lint",
             tbs_cert_lint(&certificate.tbs, &err) ? "takes" : refusal(&err));
    if (csr_parse(der, &csr, &err)) {
        fprintf(stderr, "%s: taken for a certification request\n", path);
        return false;
    }
    return true;
}

DEFINE_CLEANUP(struct crl_entry *, free);

static bool
crl_judge(struct tally *tally, const char *path, struct bytes der)
{
    CLEANUP(free_auto) struct crl_entry *entries = NULL;
    struct bytes tbs, signature;
    struct error err = {0};
    struct crl crl;

    (void)path;
    note(tally, "CRLs", "crl_parse",
         crl_parse(der, &crl, &entries, &tbs, &signature, &err) ? "takes" : refusal(&err));
    return true;
}

static bool
folder_judge(struct tally *tally, const char *folder, const char *pattern,
             bool (*judge)(struct tally *tally, const char *path, struct bytes der))
{
    AUTO_BUFFER der = {.max = FILE_OCTETS};
    struct error err = {0};
    char path[512];
    glob_t found;
    bool right;

    snprintf(path, sizeof(path), "%.480s/%s", folder, pattern);
    right = glob(path, 0, NULL, &found) == 0 && found.gl_pathc > 0;
    for (size_t i = 0; right && i < found.gl_pathc; i++) {
        der.len = 0;
        right = file_read(found.gl_pathv[i], &der, &err) &&
                judge(tally, found.gl_pathv[i], buffer_bytes(&der));
    }
    if (!right)
        fprintf(stderr, "%s: not judged to the end %s\n", path, err.detail);
    globfree(&found);
    return right;
}

int
main(int argc, char **argv)
{
    struct tally tally = {.count = 0};

    if (argc != 2) {
        fprintf(stderr, "usage: pkits_verdicts FOLDER\n");
        return 64;
    }
    if (!folder_judge(&tally, argv[1], "certs/*.crt", certificate_judge) ||
        !folder_judge(&tally, argv[1], "crls/*.crl", crl_judge))
        return 1;
    for (size_t i = 0; i < tally.count; i++)
        printf("%s, %u\n", tally.verdict[i].text, tally.verdict[i].times);
    return 0;
}
