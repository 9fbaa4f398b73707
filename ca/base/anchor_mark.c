#include "signet/anchor_mark.h"

#include <stdio.h>

#include "signet/encode.h"

bool
anchor_mark_parse(const char *line, struct anchor_mark *ret_mark)
{
    struct anchor_mark mark = {.crl_number = 0};
    char serial[2 * LIMIT_SERIAL_OCTETS + 1] = "";
    unsigned long long number;

    if (sscanf(line, "signet-anchor-v1 crl %20llu serial %40[0-9a-f]", &number, serial) < 1 ||
        !hex_decode(serial, mark.serial, sizeof(mark.serial), &mark.serial_len))
        return false;
    mark.crl_number = number;
    *ret_mark = mark;
    return true;
}

size_t
anchor_mark_text(const struct anchor_mark *mark, char line[ANCHOR_MARK_ROOM])
{
    char hex[2 * LIMIT_SERIAL_OCTETS + 1] = "";
    int len;

    hex_encode(bytes_of(mark->serial, mark->serial_len), hex, sizeof(hex));
    len = snprintf(line, ANCHOR_MARK_ROOM, "signet-anchor-v1 crl %20llu serial %-40s\n",
                   (unsigned long long)mark->crl_number, hex);
    return (size_t)len;
}
