/* Object identifiers as the content octets of their DER encoding. */
#ifndef SIGNET_X509_OID_H
#define SIGNET_X509_OID_H

#include "signet/bytes.h"

/* An initialiser for static tables; elsewhere cast it: (struct bytes)OID_KEY_USAGE. */
#define OID(text)                                                                                  \
    {                                                                                              \
        .data = (const uint8_t *)(text), .len = sizeof(text) - 1                                   \
    }

/* RFC 5280: extensions */
#define OID_SUBJECT_KEY_ID OID("\x55\x1D\x0E")
#define OID_KEY_USAGE OID("\x55\x1D\x0F")
#define OID_SUBJECT_ALT_NAME OID("\x55\x1D\x11")
#define OID_BASIC_CONSTRAINTS OID("\x55\x1D\x13")
#define OID_CRL_NUMBER OID("\x55\x1D\x14")
#define OID_REASON_CODE OID("\x55\x1D\x15")
#define OID_INVALIDITY_DATE OID("\x55\x1D\x18")
#define OID_ISSUING_DISTRIBUTION_POINT OID("\x55\x1D\x1C")
#define OID_CRL_DISTRIBUTION_POINTS OID("\x55\x1D\x1F")
#define OID_AUTHORITY_KEY_ID OID("\x55\x1D\x23")
#define OID_EXTENDED_KEY_USAGE OID("\x55\x1D\x25")
#define OID_NO_REV_AVAIL OID("\x55\x1D\x38") /* RFC 9608 */
#define OID_AUTHORITY_INFO_ACCESS OID("\x2B\x06\x01\x05\x05\x07\x01\x01")
/* RFC 5280 §4.2.1.12 and §4.2.2.1 */
#define OID_SERVER_AUTH OID("\x2B\x06\x01\x05\x05\x07\x03\x01")
#define OID_CLIENT_AUTH OID("\x2B\x06\x01\x05\x05\x07\x03\x02")
#define OID_OCSP_SIGNING OID("\x2B\x06\x01\x05\x05\x07\x03\x09")
#define OID_AD_OCSP OID("\x2B\x06\x01\x05\x05\x07\x30\x01")
#define OID_AD_CA_ISSUERS OID("\x2B\x06\x01\x05\x05\x07\x30\x02")
/* RFC 6960 */
#define OID_OCSP_BASIC OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x01")
#define OID_OCSP_NONCE OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x02")
#define OID_OCSP_NOCHECK OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x05")
/* RFC 2985 */
#define OID_EXTENSION_REQUEST OID("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x0E")
/* Digests in CertIDs */
#define OID_SHA1 OID("\x2B\x0E\x03\x02\x1A")
#define OID_SHA256 OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01")
/* RFC 4519 attribute types */
#define OID_COMMON_NAME OID("\x55\x04\x03")
#define OID_COUNTRY OID("\x55\x04\x06")
#define OID_ORGANIZATION OID("\x55\x04\x0A")

#endif
