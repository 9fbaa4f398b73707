#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { POLICY_PROFILES = 32 };

struct policy {
    uint64_t version;
    size_t profile_count;
    struct profile profile[POLICY_PROFILES];
};

static void
json_unref(json_t **value)
{
    json_decref(*value);
}
#define AUTO_JSON CLEANUP(json_unref) json_t *

/* Jansson follows nesting by recursion, so the depth is counted before it sees the text. */
static bool
depth_check(const char *document, struct error *err)
{
    size_t depth = 0;
    bool in_text = false;

    for (const char *c = document; *c; c++) {
        if (in_text) {
            if (*c == '\\' && c[1])
                c++;
            else if (*c == '"')
                in_text = false;
            continue;
        }
        if (*c == '"')
            in_text = true;
        else if (*c == '{' || *c == '[')
            depth++;
        else if ((*c == '}' || *c == ']') && depth)
            depth--;
        if (depth > LIMIT_JSON_DEPTH)
            return error_set(err, ERROR_POLICY, "policy document: nested more than %d deep",
                             LIMIT_JSON_DEPTH);
    }
    return true;
}

static bool
document_load(const char *document, json_t **ret_root, struct error *err)
{
    size_t len = strlen(document);
    json_error_t complaint;
    json_t *root;

    if (len > LIMIT_POLICY_OCTETS)
        return error_set(err, ERROR_POLICY, "policy document: %zu octets, at most %d are taken",
                         len, LIMIT_POLICY_OCTETS);
    if (!depth_check(document, err))
        return false;
    root = json_loadb(document, len, JSON_REJECT_DUPLICATES, &complaint);
    if (!root)
        return error_set(err, ERROR_POLICY, "policy document, line %d column %d: %s",
                         complaint.line, complaint.column, complaint.text);
    *ret_root = root;
    return true;
}

static bool
profiles_of(const json_t *root, const json_t **ret_profiles, struct error *err)
{
    const json_t *profiles = json_object_get(root, "profiles");
    const char *name;
    json_t *value;

    if (!json_is_object(root))
        return error_set(err, ERROR_POLICY, "$: wanted an object");
    json_object_foreach((json_t *)(uintptr_t)root, name,
                        value) if (strcmp(name, "profiles") !=
                                   0) return error_set(err, ERROR_POLICY,
                                                       "$.%.64s: this member is not known", name);
    if (!json_is_object(profiles) || json_object_size(profiles) == 0)
        return error_set(err, ERROR_POLICY,
                         "$.profiles: wanted an object with one profile or more");
    if (json_object_size(profiles) > POLICY_PROFILES)
        return error_set(err, ERROR_POLICY, "$.profiles: %zu profiles, at most %d are taken",
                         json_object_size(profiles), POLICY_PROFILES);
    *ret_profiles = profiles;
    return true;
}

static bool
profiles_parse(struct policy *policy, const json_t *profiles, struct error *err)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)profiles, name, value)
    {
        if (!profile_parse(name, value, &policy->profile[policy->profile_count], err))
            return false;
        policy->profile_count++;
    }
    return true;
}

/* A complaint begins with the path of what is wrong. */
static bool
complaint_place(const char *document, struct error *err)
{
    char path[ERROR_DETAIL_OCTETS];

    if (!err || err->kind != ERROR_POLICY)
        return false;
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(err->detail, ": "), err->detail);
    return error_context(err, "policy document, line %u", policy_line(document, path));
}

bool
policy_parse(const char *document, uint64_t version, struct policy **ret_policy, struct error *err)
{
    AUTO_JSON root = NULL;
    const json_t *profiles;
    struct policy *policy;

    if (!document_load(document, &root, err))
        return false;
    policy = calloc(1, sizeof(*policy));
    if (!policy)
        return error_set(err, ERROR_MEMORY, "policy document: no memory");
    policy->version = version;
    if (!profiles_of(root, &profiles, err) || !profiles_parse(policy, profiles, err)) {
        policy_free(policy);
        return complaint_place(document, err);
    }
    *ret_policy = policy;
    return true;
}

void
policy_free(struct policy *policy)
{
    free(policy);
}

uint64_t
policy_version(const struct policy *policy)
{
    return policy->version;
}

const struct profile *
policy_profile_at(const struct policy *policy, size_t index)
{
    return &policy->profile[index];
}

size_t
policy_profile_count(const struct policy *policy)
{
    return policy->profile_count;
}

const struct profile *
policy_profile(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->profile_count; i++)
        if (strcmp(policy->profile[i].name, name) == 0)
            return &policy->profile[i];
    return NULL;
}

int64_t
policy_longest_ttl_s(const struct policy *policy)
{
    int64_t longest_s = 0;

    for (size_t i = 0; i < policy->profile_count; i++)
        if (policy->profile[i].max_ttl_s > longest_s)
            longest_s = policy->profile[i].max_ttl_s;
    return longest_s;
}
