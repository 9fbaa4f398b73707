#include "internal.h"

#include <arpa/inet.h>

#include <stdlib.h>

enum { DNS_NAME_OCTETS = 253, DNS_LABEL_OCTETS = 63, TRUST_DOMAIN_OCTETS = 255 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* The first path segment says what kind of identity it is; workloads have all the others. */
static const struct {
    const char *kind;
    const char *segment; /* null: any but those named here */
} name_classes[] = {
    {"workload", NULL},
    {"admin", "admin"},
    {"server", "signet"},
    {"responder", "signet"},
};

bool
trust_domain_check(const char *domain, struct error *err)
{
    size_t len = strlen(domain);

    if (len == 0 || len > TRUST_DOMAIN_OCTETS)
        return error_refuse(err, ERROR_MEMBER_INVALID, "ID-2",
                            "trust domain: %zu characters, wanted 1 to %d", len,
                            TRUST_DOMAIN_OCTETS);
    if (strspn(domain, LOWER DIGITS ".-_") != len)
        return error_refuse(err, ERROR_MEMBER_INVALID, "ID-2",
                            "trust domain: only a-z, 0-9, '.', '-' and '_' may stand in it");
    return true;
}

static bool
segments_check(const char *name, struct error *err)
{
    const char *segment = name;

    for (;;) {
        size_t len = strspn(segment, LOWER UPPER DIGITS ".-_");

        if (segment[len] != '\0' && segment[len] != '/')
            return error_refuse(err, ERROR_MEMBER_INVALID, "ID-3",
                                "identity name: only letters, digits, '.', '-', '_' and '/' may "
                                "stand in it");
        if (len == 0)
            return error_refuse(err, ERROR_MEMBER_INVALID, "ID-3",
                                "identity name: a path segment is empty");
        if ((len == 1 && segment[0] == '.') || (len == 2 && memcmp(segment, "..", 2) == 0))
            return error_refuse(err, ERROR_MEMBER_INVALID, "ID-3",
                                "identity name: a path segment is '.' or '..'");
        if (segment[len] == '\0')
            return true;
        segment += len + 1;
    }
}

static bool
first_segment_is(const char *name, const char *segment)
{
    size_t len = strlen(segment);

    return strncmp(name, segment, len) == 0 && (name[len] == '/' || name[len] == '\0');
}

static bool
class_check(const char *name, const char *kind, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(name_classes); i++) {
        const char *segment = name_classes[i].segment;

        if (strcmp(name_classes[i].kind, kind) != 0)
            continue;
        if (!segment && (first_segment_is(name, "admin") || first_segment_is(name, "signet")))
            return error_refuse(
                err, ERROR_MEMBER_INVALID, "name.class",
                "identity name: names under admin/ and signet/ are not for workloads");
        if (segment && (!first_segment_is(name, segment) || !strchr(name, '/')))
            return error_refuse(err, ERROR_MEMBER_INVALID, "name.class",
                                "identity name: an identity of kind %s must be under %s/", kind,
                                segment);
        return true;
    }
    return error_refuse(err, ERROR_MEMBER_INVALID, "name.class",
                        "identity kind: wanted workload, admin, server or responder");
}

bool
identity_name_check(const char *name, const char *kind, struct error *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > LIMIT_NAME_OCTETS)
        return error_refuse(err, ERROR_MEMBER_INVALID, "L-2",
                            "identity name: %zu characters, wanted 1 to %d", len,
                            LIMIT_NAME_OCTETS);
    return segments_check(name, err) && class_check(name, kind, err);
}

bool
profile_identity_check(const struct profile *profile, const char *name, struct error *err)
{
    for (size_t i = 0; i < profile->identity_count; i++)
        if (identity_pattern_holds(profile->identities[i], name))
            return true;
    return profile->identity_count == 0 ||
           error_refuse(err, ERROR_NAME_NOT_GRANTED, "profile.identities",
                        "profile %s is not for identity %.200s", profile->name, name);
}

static bool
dns_label_fits(const char *label, size_t len)
{
    return len >= 1 && len <= DNS_LABEL_OCTETS && label[0] != '-' && label[len - 1] != '-';
}

bool
dns_name_fits(const char *name, const char **ret_why)
{
    const char *label = name;

    if (strlen(name) > DNS_NAME_OCTETS) {
        *ret_why = "longer than 253 characters";
        return false;
    }
    if (strspn(name, LOWER DIGITS "-.") != strlen(name)) {
        *ret_why = "only a-z, 0-9, '-' and '.' may stand in it; no wildcard, no upper case";
        return false;
    }
    for (;;) {
        size_t len = strcspn(label, ".");

        if (!dns_label_fits(label, len)) {
            *ret_why = "a label is empty, over 63 characters, or begins or ends with '-'";
            return false;
        }
        if (label[len] == '\0')
            break;
        label += len + 1;
    }
    if (strspn(label, DIGITS) == strlen(label)) {
        *ret_why = "its last label is a number, as in an address";
        return false;
    }
    return true;
}

bool
dns_suffix_holds(const char *suffix, const char *name)
{
    size_t suffix_len = strlen(suffix), len = strlen(name);

    if (len < suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
        return false;
    return len == suffix_len || name[len - suffix_len - 1] == '.';
}

/* An address in its one canonical text form. IPv4 inside IPv6 is refused: it would be a second way
 * to write an address that another range holds. */
static bool
ip_parse(const char *text, uint8_t octets[16], size_t *ret_count)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char canonical[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;

    if (inet_pton(family, text, octets) != 1)
        return false;
    if (family == AF_INET6 && memcmp(octets, mapped, sizeof(mapped)) == 0)
        return false;
    if (!inet_ntop(family, octets, canonical, sizeof(canonical)) || strcmp(canonical, text) != 0)
        return false;
    *ret_count = family == AF_INET6 ? 16 : 4;
    return true;
}

static bool
prefix_parse(const char *text, size_t octet_count, unsigned *ret_bits)
{
    size_t len = strlen(text);
    unsigned long bits;

    if (len < 1 || len > 3 || strspn(text, DIGITS) != len || (len > 1 && text[0] == '0'))
        return false;
    bits = strtoul(text, NULL, 10);
    if (bits > 8 * octet_count)
        return false;
    *ret_bits = (unsigned)bits;
    return true;
}

static bool
bit_at(const uint8_t *octets, unsigned bit)
{
    return octets[bit / 8] >> (7 - bit % 8) & 1;
}

bool
ip_range_parse(const char *text, struct ip_range *ret_range)
{
    struct ip_range range = {.prefix_bits = 0};
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');

    if (!slash || (size_t)(slash - text) >= sizeof(address))
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (!ip_parse(address, range.octets, &range.octet_count) ||
        !prefix_parse(slash + 1, range.octet_count, &range.prefix_bits))
        return false;
    for (unsigned bit = range.prefix_bits; bit < 8 * range.octet_count; bit++)
        if (bit_at(range.octets, bit))
            return false;
    *ret_range = range;
    return true;
}

bool
ip_range_holds(const struct ip_range *range, const uint8_t *octets, size_t octet_count)
{
    if (range->octet_count != octet_count)
        return false;
    for (unsigned bit = 0; bit < range->prefix_bits; bit++)
        if (bit_at(range->octets, bit) != bit_at(octets, bit))
            return false;
    return true;
}

bool
ip_range_within(const struct ip_range *outer, const struct ip_range *inner)
{
    return outer->prefix_bits <= inner->prefix_bits &&
           ip_range_holds(outer, inner->octets, inner->octet_count);
}

static bool
extra_dns_check(const struct profile *profile, const char *name, struct error *err)
{
    const char *why;

    if (!dns_name_fits(name, &why))
        return error_refuse(err, ERROR_MEMBER_INVALID, "name.dns", "dns:%.200s: %s", name, why);
    for (size_t i = 0; i < profile->dns_suffix_count; i++)
        if (dns_suffix_holds(profile->dns_suffixes[i], name))
            return true;
    return error_refuse(err, ERROR_NAME_NOT_GRANTED, "profile.dns_suffixes",
                        "dns:%.200s: under no DNS suffix of profile %s", name, profile->name);
}

static bool
extra_ip_check(const struct profile *profile, const char *text, struct error *err)
{
    uint8_t octets[16];
    size_t count;

    if (!ip_parse(text, octets, &count))
        return error_refuse(err, ERROR_MEMBER_INVALID, "name.ip",
                            "ip:%.64s: not an address in its shortest form (IPv4 inside IPv6 is "
                            "not taken)",
                            text);
    for (size_t i = 0; i < profile->ip_range_count; i++) {
        struct ip_range range;

        if (ip_range_parse(profile->ip_ranges[i], &range) && ip_range_holds(&range, octets, count))
            return true;
    }
    return error_refuse(err, ERROR_NAME_NOT_GRANTED, "profile.ip_ranges",
                        "ip:%.64s: in no address range of profile %s", text, profile->name);
}

bool
identity_extra_name_check(const struct profile *profile, const char *text, struct error *err)
{
    if (strncmp(text, "dns:", 4) == 0)
        return extra_dns_check(profile, text + 4, err);
    if (strncmp(text, "ip:", 3) == 0)
        return extra_ip_check(profile, text + 3, err);
    return error_refuse(err, ERROR_MEMBER_INVALID, "name.type",
                        "%.200s: a further name begins with dns: or ip:", text);
}
