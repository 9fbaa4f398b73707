#include "uri.h"

#include <string.h>

static const char *const uri_known[] = {"token",  "serial", "manufacturer", "model",
                                        "object", "id",     "type"};
enum { URI_TOKEN, URI_SERIAL, URI_OBJECT = 4, URI_ID, URI_TYPE };

/* One "name=value" of the path; marks it in `seen`. */
static bool
uri_check_attribute(const char *text, size_t len, unsigned *seen, struct error *err)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;

    for (size_t i = 0; i < ARRAY_LEN(uri_known); i++) {
        if (strlen(uri_known[i]) != name_len || memcmp(uri_known[i], text, name_len) != 0)
            continue;
        if (!equals || name_len + 1 == len)
            return error_set(err, ERROR_CONFIG, "pkcs11 URI: %s has no value", uri_known[i]);
        if (*seen & 1U << i)
            return error_set(err, ERROR_CONFIG, "pkcs11 URI: %s stands twice", uri_known[i]);
        if (i == URI_TYPE && (len != 12 || memcmp(text, "type=private", 12) != 0))
            return error_set(err, ERROR_CONFIG, "pkcs11 URI: type can only be \"private\"");
        *seen |= 1U << i;
        return true;
    }
    return error_set(err, ERROR_CONFIG,
                     "pkcs11 URI: an attribute is not one of token, serial, manufacturer, model, "
                     "object, id, type (slots change, so they cannot be named)");
}

static bool
uri_check_text(const char *text, unsigned *ret_seen, struct error *err)
{
    const char *rest;
    unsigned seen = 0;

    if (!text || strncmp(text, "pkcs11:", 7) != 0)
        return error_set(err, ERROR_CONFIG, "pkcs11 URI: it must begin with \"pkcs11:\"");
    if (strstr(text, "pin-value"))
        return error_set(err, ERROR_CONFIG,
                         "pkcs11 URI: pin-value is refused; put the PIN into a file of mode 0600 "
                         "and name it as pin_file");
    if (strpbrk(text, "?#"))
        return error_set(err, ERROR_CONFIG,
                         "pkcs11 URI: neither a query nor a fragment is taken; module and pin_file "
                         "are options of their own");
    for (rest = text + 7;; rest++) {
        size_t len = strcspn(rest, ";");

        if (!uri_check_attribute(rest, len, &seen, err))
            return false;
        rest += len;
        if (*rest == '\0')
            break;
    }
    *ret_seen = seen;
    return true;
}

bool
uri_parse(const char *text, enum uri_names names, P11KitUri **ret_uri, struct error *err)
{
    AUTO_URI uri = NULL;
    unsigned seen = 0;
    bool key;
    int rc;

    if (!uri_check_text(text, &seen, err))
        return false;
    if (!(seen & (1U << URI_TOKEN | 1U << URI_SERIAL)))
        return error_set(err, ERROR_CONFIG, "pkcs11 URI: token or serial is required");
    key = (seen & (1U << URI_OBJECT | 1U << URI_ID)) != 0;
    if (names == URI_NAMES_KEY && !key)
        return error_set(err, ERROR_CONFIG, "pkcs11 URI: object or id is required to name the key");
    if (names == URI_NAMES_TOKEN && key)
        return error_set(err, ERROR_CONFIG, "pkcs11 URI: it must name a token only, not a key");
    uri = p11_kit_uri_new();
    if (!uri)
        return error_set(err, ERROR_MEMORY, "pkcs11 URI: no memory");
    rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
    if (rc != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri))
        return error_set(err, ERROR_CONFIG, "pkcs11 URI: %s",
                         rc == P11_KIT_URI_OK ? "an attribute is not known"
                                              : p11_kit_uri_message(rc));
    *ret_uri = steal(&uri);
    return true;
}

const CK_ATTRIBUTE *
uri_attribute(P11KitUri *uri, CK_ATTRIBUTE_TYPE type)
{
    return p11_kit_uri_get_attribute(uri, type);
}
