/*
 * Fault points: named places where a test kills, fails or delays a program. Compiled only into test
 * builds (CMake option SIGNET_FAULTS); in release builds the macro is nothing at all.
 *
 * A test build reads the file named by SIGNET_FAULT_FILE at each point. A line is
 *   POINT ACTION [COUNT]     with ACTION kill | fail | wait:MILLISECONDS
 * and counts down: COUNT 3 acts at the third passage only. `fail` makes FAULT_POINT yield true.
 * The count stands in the file itself, so that it spans processes and restarts: the file must be
 * writable by each user that passes the point. Without COUNT every passage acts.
 */
#ifndef SIGNET_FAULT_H
#define SIGNET_FAULT_H

#include <stdbool.h>

#ifdef SIGNET_FAULTS
bool fault_point(const char *name);
#define FAULT_POINT(name) fault_point(name)
#else
#define FAULT_POINT(name) false
#endif

#endif
