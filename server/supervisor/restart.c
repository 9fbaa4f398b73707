#include "restart.h"

#include <sys/wait.h>

enum restart_verdict
restart_decide(struct restart *restart, int status, int64_t up_ms, int64_t *ret_delay_ms)
{
    if (WIFEXITED(status) &&
        (WEXITSTATUS(status) == EXIT_PERMANENT || WEXITSTATUS(status) == EXIT_REWOUND))
        return RESTART_NEVER;
    if (up_ms >= RESTART_CALM_MS)
        restart->delay_ms = 0;
    restart->delay_ms = restart->delay_ms ? 2 * restart->delay_ms : RESTART_FIRST_MS;
    if (restart->delay_ms > RESTART_LONGEST_MS)
        restart->delay_ms = RESTART_LONGEST_MS;
    *ret_delay_ms = restart->delay_ms;
    return RESTART_LATER;
}
