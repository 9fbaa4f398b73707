/*
 * A PIN that the token refuses: one attempt, no second one by any restart, a latch that says why;
 * the rest goes on. The module is watched through the shim, which writes down each call.
 */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "storm.h"
#include "visitor.h"

enum { QUIET_MS = 3000 /* in which a restart loop would have tried again several times */ };

static struct ca *ca;
static struct visitor visitor;
static char calls[128], latch[128], pin_file[128], right_pin[128];
static char never_asked[LEDGER_SERIAL];

static size_t
count_in(const char *path, const char *text)
{
    struct error err = {0};
    size_t count = 0;
    const char *at;
    AUTO_BUFFER content;

    buffer_init(&content, 64 * 1024 * 1024);
    if (!file_read(path, &content, &err))
        return 0;
    for (at = buffer_text(&content); at && (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}

static size_t
logins(void)
{
    return count_in(calls, "C_Login\n");
}

static void
write_pin(const char *pin)
{
    FILE *file = fopen(pin_file, "we");

    if (!file || fputs(pin, file) < 0 || fclose(file) != 0)
        abort();
}

static void
wait_for_stop(size_t stops_before)
{
    int64_t end_ms = clock_monotonic_ms() + VISITOR_LIMIT_MS;

    while (count_in(ca->log, "stopped for good") == stops_before && clock_monotonic_ms() < end_ms)
        poll(NULL, 0, VISITOR_STEP_MS);
    CU_ASSERT_EQUAL(count_in(ca->log, "stopped for good"), stops_before + 1);
}

static void
one_attempt_only(void)
{
    size_t before = logins();

    CU_ASSERT_TRUE(before > 0);
    visitor_obtain(&visitor, never_asked);
    write_pin("wrong-pin-of-the-test\n");
    CU_ASSERT_TRUE(ca_kill(ca, CA_ISSUING, SIGKILL));
    wait_for_stop(0);
    poll(NULL, 0, QUIET_MS);
    CU_ASSERT_EQUAL(logins(), before + 1);
    CU_ASSERT_EQUAL(ca_pid(ca, CA_ISSUING), 0);
    CU_ASSERT_EQUAL(count_in(latch, "refused"), 1);
    CU_ASSERT_TRUE(count_in(ca->log, "pin.latch") + count_in(ca->log, "CKR_PIN_INCORRECT") > 0);
}

static void
the_rest_goes_on(void)
{
    visitor_is_put_off(&visitor, "signer stopped for good", VISITOR_AWAY_MS);
    visitor_sees_published(&visitor);
    /* Not only what is cached. */
    CU_ASSERT_EQUAL(ocsp_ask_one(&visitor.witness, visitor.relying, never_asked), SEEN_GOOD);
    visitor_sees_unready(&visitor, "issuing_signer");
    visitor_sees_published(&visitor);
}

/* Neither a hang-up nor the right PIN lets the signer try again while the latch is there. */
static void
the_latch_holds(void)
{
    size_t before = logins();

    CU_ASSERT_EQUAL(kill(ca->signetd, SIGHUP), 0);
    wait_for_stop(1);
    CU_ASSERT_EQUAL(logins(), before);
    CU_ASSERT_TRUE(count_in(ca->log, latch) > 0);
}

static void
back_when_mended(void)
{
    size_t before = logins();

    CU_ASSERT_EQUAL(ca_run(ca, NULL, NULL, "cp", right_pin, pin_file, NULL), 0);
    CU_ASSERT_EQUAL(unlink(latch), 0);
    CU_ASSERT_EQUAL(kill(ca->signetd, SIGHUP), 0);
    visitor_is_served_again(&visitor, "PIN mended");
    CU_ASSERT_EQUAL(logins(), before + 1);
    CU_ASSERT_FALSE(file_exists(latch));
}

/* --- the world --- */

static void
edit(const char *script)
{
    if (ca_run(ca, NULL, NULL, "sed", "-i", "-e", script, ca->config, NULL) != 0)
        abort();
}

/* The issuing token behind the shim, in a place that the signer's user can read. */
static void
watch_the_token(void)
{
    char shim[128], script[640];
    FILE *file;

    snprintf(shim, sizeof(shim), "%s/shim.so", ca->bin);
    snprintf(calls, sizeof(calls), "%s/calls", ca->folder);
    file = fopen(calls, "we");
    if (!file || fclose(file) != 0 || chmod(calls, 0666) != 0 ||
        ca_run(ca, NULL, NULL, "cp", SIGNET_SHIM, shim, NULL) != 0 || chmod(shim, 0755) != 0)
        abort();
    snprintf(script, sizeof(script),
             "/^token issuing/,/^}/s|environment = {\\(.*\\)}|environment = {\\1, "
             "\"SIGNET_SHIM_LOG=%s\", \"SIGNET_SHIM_MODULE=%s\"}|",
             calls, "/usr/lib/softhsm/libsofthsm2.so");
    edit(script);
    snprintf(script, sizeof(script), "/^token issuing/,/^}/s|module = \".*\"|module = \"%s\"|",
             shim);
    edit(script);
}

static void
world_open(void)
{
    ca = ca_start(&(struct ca_options){.stopped = true, .config = storm_config});
    snprintf(latch, sizeof(latch), "%s/signer/issuing/pin.latch", ca->folder);
    snprintf(pin_file, sizeof(pin_file), "%s/pins/issuing.pin", ca->folder);
    snprintf(right_pin, sizeof(right_pin), "%s/pins/issuing.right", ca->folder);
    if (ca_run(ca, NULL, NULL, "cp", pin_file, right_pin, NULL) != 0)
        abort();
    watch_the_token();
    ca_signetd_start(ca);
    visitor_open(&visitor, ca);
}

int
main(void)
{
    int status;

    world_open();
    status = RUN_SUITE("wrong PIN", TEST(one_attempt_only), TEST(the_rest_goes_on),
                       TEST(the_latch_holds), TEST(back_when_mended));
    visitor_close(&visitor);
    ca_stop(ca);
    return status;
}
