/* One workload's whole life at a running authority, with OpenSSL as the judge (support/ca_story).
 */
#ifndef SIGNET_TEST_FLOW_LIFE_H
#define SIGNET_TEST_FLOW_LIFE_H

#include "ca_fixture.h"

/* `key_type` as the command line names it. Asserts that every step gave its answer. */
void life_run(struct ca *ca, const char *name, const char *key_type);

#endif
