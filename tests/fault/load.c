#include "load.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "signet/clock.h"
#include "subject.h"

enum {
    LOAD_IDENTITIES = 50,
    LOAD_RENEWALS = 3,
    LOAD_PAUSE_MS = 10,  /* the machine has other things to do */
    LOAD_REPEAT_MS = 20, /* a fault shall not be served by a storm of connections */
    LOAD_PATIENCE_MS = 90000,
    LOAD_WATCH_MS = 100
};

static const char family[] = "load/host";

/* One thread's own things. */
struct hand {
    struct load *load;
    struct ledger *ledger;
    struct client *enroll, *renew, *admin, *relying;
    struct subject subject[2];
    unsigned turn;
};

/* --- one request, repeated until it is answered --- */

struct errand {
    struct client *client;
    const char *path, *token, *json, *grant;
};

static bool
answered(int status)
{
    return status != 0 && status < 500;
}

/* The status that came at last; 0 when none came in a very long time. */
static int
insist(struct hand *hand, const struct errand *errand, struct client_reply *reply)
{
    int64_t end_ms = clock_monotonic_ms() + LOAD_PATIENCE_MS;

    while (clock_monotonic_ms() < end_ms) {
        int64_t begin_us = clock_monotonic_us();

        client_json(errand->client, "POST", errand->path, errand->token, errand->json, reply);
        if (reply->status == 201)
            atomic_store(&hand->load->served_begin_us, begin_us);
        if (answered(reply->status))
            return reply->status;
        if (reply->status >= 500 && reply->status != 503)
            ledger_breach(hand->ledger, "%s: %d for a fault of a part: %s", errand->grant,
                          reply->status, buffer_text(&reply->body));
        if (reply->status == 503 && reply->retry_after_s < 0)
            ledger_breach(hand->ledger, "%s: 503 without Retry-After: %s", errand->grant,
                          buffer_text(&reply->body));
        atomic_fetch_add(&hand->load->repeated, 1);
        poll(NULL, 0, LOAD_REPEAT_MS);
    }
    ledger_breach(hand->ledger, "%s: no answer within %d ms, the last one: %d", errand->grant,
                  LOAD_PATIENCE_MS, reply->status);
    return 0;
}

/* A certificate is asked for and noted; now and then asked for again. */
static bool
obtain(struct hand *hand, const struct errand *errand, char ret_serial[LEDGER_SERIAL],
       char **ret_pem)
{
    AUTO_REPLY reply = {0};
    int status = insist(hand, errand, &reply);

    if (status != 200 && status != 201) {
        ledger_breach(hand->ledger, "%s: refused with %d: %s", errand->grant, status,
                      status ? buffer_text(&reply.body) : "");
        return false;
    }
    if (!ledger_received(hand->ledger, errand->grant, &reply.body, ret_serial, ret_pem))
        return false;
    if (hand->turn++ % 4 != 0)
        return true;
    status = insist(hand, errand, &reply);
    if (status == 200)
        return ledger_received(hand->ledger, errand->grant, &reply.body, ret_serial, NULL);
    ledger_breach(hand->ledger, "%s: the same request again got %d: %s", errand->grant, status,
                  status ? buffer_text(&reply.body) : "");
    return false;
}

/* --- the round of a host --- */

static bool
enrol(struct hand *hand, char ret_serial[LEDGER_SERIAL], char **ret_pem)
{
    char token[CA_TOKEN_TEXT], grant[LEDGER_GRANT];
    unsigned number = atomic_fetch_add(&hand->load->next_token, 1);
    const struct errand errand = {hand->enroll, "/v1/certificates", token, hand->subject[0].body,
                                  grant};

    if (number > hand->load->tokens)
        return false;
    subject_token(family, number, token);
    snprintf(grant, sizeof(grant), "token %u", number);
    atomic_fetch_add(&hand->load->issued, 1);
    return obtain(hand, &errand, ret_serial, ret_pem);
}

static bool
renew(struct hand *hand, const char *key_pem, const char *body, char serial[LEDGER_SERIAL],
      char **pem)
{
    char grant[LEDGER_GRANT], *next = NULL;
    const struct errand errand = {hand->renew, "/v1/certificates/renew", NULL, body, grant};
    bool ok;

    snprintf(grant, sizeof(grant), "renewal of %s", serial);
    client_show(hand->renew, *pem, key_pem);
    atomic_fetch_add(&hand->load->renewed, 1);
    ok = obtain(hand, &errand, serial, &next);
    if (next) {
        free(*pem);
        *pem = next;
    }
    return ok;
}

static void
revoke(struct hand *hand, const char *serial)
{
    AUTO_REPLY reply = {0};
    char json[160], what[LEDGER_GRANT];
    enum seen seen;
    int status;

    snprintf(json, sizeof(json), "{\"serial\":\"%s\",\"reason\":\"superseded\"}", serial);
    snprintf(what, sizeof(what), "revocation of %s", serial);
    status =
        insist(hand, &(struct errand){hand->admin, "/v1/revocations", NULL, json, what}, &reply);
    if (status != 200) {
        ledger_breach(hand->ledger, "%s: %d: %s", what, status,
                      status ? buffer_text(&reply.body) : "");
        return;
    }
    ledger_revoked(hand->ledger, serial);
    atomic_fetch_add(&hand->load->revoked, 1);
    seen = ocsp_ask_one(&hand->load->witness, hand->relying, serial);
    if (seen != SEEN_REVOKED && seen != SEEN_NOTHING)
        ledger_breach(hand->ledger, "%s was acknowledged, OCSP says %s", what, seen_name(seen));
}

static void
renewal_is_refused(struct hand *hand, const char *serial, const char *body)
{
    AUTO_REPLY reply = {0};
    char what[LEDGER_GRANT];
    int status;

    snprintf(what, sizeof(what), "renewal after revocation of %s", serial);
    status = insist(hand, &(struct errand){hand->renew, "/v1/certificates/renew", NULL, body, what},
                    &reply);
    if (status != 403)
        ledger_breach(hand->ledger, "%s: %d", what, status);
    atomic_fetch_add(&hand->load->refused, 1);
}

/* Enrols, renews with another key each time, revokes one or the other. */
static bool
host_round(struct hand *hand)
{
    char serial[LEDGER_SERIAL], first[LEDGER_SERIAL], *pem = NULL;
    unsigned key = 0;
    bool ok = enrol(hand, serial, &pem);

    snprintf(first, sizeof(first), "%s", ok ? serial : "");
    for (unsigned i = 0; ok && i < LOAD_RENEWALS; i++) {
        ok = renew(hand, hand->subject[key].key_pem, hand->subject[1 - key].body, serial, &pem);
        key = 1 - key;
        poll(NULL, 0, LOAD_PAUSE_MS);
    }
    if (ok && hand->turn % 2 == 0) {
        revoke(hand, serial);
        client_show(hand->renew, pem, hand->subject[key].key_pem);
        renewal_is_refused(hand, serial, hand->subject[1 - key].body);
    } else if (ok) {
        revoke(hand, first);
    }
    free(pem);
    return ok;
}

static void *
host(void *context)
{
    struct load_thread *self = context;
    struct load *load = self->load;
    struct hand hand = {.load = load, .ledger = load->ledger, .turn = self->number};

    hand.enroll = client_new(load->ca);
    hand.renew = client_new(load->ca);
    hand.admin = client_new(load->ca);
    hand.relying = client_new(load->ca);
    client_show(hand.admin, load->admin_pem, load->admin_key);
    subject_make(&hand.subject[0]);
    subject_make(&hand.subject[1]);
    while (!atomic_load(&load->stop) && host_round(&hand))
        poll(NULL, 0, LOAD_PAUSE_MS);
    client_free(hand.enroll);
    client_free(hand.renew);
    client_free(hand.admin);
    client_free(hand.relying);
    subject_done(&hand.subject[0]);
    subject_done(&hand.subject[1]);
    return NULL;
}

/* --- a relying party that looks at the CRL all the time --- */

static void *
watch_crl(void *context)
{
    struct load *load = context;
    struct client *client = client_new(load->ca);
    long long highest = 0;

    while (!atomic_load(&load->stop)) {
        bool wrong = false;
        X509_CRL *crl = crl_fetch(&load->witness, client, &wrong);
        long long number = crl ? crl_number(crl) : highest;

        if (wrong)
            ledger_breach(load->ledger, "a CRL that does not verify");
        if (number < highest)
            ledger_breach(load->ledger, "CRL number %lld came after %lld", number, highest);
        highest = number;
        X509_CRL_free(crl);
        poll(NULL, 0, LOAD_WATCH_MS);
    }
    client_free(client);
    return NULL;
}

/* --- the whole --- */

void
load_start(struct load *load, struct ca *ca, struct ledger *ledger, unsigned tokens)
{
    unsigned rounds = (tokens + LOAD_IDENTITIES - 1) / LOAD_IDENTITIES;

    *load = (struct load){.ca = ca, .ledger = ledger, .tokens = rounds * LOAD_IDENTITIES};
    atomic_store(&load->next_token, 1);
    load->admin_pem = subject_file(ca->admin_pem);
    load->admin_key = subject_file(ca->admin_key);
    witness_open(&load->witness, ca);
    subject_identities(ca, family, LOAD_IDENTITIES);
    subject_tokens(ca, family, LOAD_IDENTITIES, rounds);
    for (unsigned i = 0; i < LOAD_THREADS; i++) {
        load->thread[i] = (struct load_thread){.load = load, .number = i};
        if (pthread_create(&load->thread[i].thread, NULL, host, &load->thread[i]) != 0)
            abort();
    }
    if (pthread_create(&load->watch, NULL, watch_crl, load) != 0)
        abort();
}

int64_t
load_back_after(struct load *load, int64_t instant_us, int timeout_ms)
{
    int64_t end_ms = clock_monotonic_ms() + timeout_ms, begin_us;

    do {
        begin_us = atomic_load(&load->served_begin_us);
        if (begin_us > instant_us)
            return (clock_monotonic_us() - instant_us) / 1000;
        poll(NULL, 0, 2);
    } while (clock_monotonic_ms() < end_ms);
    return -1;
}

void
load_stop(struct load *load)
{
    atomic_store(&load->stop, true);
    for (unsigned i = 0; i < LOAD_THREADS; i++)
        pthread_join(load->thread[i].thread, NULL);
    pthread_join(load->watch, NULL);
    fprintf(stderr,
            "load: %u enrolments, %u renewals, %u revocations, %u refused, %u times repeated\n",
            atomic_load(&load->issued), atomic_load(&load->renewed), atomic_load(&load->revoked),
            atomic_load(&load->refused), atomic_load(&load->repeated));
    if (atomic_load(&load->next_token) > load->tokens)
        ledger_breach(load->ledger, "the tokens of the load ran out before its end");
    witness_close(&load->witness);
    free(load->admin_pem);
    free(load->admin_key);
}
