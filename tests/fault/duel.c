#include "duel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storm.h"
#include "suite.h"

static void *
duel_side_main(void *context)
{
    struct duel_side *side = context;

    for (;;) {
        pthread_barrier_wait(side->meet);
        if (side->end)
            return NULL;
        client_json(side->client, side->method, side->path, side->token, side->json, &side->reply);
        pthread_barrier_wait(side->meet);
    }
}

void
duel_run(struct duel *duel)
{
    pthread_barrier_wait(&duel->meet);
    pthread_barrier_wait(&duel->meet);
}

void
duel_ask(struct duel *duel, int side, const char *method, const char *path, const char *token,
         const char *json)
{
    struct duel_side *at = &duel->side[side];

    at->method = method;
    at->path = path;
    at->token = token;
    at->json = json;
}

bool
duel_issued(const struct duel_side *side)
{
    return side->reply.status == 200 || side->reply.status == 201;
}

bool
duel_refused(struct duel_side *side, int status, const char *type)
{
    if (side->reply.status == status && strstr(buffer_text(&side->reply.body), type))
        return true;
    fprintf(stderr, "wanted %d %s, got %d %s\n", status, type, side->reply.status,
            side->reply.status ? buffer_text(&side->reply.body) : "");
    return false;
}

void
duel_note(struct duel *duel, struct duel_side *side, const char *grant,
          char ret_serial[LEDGER_SERIAL], char **ret_pem)
{
    if (!ledger_received(&duel->ledger, grant, &side->reply.body, ret_serial, ret_pem))
        CU_FAIL("no certificate");
}

void
duel_check(struct duel *duel)
{
    check_everything(duel->ca, &duel->ledger);
    CU_ASSERT_EQUAL(duel->ledger.breaches, 0);
}

/* The one setting that is needed before the authority runs. */
static struct ca *
start_with_commit_times(void)
{
    struct ca *ca = ca_start(&(struct ca_options){.stopped = true, .config = storm_config});
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/pg/postgresql.conf", ca->folder);
    file = fopen(path, "ae");
    if (!file || fputs("track_commit_timestamp = on\n", file) < 0 || fclose(file) != 0)
        abort();
    ca_postgres_stop(ca, false);
    ca_postgres_start(ca);
    ca_signetd_start(ca);
    return ca;
}

void
duel_open(struct duel *duel)
{
    duel->ca = start_with_commit_times();
    ledger_init(&duel->ledger);
    duel->admin_pem = subject_file(duel->ca->admin_pem);
    duel->admin_key = subject_file(duel->ca->admin_key);
    pthread_barrier_init(&duel->meet, NULL, 3);
    for (int i = 0; i < 2; i++) {
        struct duel_side *side = &duel->side[i];

        side->client = client_new(duel->ca);
        side->meet = &duel->meet;
        subject_make(&side->subject);
        if (pthread_create(&side->thread, NULL, duel_side_main, side) != 0)
            abort();
    }
}

void
duel_close(struct duel *duel)
{
    for (int i = 0; i < 2; i++)
        duel->side[i].end = true;
    pthread_barrier_wait(&duel->meet);
    for (int i = 0; i < 2; i++) {
        struct duel_side *side = &duel->side[i];

        pthread_join(side->thread, NULL);
        client_free(side->client);
        client_reply_done(&side->reply);
        subject_done(&side->subject);
    }
    pthread_barrier_destroy(&duel->meet);
    free(duel->admin_pem);
    free(duel->admin_key);
    ledger_done(&duel->ledger);
    ca_stop(duel->ca);
}
