#include <stdio.h>
#include <string.h>

#include "guard_rule.h"

bool
guard_check_no_names(const struct guard_input *in, const char *rule, struct error *err)
{
    if (in->tbs->san.count == 0)
        return true;
    return REFUSE("a responder has no subject alternative name");
}

bool
guard_check_uri(const struct guard_input *in, const char *rule, struct error *err)
{
    char wanted[LIMIT_SPIFFE_ID_OCTETS + 1];
    size_t uris = 0;
    bool same = false;

    snprintf(wanted, sizeof(wanted), "spiffe://%s/%s", in->permit->trust_domain,
             in->request->identity);
    for (size_t i = 0; i < in->tbs->san.count; i++) {
        const struct san *san = &in->tbs->san.item[i];

        if (san->type != SAN_URI)
            continue;
        uris++;
        same = bytes_equal(san->value, bytes_of_text(wanted));
    }
    if (uris != 1)
        return REFUSE("there are %zu URIs in the certificate, wanted is one (L-1)", uris);
    if (!same)
        return REFUSE("the URI in the certificate is not %s", wanted);
    if (!in->tbs->san_critical)
        return REFUSE("the names of an empty subject are not critical (C-09)");
    return true;
}

static bool
is_label(const uint8_t *data, size_t len)
{
    if (len == 0 || len > 63 || data[0] == '-' || data[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(data[i] >= 'a' && data[i] <= 'z') && !(data[i] >= '0' && data[i] <= '9') &&
            data[i] != '-')
            return false;
    return true;
}

/* Lower case labels of letters, digits and hyphens: no wildcard, no empty label, no final dot. */
static bool
is_host_name(struct bytes name)
{
    size_t start = 0;

    if (name.len == 0 || name.len > 253)
        return false;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '.')
            continue;
        if (!is_label(name.data + start, i - start))
            return false;
        start = i + 1;
    }
    return true;
}

static bool
dns_permitted(const struct permit_class *class, struct bytes name)
{
    for (size_t i = 0; i < class->dns.count; i++)
        if (bytes_equal(name, bytes_of_text(class->dns.item[i])))
            return true;
    for (size_t i = 0; i < class->dns_suffixes.count; i++) {
        struct bytes suffix = bytes_of_text(class->dns_suffixes.item[i]);

        if (name.len < suffix.len ||
            memcmp(name.data + name.len - suffix.len, suffix.data, suffix.len) != 0)
            continue;
        if (name.len == suffix.len || name.data[name.len - suffix.len - 1] == '.')
            return true;
    }
    return false;
}

static bool
in_range(const struct permit_range *range, struct bytes address)
{
    if (address.len != range->octets)
        return false;
    for (uint32_t bit = 0; bit < range->prefix; bit++)
        if ((address.data[bit / 8] ^ range->address[bit / 8]) & (0x80U >> (bit % 8)))
            return false;
    return true;
}

static bool
ip_permitted(const struct permit_class *class, struct bytes address)
{
    for (size_t i = 0; i < class->ranges.count; i++)
        if (in_range(&class->ranges.item[i], address))
            return true;
    return false;
}

static bool
name_permitted(const struct permit_class *class, const struct san *san)
{
    switch (san->type) {
    case SAN_URI:
        return true; /* check_uri */
    case SAN_DNS:
        return is_host_name(san->value) && dns_permitted(class, san->value);
    case SAN_IP:
        return ip_permitted(class, san->value);
    case SAN_EMAIL:
        return false;
    }
    return false;
}

bool
guard_check_names(const struct guard_input *in, const char *rule, struct error *err)
{
    const struct san_list *list = &in->tbs->san;
    char text[LIMIT_NAME_OCTETS + 8];

    for (size_t i = 0; i < list->count; i++) {
        if (name_permitted(in->found->class, &list->item[i]))
            continue;
        if (!san_text(&list->item[i], text, sizeof(text)))
            snprintf(text, sizeof(text), "name %zu", i + 1);
        return REFUSE("%s is outside of what class %s permits", text,
                      permit_class_name(in->found->kind));
    }
    return true;
}
