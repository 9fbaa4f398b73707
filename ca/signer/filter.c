#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "hardening.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIGNET_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIGNET_SANITIZED 1
#endif
#endif

DEFINE_CLEANUP(scmp_filter_ctx, seccomp_release);
#define AUTO_FILTER CLEANUP(seccomp_release_auto) scmp_filter_ctx

static const int allowed[] = {
    /* descriptors that are open; libpq and the channels */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(shutdown),
    /* the anchor */
    SCMP_SYS(pwrite64),
    SCMP_SYS(fdatasync),
    /* SoftHSM opens two files for each signature and lists its folder when that changed */
    SCMP_SYS(openat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstat),
    SCMP_SYS(lseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(getdents64),
    /* memory, threads, time */
    SCMP_SYS(futex),
    SCMP_SYS(madvise),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo), /* qsort of more than a kilobyte: a CRL of 129 entries */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
#ifdef SIGNET_FAULTS
    SCMP_SYS(kill), /* what a fault point does */
#endif
#ifdef SIGNET_SANITIZED
    SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(prctl),
    SCMP_SYS(readlink),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(getrusage),
#endif
};

/* What single modules need besides. */
static const struct {
    const char *part; /* of the module's path */
    int call;
} of_module[] = {
    {"libsoftokn3", SCMP_SYS(pread64)},
    {"libsoftokn3", SCMP_SYS(access)},
};

static bool
allow(scmp_filter_ctx filter, int call, struct error *err)
{
    int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);

    if (rc == 0)
        return true;
    errno = -rc;
    return error_errno(err, ERROR_INTERNAL, "cannot allow system call %d", call);
}

/* Memory may be had, but none that can be executed. */
static bool
allow_memory(scmp_filter_ctx filter, struct error *err)
{
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (rc != 0) {
            errno = -rc;
            return error_errno(err, ERROR_INTERNAL, "cannot allow memory without execution");
        }
    }
    return true;
}

bool
filter_set(const char *module, struct error *err)
{
    AUTO_FILTER filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc;

    if (!filter)
        return error_set(err, ERROR_MEMORY, "no memory for the system-call filter");
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        if (!allow(filter, allowed[i], err))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(of_module); i++)
        if (strstr(module, of_module[i].part) && !allow(filter, of_module[i].call, err))
            return false;
    if (!allow_memory(filter, err))
        return false;
    rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0)
        rc = seccomp_load(filter);
    if (rc != 0) {
        errno = -rc;
        return error_errno(err, ERROR_INTERNAL, "cannot load the system-call filter");
    }
    return true;
}
