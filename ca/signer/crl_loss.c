#include "crl_builder.h"

#include <stdlib.h>

#include "signet/encode.h"

enum { DAY_S = 86400 };

static struct bytes
serial_of(const struct crl_entry *entry)
{
    return bytes_of(entry->serial, entry->serial_len);
}

static int
compare_entries(const void *a, const void *b)
{
    return bytes_compare(serial_of(*(const struct crl_entry *const *)a),
                         serial_of(*(const struct crl_entry *const *)b));
}

/* Borrowed pointers in order of serial, for the search. */
static const struct crl_entry **
sorted(const struct crl *crl)
{
    const struct crl_entry **index =
        malloc((crl->entry_count + 1) * sizeof(const struct crl_entry *));

    if (!index)
        return NULL;
    for (size_t i = 0; i < crl->entry_count; i++)
        index[i] = &crl->entries[i];
    qsort(index, crl->entry_count, sizeof(const struct crl_entry *), compare_entries);
    return index;
}

/* Our serials name the day of expiry: most are decided without asking the database. */
static bool
may_be_gone(const struct crl_entry *entry, int64_t made_s, crl_expired_before *expired,
            void *context, bool *ret_gone, struct error *err)
{
    int64_t day_s;

    if (entry->serial_len < 3)
        return expired(context, serial_of(entry), made_s, ret_gone, err);
    day_s = (int64_t)(entry->serial[1] << 8 | entry->serial[2]) * DAY_S;
    if (made_s >= day_s + DAY_S) {
        *ret_gone = true;
        return true;
    }
    if (made_s < day_s) {
        *ret_gone = false;
        return true;
    }
    return expired(context, serial_of(entry), made_s, ret_gone, err);
}

static bool
check_entries(const struct crl *old_crl, const struct crl_entry **index, size_t count,
              crl_expired_before *expired, void *context, struct error *err)
{
    char hex[2 * LIMIT_SERIAL_OCTETS + 1];

    for (size_t i = 0; i < old_crl->entry_count; i++) {
        const struct crl_entry *entry = &old_crl->entries[i];
        bool gone = false;

        if (bsearch(&entry, index, count, sizeof(const struct crl_entry *), compare_entries))
            continue;
        if (!may_be_gone(entry, old_crl->this_update_s, expired, context, &gone, err))
            return false;
        if (gone)
            continue;
        hex_encode(serial_of(entry), hex, sizeof(hex));
        return error_refuse(err, ERROR_PERMIT, "crl.loss",
                            "serial %s stands on CRL %llu and would be lost from the next", hex,
                            (unsigned long long)old_crl->number);
    }
    return true;
}

bool
crl_check_loss(const struct crl *old_crl, const struct crl *new_crl, crl_expired_before *expired,
               void *context, struct error *err)
{
    const struct crl_entry **index = sorted(new_crl);
    bool ok;

    if (!index)
        return error_set(err, ERROR_MEMORY, "no memory to compare two CRLs");
    ok = check_entries(old_crl, index, new_crl->entry_count, expired, context, err);
    free(index);
    return ok;
}
