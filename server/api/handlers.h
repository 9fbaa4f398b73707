/* The handlers of the API, one for each row of the route table. The caller's kind was checked
 * against the table before; what depends on the object is checked in the handler. */
#ifndef SIGNET_API_HANDLERS_H
#define SIGNET_API_HANDLERS_H

#include "http/http.h"

#define HANDLER(name)                                                                              \
    bool name(struct worker *worker, struct request *request, struct response *response,           \
              struct error *err)

HANDLER(handle_certificate_issue);
HANDLER(handle_certificate_renew);
HANDLER(handle_certificate_list);
HANDLER(handle_certificate_get);
HANDLER(handle_revocation_create);
HANDLER(handle_token_create);
HANDLER(handle_identity_list);
HANDLER(handle_identity_create);
HANDLER(handle_identity_get);
HANDLER(handle_identity_change);
HANDLER(handle_issuer_list);
HANDLER(handle_root_list);
HANDLER(handle_audit_list);
HANDLER(handle_policy_get);
HANDLER(handle_policy_list);
HANDLER(handle_policy_check);
HANDLER(handle_policy_apply);

/* The query parameters that the lists take, for the route table. */
extern const char *const certificate_list_query[];
extern const char *const identity_list_query[];
extern const char *const audit_list_query[];
extern const char *const policy_get_query[];
extern const char *const policy_list_query[];

#endif
