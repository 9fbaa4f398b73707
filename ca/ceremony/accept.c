#include "accept.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "signet/anchor_mark.h"
#include "signet/clock.h"
#include "signet/crl.h"
#include "signet/encode.h"
#include "signet/file.h"

enum {
    ACCEPT_SHARD = 0,
    /* A CRL is stored and published before its number reaches the anchor, and other nodes have
     * anchors of their own: numbers may be left out, but never come twice. */
    ACCEPT_NUMBER_MARGIN = 1000
};

struct accept {
    struct ceremony *ceremony;
    char path[CONFIG_PATH + 16]; /* of the anchor */
    struct anchor_mark mark;
    struct db_crl stored; /* the newest of the database; number 0: none */
    uint64_t highest;     /* number that was published */
    unsigned taken_over, unknown;
};

/* --- the anchor --- */

static bool
signer_is_stopped(const char *folder, struct error *err)
{
    AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "open the state folder %s", folder);
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ||
           error_set(err, ERROR_STATE_CONFLICT,
                     "a signer works in %s: it has not refused the database", folder);
}

static bool
read_mark(struct accept *accept, struct error *err)
{
    const char *folder = accept->ceremony->config->token[ROLE_ISSUING].state;
    AUTO_BUFFER line;

    buffer_init(&line, 4096);
    snprintf(accept->path, sizeof(accept->path), "%s/" ANCHOR_MARK_FILE, folder);
    if (!signer_is_stopped(folder, err) || !file_read(accept->path, &line, err))
        return false;
    return (buffer_text(&line) && anchor_mark_parse(buffer_text(&line), &accept->mark)) ||
           error_set(err, ERROR_FILE_ACCESS, "%s is not an anchor of this program", accept->path);
}

/* The owner of the file stays: the signer's user must be able to write it. */
static bool
write_mark(struct accept *accept, struct error *err)
{
    const struct anchor_mark mark = {.crl_number = accept->stored.number};
    char line[ANCHOR_MARK_ROOM];
    size_t len = anchor_mark_text(&mark, line);
    struct stat old;

    if (stat(accept->path, &old) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "look at the anchor %s", accept->path);
    return file_write_atomic(accept->path, bytes_of(line, len), 0600, old.st_uid, old.st_gid, err);
}

/* --- what the database lost --- */

static bool
compare_mark(struct accept *accept, struct error *err)
{
    struct ceremony *ceremony = accept->ceremony;
    struct bytes serial = bytes_of(accept->mark.serial, accept->mark.serial_len);
    struct db_certificate *row = calloc(1, sizeof(*row));
    enum db_found found = DB_FOUND;
    char hex[2 * LIMIT_SERIAL_OCTETS + 1];

    if (!row)
        return error_set(err, ERROR_MEMORY, "no memory for a certificate row");
    if (serial.len)
        found = db_certificate_get(ceremony->db, ceremony->issuing_id, serial, row, err);
    free(row);
    if (found == DB_FAILED || db_crl_get(ceremony->db, ceremony->issuing_id, ACCEPT_SHARD,
                                         &accept->stored, NULL, err) == DB_FAILED)
        return false;
    hex_encode(serial, hex, sizeof(hex));
    printf("CRL          published %llu, in the database %llu\n",
           (unsigned long long)accept->mark.crl_number, (unsigned long long)accept->stored.number);
    if (serial.len)
        printf("certificate  %s, the last that was recorded, is %s\n", hex,
               found == DB_FOUND ? "there" : "lost, and maybe others before it");
    accept->highest = accept->mark.crl_number;
    if (accept->stored.number > accept->highest)
        accept->highest = accept->stored.number;
    return true;
}

static bool
check_crl(struct accept *accept, const struct crl *crl, struct bytes tbs, struct bytes signature,
          struct error *err)
{
    struct certificate issuing;
    struct public_key *key = NULL;
    bool ok;

    if (!ceremony_certificate(accept->ceremony, MADE_ISSUING, &issuing, err) ||
        !public_key_parse(issuing.tbs.spki, &key, err))
        return false;
    ok = public_key_verify(key, crl->algorithm, tbs, signature, err) ||
         error_context(err, "the CRL is not of this authority");
    public_key_free(key);
    return ok;
}

/* One entry: there already, taken over, or of a certificate that the database does not know. */
static bool
take_entry(struct accept *accept, const struct crl_entry *entry, struct error *err)
{
    struct ceremony *ceremony = accept->ceremony;
    struct db_revocation standing;
    struct db_revocation lost = {.issuer = ceremony->issuing_id,
                                 .serial_len = entry->serial_len,
                                 .revoked_s = entry->revoked_s,
                                 .reason = entry->reason,
                                 .invalidity_s = entry->invalidity_s,
                                 .by = "ceremony"};
    struct error why = {0};
    char hex[2 * LIMIT_SERIAL_OCTETS + 1];
    bool first = false;

    memcpy(lost.serial, entry->serial, entry->serial_len);
    hex_encode(bytes_of(lost.serial, lost.serial_len), hex, sizeof(hex));
    if (db_revocation_insert(ceremony->db, &lost, &standing, &first, &why)) {
        accept->taken_over += first;
        if (first)
            printf("revocation   %s taken over from the CRL\n", hex);
        return true;
    }
    if (why.kind != ERROR_CERTIFICATE_NOT_FOUND) {
        if (err)
            *err = why;
        return false;
    }
    accept->unknown++;
    printf("revocation   %s lost: the database does not know the certificate\n", hex);
    return true;
}

static bool
take_crl(struct accept *accept, const char *path, struct error *err)
{
    struct crl crl;
    struct crl_entry *entries = NULL;
    struct bytes tbs, signature;
    bool ok;
    AUTO_BUFFER der;

    buffer_init(&der, LIMIT_CRL_OCTETS);
    if (!file_read(path, &der, err) ||
        !crl_parse(buffer_bytes(&der), &crl, &entries, &tbs, &signature, err))
        return false;
    ok = check_crl(accept, &crl, tbs, signature, err);
    for (size_t i = 0; ok && i < crl.entry_count; i++)
        ok = take_entry(accept, &entries[i], err);
    if (ok && crl.number > accept->highest)
        accept->highest = crl.number;
    free(entries);
    return ok;
}

bool
accept_database(struct ceremony *ceremony, const char *crl_path, struct error *err)
{
    struct accept accept = {.ceremony = ceremony};
    uint64_t raised;
    char object[96];

    if (!read_mark(&accept, err) || !compare_mark(&accept, err) ||
        (crl_path && !take_crl(&accept, crl_path, err)))
        return false;
    raised = accept.highest + ACCEPT_NUMBER_MARGIN;
    snprintf(object, sizeof(object), "CRL %llu lost, next above %llu, %u revocations taken over",
             (unsigned long long)(accept.highest - accept.stored.number),
             (unsigned long long)raised, accept.taken_over);
    if (!db_crl_raise(ceremony->db, ceremony->issuing_id, ACCEPT_SHARD, raised, err) ||
        !existing_note(ceremony, "accept_database", object, err) || !write_mark(&accept, err))
        return false;
    printf("accepted     the next CRL has a number above %llu\n", (unsigned long long)raised);
    return true;
}
