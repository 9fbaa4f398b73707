/*
 * Folders of a test's own, below TMPDIR. Where that is too long for the Unix sockets that are made
 * in them, below /tmp. tests/run gives each run a TMPDIR and removes it afterwards, with what
 * crashed tests left in it.
 */
#ifndef SIGNET_TEST_SCRATCH_H
#define SIGNET_TEST_SCRATCH_H

#include <stddef.h>

enum { SCRATCH_PATH = 64 };

/* A new folder NAME-XXXXXX of mode 0700. Aborts the test program when it cannot be made. */
void scratch_make(char path[SCRATCH_PATH], const char *name);
/* The folder with all that is in it; links are not followed. Missing ones are fine. */
void scratch_remove(const char *path);

#endif
