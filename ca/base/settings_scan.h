/*
 * The look before libconfuse: checks the whole grammar against the schema and remembers the line of
 * each option, which libconfuse does not keep.
 */
#ifndef SIGNET_SETTINGS_SCAN_H
#define SIGNET_SETTINGS_SCAN_H

#include "signet/buffer.h"
#include "signet/settings.h"

struct settings_index {
    const char *path;
    const struct settings_row *rows;
    size_t count;
    unsigned option_line[SETTINGS_ROWS]; /* by row; 0: absent */
    struct {
        char name[128]; /* "token issuing" */
        unsigned line;
    } section[SETTINGS_SECTIONS];
    size_t section_count;
};

/*
 * `text` is the whole file; its comments are blanked, since libconfuse takes them only between
 * options. path and rows are kept. ERROR_CONFIG.
 */
MUST_USE bool settings_scan(const char *path, struct buffer *text, const struct settings_row *rows,
                            size_t count, struct settings_index *ret_index, struct error *err);

/* Line of the section, 0 when it does not stand in the file. */
unsigned settings_section_line(const struct settings_index *index, const char *section);

#endif
