/* A loaded and initialised PKCS#11 module, and the token in it that a URI names. */
#ifndef SIGNET_TOKEN_MODULE_H
#define SIGNET_TOKEN_MODULE_H

#include <pthread.h>
#include <sys/types.h>

#include "uri.h"

struct module {
    CK_FUNCTION_LIST *functions;
    char name[64];
    bool ours_to_finalise;
    bool serialise; /* the module cannot lock: one call at a time (T-01) */
    pthread_mutex_t lock;
    pid_t owner; /* handles are void in a forked child (T-02) */
};

/* In place; module_done accepts a zeroed one. Errors: ERROR_CONFIG (cannot be loaded), token_error.
 */
MUST_USE bool module_init(struct module *module, const char *path, const char *init_string,
                          struct error *err);
/*
 * Finalises and unloads. Unloading runs the module's destructors while OpenSSL still works; left to
 * exit() they run after OpenSSL's own handlers and crash (T-03).
 */
void module_done(struct module *module);
/* True in the process that initialised it; false with ERROR_INTERNAL in a forked child. */
MUST_USE bool module_usable(const struct module *module, struct error *err);
void module_enter(struct module *module);
void module_leave(struct module *module);
/* The one slot whose token fits the URI (T-16). ERROR_TOKEN_UNAVAILABLE: none; ERROR_CONFIG:
 * several. */
MUST_USE bool module_find_token(struct module *module, P11KitUri *uri, CK_SLOT_ID *ret_slot,
                                CK_TOKEN_INFO *ret_info, struct error *err);

#endif
