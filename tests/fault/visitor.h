/* One client and one relying party, for the tests of parts that are away. CUnit assertions. */
#ifndef SIGNET_FAULT_VISITOR_H
#define SIGNET_FAULT_VISITOR_H

#include "client.h"
#include "ledger.h"
#include "ocsp.h"
#include "subject.h"

enum {
    VISITOR_STEP_MS = 50,
    VISITOR_WORKERS = 40,   /* requests that reach each of the 16 workers */
    VISITOR_AWAY_MS = 8000, /* an answer that waits for nobody; generous */
    VISITOR_LIMIT_MS = 15000
};

struct visitor {
    struct ca *ca;
    struct witness witness;
    struct client *client, *admin, *relying;
    struct subject subject;
    struct ledger ledger;
    unsigned token;
    char serial[LEDGER_SERIAL]; /* whose status is cached */
};

/* With the authority running: enrols once, so that there is something published. */
void visitor_open(struct visitor *visitor, struct ca *ca);
void visitor_close(struct visitor *visitor);

/* An enrolment with the next token; the token stays the next until it led to a certificate. */
int visitor_enrol(struct visitor *visitor, struct client_reply *reply);
/* The same, with the serial; asserts 201. */
void visitor_obtain(struct visitor *visitor, char ret_serial[LEDGER_SERIAL]);
/* An enrolment is answered 503 with Retry-After and a problem document within the time. */
void visitor_is_put_off(struct visitor *visitor, const char *what, int limit_ms);
/* The CRL and a status seen before are served and verify. */
void visitor_sees_published(struct visitor *visitor);
/* Waits until an enrolment succeeds and /readyz says so, then expects it of each worker. */
void visitor_is_served_again(struct visitor *visitor, const char *what);
/* Waits until OCSP tells of a new certificate, then expects it of each worker. */
void visitor_sees_status_again(struct visitor *visitor);
/* Waits until /readyz says 503 and names this part. */
void visitor_sees_unready(struct visitor *visitor, const char *part);

#endif
