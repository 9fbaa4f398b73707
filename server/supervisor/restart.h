/* When a program that ended is started again: pure, from its exit and the time it was up. */
#ifndef SIGNET_RESTART_H
#define SIGNET_RESTART_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EXIT_TEMPORARY = 75, /* EX_TEMPFAIL: start again after a delay */
    EXIT_PERMANENT = 78, /* EX_CONFIG: only an operator can mend it */
    EXIT_REWOUND = 79,   /* a signer's: so is this, the database is older than what was published */
    RESTART_FIRST_MS = 50,
    RESTART_LONGEST_MS =
        1000,               /* a database that recovers, this and the start: within five seconds */
    RESTART_CALM_MS = 10000 /* up for so long: earlier failures are forgotten */
};

struct restart {
    int64_t delay_ms; /* of the last restart; 0: none yet */
};

enum restart_verdict { RESTART_LATER, RESTART_NEVER };

/* `status` is as waitpid gives it. *ret_delay_ms is set for RESTART_LATER. */
enum restart_verdict restart_decide(struct restart *restart, int status, int64_t up_ms,
                                    int64_t *ret_delay_ms);

#endif
