#include "storm.h"

#include <poll.h>
#include <stdio.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "suite.h"

enum {
    STORM_FIRE_MS = 15000,
    STORM_TOKENS = 6000,
    STORM_STEP_MS = 2,
    STORM_WORK = 60, /* renewals between two faults */
    STORM_WORK_MS = 3000
};

const char storm_config[] = "rate {\n  address_per_s = 100000\n  address_burst = 100000\n"
                            "  identity_per_s = 100000\n  identity_burst = 100000\n}\n";

void
storm_begin(struct storm *storm)
{
    const struct ca_options options = {.fsync = true, .config = storm_config};

    storm_begin_on(storm, ca_start(&options));
}

void
storm_begin_on(struct storm *storm, struct ca *ca)
{
    *storm = (struct storm){.ca = ca};
    ledger_init(&storm->ledger);
    load_start(&storm->load, storm->ca, &storm->ledger, STORM_TOKENS);
    if (load_back_after(&storm->load, 0, STORM_LIMIT_MS) < 0)
        ledger_breach(&storm->ledger, "no certificate before the first fault");
}

void
storm_check(struct storm *storm)
{
    ca_fault(storm->ca, "");
    load_stop(&storm->load);
    CU_ASSERT_TRUE(ca_wait_ready(storm->ca, 2 * STORM_LIMIT_MS));
    CU_ASSERT_TRUE(storm->ledger.count > 0);
    check_everything(storm->ca, &storm->ledger);
    CU_ASSERT_EQUAL(storm->ledger.breaches, 0);
    fprintf(stderr, "storm: back after at most %lld ms (%d ms are promised)\n",
            (long long)storm->longest_ms, STORM_BACK_MS);
}

void
storm_end(struct storm *storm)
{
    ledger_done(&storm->ledger);
    ca_stop(storm->ca);
}

static bool
has_fired(struct storm *storm)
{
    struct error err = {0};
    AUTO_BUFFER text;

    buffer_init(&text, 4096);
    return file_read(storm->ca->fault_file, &text, &err) && text.len > 0 && text.data[0] == '#';
}

int64_t
storm_fire(struct storm *storm, const char *point, const char *action)
{
    int64_t end_ms = clock_monotonic_ms() + STORM_FIRE_MS;
    char line[128];

    snprintf(line, sizeof(line), "%s %s 1\n", point, action);
    ca_fault(storm->ca, line);
    while (!has_fired(storm)) {
        if (clock_monotonic_ms() >= end_ms) {
            fprintf(stderr, "storm: nothing passed %s\n", point);
            CU_FAIL("a fault point that nothing passes");
            return 0;
        }
        poll(NULL, 0, STORM_STEP_MS);
    }
    return clock_monotonic_us();
}

/* So much is done between two faults, or as much as the machine can in the time. */
static void
let_work(struct storm *storm)
{
    int64_t end_ms = clock_monotonic_ms() + STORM_WORK_MS;
    unsigned before = atomic_load(&storm->load.renewed);

    while (atomic_load(&storm->load.renewed) < before + STORM_WORK && clock_monotonic_ms() < end_ms)
        poll(NULL, 0, STORM_STEP_MS);
}

void
storm_back(struct storm *storm, const char *what, const char *point, int64_t instant_us)
{
    int64_t back_ms = load_back_after(&storm->load, instant_us, STORM_LIMIT_MS);

    fprintf(stderr, "storm: %-22s at %-20s certificates again after %lld ms%s\n", what, point,
            (long long)back_ms, back_ms > STORM_BACK_MS ? "  (more than promised)" : "");
    CU_ASSERT_TRUE(back_ms >= 0);
    if (back_ms > storm->longest_ms)
        storm->longest_ms = back_ms;
    let_work(storm);
}
