#include "module.h"

#include <p11-kit/p11-kit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fate.h"

enum { MODULE_SLOTS = 256 }; /* more slots than any module shows; a longer list is refused */

static void
module_read_name(struct module *module)
{
    CK_INFO info;
    int len = (int)sizeof(info.manufacturerID);

    memset(&info, 0, sizeof(info));
    if (module->functions->C_GetInfo(&info) != CKR_OK) {
        snprintf(module->name, sizeof(module->name), "unnamed");
        return;
    }
    while (len > 0 && info.manufacturerID[len - 1] == ' ')
        len--;
    snprintf(module->name, sizeof(module->name), "%.*s %u.%u", len,
             (const char *)info.manufacturerID, info.libraryVersion.major,
             info.libraryVersion.minor);
}

static bool
module_initialise(struct module *module, char *init_string, struct error *err)
{
    CK_C_INITIALIZE_ARGS args;
    CK_RV rv;

    memset(&args, 0, sizeof(args));
    args.flags = CKF_OS_LOCKING_OK;
    args.pReserved = init_string;
    rv = module->functions->C_Initialize(&args);
    if (rv == CKR_CANT_LOCK) {
        module->serialise = true;
        args.flags = 0;
        rv = module->functions->C_Initialize(&args);
    }
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return token_error(err, rv, "initialise the PKCS#11 module");
    module->ours_to_finalise = rv == CKR_OK;
    module->owner = getpid();
    module_read_name(module);
    return true;
}

bool
module_init(struct module *module, const char *path, const char *init_string, struct error *err)
{
    char *reserved = NULL;
    bool ok;

    memset(module, 0, sizeof(*module));
    pthread_mutex_init(&module->lock, NULL);
    module->functions =
        p11_kit_module_load(path, P11_KIT_MODULE_UNMANAGED | P11_KIT_MODULE_CRITICAL);
    if (!module->functions)
        return error_set(err, ERROR_CONFIG, "PKCS#11 module %s cannot be loaded: %s", path,
                         p11_kit_message() ? p11_kit_message() : "no reason given");
    if (init_string && *init_string && !(reserved = strdup(init_string))) {
        module_done(module);
        return error_set(err, ERROR_MEMORY, "PKCS#11 module: no memory");
    }
    ok = module_initialise(module, reserved, err);
    free(reserved);
    if (!ok)
        module_done(module);
    return ok;
}

void
module_done(struct module *module)
{
    if (!module->functions)
        return;
    if (module->owner == getpid() && module->ours_to_finalise)
        module->functions->C_Finalize(NULL);
    if (module->owner == 0 || module->owner == getpid())
        p11_kit_module_release(module->functions);
    module->functions = NULL;
    pthread_mutex_destroy(&module->lock);
}

bool
module_usable(const struct module *module, struct error *err)
{
    if (module->owner == getpid())
        return true;
    return error_set(err, ERROR_INTERNAL,
                     "the PKCS#11 module was initialised by another process than this child");
}

void
module_enter(struct module *module)
{
    if (module->serialise)
        pthread_mutex_lock(&module->lock);
}

void
module_leave(struct module *module)
{
    if (module->serialise)
        pthread_mutex_unlock(&module->lock);
}

bool
module_find_token(struct module *module, P11KitUri *uri, CK_SLOT_ID *ret_slot,
                  CK_TOKEN_INFO *ret_info, struct error *err)
{
    CK_SLOT_ID slots[MODULE_SLOTS];
    CK_ULONG count = MODULE_SLOTS;
    CK_TOKEN_INFO info;
    unsigned found = 0;
    CK_RV rv = module->functions->C_GetSlotList(CK_TRUE, slots, &count);

    if (rv != CKR_OK)
        return token_error(err, rv, "list the slots of the PKCS#11 module");
    for (CK_ULONG i = 0; i < count; i++) {
        memset(&info, 0, sizeof(info));
        if (module->functions->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        if (!(info.flags & CKF_TOKEN_INITIALIZED) || !p11_kit_uri_match_token_info(uri, &info))
            continue;
        if (found++)
            continue;
        *ret_slot = slots[i];
        *ret_info = info;
    }
    if (found == 0)
        return error_set(err, ERROR_TOKEN_UNAVAILABLE,
                         "no token of module %s fits the pkcs11 URI (%lu tokens looked at)",
                         module->name, (unsigned long)count);
    if (found > 1)
        return error_set(err, ERROR_CONFIG,
                         "%u tokens of module %s fit the pkcs11 URI: add serial to it", found,
                         module->name);
    return true;
}
