/*
 * The text of a permit: the libconfuse syntax that our other files have, cut down to what a permit
 * needs (settings, lists, titleless sections one deep) and read strictly. libconfuse itself takes the
 * last of two equal settings, merges sections, ends quietly inside an open one and reads 010 as 8; for
 * this file each of these would widen or narrow what a key may sign without anybody noticing.
 */
#ifndef SIGNET_SIGNER_PERMIT_FILE_H
#define SIGNET_SIGNER_PERMIT_FILE_H

#include <stdint.h>

#include "signet/bytes.h"
#include "signet/error.h"

enum {
    PERMIT_FILE_OCTETS = 64 * 1024,
    PERMIT_SETTINGS = 48,
    PERMIT_VALUES = 16,
    PERMIT_VALUE_OCTETS = 256,
    PERMIT_WORD_OCTETS = 32
};

enum permit_value_kind { PERMIT_TEXT, PERMIT_NUMBER, PERMIT_LIST };

struct permit_setting {
    char section[PERMIT_WORD_OCTETS]; /* "" outside of any */
    char name[PERMIT_WORD_OCTETS];
    enum permit_value_kind kind;
    int line;
    int64_t number;
    size_t count; /* 1 for a text */
    char value[PERMIT_VALUES][PERMIT_VALUE_OCTETS];
};

struct permit_file {
    char path[1024]; /* for complaints */
    size_t count;
    struct permit_setting setting[PERMIT_SETTINGS];
};

/* Errors: ERROR_CONFIG "path:line: ...". The result is given (free()). */
MUST_USE bool permit_file_parse(const char *path, struct bytes text, struct permit_file **ret_file,
                                struct error *err);
/* The setting, or null. */
const struct permit_setting *permit_file_find(const struct permit_file *file, const char *section,
                                              const char *name);
bool permit_file_has_section(const struct permit_file *file, const char *section);

#endif
