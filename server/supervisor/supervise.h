/* The life of the three programs: start, restart, stop. One thread, one loop. */
#ifndef SIGNET_SUPERVISE_H
#define SIGNET_SUPERVISE_H

#include "child.h"

/*
 * Runs until SIGTERM or SIGINT, or until the server gives up for good. The listeners are open and
 * `programs` is set. Gives the exit status: 0, or EXIT_PERMANENT. Logs.
 */
int supervise(struct children *children);

#endif
