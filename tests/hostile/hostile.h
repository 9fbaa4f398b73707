/*
 * The hostile server: these programs sit where signet-server sits. They have the server's channels
 * to real signers of both roles and the server's role in the database, and try to get what it must
 * not have. Every refusal must name its rule and stand in the audit trail; what the database itself
 * refuses for want of a right stands in PostgreSQL's log, since such a transaction cannot write.
 */
#ifndef SIGNET_TEST_HOSTILE_H
#define SIGNET_TEST_HOSTILE_H

#include "authority.h"

SHARED long
audits(void)
{
    return sql_number("SELECT coalesce(sum(count), 0) FROM audit_event"
                      " WHERE action = 'signer.refuse' AND outcome = 'refused'");
}

SHARED long
audits_of(const char *rule)
{
    char statement[256];

    snprintf(statement, sizeof(statement),
             "SELECT count(*) FROM audit_event WHERE action = 'signer.refuse'"
             " AND outcome = 'refused' AND rule = '%s'",
             rule);
    return sql_number(statement);
}

SHARED long
certificates(void)
{
    return sql_number("SELECT count(*) FROM certificate");
}

SHARED void
issue_one(uint8_t serial[SERIAL_OCTETS])
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};

    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    memcpy(serial, request->leaf.serial, SERIAL_OCTETS);
    request_free(request);
}

SHARED void
is_alive(struct running *running)
{
    struct probe_reply reply;
    struct error err = {0};

    ASSERT_OK(signer_probe(client(running, 0), AUTHORITY_CALL_MS, &reply, &err), &err);
}

SHARED void
leaves_both_signers_running(void)
{
    uint8_t serial[SERIAL_OCTETS];

    issue_one(serial);
    is_alive(&authority.status);
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    CU_ASSERT_EQUAL(signer_stop(&authority.status), 0);
}

/* The responder's certificate, as the ceremony gets it. */
SHARED void
make_responder(void)
{
    struct test_request *request = request_make("signet/ocsp");
    struct issue_reply reply;
    struct error err = {0};

    need(signer_issue(client(&authority.issuing, 1), &request->request, AUTHORITY_CALL_MS, &reply,
                      &err),
         "the responder's certificate", &err);
    request_free(request);
}

/* Identities, and both signers at work. */
SHARED void
hostile_start(void)
{
    authority_make();
    identity_make("flow/one", "workload", NULL);
    identity_make("flow/other", "workload", NULL);
    identity_make("flow/suspended", "workload", NULL);
    identity_make("admin/mallory", "admin", NULL);
    identity_make("signet/ocsp", "responder", NULL);
    identity_make("signet/server", "server", "dns:localhost");
    signer_start(&authority.issuing, "issuing");
    make_responder();
    signer_start(&authority.status, "status");
}

#endif
