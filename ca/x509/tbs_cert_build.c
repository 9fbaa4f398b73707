#include "der_time.h"
#include "name.h"
#include "serial.h"
#include "signature_algorithm.h"
#include "tbs_extension.h"

/* What would make a structure that is not a TBSCertificate, whatever else it may be. */
static const char *
field_fault(const struct tbs_cert *tbs)
{
    char text[DER_TIME_OCTETS];

    if (!serial_is_valid(tbs->serial))
        return "serial";
    if (signature_algorithm_der(tbs->algorithm).len == 0)
        return "algorithm";
    if (name_fault(tbs->issuer))
        return "issuer";
    if (name_fault(tbs->subject))
        return "subject";
    if (!der_time_text(tbs->not_before_s, text))
        return "not_before";
    if (!der_time_text(tbs->not_after_s, text))
        return "not_after";
    if (tbs->spki.len == 0)
        return "spki";
    return NULL;
}

static void
extension_put(struct der_writer *writer, const struct tbs_extension *extension,
              const struct tbs_cert *tbs, const char **ret_failed)
{
    if (!extension->present(tbs))
        return;
    der_open_extension(writer, extension->oid, extension->critical && extension->critical(tbs));
    extension->put(writer, tbs);
    der_close_extension(writer);
    if (writer->failed && !*ret_failed)
        *ret_failed = extension->name;
}

bool
tbs_cert_build(const struct tbs_cert *tbs, struct buffer *out, struct error *err)
{
    const char *failed = field_fault(tbs);
    struct der_writer writer;

    if (failed)
        return error_set(err, ERROR_INTERNAL, "the field %s of a certificate cannot be encoded",
                         failed);
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_CONTEXT_CONSTRUCTED(0)); /* version 3 (C-01) */
    der_put_number(&writer, TAG_INTEGER, 2);
    der_close(&writer);
    der_put(&writer, TAG_INTEGER, tbs->serial);
    der_put_raw(&writer, signature_algorithm_der(tbs->algorithm));
    der_put_raw(&writer, tbs->issuer);
    der_open(&writer, TAG_SEQUENCE);
    der_put_time(&writer, tbs->not_before_s);
    der_put_time(&writer, tbs->not_after_s);
    der_close(&writer);
    der_put_raw(&writer, tbs->subject);
    der_put_raw(&writer, tbs->spki);
    der_open(&writer, TAG_CONTEXT_CONSTRUCTED(3));
    der_open(&writer, TAG_SEQUENCE);
    for (size_t i = 0; i < TBS_EXTENSIONS; i++)
        extension_put(&writer, &tbs_extensions[i], tbs, &failed);
    for (int open = 0; open < 3; open++)
        der_close(&writer);
    if (!der_writer_end(&writer))
        return error_set(err, ERROR_INTERNAL, "the field %s of a certificate cannot be encoded",
                         failed ? failed : "extensions");
    return true;
}
