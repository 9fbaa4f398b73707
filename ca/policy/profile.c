#include "internal.h"

enum { YEAR_S = 366 * 86400, MOST_BACKDATE_S = 3600, MOST_LINE = 1000000 };

static const char *const kinds[] = {"workload", "admin", "server", "responder"};

/* One member of a profile: how it is read, and its bounds when it is a number. */
struct profile_member {
    const char *name;
    bool required;
    bool (*parse)(const struct profile_member *member, const char *path, const json_t *value,
                  struct profile *profile, struct error *err);
    int64_t least, most;
    size_t offset;
};

static bool
wanted(struct error *err, const char *path, const char *what)
{
    return error_set(err, ERROR_POLICY, "%s: wanted %s", path, what);
}

/* A text without NUL inside, borrowed; null for anything else. */
static const char *
plain_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool
kind_parse(const struct profile_member *member, const char *path, const json_t *value,
           struct profile *profile, struct error *err)
{
    const char *text = plain_text(value);

    (void)member;
    for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
        if (strcmp(text, kinds[i]) == 0) {
            memcpy(profile->kind, text, strlen(text) + 1);
            return true;
        }
    return wanted(err, path, "workload, admin, server or responder");
}

static bool
number_parse(const struct profile_member *member, const char *path, const json_t *value,
             struct profile *profile, struct error *err)
{
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < member->least || number > member->most)
        return error_set(err, ERROR_POLICY, "%s: wanted an integer from %lld to %lld", path,
                         (long long)member->least, (long long)member->most);
    memcpy((char *)profile + member->offset, &number, sizeof(number));
    return true;
}

static bool
line_parse(const struct profile_member *member, const char *path, const json_t *value,
           struct profile *profile, struct error *err)
{
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < member->least || number > member->most)
        return error_set(err, ERROR_POLICY, "%s: wanted an integer from %lld to %lld", path,
                         (long long)member->least, (long long)member->most);
    profile->max_line = (uint32_t)number;
    return true;
}

static bool
key_type_of(const char *name, unsigned *ret_bit)
{
    static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519};

    for (size_t i = 0; name && i < ARRAY_LEN(types); i++)
        if (strcmp(public_key_name(types[i]), name) == 0) {
            *ret_bit = 1U << types[i];
            return true;
        }
    return false;
}

static bool
key_types_parse(const struct profile_member *member, const char *path, const json_t *value,
                struct profile *profile, struct error *err)
{
    (void)member;
    if (!json_is_array(value) || json_array_size(value) == 0)
        return wanted(err, path, "an array with one key type or more");
    for (size_t i = 0; i < json_array_size(value); i++) {
        unsigned bit;

        if (!key_type_of(plain_text(json_array_get(value, i)), &bit) || profile->key_types & bit)
            return error_set(err, ERROR_POLICY,
                             "%s[%zu]: wanted a key type such as P-256, each once", path, i);
        profile->key_types |= bit;
    }
    return true;
}

static bool
suffixes_parse(const struct profile_member *member, const char *path, const json_t *value,
               struct profile *profile, struct error *err)
{
    (void)member;
    if (!json_is_array(value) || json_array_size(value) > ARRAY_LEN(profile->dns_suffixes))
        return wanted(err, path, "an array of at most 16 DNS names");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = plain_text(json_array_get(value, i));
        const char *why = "not a text";

        if (!text || !dns_name_fits(text, &why))
            return error_set(err, ERROR_POLICY, "%s[%zu]: wanted a DNS name: %s", path, i, why);
        memcpy(profile->dns_suffixes[i], text, strlen(text) + 1);
        profile->dns_suffix_count = i + 1;
    }
    return true;
}

static bool
ranges_parse(const struct profile_member *member, const char *path, const json_t *value,
             struct profile *profile, struct error *err)
{
    (void)member;
    if (!json_is_array(value) || json_array_size(value) > ARRAY_LEN(profile->ip_ranges))
        return wanted(err, path, "an array of at most 16 address ranges");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = plain_text(json_array_get(value, i));
        struct ip_range range;

        if (!text || strlen(text) >= sizeof(profile->ip_ranges[i]) || !ip_range_parse(text, &range))
            return error_set(err, ERROR_POLICY,
                             "%s[%zu]: wanted a range such as 10.0.0.0/8, no bits past its prefix",
                             path, i);
        memcpy(profile->ip_ranges[i], text, strlen(text) + 1);
        profile->ip_range_count = i + 1;
    }
    return true;
}

static bool
identities_parse(const struct profile_member *member, const char *path, const json_t *value,
                 struct profile *profile, struct error *err)
{
    (void)member;
    if (!json_is_array(value) || json_array_size(value) == 0 ||
        json_array_size(value) > ARRAY_LEN(profile->identities))
        return wanted(err, path, "an array of 1 to 16 patterns of names");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = plain_text(json_array_get(value, i));

        if (!text || !identity_pattern_fits(text))
            return error_set(err, ERROR_POLICY,
                             "%s[%zu]: wanted a name whose segments may be *, the last one **",
                             path, i);
        memcpy(profile->identities[i], text, strlen(text) + 1);
        profile->identity_count = i + 1;
    }
    return true;
}

static bool
token_roles_parse(const struct profile_member *member, const char *path, const json_t *value,
                  struct profile *profile, struct error *err)
{
    static const struct {
        const char *name;
        unsigned bit;
    } roles[] = {{"admin", TOKEN_ROLE_ADMIN}, {"enroller", TOKEN_ROLE_ENROLLER}};

    (void)member;
    if (!json_is_array(value) || json_array_size(value) == 0)
        return wanted(err, path, "an array with one role or more");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = plain_text(json_array_get(value, i));
        size_t at = 0;

        while (at < ARRAY_LEN(roles) && !(text && strcmp(text, roles[at].name) == 0))
            at++;
        if (at == ARRAY_LEN(roles) || profile->token_roles & roles[at].bit)
            return error_set(err, ERROR_POLICY, "%s[%zu]: wanted admin or enroller, each once",
                             path, i);
        profile->token_roles |= roles[at].bit;
    }
    return true;
}

static const struct profile_member members[] = {
    {"kind", true, kind_parse, 0, 0, 0},
    {"default_ttl_s", true, number_parse, 60, YEAR_S, offsetof(struct profile, default_ttl_s)},
    {"max_ttl_s", true, number_parse, 60, YEAR_S, offsetof(struct profile, max_ttl_s)},
    {"backdate_s", true, number_parse, 0, MOST_BACKDATE_S, offsetof(struct profile, backdate_s)},
    {"key_types", true, key_types_parse, 0, 0, 0},
    {"max_line", true, line_parse, 1, MOST_LINE, 0},
    {"dns_suffixes", false, suffixes_parse, 0, 0, 0},
    {"ip_ranges", false, ranges_parse, 0, 0, 0},
    {"identities", false, identities_parse, 0, 0, 0},
    {"token_roles", false, token_roles_parse, 0, 0, 0},
};

static const struct profile_member *
member_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

static bool
profile_name_fits(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= LIMIT_PROFILE_OCTETS &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool
members_parse(const char *where, const json_t *value, struct profile *profile, struct error *err)
{
    char path[160];
    const char *name;
    json_t *member_value;

    json_object_foreach((json_t *)(uintptr_t)value, name, member_value)
    {
        const struct profile_member *member = member_of(name);

        snprintf(path, sizeof(path), "%s.%.48s", where, name);
        if (!member)
            return error_set(err, ERROR_POLICY, "%s: this member is not known", path);
        if (!member->parse(member, path, member_value, profile, err))
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].required && !json_object_get(value, members[i].name))
            return error_set(err, ERROR_POLICY, "%s.%s: this member is required", where,
                             members[i].name);
    return true;
}

/* Whoever makes a token for an administrator can become that administrator. */
static bool
token_roles_settle(const char *where, struct profile *profile, struct error *err)
{
    bool workload = strcmp(profile->kind, "workload") == 0;

    if (profile->token_roles & TOKEN_ROLE_ENROLLER && !workload)
        return error_set(err, ERROR_POLICY,
                         "%s.token_roles: an enroller makes tokens for workloads alone", where);
    if (!profile->token_roles)
        profile->token_roles = TOKEN_ROLE_ADMIN | (workload ? TOKEN_ROLE_ENROLLER : 0);
    return true;
}

bool
profile_parse(const char *name, const json_t *value, struct profile *ret_profile, struct error *err)
{
    struct profile profile = {.max_line = 0};
    char where[96];

    snprintf(where, sizeof(where), "$.profiles.%.64s", name);
    if (!profile_name_fits(name))
        return wanted(err, where, "a name of 1 to 64 lower-case letters, digits and hyphens");
    if (!json_is_object(value))
        return wanted(err, where, "an object");
    if (!members_parse(where, value, &profile, err))
        return false;
    if (profile.default_ttl_s > profile.max_ttl_s)
        return error_set(err, ERROR_POLICY, "%s.default_ttl_s: %lld is over max_ttl_s, %lld", where,
                         (long long)profile.default_ttl_s, (long long)profile.max_ttl_s);
    if (profile.backdate_s >= profile.default_ttl_s)
        return error_set(err, ERROR_POLICY, "%s.backdate_s: %lld is not below default_ttl_s, %lld",
                         where, (long long)profile.backdate_s, (long long)profile.default_ttl_s);
    if (!token_roles_settle(where, &profile, err))
        return false;
    memcpy(profile.name, name, strlen(name) + 1);
    *ret_profile = profile;
    return true;
}
