#include <stdlib.h>

#include "signet/crl.h"

#include "der_time.h"
#include "name.h"
#include "oid.h"
#include "serial.h"
#include "signature_algorithm.h"

static bool
refuse(struct error *err, const char *rule, const char *what)
{
    return error_refuse(err, ERROR_INTERNAL, rule, "the CRL %s", what);
}

DEFINE_CLEANUP(struct crl_entry *, free);
#define AUTO_ENTRIES CLEANUP(free_auto) struct crl_entry *

/* --- entries
 * -------------------------------------------------------------------------------------- */

static bool
entry_extensions_get(struct reader *list, struct crl_entry *entry)
{
    struct der_extension extension;
    struct reader value;
    uint64_t reason;

    if (reader_at_end(list))
        return false;
    while (!reader_at_end(list)) {
        if (!der_take_extension(list, &extension) || extension.critical)
            return false;
        value = reader_of(extension.value);
        if (bytes_equal(extension.oid, (struct bytes)OID_REASON_CODE) && !entry->reason &&
            !entry->invalidity_s) {
            if (!der_take_number(&value, TAG_ENUMERATED, REASON_AA_COMPROMISE, &reason) ||
                reason == REASON_UNSPECIFIED || !revocation_reason_name((int)reason))
                return false;
            entry->reason = (uint8_t)reason;
        } else if (bytes_equal(extension.oid, (struct bytes)OID_INVALIDITY_DATE) &&
                   !entry->invalidity_s) {
            if (!der_take_generalized_time(&value, &entry->invalidity_s) || !entry->invalidity_s)
                return false;
        } else {
            return false;
        }
        if (!reader_at_end(&value))
            return false;
    }
    return true;
}

static bool
entry_get(struct reader *list, struct crl_entry *ret_entry)
{
    struct reader inside, extensions;
    struct bytes serial;

    memset(ret_entry, 0, sizeof(*ret_entry));
    if (!der_enter(list, TAG_SEQUENCE, &inside) || !der_take(&inside, TAG_INTEGER, &serial) ||
        !serial_is_valid(serial) || !der_take_time(&inside, &ret_entry->revoked_s))
        return false;
    memcpy(ret_entry->serial, serial.data, serial.len);
    ret_entry->serial_len = (uint8_t)serial.len;
    if (reader_at_end(&inside))
        return true;
    return der_enter(&inside, TAG_SEQUENCE, &extensions) && reader_at_end(&inside) &&
           entry_extensions_get(&extensions, ret_entry);
}

static size_t
count_values(struct reader list)
{
    struct bytes content;
    size_t count = 0;

    while (der_take(&list, TAG_SEQUENCE, &content))
        count++;
    return count;
}

static bool
entries_get(struct reader *list, struct crl_entry **ret_entries, size_t *ret_count,
            struct error *err)
{
    size_t count = count_values(*list);
    AUTO_ENTRIES entries = NULL;

    if (count == 0)
        return refuse(err, "crl.entries", "has an empty list of entries (R-03)");
    entries = malloc(count * sizeof(*entries));
    if (!entries)
        return error_set(err, ERROR_MEMORY, "no memory for %zu CRL entries", count);
    for (size_t i = 0; i < count; i++)
        if (!entry_get(list, &entries[i]))
            return refuse(err, "crl.entry", "has an entry that is not one of ours");
    if (!reader_at_end(list))
        return refuse(err, "crl.entry", "has something among its entries that is none");
    *ret_entries = steal(&entries);
    *ret_count = count;
    return true;
}

/* --- extensions, in the order in which they are written
 * -------------------------------------------- */

static bool
authority_key_id_get(struct reader *value, struct crl *crl)
{
    struct reader inside;

    return der_enter(value, TAG_SEQUENCE, &inside) &&
           der_take(&inside, TAG_CONTEXT(0), &crl->authority_key_id) && reader_at_end(&inside) &&
           crl->authority_key_id.len > 0;
}

static bool
number_get(struct reader *value, struct crl *crl)
{
    return der_take_number(value, TAG_INTEGER, UINT64_MAX, &crl->number);
}

static bool
distribution_point_get(struct reader *value, struct crl *crl)
{
    struct reader point, name, full;

    return der_enter(value, TAG_SEQUENCE, &point) &&
           der_enter(&point, TAG_CONTEXT_CONSTRUCTED(0), &name) && reader_at_end(&point) &&
           der_enter(&name, TAG_CONTEXT_CONSTRUCTED(0), &full) && reader_at_end(&name) &&
           der_take(&full, TAG_CONTEXT(6), &crl->distribution_url) && reader_at_end(&full) &&
           crl->distribution_url.len > 0;
}

static bool
extensions_get(struct reader *reader, struct crl *crl, struct error *err)
{
    static const struct {
        struct bytes oid;
        bool critical, optional;
        bool (*get)(struct reader *value, struct crl *crl);
    } rows[] = {
        {OID_AUTHORITY_KEY_ID, false, false, authority_key_id_get},
        {OID_CRL_NUMBER, false, false, number_get},
        {OID_ISSUING_DISTRIBUTION_POINT, true, true, distribution_point_get},
    };
    struct der_extension extension;
    struct reader tagged, list, value;

    if (!der_enter(reader, TAG_CONTEXT_CONSTRUCTED(0), &tagged) ||
        !der_enter(&tagged, TAG_SEQUENCE, &list) || !reader_at_end(&tagged))
        return refuse(err, "crl.extension", "has no extensions");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].optional && reader_at_end(&list))
            continue;
        if (!der_take_extension(&list, &extension) || !bytes_equal(extension.oid, rows[i].oid) ||
            extension.critical != rows[i].critical)
            return refuse(err, "crl.extension", "lacks an extension or has one that is not ours");
        value = reader_of(extension.value);
        if (!rows[i].get(&value, crl) || !reader_at_end(&value))
            return refuse(err, "crl.extension", "has a malformed extension");
    }
    return reader_at_end(&list) || refuse(err, "crl.extension", "has an extension too many");
}

/* --- the whole
 * -------------------------------------------------------------------------------------- */

static bool
head_get(struct reader *reader, struct crl *crl, struct bytes algorithm, struct error *err)
{
    struct bytes inner;
    uint64_t version;

    if (!der_take_number(reader, TAG_INTEGER, 1, &version) || version != 1)
        return refuse(err, "crl.version", "is not of version 2");
    if (!der_take_whole(reader, TAG_SEQUENCE, &inner) || !bytes_equal(inner, algorithm))
        return refuse(err, "crl.algorithm", "names two different signature algorithms");
    crl->algorithm = signature_algorithm_of_der(inner);
    if (!crl->algorithm)
        return refuse(err, "crl.algorithm", "is signed with an algorithm that is not known");
    if (!der_take_whole(reader, TAG_SEQUENCE, &crl->issuer) || name_is_empty(crl->issuer) ||
        name_fault(crl->issuer))
        return refuse(err, "crl.issuer", "has no issuer Name");
    if (!der_take_time(reader, &crl->this_update_s) ||
        !der_take_time(reader, &crl->next_update_s) || crl->next_update_s <= crl->this_update_s)
        return refuse(err, "crl.time", "has no thisUpdate and a later nextUpdate");
    return true;
}

bool
crl_parse(struct bytes der, struct crl *ret_crl, struct crl_entry **ret_entries,
          struct bytes *ret_tbs, struct bytes *ret_signature, struct error *err)
{
    struct reader outer = reader_of(der), reader, list;
    struct crl crl = {.number = 0};
    AUTO_ENTRIES entries = NULL;
    struct bytes tbs, algorithm, signature;

    if (!der_check_as(der, "the CRL", ERROR_INTERNAL, err))
        return false;
    if (!der_enter(&outer, TAG_SEQUENCE, &reader) || !der_take_whole(&reader, TAG_SEQUENCE, &tbs) ||
        !der_take_whole(&reader, TAG_SEQUENCE, &algorithm) || !der_take_bits(&reader, &signature) ||
        !reader_at_end(&reader))
        return refuse(err, "crl.syntax", "is not a CertificateList");
    outer = reader_of(tbs);
    if (!der_enter(&outer, TAG_SEQUENCE, &reader) || !head_get(&reader, &crl, algorithm, err))
        return false;
    if (der_next_is(&reader, TAG_SEQUENCE)) {
        if (!der_enter(&reader, TAG_SEQUENCE, &list) ||
            !entries_get(&list, &entries, &crl.entry_count, err))
            return false;
    }
    if (!extensions_get(&reader, &crl, err))
        return false;
    if (!reader_at_end(&reader))
        return refuse(err, "crl.syntax", "has something behind its extensions");
    crl.entries = entries;
    *ret_crl = crl;
    *ret_entries = steal(&entries);
    *ret_tbs = tbs;
    *ret_signature = signature;
    return true;
}
