#include "ledger.h"

#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void
ledger_done(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        free(ledger->row[i].der);
    free(ledger->row);
    *ledger = (struct ledger){.breaches = ledger->breaches};
}

void
ledger_breach(struct ledger *ledger, const char *format, ...)
{
    va_list args;

    pthread_mutex_lock(&ledger->lock);
    ledger->breaches++;
    fprintf(stderr, "BREACH: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    pthread_mutex_unlock(&ledger->lock);
}

static void
append(struct ledger *ledger, struct held *held)
{
    pthread_mutex_lock(&ledger->lock);
    if (ledger->count == ledger->room) {
        ledger->room = ledger->room ? 2 * ledger->room : 1024;
        ledger->row = realloc(ledger->row, ledger->room * sizeof(*ledger->row));
        if (!ledger->row)
            abort();
    }
    ledger->row[ledger->count++] = *held;
    pthread_mutex_unlock(&ledger->lock);
}

/* The certificate's own serial, not the one that the answer tells beside it. */
static bool
read_certificate(const char *pem, struct held *held)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    unsigned char *der = NULL;
    int len = certificate ? i2d_X509(certificate, &der) : -1;

    BIO_free(bio);
    if (len > 0) {
        BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
        char *text = number ? BN_bn2hex(number) : NULL;

        snprintf(held->serial, sizeof(held->serial), "%s", text ? text : "");
        for (char *at = held->serial; *at; at++)
            *at = (char)(*at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);
        OPENSSL_free(text);
        BN_free(number);
        held->len = (size_t)len;
        held->der = malloc(held->len);
        if (!held->der)
            abort();
        memcpy(held->der, der, held->len);
    }
    OPENSSL_free(der);
    X509_free(certificate);
    return len > 0;
}

bool
ledger_received(struct ledger *ledger, const char *grant, struct buffer *json,
                char ret_serial[LEDGER_SERIAL], char **ret_pem)
{
    json_t *root = json_loadb((const char *)json->data, json->len, 0, NULL);
    const char *pem = json_string_value(json_object_get(root, "certificate"));
    const char *serial = json_string_value(json_object_get(root, "serial"));
    struct held held = {0};

    if (!pem || !serial || !read_certificate(pem, &held)) {
        ledger_breach(ledger, "%s: answered with what is no certificate: %s", grant,
                      buffer_text(json));
        json_decref(root);
        return false;
    }
    if (strcmp(serial, held.serial) != 0)
        ledger_breach(ledger, "%s: the answer says serial %s, the certificate %s", grant, serial,
                      held.serial);
    snprintf(held.grant, sizeof(held.grant), "%s", grant);
    append(ledger, &held);
    snprintf(ret_serial, LEDGER_SERIAL, "%s", held.serial);
    if (ret_pem)
        *ret_pem = strdup(pem);
    json_decref(root);
    return true;
}

void
ledger_revoked(struct ledger *ledger, const char *serial)
{
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = ledger->count; i > 0; i--)
        if (strcmp(ledger->row[i - 1].serial, serial) == 0)
            ledger->row[i - 1].revoked = true;
    pthread_mutex_unlock(&ledger->lock);
}
