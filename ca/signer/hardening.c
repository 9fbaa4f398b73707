#include "hardening.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

bool
hardening_set(struct error *err)
{
    const struct rlimit none = {0, 0};
    pid_t parent = getppid();

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot set the parent-death signal");
    /* The parent may have died before the signal was set; then nobody would send it. */
    if (getppid() != parent)
        return error_set(err, ERROR_SIGNER_UNAVAILABLE, "the supervisor is gone");
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot become undumpable");
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot forbid core files");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot forbid new privileges");
    return true;
}
