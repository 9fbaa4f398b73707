#include <stdlib.h>

#include "signet/crl.h"

#include "der_time.h"
#include "der_write.h"
#include "name.h"
#include "oid.h"
#include "serial.h"
#include "signature_algorithm.h"
#include "signet/tbs_cert.h"

static struct bytes
entry_serial(const struct crl_entry *entry)
{
    return bytes_of(entry->serial, entry->serial_len);
}

static const char *
entry_fault(const struct crl *crl, const struct crl_entry *entry)
{
    if (entry->serial_len > LIMIT_SERIAL_OCTETS || !serial_is_valid(entry_serial(entry)))
        return "a serial that no certificate has";
    if (!revocation_reason_name(entry->reason))
        return "a reason that does not exist";
    return entry->revoked_s > crl->this_update_s ? "a revocation after thisUpdate" : NULL;
}

static int
compare_serials(const void *a, const void *b)
{
    const struct crl_entry *const *first = a, *const *second = b;

    return bytes_compare(entry_serial(*first), entry_serial(*second));
}

static bool
ascending(const struct crl *crl)
{
    for (size_t i = 1; i < crl->entry_count; i++)
        if (bytes_compare(entry_serial(&crl->entries[i - 1]), entry_serial(&crl->entries[i])) >= 0)
            return false;
    return true;
}

/* Entries that come out of the database ascend; others are put in order on the side. */
static bool
entries_differ(const struct crl *crl, struct error *err)
{
    const struct crl_entry **order;
    bool differ = true;

    if (ascending(crl))
        return true;
    order = malloc(crl->entry_count * sizeof(*order));
    if (!order)
        return error_set(err, ERROR_MEMORY, "no memory to sort %zu CRL entries", crl->entry_count);
    for (size_t i = 0; i < crl->entry_count; i++)
        order[i] = &crl->entries[i];
    qsort(order, crl->entry_count, sizeof(*order), compare_serials);
    for (size_t i = 1; i < crl->entry_count; i++)
        differ = differ && compare_serials(&order[i - 1], &order[i]) != 0;
    free(order);
    return differ || error_set(err, ERROR_INTERNAL, "the CRL would name a serial twice");
}

static bool
crl_check(const struct crl *crl, struct error *err)
{
    const char *fault;

    if (signature_algorithm_der(crl->algorithm).len == 0)
        return error_set(err, ERROR_INTERNAL, "a CRL without a known signature algorithm");
    if (name_is_empty(crl->issuer) || name_fault(crl->issuer))
        return error_set(err, ERROR_INTERNAL, "a CRL whose issuer is not a name");
    if (crl->next_update_s <= crl->this_update_s)
        return error_set(err, ERROR_INTERNAL, "a CRL whose nextUpdate is not after thisUpdate");
    if (crl->authority_key_id.len == 0)
        return error_set(err, ERROR_INTERNAL, "a CRL without authorityKeyIdentifier");
    for (size_t i = 0; i < crl->entry_count; i++) {
        fault = entry_fault(crl, &crl->entries[i]);
        if (fault)
            return error_set(err, ERROR_INTERNAL, "CRL entry %zu has %s", i, fault);
    }
    return entries_differ(crl, err);
}

static void
entry_put(struct der_writer *writer, const struct crl_entry *entry)
{
    der_open(writer, TAG_SEQUENCE);
    der_put(writer, TAG_INTEGER, entry_serial(entry));
    der_put_time(writer, entry->revoked_s);
    if (entry->reason != REASON_UNSPECIFIED || entry->invalidity_s) {
        der_open(writer, TAG_SEQUENCE);
        if (entry->reason != REASON_UNSPECIFIED) {
            der_open_extension(writer, (struct bytes)OID_REASON_CODE, false);
            der_put_number(writer, TAG_ENUMERATED, entry->reason);
            der_close_extension(writer);
        }
        if (entry->invalidity_s) {
            der_open_extension(writer, (struct bytes)OID_INVALIDITY_DATE, false);
            der_put_generalized_time(writer, entry->invalidity_s);
            der_close_extension(writer);
        }
        der_close(writer);
    }
    der_close(writer);
}

/* a critical IssuingDistributionPoint; its flags are DEFAULT FALSE and so absent. */
static void
distribution_point_put(struct der_writer *writer, struct bytes url)
{
    if (!san_check(&(struct san){.type = SAN_URI, .value = url}, ERROR_INTERNAL, NULL))
        writer->failed = true;
    der_open_extension(writer, (struct bytes)OID_ISSUING_DISTRIBUTION_POINT, true);
    der_open(writer, TAG_SEQUENCE);
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(0)); /* distributionPoint */
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(0)); /* fullName */
    der_put(writer, TAG_CONTEXT(SAN_URI), url);
    for (int open = 0; open < 3; open++)
        der_close(writer);
    der_close_extension(writer);
}

static void
extensions_put(struct der_writer *writer, const struct crl *crl)
{
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(0));
    der_open(writer, TAG_SEQUENCE);
    der_open_extension(writer, (struct bytes)OID_AUTHORITY_KEY_ID, false);
    der_open(writer, TAG_SEQUENCE);
    der_put(writer, TAG_CONTEXT(0), crl->authority_key_id);
    der_close(writer);
    der_close_extension(writer);
    der_open_extension(writer, (struct bytes)OID_CRL_NUMBER, false);
    der_put_number(writer, TAG_INTEGER, crl->number);
    der_close_extension(writer);
    if (crl->distribution_url.len)
        distribution_point_put(writer, crl->distribution_url);
    der_close(writer);
    der_close(writer);
}

bool
crl_tbs_build(const struct crl *crl, struct buffer *out, struct error *err)
{
    struct der_writer writer;

    if (!crl_check(crl, err))
        return false;
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_put_number(&writer, TAG_INTEGER, 1); /* version 2 */
    der_put_raw(&writer, signature_algorithm_der(crl->algorithm));
    der_put_raw(&writer, crl->issuer);
    der_put_time(&writer, crl->this_update_s);
    der_put_time(&writer, crl->next_update_s);
    if (crl->entry_count) { /* no empty list */
        der_open(&writer, TAG_SEQUENCE);
        for (size_t i = 0; i < crl->entry_count; i++)
            entry_put(&writer, &crl->entries[i]);
        der_close(&writer);
    }
    extensions_put(&writer, crl);
    der_close(&writer);
    if (!der_writer_end(&writer))
        return error_set(err, ERROR_MEMORY,
                         "a CRL of %zu entries does not fit or has a field that cannot be encoded",
                         crl->entry_count);
    return true;
}

bool
crl_assemble(struct bytes tbs, enum signature_algorithm algorithm, struct bytes signature,
             struct buffer *out, struct error *err)
{
    /* CertificateList and Certificate have the same three parts */
    return certificate_assemble(tbs, algorithm, signature, out, err) ||
           error_context(err, "assembling a CRL");
}
