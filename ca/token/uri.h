/* RFC 7512 URIs, read strictly: p11-kit's own parser lets duplicates, fragments and PINs pass. */
#ifndef SIGNET_TOKEN_URI_H
#define SIGNET_TOKEN_URI_H

#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include "signet/error.h"

enum uri_names { URI_NAMES_TOKEN, URI_NAMES_KEY };

DEFINE_CLEANUP(P11KitUri *, p11_kit_uri_free);
#define AUTO_URI CLEANUP(p11_kit_uri_free_auto) P11KitUri *

/*
 * Takes token, serial, manufacturer, model, object, id and type=private, each at most once; a token
 * by label or serial is required. URI_NAMES_KEY requires object or id, URI_NAMES_TOKEN refuses
 * both. Errors: ERROR_CONFIG, which never repeats the URI's text (a PIN may stand in it). Gives.
 */
MUST_USE bool uri_parse(const char *text, enum uri_names names, P11KitUri **ret_uri,
                        struct error *err);
/* CKA_ID (id) or CKA_LABEL (object) of the URI; null when absent. Borrowed. */
const CK_ATTRIBUTE *uri_attribute(P11KitUri *uri, CK_ATTRIBUTE_TYPE type);

#endif
