/* The drill: at a fault point, under load, something is killed; then everything is checked. */
#ifndef SIGNET_FAULT_STORM_H
#define SIGNET_FAULT_STORM_H

#include "ca_fixture.h"
#include "checker.h"
#include "load.h"

/* rate { } so high that the load is no abuse; for ca_options.config */
extern const char storm_config[];

enum {
    STORM_BACK_MS = 5000,   /* what is promised */
    STORM_LIMIT_MS = 15000, /* what fails the test: the machine may have much else to do */
    STORM_WAIT_MS = 700     /* how long the point holds a program while its neighbour is killed */
};

struct storm {
    struct ca *ca;
    struct ledger ledger;
    struct load load;
    int64_t longest_ms;
};

/* An authority with a durable database and the load on it. */
void storm_begin(struct storm *storm);
/* The same on an authority that runs already; takes it. */
void storm_begin_on(struct storm *storm, struct ca *ca);
/* Ends the load, waits for readiness, runs the checker; CUnit assertions. */
void storm_check(struct storm *storm);
void storm_end(struct storm *storm);

/* Arms `point ACTION` for one passage and waits until it fires: the instant, 0 when it never did.
 */
int64_t storm_fire(struct storm *storm, const char *point, const char *action);
/* Waits until certificates are issued again; asserts the limit, prints the figure. */
void storm_back(struct storm *storm, const char *what, const char *point, int64_t instant_us);

#endif
