#include "anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signet/encode.h"
#include "signet/file.h"

enum { ANCHOR_DAY_S = 86400 };

bool
anchor_open(struct anchor *anchor, const char *folder, struct error *err)
{
    char path[1100];
    char line[ANCHOR_MARK_ROOM] = "";
    ssize_t len;

    memset(anchor, 0, sizeof(*anchor));
    pthread_mutex_init(&anchor->lock, NULL);
    snprintf(path, sizeof(path), "%s/" ANCHOR_MARK_FILE, folder);
    anchor->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (anchor->fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot open the anchor %s", path);
    len = pread(anchor->fd, line, sizeof(line) - 1, 0);
    if (len < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot read the anchor %s", path);
    if (len > 0 && !anchor_mark_parse(line, &anchor->mark))
        return error_set(err, ERROR_FILE_ACCESS, "%s is not an anchor of this program", path);
    return true;
}

void
anchor_close(struct anchor *anchor)
{
    fd_close(&anchor->fd);
}

/* The day of expiry stands in the serial; partitions past it may be gone rightly. */
static bool
serial_must_be_there(const struct anchor *anchor, int64_t now_s)
{
    return anchor->mark.serial_len > 3 &&
           (anchor->mark.serial[1] << 8 | anchor->mark.serial[2]) >= now_s / ANCHOR_DAY_S;
}

static bool
check_serial(const struct anchor *anchor, struct db *db, int32_t issuer, struct error *err)
{
    struct db_certificate *row = calloc(1, sizeof(*row));
    enum db_found found;
    char hex[2 * LIMIT_SERIAL_OCTETS + 1];

    if (!row)
        return error_set(err, ERROR_MEMORY, "no memory for a certificate row");
    found = db_certificate_get(db, issuer, bytes_of(anchor->mark.serial, anchor->mark.serial_len),
                               row, err);
    free(row);
    hex_encode(bytes_of(anchor->mark.serial, anchor->mark.serial_len), hex, sizeof(hex));
    if (found == DB_MISSING)
        return error_set(
            err, ERROR_DATABASE_REWOUND,
            "the anchor names serial %s, which the database does not have: it is older "
            "than what was issued",
            hex);
    return found == DB_FOUND;
}

bool
anchor_check(struct anchor *anchor, struct db *db, int32_t issuer, int64_t now_s, struct error *err)
{
    struct db_crl crl = {0};
    AUTO_BUFFER der;

    buffer_init(&der, LIMIT_CRL_OCTETS);
    if (serial_must_be_there(anchor, now_s) && !check_serial(anchor, db, issuer, err))
        return false;
    if (anchor->mark.crl_number == 0)
        return true;
    if (db_crl_get(db, issuer, 0, &crl, &der, err) == DB_FAILED)
        return false;
    if (crl.number < anchor->mark.crl_number)
        return error_set(err, ERROR_DATABASE_REWOUND,
                         "the anchor names CRL %llu, the database has %llu: it is older than what "
                         "was published",
                         (unsigned long long)anchor->mark.crl_number,
                         (unsigned long long)crl.number);
    return true;
}

uint64_t
anchor_crl_number(struct anchor *anchor)
{
    uint64_t number;

    pthread_mutex_lock(&anchor->lock);
    number = anchor->mark.crl_number;
    pthread_mutex_unlock(&anchor->lock);
    return number;
}

static bool
write_locked(struct anchor *anchor, struct error *err)
{
    char line[ANCHOR_MARK_ROOM];
    size_t len = anchor_mark_text(&anchor->mark, line);

    if (pwrite(anchor->fd, line, len, 0) != (ssize_t)len || fdatasync(anchor->fd) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot write the anchor");
    anchor->dirty = false;
    return true;
}

bool
anchor_put_crl(struct anchor *anchor, uint64_t number, struct error *err)
{
    bool ok = true;

    pthread_mutex_lock(&anchor->lock);
    if (number > anchor->mark.crl_number) {
        anchor->mark.crl_number = number;
        ok = write_locked(anchor, err);
    }
    pthread_mutex_unlock(&anchor->lock);
    return ok;
}

void
anchor_put_serial(struct anchor *anchor, struct bytes serial)
{
    if (serial.len > LIMIT_SERIAL_OCTETS)
        return;
    pthread_mutex_lock(&anchor->lock);
    memcpy(anchor->mark.serial, serial.data, serial.len);
    anchor->mark.serial_len = serial.len;
    anchor->dirty = true;
    pthread_mutex_unlock(&anchor->lock);
}

bool
anchor_flush(struct anchor *anchor, struct error *err)
{
    bool ok = true;

    pthread_mutex_lock(&anchor->lock);
    if (anchor->dirty)
        ok = write_locked(anchor, err);
    pthread_mutex_unlock(&anchor->lock);
    return ok;
}
