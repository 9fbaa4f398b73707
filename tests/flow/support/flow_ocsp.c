#include "flow_ocsp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "flow_internal.h"
#include "signet/clock.h"

enum { OCSP_DER = 64 * 1024, OCSP_STEP_MS = 2 };

static X509 *
certificate_load(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (!certificate)
        flow_give_up("%s is no certificate", path);
    fclose(file);
    return certificate;
}

OCSP_CERTID *
ocsp_certid(struct flow *flow, const EVP_MD *hash, const char *serial)
{
    X509 *issuer = certificate_load(flow->ca->issuing_pem);
    BIGNUM *number = NULL;
    ASN1_INTEGER *integer;
    OCSP_CERTID *certid;

    if (BN_hex2bn(&number, serial) == 0)
        flow_give_up("%s is no serial", serial);
    integer = BN_to_ASN1_INTEGER(number, NULL);
    certid = OCSP_cert_id_new(hash, X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer),
                              integer);
    ASN1_INTEGER_free(integer);
    BN_free(number);
    X509_free(issuer);
    return certid;
}

void
ocsp_request_der(OCSP_CERTID *const *certids, size_t count, struct buffer *ret_der)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    unsigned char *der = NULL;
    int len;

    for (size_t i = 0; i < count; i++)
        OCSP_request_add0_id(request, certids[i]);
    len = i2d_OCSP_REQUEST(request, &der);
    OCSP_REQUEST_free(request);
    buffer_init(ret_der, OCSP_DER);
    if (len <= 0 || !buffer_put(ret_der, der, (size_t)len))
        flow_give_up("an OCSP request cannot be encoded");
    OPENSSL_free(der);
}

static bool
response_verifies(struct flow *flow, OCSP_BASICRESP *basic)
{
    X509_STORE *store = X509_STORE_new();
    X509 *root = certificate_load(flow->ca->root_pem);
    X509 *issuing = certificate_load(flow->ca->issuing_pem);
    STACK_OF(X509) *chain = sk_X509_new_null();
    bool ok;

    X509_STORE_add_cert(store, root);
    sk_X509_push(chain, issuing);
    ok = OCSP_basic_verify(basic, chain, store, 0) == 1;
    if (!ok)
        ERR_print_errors_fp(stderr);
    sk_X509_free(chain);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(issuing);
    return ok;
}

static void
basic_read(struct flow *flow, OCSP_BASICRESP *basic, struct ocsp_said *said)
{
    int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
    OCSP_SINGLERESP *single = OCSP_resp_get0(basic, 0);

    said->singles = OCSP_resp_count(basic);
    said->verified = response_verifies(flow, basic);
    if (single)
        said->status = OCSP_single_get0_status(single, &said->reason, NULL, NULL, NULL);
    if (at >= 0) {
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
        const unsigned char *octets = ASN1_STRING_get0_data(value);
        ASN1_OCTET_STRING *nonce = d2i_ASN1_OCTET_STRING(NULL, &octets, ASN1_STRING_length(value));

        said->nonce_octets = nonce ? ASN1_STRING_length(nonce) : 0;
        ASN1_OCTET_STRING_free(nonce);
    }
}

void
ocsp_read(struct flow *flow, const struct answer *answer, struct ocsp_said *ret_said)
{
    const unsigned char *der = answer->body.data;
    OCSP_RESPONSE *response = NULL;
    OCSP_BASICRESP *basic;

    *ret_said = (struct ocsp_said){.http_status = answer->status,
                                   .response_status = -1,
                                   .status = -1,
                                   .reason = -1,
                                   .nonce_octets = -1};
    if (answer->body.len && strcmp(answer->content_type, "application/ocsp-response") == 0)
        response = d2i_OCSP_RESPONSE(NULL, &der, (long)answer->body.len);
    if (!response || der != answer->body.data + answer->body.len) {
        OCSP_RESPONSE_free(response);
        return;
    }
    ret_said->response_status = OCSP_response_status(response);
    basic = OCSP_response_get1_basic(response);
    if (basic)
        basic_read(flow, basic, ret_said);
    ERR_clear_error();
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}

void
ocsp_post(struct flow *flow, struct bytes der, struct ocsp_said *ret_said)
{
    char url[128];
    AUTO_ANSWER answer = {.status = 0};

    snprintf(url, sizeof(url), "%s/ocsp", flow->ca->publish_url);
    answer = flow_call(flow, &(struct call){"POST", url, .octets = der,
                                            .content_type = "application/ocsp-request"});
    ocsp_read(flow, &answer, ret_said);
}

void
ocsp_ask(struct flow *flow, const char *serial, struct ocsp_said *ret_said)
{
    OCSP_CERTID *certid = ocsp_certid(flow, EVP_sha1(), serial);
    AUTO_BUFFER der = {.max = 0};

    ocsp_request_der(&certid, 1, &der);
    ocsp_post(flow, buffer_bytes(&der), ret_said);
}

int
ocsp_wait_revoked(struct flow *flow, const char *serial, int timeout_ms)
{
    int64_t start_ms = clock_monotonic_ms();
    struct ocsp_said said;

    do {
        ocsp_ask(flow, serial, &said);
        if (said.verified && said.status == V_OCSP_CERTSTATUS_REVOKED)
            return (int)(clock_monotonic_ms() - start_ms);
        poll(NULL, 0, OCSP_STEP_MS);
    } while (clock_monotonic_ms() - start_ms < timeout_ms);
    return -1;
}
