/*
 * The database's disk fills up under load and is freed again. The cluster stands on a small file
 * system of its own, in a mount namespace of this program; without the right to mount it is
 * skipped.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "storm.h"
#include "visitor.h"

enum { SKIPPED = 77, DISK_MIB = 160, FULL_MS = 5000, STEP_MS = 20 };

static struct storm storm;

/* Until nothing fits any more, not even one block. */
static void
fill(const char *path)
{
    static const char block[65536];
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    size_t step = sizeof(block);

    CU_ASSERT_TRUE(fd >= 0);
    while (fd >= 0 && step > 0)
        if (write(fd, block, step) <= 0)
            step = step > 512 ? step / 2 : 0;
}

static void
put_off_until_there_is_room(void)
{
    unsigned repeated = atomic_load(&storm.load.repeated);
    int64_t full_us = clock_monotonic_us(), end_ms;
    char path[96];

    snprintf(path, sizeof(path), "%s/pg/ballast", storm.ca->folder);
    fill(path);
    end_ms = clock_monotonic_ms() + STORM_LIMIT_MS;
    while (atomic_load(&storm.load.repeated) == repeated && clock_monotonic_ms() < end_ms)
        fill(path);
    CU_ASSERT_TRUE(atomic_load(&storm.load.repeated) > repeated);
    fprintf(stderr, "disk full: felt after %lld ms\n",
            (long long)(clock_monotonic_us() - full_us) / 1000);
    poll(NULL, 0, FULL_MS);
    CU_ASSERT_EQUAL(unlink(path), 0);
    /* A cluster that could not write its log ends; whoever runs it starts it again. */
    if (ca_pid(storm.ca, CA_POSTGRES) == 0)
        ca_postgres_start(storm.ca);
    storm_back(&storm, "disk freed", "any", clock_monotonic_us());
}

static void
nothing_is_lost_or_served_twice(void)
{
    storm_check(&storm);
}

/* --- the small disk --- */

static void
move_cluster(struct ca *ca)
{
    char pg[96], size[32];

    snprintf(pg, sizeof(pg), "%s/pg", ca->folder);
    snprintf(size, sizeof(size), "size=%dm", DISK_MIB);
    ca_postgres_stop(ca, false);
    if (ca_run(ca, NULL, NULL, "cp", "-a", pg, "copy", NULL) != 0 ||
        mount("tmpfs", pg, "tmpfs", 0, size) != 0 ||
        ca_run(ca, NULL, NULL, "cp", "-a", "copy/.", pg, NULL) != 0)
        abort();
    ca_postgres_start(ca);
}

static bool
may_mount(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

int
main(void)
{
    struct ca *ca;
    char pg[96];
    int status;

    if (!may_mount()) {
        fprintf(stderr, "skipped: no right to mount a small file system\n");
        return SKIPPED;
    }
    ca = ca_start(&(struct ca_options){.fsync = true, .stopped = true, .config = storm_config});
    move_cluster(ca);
    ca_signetd_start(ca);
    storm_begin_on(&storm, ca);
    status = RUN_SUITE("disk full", TEST(put_off_until_there_is_room),
                       TEST(nothing_is_lost_or_served_twice));
    ca_signetd_stop(ca);
    ca_postgres_stop(ca, true);
    snprintf(pg, sizeof(pg), "%s/pg", ca->folder);
    if (umount(pg) != 0)
        fprintf(stderr, "%s stays mounted until this program's children end\n", pg);
    storm_end(&storm);
    return status;
}
