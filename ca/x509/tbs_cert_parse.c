#include "der_time.h"
#include "name.h"
#include "oid.h"
#include "serial.h"
#include "signature_algorithm.h"
#include "tbs_extension.h"

static bool
refuse(struct error *err, const char *rule, const char *what)
{
    return error_refuse(err, ERROR_PERMIT, rule, "the certificate to be signed: %s", what);
}

static bool
parse_version(struct reader *reader, struct error *err)
{
    struct reader inside;
    uint64_t version;

    if (!der_enter(reader, TAG_CONTEXT_CONSTRUCTED(0), &inside) ||
        !der_take_number(&inside, TAG_INTEGER, 2, &version) || version != 2 ||
        !reader_at_end(&inside))
        return refuse(err, "tbs.version", "the version is not 3");
    return true;
}

static bool
parse_serial(struct reader *reader, struct tbs_cert *tbs, struct error *err)
{
    if (!der_take(reader, TAG_INTEGER, &tbs->serial) || !serial_is_valid(tbs->serial))
        return refuse(err, "tbs.serial",
                      "the serial is not a positive INTEGER of 20 octets at most");
    return true;
}

static bool
parse_algorithm(struct reader *reader, struct tbs_cert *tbs, struct error *err)
{
    struct bytes algorithm;

    if (!der_take_whole(reader, TAG_SEQUENCE, &algorithm))
        return refuse(err, "tbs.algorithm", "the signature algorithm is malformed");
    tbs->algorithm = signature_algorithm_of_der(algorithm);
    if (!tbs->algorithm)
        return refuse(err, "tbs.algorithm", "the signature algorithm is not known");
    return true;
}

static bool
parse_name(struct reader *reader, const char *rule, struct bytes *ret_name, struct error *err)
{
    const char *fault;

    if (!der_take_whole(reader, TAG_SEQUENCE, ret_name))
        return refuse(err, rule, "a name is malformed");
    fault = name_fault(*ret_name);
    return fault ? refuse(err, rule, fault) : true;
}

static bool
parse_validity(struct reader *reader, struct tbs_cert *tbs, struct error *err)
{
    struct reader inside;

    if (!der_enter(reader, TAG_SEQUENCE, &inside) || !der_take_time(&inside, &tbs->not_before_s) ||
        !der_take_time(&inside, &tbs->not_after_s) || !reader_at_end(&inside))
        return refuse(err, "tbs.validity", "the validity is not two times as RFC 5280 wants them");
    return true;
}

/* The shape alone: whether the key is a good one is public_key_parse's to say. */
static bool
parse_spki(struct reader *reader, struct tbs_cert *tbs, struct error *err)
{
    struct reader outer, inside, algorithm;
    struct bytes oid, bits;

    if (!der_take_whole(reader, TAG_SEQUENCE, &tbs->spki) || tbs->spki.len > LIMIT_SPKI_OCTETS)
        return refuse(err, "tbs.spki", "the public key is malformed or too long");
    outer = reader_of(tbs->spki);
    if (!der_enter(&outer, TAG_SEQUENCE, &inside) ||
        !der_enter(&inside, TAG_SEQUENCE, &algorithm) || !der_take(&algorithm, TAG_OID, &oid) ||
        !der_take_bits(&inside, &bits) || !reader_at_end(&inside))
        return refuse(err, "tbs.spki", "the public key is malformed or too long");
    return true;
}

/* --- extensions ----------------------------------------------------------------------------------
 */

static bool
refuse_extension(struct error *err, const char *rule, const char *name, const char *what)
{
    return error_refuse(err, ERROR_PERMIT, rule,
                        "the certificate to be signed: the extension %s: %s", name, what);
}

static size_t
extension_row(struct bytes oid)
{
    size_t i = 0;

    while (i < TBS_EXTENSIONS && !bytes_equal(tbs_extensions[i].oid, oid))
        i++;
    return i;
}

/* `*next` is the first row that may still come. */
static bool
parse_extension(struct reader *list, size_t *next, struct tbs_cert *tbs, struct error *err)
{
    const struct tbs_extension *row;
    struct der_extension found;
    struct reader value;
    const char *fault;
    char text[64];
    size_t i;

    if (!der_take_extension(list, &found))
        return refuse(err, "tbs.extension.syntax", "an extension is malformed");
    i = extension_row(found.oid);
    if (i == TBS_EXTENSIONS) {
        der_oid_text(found.oid, text, sizeof(text));
        return refuse_extension(err, "tbs.extension.unknown", text, "not one that is ever issued");
    }
    row = &tbs_extensions[i];
    if (i < *next)
        return refuse_extension(err, "tbs.extension.order", row->name, "twice or out of order");
    while (*next < i)
        if (tbs_extensions[(*next)++].mandatory)
            return refuse(err, "tbs.extension.missing", "a mandatory extension is missing");
    *next = i + 1;
    value = reader_of(found.value);
    fault = row->get(&value, tbs);
    if (fault)
        return refuse_extension(err, "tbs.extension.value", row->name, fault);
    if (bytes_equal(found.oid, (struct bytes)OID_SUBJECT_ALT_NAME))
        tbs->san_critical = found.critical;
    if (found.critical != (row->critical && row->critical(tbs)))
        return refuse_extension(err, "tbs.extension.critical", row->name,
                                found.critical ? "must not be critical" : "must be critical");
    return true;
}

static bool
parse_extensions(struct reader *reader, struct tbs_cert *tbs, struct error *err)
{
    struct reader tagged, list;
    size_t next = 0;

    if (!der_enter(reader, TAG_CONTEXT_CONSTRUCTED(3), &tagged) ||
        !der_enter(&tagged, TAG_SEQUENCE, &list) || !reader_at_end(&tagged))
        return refuse(err, "tbs.extension.syntax", "the extensions are missing or malformed");
    while (!reader_at_end(&list))
        if (!parse_extension(&list, &next, tbs, err))
            return false;
    for (; next < TBS_EXTENSIONS; next++)
        if (tbs_extensions[next].mandatory)
            return refuse(err, "tbs.extension.missing", "a mandatory extension is missing");
    return true;
}

/* --- CA certificates of others -------------------------------------------------------------------
 */

/* A pointer or key identifier of another shape than ours says nothing to us, and is passed over. */
static bool
parse_foreign_value(const struct der_extension *found, const struct tbs_extension *row,
                    struct tbs_cert *tbs, struct error *err)
{
    struct reader value = reader_of(found->value);
    struct tbs_cert before = *tbs;
    const char *fault = row->get(&value, tbs);

    if (fault && found->critical)
        return refuse_extension(err, "tbs.extension.value", row->name, fault);
    if (fault)
        *tbs = before;
    return true;
}

static bool
parse_foreign_extension(struct reader *list, unsigned *seen, struct tbs_cert *tbs,
                        struct error *err)
{
    struct der_extension found;
    char text[64];
    size_t i;

    if (!der_take_extension(list, &found))
        return refuse(err, "tbs.extension.syntax", "an extension is malformed");
    i = extension_row(found.oid);
    if (i == TBS_EXTENSIONS) {
        der_oid_text(found.oid, text, sizeof(text));
        return !found.critical ||
               refuse_extension(err, "tbs.extension.unknown", text, "critical, and not known");
    }
    if (*seen & 1u << i)
        return refuse_extension(err, "tbs.extension.order", tbs_extensions[i].name, "twice");
    *seen |= 1u << i;
    return parse_foreign_value(&found, &tbs_extensions[i], tbs, err);
}

/* In whatever order, with whatever else is not critical (RFC 5280 §4.2). */
static bool
parse_foreign_extensions(struct reader *reader, struct tbs_cert *tbs, struct error *err)
{
    struct reader tagged, list;
    unsigned seen = 0;

    if (!der_enter(reader, TAG_CONTEXT_CONSTRUCTED(3), &tagged) ||
        !der_enter(&tagged, TAG_SEQUENCE, &list) || !reader_at_end(&tagged))
        return refuse(err, "tbs.extension.syntax", "the extensions are missing or malformed");
    while (!reader_at_end(&list))
        if (!parse_foreign_extension(&list, &seen, tbs, err))
            return false;
    return tbs->ca || refuse(err, "tbs.extension.missing", "it is not that of a CA");
}

/* --- the whole -----------------------------------------------------------------------------------
 */

typedef bool extensions_parse(struct reader *reader, struct tbs_cert *tbs, struct error *err);

static bool
parse_with(extensions_parse *extensions, struct bytes der, struct tbs_cert *ret_tbs,
           struct error *err)
{
    struct reader outer = reader_of(der), reader;
    struct tbs_cert tbs = {.path_len = -1};

    if (der.len > LIMIT_TBS_OCTETS)
        return refuse(err, "tbs.size", "too many octets");
    if (!der_check_as(der, "the certificate to be signed", ERROR_PERMIT, err))
        return false;
    if (!der_enter(&outer, TAG_SEQUENCE, &reader) || !reader_at_end(&outer))
        return refuse(err, "tbs.syntax", "not a SEQUENCE");
    if (!parse_version(&reader, err) || !parse_serial(&reader, &tbs, err) ||
        !parse_algorithm(&reader, &tbs, err) ||
        !parse_name(&reader, "tbs.issuer", &tbs.issuer, err) ||
        !parse_validity(&reader, &tbs, err) ||
        !parse_name(&reader, "tbs.subject", &tbs.subject, err) || !parse_spki(&reader, &tbs, err) ||
        !extensions(&reader, &tbs, err))
        return false;
    if (!reader_at_end(&reader))
        return refuse(err, "tbs.syntax", "something follows the extensions");
    *ret_tbs = tbs;
    return true;
}

bool
tbs_cert_parse(struct bytes der, struct tbs_cert *ret_tbs, struct error *err)
{
    return parse_with(parse_extensions, der, ret_tbs, err);
}

bool
tbs_cert_parse_foreign_ca(struct bytes der, struct tbs_cert *ret_tbs, struct error *err)
{
    return parse_with(parse_foreign_extensions, der, ret_tbs, err);
}
