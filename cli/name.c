#include "name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool
is_address(const char *text)
{
    unsigned char octets[16];

    return inet_pton(AF_INET, text, octets) == 1 || inet_pton(AF_INET6, text, octets) == 1;
}

bool
name_normalise(const char *typed, char text[NAME_TEXT_OCTETS], struct error *err)
{
    static const char *const prefixes[] = {"dns:", "ip:"};
    const char *prefix = is_address(typed) ? "ip:" : "dns:";
    int len;

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncmp(typed, prefixes[i], strlen(prefixes[i])) == 0)
            prefix = "";
    if (*prefix != '\0' && strchr(typed, ':') && !is_address(typed))
        return error_set(err, ERROR_USAGE, "name \"%.100s\": wanted dns:HOST or ip:ADDRESS", typed);
    len = snprintf(text, NAME_TEXT_OCTETS, "%s%s", prefix, typed);
    if (len < 0 || len >= NAME_TEXT_OCTETS)
        return error_set(err, ERROR_USAGE, "name \"%.40s...\" is longer than %d octets", typed,
                         LIMIT_NAME_OCTETS);
    return true;
}

bool
names_parse(const struct arguments *arguments, struct names *ret_names, struct error *err)
{
    const char *typed;
    size_t count = 0;

    for (; (typed = arguments_value_at(arguments, "name", count)) != NULL; count++) {
        if (count == LIMIT_NAMES)
            return error_set(err, ERROR_USAGE, "more than %d names", LIMIT_NAMES);
        if (!name_normalise(typed, ret_names->text[count], err))
            return false;
        if (!san_parse_text(ret_names->text[count], ret_names->address[count],
                            &ret_names->list.item[count], err)) {
            err->kind = ERROR_USAGE;
            return error_context(err, "--name");
        }
    }
    ret_names->list.count = count;
    return true;
}
