/*
 * A PKCS#11 module for tests: forwards to the module named by SIGNET_SHIM_MODULE and does what the
 * file named by SIGNET_SHIM_CONTROL says, read anew at every call. Lines:
 *   FUNCTION rv 0xCODE          return this code instead of calling
 *   FUNCTION wait MILLISECONDS  call after a delay
 *   C_Sign wrong                turn one bit of the signature
 *   no-public-key               the token holds no public key objects
 *   C_FindObjects twice         find the first object twice
 *   sessions N                  the token allows N sessions
 *   open-most N                 the Nth session is the last that opens: CKR_SESSION_COUNT
 *   token-flags 0xFLAGS         flags added to the token's
 *   no-allowed-mechanisms       refuse CKA_ALLOWED_MECHANISMS in a template of a new key
 *   attribute 0xTYPE HEX        that attribute has this value
 *   attribute 0xTYPE -          that attribute is not known
 * Each call of a function listed below is appended to SIGNET_SHIM_LOG, one name a line.
 * PKCS#11 has no context argument, so the state here is global.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST shim;

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static void
shim_log(const char *function)
{
    const char *path = getenv("SIGNET_SHIM_LOG");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd < 0)
        return;
    if (dprintf(fd, "%s\n", function) < 0)
        abort();
    close(fd);
}

/* The rest of the control line that begins with these words. */
static bool
shim_order(const char *first, const char *second, char *rest, size_t room)
{
    const char *path = getenv("SIGNET_SHIM_CONTROL");
    FILE *file = path ? fopen(path, "re") : NULL;
    char line[512];
    bool found = false;

    if (!file)
        return false;
    while (!found && fgets(line, sizeof(line), file)) {
        char name[64] = "", verb[64] = "";
        int used = 0;

        if (sscanf(line, "%63s %63s %n", name, verb, &used) < 1 || strcmp(name, first) != 0 ||
            (second && strcmp(verb, second) != 0))
            continue;
        found = true;
        line[strcspn(line, "\n")] = '\0';
        snprintf(rest, room, "%s", second ? line + used : verb);
    }
    fclose(file);
    return found;
}

/* Logs and waits; true when a return code was ordered. */
static bool
shim_enter(const char *function, CK_RV *ret_rv)
{
    char rest[512];

    shim_log(function);
    if (shim_order(function, "wait", rest, sizeof(rest))) {
        long ms = strtol(rest, NULL, 10);
        struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

        nanosleep(&pause, NULL);
    }
    if (!shim_order(function, "rv", rest, sizeof(rest)))
        return false;
    *ret_rv = strtoul(rest, NULL, 0);
    return true;
}

static CK_RV
shim_initialize(void *args)
{
    CK_C_INITIALIZE_ARGS *wanted = args;
    char rest[512];
    CK_RV rv;

    /* "cannot lock" stands only for those who ask for locking. */
    if (shim_order("C_Initialize", "rv", rest, sizeof(rest)) && strtoul(rest, NULL, 0) == 0xa &&
        !(wanted && (wanted->flags & CKF_OS_LOCKING_OK))) {
        shim_log("C_Initialize");
        return real->C_Initialize(args);
    }
    return shim_enter("C_Initialize", &rv) ? rv : real->C_Initialize(args);
}

static CK_RV
shim_finalize(void *reserved)
{
    CK_RV rv;

    return shim_enter("C_Finalize", &rv) ? rv : real->C_Finalize(reserved);
}

static CK_RV
shim_get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    char rest[512];
    CK_RV rv = real->C_GetTokenInfo(slot, info);

    if (rv != CKR_OK)
        return rv;
    if (shim_order("sessions", NULL, rest, sizeof(rest)))
        info->ulMaxSessionCount = strtoul(rest, NULL, 0);
    if (shim_order("token-flags", NULL, rest, sizeof(rest)))
        info->flags |= strtoul(rest, NULL, 0);
    return CKR_OK;
}

/* How often the function stands in the log. */
static unsigned long
shim_calls(const char *function)
{
    const char *path = getenv("SIGNET_SHIM_LOG");
    FILE *file = path ? fopen(path, "re") : NULL;
    unsigned long calls = 0;
    char line[64];

    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        calls += strcmp(line, function) == 0;
    }
    if (file)
        fclose(file);
    return calls;
}

static CK_RV
shim_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                  CK_SESSION_HANDLE *session)
{
    char rest[512];
    CK_RV rv;

    if (shim_enter("C_OpenSession", &rv))
        return rv;
    if (shim_order("open-most", NULL, rest, sizeof(rest)) &&
        shim_calls("C_OpenSession") > strtoul(rest, NULL, 0))
        return CKR_SESSION_COUNT;
    return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV
shim_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
    CK_RV rv;

    return shim_enter("C_Login", &rv) ? rv : real->C_Login(session, user, pin, pin_len);
}

static CK_RV
shim_logout(CK_SESSION_HANDLE session)
{
    CK_RV rv;

    return shim_enter("C_Logout", &rv) ? rv : real->C_Logout(session);
}

static CK_RV
shim_find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *filter, CK_ULONG count)
{
    CK_OBJECT_CLASS class = 0;
    char rest[512];

    for (CK_ULONG i = 0; i < count; i++) {
        if (filter[i].type != CKA_CLASS || !shim_order("no-public-key", NULL, rest, sizeof(rest)))
            continue;
        memcpy(&class, filter[i].pValue, sizeof(class));
        if (class == CKO_PUBLIC_KEY) {
            CK_OBJECT_CLASS absent = CKO_HW_FEATURE;
            CK_ATTRIBUTE none = {CKA_CLASS, &absent, sizeof(absent)};

            return real->C_FindObjectsInit(session, &none, 1);
        }
    }
    return real->C_FindObjectsInit(session, filter, count);
}

static CK_RV
shim_find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most,
                  CK_ULONG *count)
{
    char rest[512];
    CK_RV rv;

    if (shim_enter("C_FindObjects", &rv))
        return rv;
    rv = real->C_FindObjects(session, objects, most, count);
    if (rv == CKR_OK && *count == 1 && most > 1 &&
        shim_order("C_FindObjects", "twice", rest, sizeof(rest))) {
        objects[1] = objects[0];
        *count = 2;
    }
    return rv;
}

static CK_RV
shim_find_objects_final(CK_SESSION_HANDLE session)
{
    CK_RV rv;

    return shim_enter("C_FindObjectsFinal", &rv) ? rv : real->C_FindObjectsFinal(session);
}

/* Gives the ordered value; the caller's own two calls for length and value both end here. */
static CK_RV
shim_attribute(CK_ATTRIBUTE *attribute, const char *hex)
{
    size_t len = strlen(hex) / 2;

    if (strcmp(hex, "-") == 0) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (attribute->pValue && attribute->ulValueLen < len) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    for (size_t i = 0; attribute->pValue && i < len; i++) {
        unsigned octet = 0;

        if (sscanf(hex + 2 * i, "%2x", &octet) != 1)
            abort();
        ((unsigned char *)attribute->pValue)[i] = (unsigned char)octet;
    }
    attribute->ulValueLen = len;
    return CKR_OK;
}

static CK_RV
shim_get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    char type[32], rest[512];
    CK_RV rv;

    if (shim_enter("C_GetAttributeValue", &rv))
        return rv;
    if (count == 1) {
        snprintf(type, sizeof(type), "0x%lx", attributes[0].type);
        if (shim_order("attribute", type, rest, sizeof(rest)))
            return shim_attribute(&attributes[0], rest);
    }
    return real->C_GetAttributeValue(session, object, attributes, count);
}

static CK_RV
shim_generate(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_template,
              CK_ULONG public_count, CK_ATTRIBUTE *private_template, CK_ULONG private_count,
              CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    char rest[512];
    CK_RV rv;

    if (shim_enter("C_GenerateKeyPair", &rv))
        return rv;
    for (CK_ULONG i = 0; i < private_count; i++)
        if (private_template[i].type == CKA_ALLOWED_MECHANISMS &&
            shim_order("no-allowed-mechanisms", NULL, rest, sizeof(rest)))
            return CKR_ATTRIBUTE_TYPE_INVALID;
    return real->C_GenerateKeyPair(session, mechanism, public_template, public_count,
                                   private_template, private_count, public_key, private_key);
}

static CK_RV
shim_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_RV rv;

    return shim_enter("C_SignInit", &rv) ? rv : real->C_SignInit(session, mechanism, key);
}

static CK_RV
shim_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
          CK_ULONG *signature_len)
{
    char rest[512];
    CK_RV rv;

    if (shim_enter("C_Sign", &rv))
        return rv;
    rv = real->C_Sign(session, data, len, signature, signature_len);
    if (rv == CKR_OK && signature && shim_order("C_Sign", "wrong", rest, sizeof(rest)))
        signature[*signature_len / 2] ^= 1;
    return rv;
}

static CK_RV
shim_get_function_list(CK_FUNCTION_LIST **list)
{
    *list = &shim;
    return CKR_OK;
}

static bool
shim_load(void)
{
    const char *path = getenv("SIGNET_SHIM_MODULE");
    void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    CK_RV (*get_list)(CK_FUNCTION_LIST **);

    if (!module)
        return false;
    *(void **)&get_list = dlsym(module, "C_GetFunctionList");
    return get_list && get_list(&real) == CKR_OK;
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (!real && !shim_load())
        return CKR_GENERAL_ERROR;
    shim = *real;
    shim.C_GetFunctionList = shim_get_function_list;
    shim.C_Initialize = shim_initialize;
    shim.C_Finalize = shim_finalize;
    shim.C_GetTokenInfo = shim_get_token_info;
    shim.C_OpenSession = shim_open_session;
    shim.C_Login = shim_login;
    shim.C_Logout = shim_logout;
    shim.C_FindObjectsInit = shim_find_objects_init;
    shim.C_FindObjects = shim_find_objects;
    shim.C_FindObjectsFinal = shim_find_objects_final;
    shim.C_GetAttributeValue = shim_get_attribute_value;
    shim.C_GenerateKeyPair = shim_generate;
    shim.C_SignInit = shim_sign_init;
    shim.C_Sign = shim_sign;
    *list = &shim;
    return CKR_OK;
}
