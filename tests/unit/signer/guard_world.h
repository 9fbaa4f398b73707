/* The guard with a permit of its own, and one request after the other to judge. */
#ifndef SIGNET_TEST_SIGNER_GUARD_WORLD_H
#define SIGNET_TEST_SIGNER_GUARD_WORLD_H

#include "fixture.h"

#define NOW 1795680000 /* 2026-11-26T00:00:00Z */
#define IDENTITY "payments/api"

struct world {
    struct test_issuer issuer;
    struct test_spki key, other, p384, responder;
    struct permit *permit;
    struct guard guard;
};

SHARED struct world *
world_make(void)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = {0};
    char path[128];
    AUTO_BUFFER text;

    buffer_init(&text, LIMIT_CONFIG_OCTETS);
    test_folder(world->issuer.folder);
    spki_make(&world->issuer.key, KEY_P256);
    spki_make(&world->key, KEY_P256);
    spki_make(&world->other, KEY_P256);
    spki_make(&world->p384, KEY_P384);
    spki_make(&world->responder, KEY_P256);
    issuer_make(&world->issuer, NOW);
    permit_text(&world->responder, &text);
    snprintf(path, sizeof(path), "%s/issuing.conf", world->issuer.folder);
    must(file_write_atomic(path, buffer_bytes(&text), 0644, (uid_t)-1, (gid_t)-1, &err) &&
             permit_load(path, ROLE_ISSUING, &world->permit, &err),
         &err);
    world->guard = (struct guard){.permit = world->permit, .issuer_id = 7};
    return world;
}

SHARED void
world_free(struct world *world)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/issuing.pem", world->issuer.folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/issuing.conf", world->issuer.folder);
    unlink(path);
    rmdir(world->issuer.folder);
    permit_free(world->permit);
    buffer_done(&world->issuer.der);
    free(world);
}

/* --- one case: what is changed, and the rule that must say no --- */

struct attempt {
    struct world *world;
    struct test_leaf leaf;
    struct issue_request request;
    struct buffer tbs;
};

SHARED void
attempt_make(struct attempt *attempt, struct world *world, const char *identity)
{
    bool responder = strcmp(identity, "signet/ocsp") == 0;

    memset(attempt, 0, sizeof(*attempt));
    attempt->world = world;
    leaf_make(&attempt->leaf, &world->issuer, identity, responder ? &world->responder : &world->key,
              NOW, responder);
    attempt->request.grant_kind = responder                                ? GRANT_RESPONDER
                                  : strcmp(identity, "signet/server") == 0 ? GRANT_SERVER
                                                                           : GRANT_TOKEN;
    snprintf(attempt->request.identity, sizeof(attempt->request.identity), "%s", identity);
    snprintf(attempt->request.profile, sizeof(attempt->request.profile), "workload");
    snprintf(attempt->request.requester, sizeof(attempt->request.requester), "token:1a2b3c4d");
    buffer_init(&attempt->tbs, LIMIT_TBS_OCTETS + 1024);
}

SHARED bool
attempt_check(struct attempt *attempt, struct error *err)
{
    struct guarded *guarded = calloc(1, sizeof(*guarded));
    bool ok;

    if (attempt->tbs.len == 0 &&
        !ASSERT_OK(tbs_cert_build(&attempt->leaf.tbs, &attempt->tbs, err), err))
        abort();
    attempt->request.tbs = buffer_bytes(&attempt->tbs);
    ok = guard_check(&attempt->world->guard, &attempt->request, NOW, guarded, err);
    buffer_done(&attempt->tbs);
    free(guarded);
    return ok;
}

typedef void change_function(struct attempt *attempt);
#define TBS (attempt->leaf.tbs)

#endif
