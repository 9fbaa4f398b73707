#include "flow_crl.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>

#include "signet/clock.h"

enum { CRL_STEP_MS = 50 };

/* Signed by the issuing CA? */
static bool
verifies(struct flow *flow, X509_CRL *crl)
{
    FILE *file = fopen(flow_ca(flow)->issuing_pem, "re");
    X509 *issuing = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    bool ok = issuing && X509_CRL_verify(crl, X509_get0_pubkey(issuing)) == 1;

    if (file)
        fclose(file);
    X509_free(issuing);
    return ok;
}

X509_CRL *
crl_fetch(struct flow *flow)
{
    char url[128];
    AUTO_ANSWER answer = {.status = 0};
    const unsigned char *der;
    X509_CRL *crl;

    snprintf(url, sizeof(url), "%s/crl/issuing-1.crl", flow_ca(flow)->publish_url);
    answer = flow_call(flow, &(struct call){.method = "GET", .path = url});
    der = answer.body.data;
    crl = answer.status == 200 ? d2i_X509_CRL(NULL, &der, (long)answer.body.len) : NULL;
    if (crl && !verifies(flow, crl)) {
        X509_CRL_free(crl);
        return NULL;
    }
    return crl;
}

long long
crl_number_of(const X509_CRL *crl)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    int64_t value = -1;

    if (!number || ASN1_INTEGER_get_int64(&value, number) != 1)
        value = -1;
    ASN1_INTEGER_free(number);
    return value;
}

bool
crl_has(X509_CRL *crl, const char *serial)
{
    X509_REVOKED *entry = NULL;
    BIGNUM *number = NULL;
    ASN1_INTEGER *wanted;
    bool found;

    BN_hex2bn(&number, serial);
    wanted = BN_to_ASN1_INTEGER(number, NULL);
    found = X509_CRL_get0_by_serial(crl, &entry, wanted) == 1;
    ASN1_INTEGER_free(wanted);
    BN_free(number);
    return found;
}

long long
crl_published_number(struct flow *flow)
{
    X509_CRL *crl = crl_fetch(flow);
    long long number = crl ? crl_number_of(crl) : -1;

    X509_CRL_free(crl);
    return number;
}

bool
crl_published_has(struct flow *flow, const char *serial)
{
    X509_CRL *crl = crl_fetch(flow);
    bool has = crl && crl_has(crl, serial);

    X509_CRL_free(crl);
    return has;
}

int
crl_wait_has(struct flow *flow, const char *serial, int timeout_ms)
{
    int64_t start_ms = clock_monotonic_ms();

    while (!crl_published_has(flow, serial)) {
        if (clock_monotonic_ms() - start_ms >= timeout_ms)
            return -1;
        poll(NULL, 0, CRL_STEP_MS);
    }
    return (int)(clock_monotonic_ms() - start_ms);
}
