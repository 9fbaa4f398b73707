#include "ocsp.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OCSP_SKEW_S = 300 };

static X509 *
load_certificate(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (!certificate)
        abort();
    fclose(file);
    return certificate;
}

void
witness_open(struct witness *witness, struct ca *ca)
{
    X509 *root = load_certificate(ca->root_pem);
    AUTO_BUFFER name;

    buffer_init(&name, 256);
    ca_sql(ca, &name, "SELECT name FROM issuer WHERE kind = 'issuing'");
    *witness = (struct witness){
        .ca = ca, .issuer = load_certificate(ca->issuing_pem), .trusted = X509_STORE_new()};
    if (!witness->trusted || X509_STORE_add_cert(witness->trusted, root) != 1 ||
        X509_STORE_add_cert(witness->trusted, witness->issuer) != 1)
        abort();
    X509_free(root);
    snprintf(witness->crl_url, sizeof(witness->crl_url), "%s/crl/%.*s.crl", ca->publish_url,
             (int)strcspn(buffer_text(&name), "\n"), buffer_text(&name));
}

void
witness_close(struct witness *witness)
{
    X509_STORE_free(witness->trusted);
    X509_free(witness->issuer);
    *witness = (struct witness){0};
}

const char *
seen_name(enum seen seen)
{
    static const char *const names[] = {"no answer", "good", "revoked", "unknown", "wrong"};

    return names[seen];
}

static ASN1_INTEGER *
serial_of(const char *text)
{
    BIGNUM *number = NULL;
    ASN1_INTEGER *serial;

    if (BN_hex2bn(&number, text) == 0 || !(serial = BN_to_ASN1_INTEGER(number, NULL)))
        abort();
    BN_free(number);
    return serial;
}

static OCSP_CERTID *
certid_of(const struct witness *witness, const char *text)
{
    ASN1_INTEGER *serial = serial_of(text);
    OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(witness->issuer),
                                       X509_get0_pubkey_bitstr(witness->issuer), serial);

    if (!id)
        abort();
    ASN1_INTEGER_free(serial);
    return id;
}

/* --- asking --- */

static int
request_der(const struct witness *witness, const char *const *serials, size_t count,
            unsigned char **ret_der)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    int len;

    for (size_t i = 0; i < count; i++)
        if (!OCSP_request_add0_id(request, certid_of(witness, serials[i])))
            abort();
    len = i2d_OCSP_REQUEST(request, ret_der);
    OCSP_REQUEST_free(request);
    if (len <= 0)
        abort();
    return len;
}

static void
put_escaped(char *out, size_t room, const unsigned char *base64)
{
    size_t used = 0;

    for (; *base64 && used + 4 < room; base64++) {
        const char *escape = *base64 == '+' ? "%2B" : *base64 == '/' ? "%2F" : NULL;

        if (*base64 == '=')
            escape = "%3D";
        used += (size_t)(escape ? snprintf(out + used, room - used, "%s", escape)
                                : snprintf(out + used, room - used, "%c", *base64));
    }
    out[used] = '\0';
}

static bool
request_send(const struct witness *witness, struct client *client, bool by_get,
             const unsigned char *der, int len, struct client_reply *reply)
{
    unsigned char base64[4096];
    char url[8192], escaped[7000];
    const struct client_request by_post = {"POST", url, NULL, "application/ocsp-request",
                                           bytes_of(der, (size_t)len)};
    const struct client_request plain = {.method = "GET", .url = url};

    snprintf(url, sizeof(url), "%s/ocsp", witness->ca->publish_url);
    if (!by_get)
        return client_call(client, &by_post, reply);
    if (len > 1024)
        abort();
    EVP_EncodeBlock(base64, der, len);
    put_escaped(escaped, sizeof(escaped), base64);
    snprintf(url, sizeof(url), "%s/ocsp/%s", witness->ca->publish_url, escaped);
    return client_call(client, &plain, reply);
}

/* --- judging --- */

static enum seen
judge_one(const struct witness *witness, OCSP_BASICRESP *basic, const char *serial)
{
    OCSP_CERTID *id = certid_of(witness, serial);
    ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
    int status = -1, reason = -1;
    enum seen seen = SEEN_WRONG;

    if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &this_update, &next_update) ==
            1 &&
        OCSP_check_validity(this_update, next_update, OCSP_SKEW_S, -1) == 1)
        seen = status == V_OCSP_CERTSTATUS_GOOD      ? SEEN_GOOD
               : status == V_OCSP_CERTSTATUS_REVOKED ? SEEN_REVOKED
                                                     : SEEN_UNKNOWN;
    OCSP_CERTID_free(id);
    return seen;
}

static void
judge(const struct witness *witness, const struct buffer *body, const char *const *serials,
      size_t count, enum seen *ret_seen)
{
    const unsigned char *at = body->data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)body->len);
    int status = response ? OCSP_response_status(response) : -1;
    OCSP_BASICRESP *basic = NULL;
    bool later = status == OCSP_RESPONSE_STATUS_TRYLATER;

    if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL)
        basic = OCSP_response_get1_basic(response);
    if (basic && OCSP_basic_verify(basic, NULL, witness->trusted, 0) != 1) {
        OCSP_BASICRESP_free(basic);
        basic = NULL;
    }
    for (size_t i = 0; i < count; i++)
        ret_seen[i] = basic   ? judge_one(witness, basic, serials[i])
                      : later ? SEEN_NOTHING
                              : SEEN_WRONG;
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}

void
ocsp_ask(const struct witness *witness, struct client *client, bool by_get,
         const char *const *serials, size_t count, enum seen *ret_seen)
{
    AUTO_REPLY reply = {0};
    unsigned char *der = NULL;
    int len = request_der(witness, serials, count, &der);
    bool came = request_send(witness, client, by_get, der, len, &reply);

    OPENSSL_free(der);
    for (size_t i = 0; i < count; i++)
        ret_seen[i] = SEEN_NOTHING;
    if (came && reply.status == 200)
        judge(witness, &reply.body, serials, count, ret_seen);
}

enum seen
ocsp_ask_one(const struct witness *witness, struct client *client, const char *serial)
{
    enum seen seen;

    ocsp_ask(witness, client, false, &serial, 1, &seen);
    return seen;
}

enum seen
ocsp_get_one(const struct witness *witness, struct client *client, const char *serial)
{
    enum seen seen;

    ocsp_ask(witness, client, true, &serial, 1, &seen);
    return seen;
}

/* --- CRL --- */

X509_CRL *
crl_fetch(const struct witness *witness, struct client *client, bool *ret_wrong)
{
    const struct client_request request = {.method = "GET", .url = witness->crl_url};
    AUTO_REPLY reply = {0};
    const unsigned char *at;
    X509_CRL *crl;

    *ret_wrong = false;
    if (!client_call(client, &request, &reply) || reply.status != 200)
        return NULL;
    at = reply.body.data;
    crl = d2i_X509_CRL(NULL, &at, (long)reply.body.len);
    if (crl && at == reply.body.data + reply.body.len &&
        X509_CRL_verify(crl, X509_get0_pubkey(witness->issuer)) == 1)
        return crl;
    X509_CRL_free(crl);
    *ret_wrong = true;
    return NULL;
}

long long
crl_number(X509_CRL *crl)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    int64_t value = -1;

    if (!number || ASN1_INTEGER_get_int64(&value, number) != 1)
        value = -1;
    ASN1_INTEGER_free(number);
    return value;
}

bool
crl_has(X509_CRL *crl, const char *text)
{
    ASN1_INTEGER *serial = serial_of(text);
    X509_REVOKED *entry;
    bool found = X509_CRL_get0_by_serial(crl, &entry, serial) == 1;

    ASN1_INTEGER_free(serial);
    return found;
}
