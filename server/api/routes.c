#include "api/handlers.h"

/*
 * The one table of the API. docs/openapi.yaml has the same paths, and a test compares the two. A
 * route that is not here does not exist; a caller that is not named is refused.
 */
#define CALLER_STAFF (CALLER_ADMIN | CALLER_REVOKER | CALLER_ENROLLER | CALLER_AUDITOR)
#define CALLER_READERS (CALLER_ADMIN | CALLER_REVOKER | CALLER_AUDITOR | CALLER_WORKLOAD)

const struct route api_routes[] = {
    {"POST", "/v1/certificates", CALLER_TOKEN, handle_certificate_issue, LIMIT_BODY_OCTETS, NULL,
     "certificate.issue"},
    {"POST", "/v1/certificates/renew", CALLER_WORKLOAD | CALLER_STAFF, handle_certificate_renew,
     LIMIT_BODY_OCTETS, NULL, "certificate.renew"},
    {"GET", "/v1/certificates", CALLER_READERS, handle_certificate_list, 0, certificate_list_query,
     "certificate.list"},
    {"GET", "/v1/certificates/{serial}", CALLER_READERS, handle_certificate_get, 0, NULL,
     "certificate.get"},
    {"POST", "/v1/revocations", CALLER_ADMIN | CALLER_REVOKER | CALLER_WORKLOAD,
     handle_revocation_create, LIMIT_BODY_OCTETS, NULL, "revocation.create"},
    {"POST", "/v1/tokens", CALLER_ADMIN | CALLER_ENROLLER, handle_token_create, LIMIT_BODY_OCTETS,
     NULL, "token.create"},
    {"GET", "/v1/identities", CALLER_ADMIN | CALLER_ENROLLER | CALLER_AUDITOR, handle_identity_list,
     0, identity_list_query, "identity.list"},
    {"POST", "/v1/identities", CALLER_ADMIN, handle_identity_create, LIMIT_BODY_OCTETS, NULL,
     "identity.create"},
    {"GET", "/v1/identities/{name...}", CALLER_ADMIN | CALLER_ENROLLER | CALLER_AUDITOR,
     handle_identity_get, 0, NULL, "identity.get"},
    {"PATCH", "/v1/identities/{name...}", CALLER_ADMIN, handle_identity_change, LIMIT_BODY_OCTETS,
     NULL, "identity.change"},
    {"GET", "/v1/issuers", CALLER_ANY, handle_issuer_list, 0, NULL, "issuer.list"},
    {"GET", "/v1/roots", CALLER_ANY, handle_root_list, 0, NULL, "root.list"},
    {"GET", "/v1/audit", CALLER_ADMIN | CALLER_AUDITOR, handle_audit_list, 0, audit_list_query,
     "audit.list"},
    {"GET", "/v1/policy", CALLER_STAFF, handle_policy_get, 0, policy_get_query, "policy.get"},
    {"POST", "/v1/policy", CALLER_ADMIN, handle_policy_apply, LIMIT_POLICY_BODY_OCTETS, NULL,
     "policy.apply"},
    {"GET", "/v1/policy/versions", CALLER_STAFF, handle_policy_list, 0, policy_list_query,
     "policy.list"},
    {"POST", "/v1/policy/check", CALLER_ADMIN | CALLER_AUDITOR, handle_policy_check,
     LIMIT_POLICY_BODY_OCTETS, NULL, "policy.check"},
    {NULL, NULL, 0, NULL, 0, NULL, NULL},
};
