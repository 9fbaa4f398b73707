#include "hardening.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `act` in a child; its exit status, or 128 + signal. */
static int
in_child(void (*act)(void))
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        act();
        _exit(0);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
filter(void)
{
    const struct rlimit none = {0, 0};
    struct error err = {0};

    setrlimit(RLIMIT_CORE, &none);
    if (!filter_set("/usr/lib/softhsm/libsofthsm2.so", &err))
        _exit(99);
}

static void
call_exec(void)
{
    char *argv[] = {NULL};

    filter();
    execve("/bin/true", argv, argv);
}

static void
call_fork(void)
{
    filter();
    (void)!syscall(SYS_fork);
}

static void
call_clone3(void)
{
    filter();
    (void)!syscall(SYS_clone3, NULL, 0);
}

static void
call_socket(void)
{
    filter();
    socket(AF_UNIX, SOCK_STREAM, 0);
}

static void
call_connect(void)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    filter();
    (void)!connect(0, &address, sizeof(address));
}

static void
call_bind(void)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    filter();
    (void)!bind(0, &address, sizeof(address));
}

static void
call_listen(void)
{
    filter();
    (void)!listen(0, 1);
}

static void
call_accept(void)
{
    filter();
    (void)!accept(0, NULL, NULL);
}

static void
call_ptrace(void)
{
    filter();
    (void)!syscall(SYS_ptrace, PTRACE_TRACEME, 0, NULL, NULL);
}

static void
call_process_vm_readv(void)
{
    filter();
    (void)!syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0);
}

static void
call_unlink(void)
{
    filter();
    (void)!unlink("/nowhere");
}

static void
call_setuid(void)
{
    filter();
    (void)!syscall(SYS_setuid, 0);
}

static void
call_executable_map(void)
{
    filter();
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
call_executable_protect(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    filter();
    (void)!mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void
kills_each_forbidden_call(void)
{
    static void (*const calls[])(void) = {call_exec,           call_fork,
                                          call_clone3,         call_socket,
                                          call_connect,        call_bind,
                                          call_listen,         call_accept,
                                          call_ptrace,         call_process_vm_readv,
                                          call_unlink,         call_setuid,
                                          call_executable_map, call_executable_protect};

    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        int status = in_child(calls[i]);

        if (status != 128 + SIGSYS)
            printf("\n    call %zu ended with %d\n", i, status);
        CU_ASSERT_EQUAL(status, 128 + SIGSYS);
    }
}

static void
work_under_the_filter(void)
{
    char octet;
    int fd;
    void *page;

    filter();
    fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || read(fd, &octet, 1) != 1 || page == MAP_FAILED || munmap(page, 4096) != 0)
        _exit(1);
    close(fd);
    free(malloc(1 << 20));
}

static void
lets_the_work_be_done(void)
{
    CU_ASSERT_EQUAL(in_child(work_under_the_filter), 0);
}

static void *
late_socket(void *argument)
{
    int *go = argument;

    while (!__atomic_load_n(go, __ATOMIC_ACQUIRE))
        continue;
    socket(AF_UNIX, SOCK_STREAM, 0);
    return NULL;
}

static void
thread_before_the_filter(void)
{
    int go = 0;
    pthread_t thread;

    if (pthread_create(&thread, NULL, late_socket, &go) != 0)
        _exit(98);
    filter();
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
}

static void
holds_for_threads_that_were_there(void)
{
    CU_ASSERT_EQUAL(in_child(thread_before_the_filter), 128 + SIGSYS);
}

static void
harden(void)
{
    struct rlimit core = {1, 1};
    struct error err = {0};
    int signal = 0;

    if (!hardening_set(&err))
        _exit(99);
    prctl(PR_GET_PDEATHSIG, &signal);
    if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
        signal != SIGKILL || getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
        _exit(1);
}

static void
takes_all_it_should(void)
{
    CU_ASSERT_EQUAL(in_child(harden), 0);
}

/* A child of a child, whose parent ends: it must end too. */
static void
dies_with_its_parent(void)
{
    int fds[2];
    char octet;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        struct error err = {0};

        if (fork() == 0) {
            if (!hardening_set(&err) || write(fds[1], "x", 1) != 1)
                _exit(1);
            while (true)
                pause();
        }
        close(fds[1]);
        /* Only when the grandchild is hardened does its parent end. */
        if (read(fds[0], &octet, 1) != 1)
            _exit(1);
        _exit(0);
    }
    close(fds[1]);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
    /* Ends only when the last writer is gone. */
    CU_ASSERT_EQUAL(read(fds[0], &octet, 1), 0);
    close(fds[0]);
}

int
main(void)
{
    return RUN_SUITE("hardening", TEST(kills_each_forbidden_call), TEST(lets_the_work_be_done),
                     TEST(holds_for_threads_that_were_there), TEST(takes_all_it_should),
                     TEST(dies_with_its_parent));
}
