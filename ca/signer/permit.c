#include "permit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"

enum { YEAR_S = 366 * 86400, PERMIT_PATH_OCTETS = 1024 };

struct permit_reading {
    const struct permit_file *file;
    struct permit *permit;
    struct error *err;
};

/* Writes the value of one setting to its place in the permit or class. */
typedef bool put_setting(const struct permit_reading *reading, const struct permit_setting *setting,
                         void *place);

static bool
complain(const struct permit_reading *reading, const struct permit_setting *setting,
         const char *wanted)
{
    return error_set(reading->err, ERROR_CONFIG, "%s:%d: %s%s%s: %s", reading->file->path,
                     setting->line, setting->section, setting->section[0] ? "." : "", setting->name,
                     wanted);
}

static bool
put_text(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    if (setting->kind != PERMIT_TEXT || setting->value[0][0] == '\0')
        return complain(reading, setting, "expected a text");
    memcpy(place, setting->value[0], PERMIT_VALUE_OCTETS);
    return true;
}

static bool
put_url(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    /* http only: fetching a CRL over https would need the very check it is for (C-16). */
    if (setting->kind != PERMIT_TEXT || strncmp(setting->value[0], "http://", 7) != 0)
        return complain(reading, setting, "expected a URL that begins with http://");
    return put_text(reading, setting, place);
}

static bool
put_trust_domain(const struct permit_reading *reading, const struct permit_setting *setting,
                 void *place)
{
    const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

    if (setting->kind != PERMIT_TEXT ||
        setting->value[0][strspn(setting->value[0], allowed)] != '\0')
        return complain(reading, setting, "expected a trust domain of a-z, 0-9, . - _");
    return put_text(reading, setting, place);
}

static bool
put_seconds(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    if (setting->kind != PERMIT_NUMBER || setting->number < 1 || setting->number > 2 * YEAR_S)
        return complain(reading, setting, "expected a number of seconds, 1 to two years");
    memcpy(place, &setting->number, sizeof(setting->number));
    return true;
}

static bool
put_count(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    if (setting->kind != PERMIT_NUMBER || setting->number < 1 || setting->number > 1000000)
        return complain(reading, setting, "expected a number, 1 to 1000000");
    memcpy(place, &setting->number, sizeof(setting->number));
    return true;
}

static bool
put_digest(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    uint8_t digest[LIMIT_DIGEST_OCTETS];
    size_t len;

    if (setting->kind != PERMIT_TEXT ||
        !hex_decode(setting->value[0], digest, sizeof(digest), &len) || len != sizeof(digest))
        return complain(reading, setting, "expected a SHA-256 as 64 hexadecimal digits");
    memcpy(place, digest, sizeof(digest));
    return true;
}

static bool
put_algorithm(const struct permit_reading *reading, const struct permit_setting *setting,
              void *place)
{
    enum signature_algorithm algorithm;

    if (setting->kind != PERMIT_TEXT ||
        !signature_algorithm_of_name(setting->value[0], &algorithm))
        return complain(reading, setting, "expected a signature algorithm such as ecdsa-sha256");
    memcpy(place, &algorithm, sizeof(algorithm));
    return true;
}

static bool
put_key_types(const struct permit_reading *reading, const struct permit_setting *setting,
              void *place)
{
    unsigned types = 0;

    if (setting->kind != PERMIT_LIST || setting->count == 0)
        return complain(reading, setting, "expected a list of key types");
    for (size_t i = 0; i < setting->count; i++) {
        enum key_type type;

        if (!key_type_of_name(setting->value[i], &type))
            return complain(reading, setting, "names a key type that is not known");
        types |= 1U << type;
    }
    memcpy(place, &types, sizeof(types));
    return true;
}

static bool
is_dns_name(const char *text)
{
    const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-";

    return text[0] != '\0' && text[0] != '.' && text[strspn(text, allowed)] == '\0' &&
           text[strlen(text) - 1] != '.' && !strstr(text, "..");
}

static bool
put_dns_names(const struct permit_reading *reading, const struct permit_setting *setting,
              void *place)
{
    struct permit_list *list = place;

    if (setting->kind != PERMIT_LIST)
        return complain(reading, setting, "expected a list of DNS names");
    for (size_t i = 0; i < setting->count; i++)
        if (!is_dns_name(setting->value[i]))
            return complain(reading, setting, "a DNS name is of a-z, 0-9, - and dots between");
    list->count = setting->count;
    memcpy(list->item, setting->value, sizeof(list->item));
    return true;
}

/* "10.0.0.0/8"; without a prefix length: that one address. No bit may stand behind the prefix. */
static bool
parse_range(const char *text, struct permit_range *range)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char *end;
    unsigned long prefix;

    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    range->octets = strchr(address, ':') ? 16 : 4;
    if (inet_pton(range->octets == 16 ? AF_INET6 : AF_INET, address, range->address) != 1)
        return false;
    range->prefix = (uint32_t)range->octets * 8;
    if (!slash)
        return true;
    if (slash[1] < '0' || slash[1] > '9')
        return false;
    prefix = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || prefix > range->prefix)
        return false;
    range->prefix = (uint32_t)prefix;
    for (size_t bit = prefix; bit < range->octets * 8; bit++)
        if (range->address[bit / 8] & (0x80U >> (bit % 8)))
            return false;
    return true;
}

static bool
put_ranges(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    struct permit_ranges *ranges = place;

    if (setting->kind != PERMIT_LIST)
        return complain(reading, setting, "expected a list of addresses or ranges");
    for (size_t i = 0; i < setting->count; i++)
        if (!parse_range(setting->value[i], &ranges->item[i]))
            return complain(reading, setting,
                            "expected addresses such as \"10.0.0.0/8\", no bit behind the prefix");
    ranges->count = setting->count;
    return true;
}

static bool
put_addresses(const struct permit_reading *reading, const struct permit_setting *setting,
              void *place)
{
    for (size_t i = 0; i < setting->count; i++)
        if (strchr(setting->value[i], '/'))
            return complain(reading, setting, "expected single addresses, not ranges");
    return put_ranges(reading, setting, place);
}

static bool
put_nothing(const struct permit_reading *reading, const struct permit_setting *setting, void *place)
{
    (void)place; /* issuer_certificate: read when all the rest is known to be right */
    if (setting->kind != PERMIT_TEXT || setting->value[0][0] == '\0' ||
        strchr(setting->value[0], '/'))
        return complain(reading, setting, "expected the name of a file beside the permit");
    return true;
}

struct setting_rule {
    enum config_role role;
    const char *section; /* "" outside of any class */
    const char *name;
    bool required;
    put_setting *put;
    size_t offset;
};

#define IN_PERMIT(member) offsetof(struct permit, member)
#define IN_CLASS(kind, member)                                                                     \
    (offsetof(struct permit, class) + (kind) * sizeof(struct permit_class) +                       \
     offsetof(struct permit_class, member))

static const struct setting_rule setting_rules[] = {
    {ROLE_ISSUING, "", "issuer_certificate", true, put_nothing, 0},
    {ROLE_ISSUING, "", "trust_domain", true, put_trust_domain, IN_PERMIT(trust_domain)},
    {ROLE_ISSUING, "", "algorithm", true, put_algorithm, IN_PERMIT(algorithm)},
    {ROLE_ISSUING, "", "key_types", true, put_key_types, IN_PERMIT(key_types)},
    {ROLE_ISSUING, "", "max_backdate_s", true, put_seconds, IN_PERMIT(max_backdate_s)},
    {ROLE_ISSUING, "", "crl_url", true, put_url, IN_PERMIT(crl_url)},
    {ROLE_ISSUING, "", "ocsp_url", true, put_url, IN_PERMIT(ocsp_url)},
    {ROLE_ISSUING, "", "ca_issuers_url", true, put_url, IN_PERMIT(ca_issuers_url)},
    {ROLE_ISSUING, "", "crl_max_life_s", true, put_seconds, IN_PERMIT(crl_max_life_s)},
    {ROLE_ISSUING, "workload", "max_life_s", true, put_seconds,
     IN_CLASS(CLASS_WORKLOAD, max_life_s)},
    {ROLE_ISSUING, "workload", "max_line", true, put_count, IN_CLASS(CLASS_WORKLOAD, max_line)},
    {ROLE_ISSUING, "workload", "dns_suffixes", false, put_dns_names,
     IN_CLASS(CLASS_WORKLOAD, dns_suffixes)},
    {ROLE_ISSUING, "workload", "ip_ranges", false, put_ranges, IN_CLASS(CLASS_WORKLOAD, ranges)},
    {ROLE_ISSUING, "admin", "max_life_s", true, put_seconds, IN_CLASS(CLASS_ADMIN, max_life_s)},
    {ROLE_ISSUING, "admin", "max_line", true, put_count, IN_CLASS(CLASS_ADMIN, max_line)},
    {ROLE_ISSUING, "server", "max_life_s", true, put_seconds, IN_CLASS(CLASS_SERVER, max_life_s)},
    {ROLE_ISSUING, "server", "dns", false, put_dns_names, IN_CLASS(CLASS_SERVER, dns)},
    {ROLE_ISSUING, "server", "addresses", false, put_addresses, IN_CLASS(CLASS_SERVER, ranges)},
    {ROLE_ISSUING, "responder", "max_life_s", true, put_seconds,
     IN_CLASS(CLASS_RESPONDER, max_life_s)},
    {ROLE_ISSUING, "responder", "spki_sha256", true, put_digest,
     IN_CLASS(CLASS_RESPONDER, spki_sha256)},
    {ROLE_STATUS, "", "issuer_certificate", true, put_nothing, 0},
    {ROLE_STATUS, "", "responder_spki_sha256", true, put_digest, IN_PERMIT(responder_spki_sha256)},
    {ROLE_STATUS, "", "max_answer_life_s", true, put_seconds, IN_PERMIT(max_answer_life_s)},
    {ROLE_STATUS, "", "max_backdate_s", true, put_seconds, IN_PERMIT(max_backdate_s)},
};

static const char *const class_names[CLASS_COUNT] = {
    [CLASS_WORKLOAD] = "workload",
    [CLASS_ADMIN] = "admin",
    [CLASS_SERVER] = "server",
    [CLASS_RESPONDER] = "responder",
};

const char *
permit_class_name(enum permit_class_kind kind)
{
    return class_names[kind];
}

static const struct setting_rule *
rule_of(enum config_role role, const struct permit_setting *setting)
{
    for (size_t i = 0; i < ARRAY_LEN(setting_rules); i++)
        if (setting_rules[i].role == role &&
            strcmp(setting_rules[i].section, setting->section) == 0 &&
            strcmp(setting_rules[i].name, setting->name) == 0)
            return &setting_rules[i];
    return NULL;
}

static bool
put_all(const struct permit_reading *reading, enum config_role role)
{
    for (size_t i = 0; i < reading->file->count; i++) {
        const struct permit_setting *setting = &reading->file->setting[i];
        const struct setting_rule *rule = rule_of(role, setting);

        if (!rule)
            return complain(reading, setting, "is not a setting of this permit");
        if (!rule->put(reading, setting, (char *)reading->permit + rule->offset))
            return false;
    }
    return true;
}

/* A class that is not there permits nothing; one that is there must be complete. */
static bool
check_required(const struct permit_reading *reading, enum config_role role)
{
    for (enum permit_class_kind kind = 0; kind < CLASS_COUNT; kind++)
        reading->permit->class[kind].present =
            permit_file_has_section(reading->file, class_names[kind]);
    for (size_t i = 0; i < ARRAY_LEN(setting_rules); i++) {
        const struct setting_rule *rule = &setting_rules[i];

        if (rule->role != role || !rule->required ||
            (rule->section[0] != '\0' && !permit_file_has_section(reading->file, rule->section)))
            continue;
        if (!permit_file_find(reading->file, rule->section, rule->name))
            return error_set(reading->err, ERROR_CONFIG, "%s: %s%s%s is missing",
                             reading->file->path, rule->section, rule->section[0] ? "." : "",
                             rule->name);
    }
    return true;
}

static bool
beside(const char *path, const char *name, char *out, size_t room)
{
    const char *slash = strrchr(path, '/');
    int len = slash ? snprintf(out, room, "%.*s/%s", (int)(slash - path), path, name)
                    : snprintf(out, room, "%s", name);

    return len > 0 && (size_t)len < room;
}

static bool
read_issuer(const struct permit_reading *reading)
{
    const struct permit_setting *setting =
        permit_file_find(reading->file, "", "issuer_certificate");
    struct permit *permit = reading->permit;
    char path[PERMIT_PATH_OCTETS];
    AUTO_BUFFER text;

    buffer_init(&text, 4 * LIMIT_CERTIFICATE_OCTETS);
    if (!beside(reading->file->path, setting->value[0], path, sizeof(path)))
        return complain(reading, setting, "the path is too long");
    if (!file_read(path, &text, reading->err) ||
        !pem_or_der(buffer_bytes(&text), "CERTIFICATE", ERROR_CONFIG, &permit->issuer_der,
                    reading->err) ||
        !certificate_parse(buffer_bytes(&permit->issuer_der), &permit->issuer, reading->err) ||
        !public_key_parse(permit->issuer.tbs.spki, &permit->issuer_key, reading->err)) {
        if (reading->err)
            reading->err->kind = ERROR_CONFIG;
        return error_context(reading->err, "%s:%d: issuer_certificate", reading->file->path,
                             setting->line);
    }
    if (!permit->issuer.tbs.ca || permit->issuer.tbs.subject_key_id.len == 0)
        return complain(reading, setting,
                        "the certificate is not of a CA with a subject key identifier");
    return true;
}

bool
permit_parse(const char *path, struct bytes text, enum config_role role, struct permit **ret_permit,
             struct error *err)
{
    struct permit_reading reading = {.err = err};
    struct permit_file *file = NULL;
    struct permit *permit;
    bool ok;

    if (!permit_file_parse(path, text, &file, err))
        return false;
    permit = calloc(1, sizeof(*permit));
    if (!permit) {
        free(file);
        return error_set(err, ERROR_MEMORY, "no memory for the permit %s", path);
    }
    buffer_init(&permit->issuer_der, LIMIT_CERTIFICATE_OCTETS);
    reading.file = file;
    reading.permit = permit;
    ok = put_all(&reading, role) && check_required(&reading, role) && read_issuer(&reading);
    free(file);
    if (!ok) {
        permit_free(permit);
        return false;
    }
    *ret_permit = permit;
    return true;
}

bool
permit_load(const char *path, enum config_role role, struct permit **ret_permit, struct error *err)
{
    AUTO_BUFFER text;

    buffer_init(&text, PERMIT_FILE_OCTETS);
    return file_read(path, &text, err) &&
           permit_parse(path, buffer_bytes(&text), role, ret_permit, err);
}

void
permit_free(struct permit *permit)
{
    if (!permit)
        return;
    public_key_free(permit->issuer_key);
    buffer_done(&permit->issuer_der);
    free(permit);
}

static bool
is_writable(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

bool
permit_is_ours_to_write(const char *path)
{
    char folder[PERMIT_PATH_OCTETS];

    return is_writable(path) || (beside(path, ".", folder, sizeof(folder)) && is_writable(folder));
}
