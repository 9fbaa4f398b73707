/* Does the policy stay within the permit of the signer? */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

struct permit_check {
    const char *document;
    const struct permit_facts *facts;
    const struct profile *profile;
    char section[32]; /* of the permit that judges this profile: "class workload" */
    struct error *err;
};

/* Where the class begins in the file: its first option, since every class must name its life. */
static const struct permit_fact *
class_fact(const struct permit_check *check)
{
    return permit_facts_find(check->facts, check->section, "max_life_s", 0);
}

static const char *
file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* `line` of the permit, 0 when nothing there speaks of it. */
static bool
beyond(const struct permit_check *check, const char *member, const char *value, uint32_t line,
       const char *permitted)
{
    char path[160], where[24] = "";

    snprintf(path, sizeof(path), "$.profiles.%s%s%s", check->profile->name, *member ? "." : "",
             member);
    if (line)
        snprintf(where, sizeof(where), ", line %u", (unsigned)line);
    return error_refuse(check->err, ERROR_POLICY_PERMIT, "policy.permit",
                        "policy document, line %u: %s: %s; permit %.60s%s: %s",
                        policy_line(check->document, path), path, value,
                        file_name(check->facts->path), where, permitted);
}

static int64_t
max_ttl_of(const struct profile *profile)
{
    return profile->max_ttl_s;
}

static int64_t
backdate_of(const struct profile *profile)
{
    return profile->backdate_s;
}

static int64_t
max_line_of(const struct profile *profile)
{
    return profile->max_line;
}

/* Numbers that the permit bounds from above. */
static const struct {
    const char *member;
    int64_t (*of)(const struct profile *profile);
    bool of_class; /* in the section of the class; otherwise at the top of the permit */
    const char *fact;
} bounds[] = {
    {"max_ttl_s", max_ttl_of, true, "max_life_s"},
    {"backdate_s", backdate_of, false, "max_backdate_s"},
    {"max_line", max_line_of, true, "max_line"},
};

static bool
numbers_check(const struct permit_check *check)
{
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        const struct permit_fact *fact = permit_facts_find(
            check->facts, bounds[i].of_class ? check->section : "", bounds[i].fact, 0);
        int64_t number = bounds[i].of(check->profile);
        char value[32], permitted[128];

        /* A class that is never renewed by its holder has no line to bound. */
        if (!fact || number <= strtoll(fact->value, NULL, 10))
            continue;
        snprintf(value, sizeof(value), "%lld", (long long)number);
        snprintf(permitted, sizeof(permitted), "%s%s%s is %.32s", fact->section,
                 fact->section[0] ? " " : "", fact->name, fact->value);
        return beyond(check, bounds[i].member, value, fact->line, permitted);
    }
    return true;
}

static bool
key_type_permitted(const struct permit_check *check, const char *name)
{
    const struct permit_fact *fact;

    for (size_t i = 0; (fact = permit_facts_find(check->facts, "", "key_types", i)) != NULL; i++)
        if (strcmp(fact->value, name) == 0)
            return true;
    return false;
}

static bool
key_types_check(const struct permit_check *check)
{
    static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519};
    const struct permit_fact *fact = permit_facts_find(check->facts, "", "key_types", 0);

    /* The permit pins the responder's key by its hash, whatever its type. */
    if (strcmp(check->profile->kind, "responder") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const char *name = public_key_name(types[i]);

        if (!(check->profile->key_types & 1U << types[i]) || key_type_permitted(check, name))
            continue;
        return beyond(check, "key_types", name, fact ? fact->line : 0, "key_types do not have it");
    }
    return true;
}

/* In class server the permit lists names, not what they end in. */
static bool
dns_permitted(const struct permit_check *check, const char *suffix)
{
    const struct permit_fact *fact;

    for (size_t i = 0;
         (fact = permit_facts_find(check->facts, check->section, "dns_suffixes", i)) != NULL; i++)
        if (dns_suffix_holds(fact->value, suffix))
            return true;
    for (size_t i = 0; (fact = permit_facts_find(check->facts, check->section, "dns", i)) != NULL;
         i++)
        if (strcmp(fact->value, suffix) == 0)
            return true;
    return false;
}

static bool
range_permitted_by(const struct permit_check *check, const char *name, const struct ip_range *range)
{
    const struct permit_fact *fact;
    struct ip_range permitted;

    for (size_t i = 0; (fact = permit_facts_find(check->facts, check->section, name, i)) != NULL;
         i++) {
        char text[96];

        snprintf(text, sizeof(text), "%.60s%s", fact->value,
                 strchr(fact->value, '/')   ? ""
                 : strchr(fact->value, ':') ? "/128"
                                            : "/32");
        if (ip_range_parse(text, &permitted) && ip_range_within(&permitted, range))
            return true;
    }
    return false;
}

static bool
range_permitted(const struct permit_check *check, const char *text)
{
    struct ip_range range;

    return ip_range_parse(text, &range) && (range_permitted_by(check, "ip_ranges", &range) ||
                                            range_permitted_by(check, "addresses", &range));
}

/* The line of the list that lacks it, or of the class when that has no such list. */
static bool
item_beyond(const struct permit_check *check, const char *member, size_t index, const char *value,
            const char *const names[2])
{
    const struct permit_fact *fact = NULL;
    char item[64], permitted[128];

    for (size_t i = 0; !fact && i < 2; i++)
        fact = permit_facts_find(check->facts, check->section, names[i], 0);
    snprintf(item, sizeof(item), "%s[%zu]", member, index);
    snprintf(permitted, sizeof(permitted), "%s %s%s", check->section, fact ? fact->name : "",
             fact ? " does not hold it" : "permits none");
    return beyond(check, item, value, fact ? fact->line : class_fact(check)->line, permitted);
}

static bool
names_check(const struct permit_check *check)
{
    static const char *const dns[2] = {"dns_suffixes", "dns"};
    static const char *const ip[2] = {"ip_ranges", "addresses"};
    const struct profile *profile = check->profile;

    for (size_t i = 0; i < profile->dns_suffix_count; i++)
        if (!dns_permitted(check, profile->dns_suffixes[i]))
            return item_beyond(check, "dns_suffixes", i, profile->dns_suffixes[i], dns);
    for (size_t i = 0; i < profile->ip_range_count; i++)
        if (!range_permitted(check, profile->ip_ranges[i]))
            return item_beyond(check, "ip_ranges", i, profile->ip_ranges[i], ip);
    return true;
}

static bool
profile_check(struct permit_check *check)
{
    char permitted[64];

    snprintf(check->section, sizeof(check->section), "class %s", check->profile->kind);
    snprintf(permitted, sizeof(permitted), "there is no %s", check->section);
    if (!class_fact(check))
        return beyond(check, "kind", check->profile->kind, 0, permitted);
    return numbers_check(check) && key_types_check(check) && names_check(check);
}

bool
policy_permit_check(const struct policy *policy, const char *document,
                    const struct permit_facts *facts, struct error *err)
{
    struct permit_check check = {.document = document, .facts = facts, .err = err};

    for (size_t i = 0; i < policy_profile_count(policy); i++) {
        check.profile = policy_profile_at(policy, i);
        if (!profile_check(&check))
            return false;
    }
    return true;
}
