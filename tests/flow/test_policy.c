/*
 * The policy document over the command line, against a running authority: what is applied is in
 * force, what goes beyond the real signer's permit is refused naming both lines.
 */
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"

static struct flow *flow;

/* Runs "sh -c LINE" in the work folder; standard output and error together in `out`. */
static int
shell(struct buffer *out, const char *line)
{
    buffer_init(out, 1024 * 1024);
    return ca_run(flow_ca(flow), NULL, out, "sh", "-c", line, NULL);
}

static void
expect_shell(const char *line, int status, const char *says)
{
    AUTO_BUFFER out;
    int found = shell(&out, line);
    const char *text = buffer_text(&out);

    if (found != status || !strstr(text, says))
        printf("\n    %s: status %d: %s", line, found, text);
    CU_ASSERT_EQUAL(found, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, says));
}

static long long
newest(void)
{
    return flow_number(flow, "SELECT max(version) FROM policy");
}

static void
the_document_is_shown_as_it_is(void)
{
    expect_shell("signet policy show --quiet > policy.json", 0, "");
    expect_shell("cat policy.json", 0, "\"profiles\"");
    expect_shell("signet policy check policy.json", 0, "can be applied: 4 profiles");
    expect_shell("signet policy diff policy.json", 0, "0 changes");
    expect_shell("signet policy history", 0, "ceremony");
    expect_shell("signet policy show --version 99", 1, "there is no version 99 of the policy");
}

static long long
life_of(const char *identity)
{
    struct party party;
    long long life_s;

    flow_enrol(flow, identity, &party);
    life_s = flow_number(flow,
                         "SELECT extract(epoch FROM not_after - not_before)::bigint + 1 "
                         "FROM certificate WHERE encode(serial, 'hex') = '%s'",
                         party.serial);
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT policy_version FROM certificate "
                                "WHERE encode(serial, 'hex') = '%s'",
                                party.serial),
                    newest());
    party_done(&party);
    return life_s;
}

/* A server follows by notice or, at the latest, at its look of each second. */
static bool
comes_into_force(const char *identity, long long life_s)
{
    struct party party;
    long long version = 0;

    for (int i = 0; i < 100 && version != newest(); i++) {
        if (i)
            usleep(100000);
        flow_enrol(flow, identity, &party);
        version = flow_number(flow,
                              "SELECT policy_version FROM certificate "
                              "WHERE encode(serial, 'hex') = '%s'",
                              party.serial);
        party_done(&party);
    }
    return life_of(identity) == life_s;
}

static void
what_is_applied_is_in_force(void)
{
    long long before = newest();

    expect_shell("sed 's/\"default_ttl_s\": 86400/\"default_ttl_s\": 7200/' policy.json > new.json",
                 0, "");
    expect_shell("signet policy diff new.json", 0,
                 "~ profiles.workload.default_ttl_s: 86400 -> 7200");
    expect_shell("signet policy apply new.json --yes", 0, "is in force");
    CU_ASSERT_EQUAL(newest(), before + 1);
    CU_ASSERT_TRUE(comes_into_force("policy/short", 7200));
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT count(*) FROM audit_event WHERE action = 'policy.apply' "
                                "AND outcome = 'done' AND object = '%lld'",
                                before + 1),
                    1);
    expect_shell("signet policy apply policy.json --yes --expect 1", 1, "expected was 1");
    expect_shell("signet policy rollback 1 --yes", 0, "is in force");
    CU_ASSERT_EQUAL(newest(), before + 2);
    CU_ASSERT_TRUE(comes_into_force("policy/short", 86400));
}

/* The permit is the ceremony's; its line is looked up in the very file. */
static void
what_goes_beyond_the_permit_is_refused(void)
{
    long long before = newest();
    long long refused;

    refused = flow_number(flow, "SELECT count(*) FROM audit_event WHERE action = 'policy.apply' "
                                "AND outcome = 'refused' AND rule = 'policy.permit'");
    expect_shell("sed 's/\"max_ttl_s\": 604800/\"max_ttl_s\": 604801/' policy.json > beyond.json",
                 0, "");
    expect_shell("signet policy check beyond.json", 1, "$.profiles.workload.max_ttl_s: 604801");
    expect_shell(
        "signet policy apply beyond.json --yes > said 2>&1; grep -q \"beyond the permit\" said && "
        "ours=$(grep -n 604801 beyond.json | cut -d: -f1) && "
        "theirs=$(grep -n 'class workload' -A1 ../permits/issuing.conf | tail -1 | cut -d- -f1) && "
        "grep -q \"policy document, line $ours: \" said && "
        "grep -q \"issuing.conf, line $theirs: class workload max_life_s is 604800\" "
        "said && echo both lines",
        0, "both lines");
    CU_ASSERT_EQUAL(newest(), before);
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT count(*) FROM audit_event WHERE action = 'policy.apply' "
                                "AND outcome = 'refused' AND rule = 'policy.permit'"),
                    refused + 1);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status =
        RUN_SUITE("policy", TEST(the_document_is_shown_as_it_is), TEST(what_is_applied_is_in_force),
                  TEST(what_goes_beyond_the_permit_is_refused));
    flow_stop(flow);
    return status;
}
