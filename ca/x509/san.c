#include <arpa/inet.h>
#include <stdio.h>

#include "signet/tbs_cert.h"

enum { DNS_NAME_MOST = 253, DNS_LABEL_MOST = 63, TRUST_DOMAIN_MOST = 255 };

static const char spiffe_scheme[] = "spiffe://";

static bool
is_lower_or_digit(uint8_t octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9');
}

static bool
is_letter_or_digit(uint8_t octet)
{
    return is_lower_or_digit(octet) || (octet >= 'A' && octet <= 'Z');
}

/* The part of `text` before the first `separator`; moves `text` behind it. */
static struct bytes
part_before(struct bytes *text, char separator)
{
    const uint8_t *found = text->len ? memchr(text->data, separator, text->len) : NULL;
    struct bytes part = bytes_of(text->data, found ? (size_t)(found - text->data) : text->len);
    size_t taken = part.len + (found ? 1 : 0);

    *text = bytes_of(taken ? text->data + taken : text->data, text->len - taken);
    return part;
}

static bool
dns_label_fits(struct bytes label)
{
    if (label.len == 0 || label.len > DNS_LABEL_MOST || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_letter_or_digit(label.data[i]) && label.data[i] != '-')
            return false;
    return true;
}

static bool
all_digits(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* RFC 1123 §2.1. A last label of digits alone would be an address to many readers. */
static const char *
dns_fault(struct bytes value)
{
    struct bytes rest = value, label = {0};

    if (value.len == 0 || value.len > DNS_NAME_MOST)
        return "a DNS name has 1 to 253 octets";
    if (value.data[value.len - 1] == '.')
        return "a DNS name has no dot at its end";
    while (rest.len) {
        label = part_before(&rest, '.');
        if (!dns_label_fits(label))
            return "a DNS name is labels of letters, digits and hyphens, without wildcards";
    }
    return all_digits(label) ? "the last label of a DNS name is not a number" : NULL;
}

/* RFC 3986 §3: a scheme, a colon, something; no octet that would need an escape. */
static const char *
uri_fault(struct bytes value)
{
    struct bytes rest = value;
    struct bytes scheme = part_before(&rest, ':');

    if (value.len > LIMIT_SPIFFE_ID_OCTETS)
        return "a URI has at most 2048 octets";
    if (scheme.len == 0 || rest.len == 0 || !is_letter_or_digit(scheme.data[0]) ||
        all_digits(bytes_of(scheme.data, 1)))
        return "a URI is absolute: a scheme, a colon and more";
    for (size_t i = 0; i < scheme.len; i++)
        if (!is_letter_or_digit(scheme.data[i]) && !strchr("+-.", scheme.data[i]))
            return "the scheme of a URI is letters, digits, \"+\", \"-\" and \".\"";
    for (size_t i = 0; i < rest.len; i++)
        if (rest.data[i] <= 0x20 || rest.data[i] >= 0x7F || strchr("\"<>\\^`{|}", rest.data[i]))
            return "a URI has no spaces, controls or characters outside RFC 3986";
    return NULL;
}

static const char *
email_fault(struct bytes value)
{
    struct bytes rest = value;
    struct bytes local = part_before(&rest, '@');

    if (value.len > LIMIT_NAME_OCTETS || local.len == 0)
        return "an email address is a local part, \"@\" and a host";
    for (size_t i = 0; i < local.len; i++)
        if (!is_letter_or_digit(local.data[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", local.data[i]))
            return "the local part of an email address has a character outside RFC 5321";
    return dns_fault(rest) ? "the host of an email address is not a DNS name" : NULL;
}

static const char *
ip_fault(struct bytes value)
{
    return value.len == 4 || value.len == 16 ? NULL : "an address is 4 or 16 octets";
}

/* DNS, email and URI octets that are NUL slip through strchr, which finds its terminator. */
static bool
has_nul(struct bytes value)
{
    return value.len && memchr(value.data, 0, value.len);
}

static const struct san_row {
    enum san_type type;
    const char *prefix;
    const char *rule;
    const char *(*fault)(struct bytes value);
} san_rows[] = {
    {SAN_EMAIL, "email:", "san.email", email_fault},
    {SAN_DNS, "dns:", "san.dns", dns_fault},
    {SAN_URI, "uri:", "san.uri", uri_fault},
    {SAN_IP, "ip:", "san.ip", ip_fault},
};

static const struct san_row *
san_row(enum san_type type)
{
    for (size_t i = 0; i < ARRAY_LEN(san_rows); i++)
        if (san_rows[i].type == type)
            return &san_rows[i];
    return NULL;
}

bool
san_check(const struct san *san, enum error_kind kind, struct error *err)
{
    const struct san_row *row = san_row(san->type);
    const char *fault;

    if (!row)
        return error_refuse(err, kind, "san.type", "names of the type %d are not accepted",
                            (int)san->type);
    if (san->type != SAN_IP && has_nul(san->value))
        return error_refuse(err, kind, row->rule, "a name has a NUL in it");
    fault = row->fault(san->value);
    if (fault)
        return error_refuse(err, kind, row->rule, "%s", fault);
    return true;
}

static bool
path_segment_fits(struct bytes segment)
{
    if (segment.len == 0 || bytes_equal(segment, bytes_of(".", 1)) ||
        bytes_equal(segment, bytes_of("..", 2)))
        return false;
    for (size_t i = 0; i < segment.len; i++)
        if (!is_letter_or_digit(segment.data[i]) && segment.data[i] != '.' &&
            segment.data[i] != '-' && segment.data[i] != '_')
            return false;
    return true;
}

bool
spiffe_id_fits(struct bytes uri)
{
    size_t scheme = sizeof(spiffe_scheme) - 1;
    struct bytes rest, domain;

    if (uri.len <= scheme || uri.len > LIMIT_SPIFFE_ID_OCTETS ||
        memcmp(uri.data, spiffe_scheme, scheme) != 0 || uri.data[uri.len - 1] == '/')
        return false;
    rest = bytes_of(uri.data + scheme, uri.len - scheme);
    domain = part_before(&rest, '/');
    if (domain.len == 0 || domain.len > TRUST_DOMAIN_MOST || rest.len == 0)
        return false;
    for (size_t i = 0; i < domain.len; i++)
        if (!is_lower_or_digit(domain.data[i]) && domain.data[i] != '.' && domain.data[i] != '-' &&
            domain.data[i] != '_')
            return false;
    while (rest.len)
        if (!path_segment_fits(part_before(&rest, '/')))
            return false;
    return true;
}

bool
san_text(const struct san *san, char *text, size_t room)
{
    const struct san_row *row = san_row(san->type);
    char address[INET6_ADDRSTRLEN];
    int len;

    if (!row || !san_check(san, ERROR_INTERNAL, NULL))
        return false;
    if (san->type == SAN_IP) {
        inet_ntop(san->value.len == 4 ? AF_INET : AF_INET6, san->value.data, address,
                  sizeof(address));
        len = snprintf(text, room, "%s%s", row->prefix, address);
    } else {
        len = snprintf(text, room, "%s%.*s", row->prefix, (int)san->value.len,
                       (const char *)san->value.data);
    }
    return len >= 0 && (size_t)len < room;
}

bool
san_parse_text(const char *text, uint8_t storage[16], struct san *ret_san, struct error *err)
{
    struct san san = {.type = 0};
    const char *value = NULL;

    for (size_t i = 0; i < ARRAY_LEN(san_rows) && !value; i++)
        if (strncmp(text, san_rows[i].prefix, strlen(san_rows[i].prefix)) == 0) {
            san.type = san_rows[i].type;
            value = text + strlen(san_rows[i].prefix);
        }
    if (!value)
        return error_refuse(err, ERROR_MEMBER_INVALID, "san.type",
                            "the name \"%.64s\" begins with none of dns:, ip:, uri:, email:", text);
    san.value = bytes_of_text(value);
    if (san.type == SAN_IP) {
        if (inet_pton(AF_INET, value, storage) == 1)
            san.value = bytes_of(storage, 4);
        else if (inet_pton(AF_INET6, value, storage) == 1)
            san.value = bytes_of(storage, 16);
        else
            return error_refuse(err, ERROR_MEMBER_INVALID, "san.ip",
                                "\"%.64s\" is not an IPv4 or IPv6 address", value);
    }
    if (!san_check(&san, ERROR_MEMBER_INVALID, err))
        return error_context(err, "the name \"%.64s\"", text);
    *ret_san = san;
    return true;
}
