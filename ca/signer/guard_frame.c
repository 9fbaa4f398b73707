#include <string.h>

#include "guard_rule.h"

static bool
is_plain(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* One text that the database cannot store would take its whole batch down. */
bool
guard_check_text(const struct guard_input *in, const char *rule, struct error *err)
{
    const struct issue_request *request = in->request;

    if (is_plain(request->identity) && is_plain(request->profile) && is_plain(request->requester) &&
        is_plain(request->request_id) && request->policy_version <= INT64_MAX)
        return true;
    return REFUSE("a text of the frame holds other than printable ASCII, or the policy version is "
                  "out of range");
}

static bool
is_segment_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* The path of a SPIFFE id without its first slash (ID-3). */
bool
guard_check_identity_text(const struct guard_input *in, const char *rule, struct error *err)
{
    const char *text = in->request->identity;

    while (true) {
        size_t len = 0;

        while (is_segment_char(text[len]))
            len++;
        if (len == 0 || strspn(text, ".") == len)
            return REFUSE("\"%s\" is not an identity name", in->request->identity);
        text += len;
        if (*text == '\0')
            return true;
        if (*text++ != '/')
            return REFUSE("\"%s\" is not an identity name", in->request->identity);
    }
}

bool
guard_check_grant(const struct guard_input *in, const char *rule, struct error *err)
{
    static const unsigned classes_of_grant[] = {
        [GRANT_TOKEN] = OF_WORKLOAD | OF_ADMIN,
        [GRANT_RENEWAL] = OF_WORKLOAD | OF_ADMIN,
        [GRANT_SERVER] = OF_SERVER,
        [GRANT_RESPONDER] = OF_RESPONDER,
        [GRANT_CEREMONY] = OF_ADMIN,
    };
    unsigned kind = (unsigned)in->request->grant_kind;

    if (kind >= ARRAY_LEN(classes_of_grant) || !(classes_of_grant[kind] & 1U << in->found->kind))
        return REFUSE("a grant of kind %u does not allow a certificate of class %s", kind,
                      permit_class_name(in->found->kind));
    if (in->request->grant_kind == GRANT_CEREMONY && !in->guard->ceremony)
        return REFUSE("the ceremony's grant is admitted only in the ceremony");
    return true;
}

/* A renewal's key follows from its predecessor, so that one attempt cannot be granted twice. */
bool
guard_check_grant_key(const struct guard_input *in, const char *rule, struct error *err)
{
    const struct issue_request *request = in->request;
    uint8_t key[LIMIT_DIGEST_OCTETS];

    if (request->grant_kind != GRANT_RENEWAL) {
        if (request->predecessor.len == 0 && request->attempt == 0)
            return true;
        return REFUSE("only a renewal names a predecessor and an attempt");
    }
    if (request->predecessor.len == 0 || request->attempt > LIMIT_RENEWAL_ATTEMPTS)
        return REFUSE("a renewal names its predecessor and an attempt of at most %d",
                      LIMIT_RENEWAL_ATTEMPTS);
    guard_renewal_key(in->guard->issuer_id, request->predecessor, request->attempt, key);
    if (memcmp(key, request->grant_key, sizeof(key)) != 0)
        return REFUSE("the grant key is not that of attempt %u of this predecessor",
                      (unsigned)request->attempt);
    return true;
}

/* The names of the authority itself and of its administrators are classes of their own. */
bool
guard_pick_class(const char *identity, enum permit_class_kind *ret_kind, struct error *err)
{
    static const struct {
        const char *name;
        bool prefix;
        enum permit_class_kind kind;
    } table[] = {
        {"signet/server", false, CLASS_SERVER},
        {"signet/ocsp", false, CLASS_RESPONDER},
        {"admin/", true, CLASS_ADMIN},
    };

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        bool same = table[i].prefix ? strncmp(identity, table[i].name, strlen(table[i].name)) == 0
                                    : strcmp(identity, table[i].name) == 0;
        if (same) {
            *ret_kind = table[i].kind;
            return true;
        }
    }
    if (strncmp(identity, "signet/", 7) == 0 || strcmp(identity, "signet") == 0 ||
        strcmp(identity, "admin") == 0)
        return error_refuse(err, ERROR_PERMIT, "permit.identity",
                            "the name %s is kept for the authority", identity);
    *ret_kind = CLASS_WORKLOAD;
    return true;
}

static void
put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void
guard_renewal_key(int32_t issuer_id, struct bytes predecessor, uint32_t attempt,
                  uint8_t ret_key[LIMIT_DIGEST_OCTETS])
{
    uint8_t text[7 + 4 + LIMIT_SERIAL_OCTETS + 4] = "renewal";
    size_t len = predecessor.len < LIMIT_SERIAL_OCTETS ? predecessor.len : LIMIT_SERIAL_OCTETS;

    put_u32(text + 7, (uint32_t)issuer_id);
    if (len > 0)
        memcpy(text + 11, predecessor.data, len);
    put_u32(text + 11 + len, attempt);
    digest_sha256(bytes_of(text, 15 + len), ret_key);
}
