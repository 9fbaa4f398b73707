/*
 * Inside the guard: what a rule is given, and the rules that have files of their own. A rule
 * answers with REFUSE, under its name in the table of guard.c.
 */
#ifndef SIGNET_SIGNER_GUARD_RULE_H
#define SIGNET_SIGNER_GUARD_RULE_H

#include "guard.h"

struct guard_input {
    const struct guard *guard;
    const struct issue_request *request;
    const struct permit *permit;
    const struct guarded *found;
    const struct tbs_cert *tbs;
    int64_t now_s;
};

typedef bool guard_rule(const struct guard_input *in, const char *rule, struct error *err);

#define REFUSE(...) error_refuse(err, ERROR_PERMIT, rule, __VA_ARGS__)

/* guard_frame.c: the words of the frame */
guard_rule guard_check_text, guard_check_identity_text, guard_check_grant, guard_check_grant_key;
/* The class follows from the name: those of the authority and of administrators are kept. */
MUST_USE bool guard_pick_class(const char *identity, enum permit_class_kind *ret_kind,
                               struct error *err);
/* guard_names.c: subject alternative names */
guard_rule guard_check_no_names, guard_check_uri, guard_check_names;

enum {
    OF_WORKLOAD = 1 << CLASS_WORKLOAD,
    OF_ADMIN = 1 << CLASS_ADMIN,
    OF_SERVER = 1 << CLASS_SERVER,
    OF_RESPONDER = 1 << CLASS_RESPONDER,
    OF_LEAF = OF_WORKLOAD | OF_ADMIN | OF_SERVER,
    OF_ALL = OF_LEAF | OF_RESPONDER
};

#endif
