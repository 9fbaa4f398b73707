/* One transaction in one round trip: BEGIN, the steps, COMMIT, sent without waiting in between. */
#ifndef SIGNET_DB_PIPELINE_H
#define SIGNET_DB_PIPELINE_H

#include "connection.h"

enum { PIPELINE_STEPS = 6 };

struct step {
    enum statement statement;
    const struct params *params; /* borrowed */
    PGresult *result;            /* out: of a step that succeeded */
};

enum outcome {
    OUTCOME_COMMITTED,
    OUTCOME_ROLLED_BACK, /* for certain; err says why */
    OUTCOME_UNKNOWN      /* the connection broke or the server warned at the commit */
};

MUST_USE enum outcome pipeline_run(struct db *db, struct step *steps, size_t count,
                                   struct error *err);
void steps_done(struct step *steps, size_t count);

#endif
