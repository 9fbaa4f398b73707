#include "tbs_extension.h"

#include "oid.h"

enum { KEY_USAGE_BITS = 9, PATH_LEN_MOST = 100, TAG_URI = 0x86 };

static bool
always(const struct tbs_cert *tbs)
{
    (void)tbs;
    return true;
}

/* --- basicConstraints §4.2.1.9: an empty SEQUENCE in leaves, since cA is DEFAULT FALSE (C-12)
 * ----- */

static void
basic_constraints_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    der_open(writer, TAG_SEQUENCE);
    if (tbs->ca)
        der_put_true(writer);
    if (tbs->ca && tbs->path_len >= 0)
        der_put_number(writer, TAG_INTEGER, (uint64_t)tbs->path_len);
    der_close(writer);
}

const char *
basic_constraints_get(struct reader *value, bool *ret_ca, int *ret_path_len)
{
    struct reader inside;
    struct bytes flag;
    uint64_t path_len;
    bool ca = false;
    int most = -1;

    if (!der_enter(value, TAG_SEQUENCE, &inside) || !reader_at_end(value))
        return "not a SEQUENCE";
    if (der_next_is(&inside, TAG_BOOLEAN)) {
        if (!der_take(&inside, TAG_BOOLEAN, &flag) || flag.len != 1 || flag.data[0] != 0xFF)
            return "cA is not TRUE in its DER form";
        ca = true;
    }
    if (ca && der_next_is(&inside, TAG_INTEGER)) {
        if (!der_take_number(&inside, TAG_INTEGER, PATH_LEN_MOST, &path_len))
            return "pathLenConstraint is not a small number";
        most = (int)path_len;
    }
    if (!reader_at_end(&inside))
        return "more than cA and pathLenConstraint";
    *ret_ca = ca;
    *ret_path_len = most;
    return NULL;
}

static const char *
basic_constraints_read(struct reader *value, struct tbs_cert *tbs)
{
    return basic_constraints_get(value, &tbs->ca, &tbs->path_len);
}

/* --- keyUsage §4.2.1.3
 * ---------------------------------------------------------------------------- */

static void
key_usage_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    if (tbs->key_usage >> KEY_USAGE_BITS)
        writer->failed = true;
    der_put_named_bits(writer, tbs->key_usage);
}

const char *
key_usage_get(struct reader *value, unsigned *ret_bits)
{
    struct bytes content;
    unsigned bits = 0, last = 0;

    if (!der_take(value, TAG_BIT_STRING, &content) || !reader_at_end(value))
        return "not a BIT STRING";
    if (content.len < 2 || content.len > 3)
        return "no bits or too many";
    for (unsigned n = 0; n < 8 * (content.len - 1); n++)
        if (content.data[1 + n / 8] & (0x80u >> (n % 8))) {
            bits |= 1u << n;
            last = n;
        }
    if (bits == 0 || bits >> KEY_USAGE_BITS)
        return "no bits or too many";
    if (last / 8 + 2 != content.len || content.data[0] != 7 - last % 8)
        return "trailing zero bits";
    *ret_bits = bits;
    return NULL;
}

static const char *
key_usage_read(struct reader *value, struct tbs_cert *tbs)
{
    return key_usage_get(value, &tbs->key_usage);
}

/* --- extKeyUsage §4.2.1.12
 * ------------------------------------------------------------------------ */

static const struct {
    unsigned bit;
    struct bytes oid;
} purposes[] = {
    {EKU_SERVER_AUTH, OID_SERVER_AUTH},
    {EKU_CLIENT_AUTH, OID_CLIENT_AUTH},
    {EKU_OCSP_SIGNING, OID_OCSP_SIGNING},
};

static bool
extended_key_usage_present(const struct tbs_cert *tbs)
{
    return tbs->extended_key_usage != 0;
}

static void
extended_key_usage_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    if (tbs->extended_key_usage >> ARRAY_LEN(purposes))
        writer->failed = true;
    der_open(writer, TAG_SEQUENCE);
    for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
        if (tbs->extended_key_usage & purposes[i].bit)
            der_put(writer, TAG_OID, purposes[i].oid);
    der_close(writer);
}

static unsigned
purpose_bit(struct bytes oid)
{
    for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
        if (bytes_equal(purposes[i].oid, oid))
            return purposes[i].bit;
    return 0;
}

const char *
extended_key_usage_get(struct reader *value, bool any_order, unsigned *ret_bits)
{
    struct reader inside;
    struct bytes oid;
    unsigned bits = 0, bit;

    if (!der_enter(value, TAG_SEQUENCE, &inside) || !reader_at_end(value))
        return "not a SEQUENCE";
    while (!reader_at_end(&inside)) {
        if (!der_take(&inside, TAG_OID, &oid))
            return "not a list of object identifiers";
        bit = purpose_bit(oid);
        if (bit == 0)
            return "a purpose other than serverAuth, clientAuth and OCSPSigning";
        if (bits & bit)
            return "a purpose twice";
        if (!any_order && bits > bit)
            return "purposes out of order";
        bits |= bit;
    }
    if (bits == 0)
        return "no purpose";
    *ret_bits = bits;
    return NULL;
}

static const char *
extended_key_usage_read(struct reader *value, struct tbs_cert *tbs)
{
    return extended_key_usage_get(value, false, &tbs->extended_key_usage);
}

/* --- subjectAltName §4.2.1.6
 * ---------------------------------------------------------------------- */

static bool
san_present(const struct tbs_cert *tbs)
{
    return tbs->san.count > 0;
}

static bool
san_is_critical(const struct tbs_cert *tbs)
{
    return tbs->san_critical;
}

void
general_names_put(struct der_writer *writer, const struct san_list *names)
{
    if (names->count > LIMIT_NAMES) {
        writer->failed = true;
        return;
    }
    der_open(writer, TAG_SEQUENCE);
    for (size_t i = 0; i < names->count; i++) {
        if (!san_check(&names->item[i], ERROR_INTERNAL, NULL))
            writer->failed = true;
        der_put(writer, TAG_CONTEXT(names->item[i].type), names->item[i].value);
    }
    der_close(writer);
}

static void
san_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    general_names_put(writer, &tbs->san);
}

const char *
general_names_get(struct reader *value, struct san_list *ret_names)
{
    struct reader inside;
    struct bytes content;
    uint8_t tag;

    if (!der_enter(value, TAG_SEQUENCE, &inside) || !reader_at_end(value))
        return "not a SEQUENCE";
    ret_names->count = 0;
    while (!reader_at_end(&inside)) {
        if (!der_get(&inside, &tag, &content, NULL))
            return "a name is malformed";
        if (tag != TAG_CONTEXT(SAN_EMAIL) && tag != TAG_CONTEXT(SAN_DNS) &&
            tag != TAG_CONTEXT(SAN_URI) && tag != TAG_CONTEXT(SAN_IP))
            return "a name of another type than email, DNS, URI and address";
        if (ret_names->count == LIMIT_NAMES)
            return "too many names";
        ret_names->item[ret_names->count++] =
            (struct san){.type = (enum san_type)(tag & 0x1F), .value = content};
    }
    return ret_names->count ? NULL : "no name";
}

static const char *
san_read(struct reader *value, struct tbs_cert *tbs)
{
    const char *fault = general_names_get(value, &tbs->san);

    for (size_t i = 0; !fault && i < tbs->san.count; i++)
        if (!san_check(&tbs->san.item[i], ERROR_PERMIT, NULL))
            fault = "a name that does not have the form of its type";
    return fault;
}

/* --- key identifiers §4.2.1.1, §4.2.1.2
 * ----------------------------------------------------------- */

static bool
subject_key_id_present(const struct tbs_cert *tbs)
{
    return tbs->subject_key_id.len > 0;
}

static void
subject_key_id_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    der_put(writer, TAG_OCTET_STRING, tbs->subject_key_id);
}

static const char *
subject_key_id_read(struct reader *value, struct tbs_cert *tbs)
{
    bool ok = der_take(value, TAG_OCTET_STRING, &tbs->subject_key_id) && reader_at_end(value);

    return ok && tbs->subject_key_id.len ? NULL : "not one OCTET STRING with content";
}

static bool
authority_key_id_present(const struct tbs_cert *tbs)
{
    return tbs->authority_key_id.len > 0;
}

static void
authority_key_id_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    der_open(writer, TAG_SEQUENCE);
    der_put(writer, TAG_CONTEXT(0), tbs->authority_key_id);
    der_close(writer);
}

static const char *
authority_key_id_read(struct reader *value, struct tbs_cert *tbs)
{
    struct reader inside;
    bool ok = der_enter(value, TAG_SEQUENCE, &inside) && reader_at_end(value) &&
              der_take(&inside, TAG_CONTEXT(0), &tbs->authority_key_id) && reader_at_end(&inside);

    return ok && tbs->authority_key_id.len ? NULL : "not a keyIdentifier alone";
}

/* --- pointers §4.2.1.13, §4.2.2.1
 * ----------------------------------------------------------------- */

static bool
uri_fits(struct bytes uri)
{
    return san_check(&(struct san){.type = SAN_URI, .value = uri}, ERROR_INTERNAL, NULL);
}

static void
uri_put(struct der_writer *writer, struct bytes uri)
{
    if (!uri_fits(uri))
        writer->failed = true;
    der_put(writer, TAG_URI, uri);
}

static bool
crl_url_present(const struct tbs_cert *tbs)
{
    return tbs->crl_url.len > 0;
}

static void
crl_url_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    der_open(writer, TAG_SEQUENCE);
    der_open(writer, TAG_SEQUENCE);
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(0)); /* distributionPoint */
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(0)); /* fullName */
    uri_put(writer, tbs->crl_url);
    for (int open = 0; open < 4; open++)
        der_close(writer);
}

static const char *
crl_url_read(struct reader *value, struct tbs_cert *tbs)
{
    struct reader points, point, name, full;
    bool ok = der_enter(value, TAG_SEQUENCE, &points) && reader_at_end(value) &&
              der_enter(&points, TAG_SEQUENCE, &point) && reader_at_end(&points) &&
              der_enter(&point, TAG_CONTEXT_CONSTRUCTED(0), &name) && reader_at_end(&point) &&
              der_enter(&name, TAG_CONTEXT_CONSTRUCTED(0), &full) && reader_at_end(&name) &&
              der_take(&full, TAG_URI, &tbs->crl_url) && reader_at_end(&full);

    return ok && uri_fits(tbs->crl_url) ? NULL : "not one DistributionPoint with one URI";
}

static bool
access_present(const struct tbs_cert *tbs)
{
    return tbs->ocsp_url.len > 0 || tbs->ca_issuers_url.len > 0;
}

static void
access_put_one(struct der_writer *writer, struct bytes method, struct bytes uri)
{
    if (uri.len == 0)
        return;
    der_open(writer, TAG_SEQUENCE);
    der_put(writer, TAG_OID, method);
    uri_put(writer, uri);
    der_close(writer);
}

static void
access_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    der_open(writer, TAG_SEQUENCE);
    access_put_one(writer, (struct bytes)OID_AD_OCSP, tbs->ocsp_url);
    access_put_one(writer, (struct bytes)OID_AD_CA_ISSUERS, tbs->ca_issuers_url);
    der_close(writer);
}

static const char *
access_read(struct reader *value, struct tbs_cert *tbs)
{
    struct reader list, description;
    struct bytes method, uri;

    if (!der_enter(value, TAG_SEQUENCE, &list) || !reader_at_end(value) || reader_at_end(&list))
        return "not a SEQUENCE with content";
    while (!reader_at_end(&list)) {
        if (!der_enter(&list, TAG_SEQUENCE, &description) ||
            !der_take(&description, TAG_OID, &method) || !der_take(&description, TAG_URI, &uri) ||
            !reader_at_end(&description) || !uri_fits(uri))
            return "an access description is not a method and a URI";
        if (bytes_equal(method, (struct bytes)OID_AD_OCSP) && !access_present(tbs))
            tbs->ocsp_url = uri;
        else if (bytes_equal(method, (struct bytes)OID_AD_CA_ISSUERS) && !tbs->ca_issuers_url.len)
            tbs->ca_issuers_url = uri;
        else
            return "a method other than OCSP and then caIssuers, once each";
    }
    return NULL;
}

/* --- flags: RFC 6960 §4.2.2.2.1, RFC 9608 §3: the value is NULL
 * ----------------------------------- */

static void
null_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    (void)tbs;
    der_put(writer, TAG_NULL, (struct bytes){0});
}

static const char *
null_get(struct reader *value, bool *ret_present)
{
    struct bytes content;

    if (!der_take(value, TAG_NULL, &content) || content.len || !reader_at_end(value))
        return "not NULL";
    *ret_present = true;
    return NULL;
}

static bool
ocsp_nocheck_present(const struct tbs_cert *tbs)
{
    return tbs->ocsp_nocheck;
}

static const char *
ocsp_nocheck_read(struct reader *value, struct tbs_cert *tbs)
{
    return null_get(value, &tbs->ocsp_nocheck);
}

static bool
no_rev_avail_present(const struct tbs_cert *tbs)
{
    return tbs->no_rev_avail;
}

static const char *
no_rev_avail_read(struct reader *value, struct tbs_cert *tbs)
{
    return null_get(value, &tbs->no_rev_avail);
}

const struct tbs_extension tbs_extensions[TBS_EXTENSIONS] = {
    {"basicConstraints", OID_BASIC_CONSTRAINTS, true, always, always, basic_constraints_put,
     basic_constraints_read},
    {"keyUsage", OID_KEY_USAGE, true, always, always, key_usage_put, key_usage_read},
    {"extKeyUsage", OID_EXTENDED_KEY_USAGE, false, extended_key_usage_present, NULL,
     extended_key_usage_put, extended_key_usage_read},
    {"subjectAltName", OID_SUBJECT_ALT_NAME, false, san_present, san_is_critical, san_put,
     san_read},
    {"subjectKeyIdentifier", OID_SUBJECT_KEY_ID, false, subject_key_id_present, NULL,
     subject_key_id_put, subject_key_id_read},
    {"authorityKeyIdentifier", OID_AUTHORITY_KEY_ID, false, authority_key_id_present, NULL,
     authority_key_id_put, authority_key_id_read},
    {"cRLDistributionPoints", OID_CRL_DISTRIBUTION_POINTS, false, crl_url_present, NULL,
     crl_url_put, crl_url_read},
    {"authorityInfoAccess", OID_AUTHORITY_INFO_ACCESS, false, access_present, NULL, access_put,
     access_read},
    {"ocspNoCheck", OID_OCSP_NOCHECK, false, ocsp_nocheck_present, NULL, null_put,
     ocsp_nocheck_read},
    {"noRevAvail", OID_NO_REV_AVAIL, false, no_rev_avail_present, NULL, null_put,
     no_rev_avail_read},
};
