/*
 * Two requests at the same instant, a thousand times through the real API. PostgreSQL keeps the
 * times of commits here, so that which of the two came first is known and not guessed.
 */
#ifndef SIGNET_FAULT_DUEL_H
#define SIGNET_FAULT_DUEL_H

#include <pthread.h>

#include "checker.h"
#include "client.h"
#include "ledger.h"
#include "subject.h"

enum { DUEL_ROUNDS = 1000 };

/* One of the two: its own connection, its own key, and what it asks in this round. */
struct duel_side {
    struct client *client;
    struct subject subject;
    pthread_t thread;
    pthread_barrier_t *meet;
    const char *method, *path, *token, *json;
    struct client_reply reply;
    bool end;
};

struct duel {
    struct ca *ca;
    struct ledger ledger;
    char *admin_pem, *admin_key;
    pthread_barrier_t meet;
    struct duel_side side[2];
};

void duel_open(struct duel *duel);
void duel_close(struct duel *duel);
/* What this side asks in the next round; the texts are borrowed until then. */
void duel_ask(struct duel *duel, int side, const char *method, const char *path, const char *token,
              const char *json);
/* Both at once; the connections stand already. The replies stand in the sides. */
void duel_run(struct duel *duel);

bool duel_issued(const struct duel_side *side);
/* Says what came instead. */
bool duel_refused(struct duel_side *side, int status, const char *type);
/* Puts the certificate of the reply into the ledger. */
void duel_note(struct duel *duel, struct duel_side *side, const char *grant,
               char ret_serial[LEDGER_SERIAL], char **ret_pem);
/* The independent checker; asserts. */
void duel_check(struct duel *duel);

#endif
