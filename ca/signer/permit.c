#include "permit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "signet/settings.h"

enum {
    LIFE_MAX_S = 2 * 366 * 86400,
    LINE_MAX = 1000000,
    DIGEST_TEXT = 2 * LIMIT_DIGEST_OCTETS + 1
};

/* The file as it stands, every value already of its form. */
struct permit_text {
    char issuer_certificate[LIMIT_NAME_OCTETS + 1];
    char trust_domain[LIMIT_NAME_OCTETS + 1];
    char algorithm[32];
    struct config_list key_types;
    uint32_t max_backdate_s, crl_max_life_s, max_answer_life_s;
    char crl_url[CONFIG_TEXT], ocsp_url[CONFIG_TEXT], ca_issuers_url[CONFIG_TEXT];
    char responder_spki_sha256[DIGEST_TEXT];
    struct {
        uint32_t max_life_s, max_line;
        struct config_list dns_suffixes, dns, ranges;
        char spki_sha256[DIGEST_TEXT];
    } class[CLASS_COUNT];
};

/* --- forms of values --- */

static bool
is_file_name(const char *value)
{
    return value[0] != '\0' && !strchr(value, '/');
}

static bool
is_trust_domain(const char *value)
{
    return value[0] != '\0' &&
           value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.-_")] == '\0';
}

static bool
is_algorithm(const char *value)
{
    enum signature_algorithm algorithm;

    return signature_algorithm_of_name(value, &algorithm);
}

static bool
is_key_type(const char *value)
{
    enum key_type type;

    return key_type_of_name(value, &type);
}

/* http only: fetching a CRL over https would need the very check it is for (C-16). */
static bool
is_url(const char *value)
{
    return strncmp(value, "http://", 7) == 0 && value[7] != '\0';
}

static bool
is_dns_name(const char *value)
{
    return value[0] != '\0' && value[0] != '.' && value[strlen(value) - 1] != '.' &&
           !strstr(value, "..") &&
           value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
}

static bool
parse_digest(const char *value, uint8_t digest[LIMIT_DIGEST_OCTETS])
{
    size_t len;

    return hex_decode(value, digest, LIMIT_DIGEST_OCTETS, &len) && len == LIMIT_DIGEST_OCTETS;
}

static bool
is_digest(const char *value)
{
    uint8_t digest[LIMIT_DIGEST_OCTETS];

    return parse_digest(value, digest);
}

/* "10.0.0.0/8"; without a prefix length: that one address. No bit may stand behind the prefix. */
static bool
parse_range(const char *text, struct permit_range *range)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char address[INET6_ADDRSTRLEN];
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
is_range(const char *value)
{
    struct permit_range range;

    return parse_range(value, &range);
}

static bool
is_address(const char *value)
{
    return !strchr(value, '/') && is_range(value);
}

/* --- the tables --- */

#define PLACE(member)                                                                              \
    .offset = offsetof(struct permit_text, member),                                                \
    .room = sizeof(((struct permit_text *)0)->member)
#define IN(title) .section = (title)
#define TEXT(need_, member, check, form)                                                           \
    .type = SETTINGS_TEXT, .need = (need_), .valid = (check), .wanted = (form), PLACE(member)
#define NUMBER(need_, member, most)                                                                \
    .type = SETTINGS_NUMBER, .need = (need_), .min = 1, .max = (most), PLACE(member)
#define LIST(member, check, form)                                                                  \
    .type = SETTINGS_LIST, .valid = (check), .wanted = (form), PLACE(member)

#define WANTED_URL "a URL that begins with http://"
#define WANTED_DNS "a DNS name in lower case"
#define WANTED_DIGEST "a SHA-256 as 64 hexadecimal digits"

static const struct settings_row issuing_rows[] = {
    {IN(""), "issuer_certificate",
     TEXT(SETTINGS_REQUIRED, issuer_certificate, is_file_name,
          "the name of a file beside the permit")},
    {IN(""), "trust_domain",
     TEXT(SETTINGS_REQUIRED, trust_domain, is_trust_domain,
          "a trust domain of a-z, 0-9 and . - _")},
    {IN(""), "algorithm",
     TEXT(SETTINGS_REQUIRED, algorithm, is_algorithm,
          "a signature algorithm such as ecdsa-sha256")},
    {IN(""), "key_types", LIST(key_types, is_key_type, "a key type such as P-256"),
     .need = SETTINGS_REQUIRED, .min = 1},
    {IN(""), "max_backdate_s", NUMBER(SETTINGS_REQUIRED, max_backdate_s, 86400)},
    {IN(""), "crl_url", TEXT(SETTINGS_REQUIRED, crl_url, is_url, WANTED_URL)},
    {IN(""), "ocsp_url", TEXT(SETTINGS_REQUIRED, ocsp_url, is_url, WANTED_URL)},
    {IN(""), "ca_issuers_url", TEXT(SETTINGS_REQUIRED, ca_issuers_url, is_url, WANTED_URL)},
    {IN(""), "crl_max_life_s", NUMBER(SETTINGS_REQUIRED, crl_max_life_s, LIFE_MAX_S)},
    {IN("class workload"), "max_life_s",
     NUMBER(SETTINGS_REQUIRED_HERE, class[CLASS_WORKLOAD].max_life_s, LIFE_MAX_S)},
    {IN("class workload"), "max_line",
     NUMBER(SETTINGS_REQUIRED_HERE, class[CLASS_WORKLOAD].max_line, LINE_MAX)},
    {IN("class workload"), "dns_suffixes",
     LIST(class[CLASS_WORKLOAD].dns_suffixes, is_dns_name, WANTED_DNS)},
    {IN("class workload"), "ip_ranges",
     LIST(class[CLASS_WORKLOAD].ranges, is_range,
          "an address range such as 10.0.0.0/8, no bit set behind the prefix")},
    {IN("class admin"), "max_life_s",
     NUMBER(SETTINGS_REQUIRED_HERE, class[CLASS_ADMIN].max_life_s, LIFE_MAX_S)},
    {IN("class admin"), "max_line",
     NUMBER(SETTINGS_REQUIRED_HERE, class[CLASS_ADMIN].max_line, LINE_MAX)},
    {IN("class server"), "max_life_s",
     NUMBER(SETTINGS_REQUIRED_HERE, class[CLASS_SERVER].max_life_s, LIFE_MAX_S)},
    {IN("class server"), "dns", LIST(class[CLASS_SERVER].dns, is_dns_name, WANTED_DNS)},
    {IN("class server"), "addresses",
     LIST(class[CLASS_SERVER].ranges, is_address, "an address such as 127.0.0.1")},
    {IN("class responder"), "max_life_s",
     NUMBER(SETTINGS_REQUIRED_HERE, class[CLASS_RESPONDER].max_life_s, LIFE_MAX_S)},
    {IN("class responder"), "spki_sha256",
     TEXT(SETTINGS_REQUIRED_HERE, class[CLASS_RESPONDER].spki_sha256, is_digest, WANTED_DIGEST)},
};

static const struct settings_row status_rows[] = {
    {IN(""), "issuer_certificate",
     TEXT(SETTINGS_REQUIRED, issuer_certificate, is_file_name,
          "the name of a file beside the permit")},
    {IN(""), "responder_spki_sha256",
     TEXT(SETTINGS_REQUIRED, responder_spki_sha256, is_digest, WANTED_DIGEST)},
    {IN(""), "max_answer_life_s", NUMBER(SETTINGS_REQUIRED, max_answer_life_s, LIFE_MAX_S)},
    {IN(""), "max_backdate_s", NUMBER(SETTINGS_REQUIRED, max_backdate_s, 86400)},
};

const struct settings_row *
permit_schema(enum config_role role, size_t *ret_count)
{
    *ret_count = role == ROLE_ISSUING ? ARRAY_LEN(issuing_rows) : ARRAY_LEN(status_rows);
    return role == ROLE_ISSUING ? issuing_rows : status_rows;
}

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

/* --- from texts to values --- */

/* The tables have looked at the form of each value: a setting that is not there stays zero. */
static void
take_digest(uint8_t digest[LIMIT_DIGEST_OCTETS], const char *text)
{
    if (!parse_digest(text, digest))
        memset(digest, 0, LIMIT_DIGEST_OCTETS);
}

static void
take_class(struct permit_class *class, const struct permit_text *text, enum permit_class_kind kind)
{
    const struct config_list *ranges = &text->class[kind].ranges;

    class->present = text->class[kind].max_life_s > 0;
    class->max_life_s = text->class[kind].max_life_s;
    class->max_line = text->class[kind].max_line;
    class->dns_suffixes = text->class[kind].dns_suffixes;
    class->dns = text->class[kind].dns;
    for (size_t i = 0; i < ranges->count; i++)
        class->ranges.count += parse_range(ranges->item[i], &class->ranges.item[i]);
    take_digest(class->spki_sha256, text->class[kind].spki_sha256);
}

static void
take_key_types(struct permit *permit, const struct config_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        enum key_type type;

        if (key_type_of_name(names->item[i], &type))
            permit->key_types |= 1U << type;
    }
}

static void
take_all(struct permit *permit, const struct permit_text *text)
{
    memcpy(permit->trust_domain, text->trust_domain, sizeof(permit->trust_domain));
    memcpy(permit->crl_url, text->crl_url, sizeof(permit->crl_url));
    memcpy(permit->ocsp_url, text->ocsp_url, sizeof(permit->ocsp_url));
    memcpy(permit->ca_issuers_url, text->ca_issuers_url, sizeof(permit->ca_issuers_url));
    permit->max_backdate_s = text->max_backdate_s;
    permit->crl_max_life_s = text->crl_max_life_s;
    permit->max_answer_life_s = text->max_answer_life_s;
    take_digest(permit->responder_spki_sha256, text->responder_spki_sha256);
    if (!signature_algorithm_of_name(text->algorithm, &permit->algorithm))
        permit->algorithm = 0;
    take_key_types(permit, &text->key_types);
    for (enum permit_class_kind kind = 0; kind < CLASS_COUNT; kind++)
        take_class(&permit->class[kind], text, kind);
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
read_issuer(struct permit *permit, const char *path, struct error *err)
{
    AUTO_BUFFER text;

    buffer_init(&text, 4 * LIMIT_CERTIFICATE_OCTETS);
    buffer_init(&permit->issuer_der, LIMIT_CERTIFICATE_OCTETS);
    if (!file_read(path, &text, err) ||
        !pem_or_der(buffer_bytes(&text), "CERTIFICATE", ERROR_CONFIG, &permit->issuer_der, err) ||
        !certificate_parse(buffer_bytes(&permit->issuer_der), &permit->issuer, err) ||
        !public_key_parse(permit->issuer.tbs.spki, &permit->issuer_key, err))
        return false;
    if (!permit->issuer.tbs.ca || permit->issuer.tbs.subject_key_id.len == 0)
        return error_set(err, ERROR_CONFIG,
                         "it is not the certificate of a CA with a subject key identifier");
    return true;
}

static bool
take_fact(struct permit_facts *facts, const struct settings_row *row, unsigned line,
          const struct permit_text *text)
{
    const void *place = (const char *)text + row->offset;
    const struct config_list *list = place;
    char number[16];
    uint32_t value;

    switch (row->type) {
    case SETTINGS_TEXT:
    case SETTINGS_PATH:
        return permit_facts_add(facts, line, row->section, row->name, place);
    case SETTINGS_NUMBER:
        memcpy(&value, place, sizeof(value));
        snprintf(number, sizeof(number), "%u", value);
        return permit_facts_add(facts, line, row->section, row->name, number);
    case SETTINGS_LIST:
        for (size_t i = 0; i < list->count; i++)
            if (!permit_facts_add(facts, line, row->section, row->name, list->item[i]))
                return false;
        return true;
    case SETTINGS_BOOL:
        break;
    }
    return false; /* no permit has one */
}

static bool
take_facts(struct permit *permit, const char *path, const struct settings_row *rows, size_t count,
           const struct settings_lines *lines, const struct permit_text *text, struct error *err)
{
    bool ok = (size_t)snprintf(permit->facts.path, sizeof(permit->facts.path), "%s", path) <
              sizeof(permit->facts.path);

    for (size_t i = 0; ok && i < count; i++)
        ok = !lines->of_row[i] || take_fact(&permit->facts, &rows[i], lines->of_row[i], text);
    return ok || error_set(err, ERROR_CONFIG,
                           "%s: the permit has more than %d values, or a longer "
                           "path than %d octets",
                           path, PERMIT_FACTS, CONFIG_PATH - 1);
}

static bool
fill(struct permit *permit, struct permit_text *text, const char *path, enum config_role role,
     struct error *err)
{
    struct settings_lines lines;
    char issuer[CONFIG_PATH];
    size_t count;
    const struct settings_row *rows = permit_schema(role, &count);

    if (!settings_load_lines(path, rows, count, text, &lines, err) ||
        !take_facts(permit, path, rows, count, &lines, text, err))
        return false;
    take_all(permit, text);
    if (!beside(path, text->issuer_certificate, issuer, sizeof(issuer)))
        return error_set(err, ERROR_CONFIG, "%s: the path is too long", path);
    if (read_issuer(permit, issuer, err))
        return true;
    if (err)
        err->kind = ERROR_CONFIG;
    return error_context(err, "%s: issuer_certificate %s", path, issuer);
}

bool
permit_load(const char *path, enum config_role role, struct permit **ret_permit, struct error *err)
{
    struct permit *permit = calloc(1, sizeof(*permit));
    struct permit_text *text = calloc(1, sizeof(*text));
    bool ok;

    if (!permit || !text) {
        free(permit);
        free(text);
        return error_set(err, ERROR_MEMORY, "no memory for the permit %s", path);
    }
    ok = fill(permit, text, path, role, err);
    free(text);
    if (!ok) {
        permit_free(permit);
        return false;
    }
    *ret_permit = permit;
    return true;
}

void
permit_free(struct permit *permit)
{
    if (!permit)
        return;
    public_key_free(permit->issuer_key);
    buffer_done(&permit->issuer_der);
    permit_facts_done(&permit->facts);
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
    char folder[CONFIG_PATH];

    return is_writable(path) || (beside(path, ".", folder, sizeof(folder)) && is_writable(folder));
}
