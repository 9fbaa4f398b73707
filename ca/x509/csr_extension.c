#include "csr_extension.h"

#include "oid.h"
#include "tbs_extension.h"

enum { CSR_EXTENSIONS_MOST = 32 };

/* What one extension asks for, and how it is judged. */
struct asked {
    const struct der_extension *extension;
    struct san_list *names;
    struct error *err;
};

static bool
malformed(struct error *err, const char *what, const char *fault)
{
    return error_refuse(err, ERROR_CSR_MALFORMED, "csr.extension.syntax",
                        "the certification request: the extension %s: %s", what, fault);
}

static bool
not_granted(struct error *err, const char *rule, const char *what)
{
    return error_refuse(err, ERROR_CSR_EXTENSION, rule, "the certification request asks for %s",
                        what);
}

static bool
read_names(const struct asked *asked)
{
    struct reader value = reader_of(asked->extension->value);
    const char *fault = general_names_get(&value, asked->names);

    if (fault)
        return error_refuse(asked->err, ERROR_CSR_EXTENSION, "csr.names",
                            "the certification request: subjectAltName: %s", fault);
    for (size_t i = 0; i < asked->names->count; i++)
        if (!san_check(&asked->names->item[i], ERROR_CSR_MALFORMED, asked->err))
            return error_context(asked->err, "the certification request: subjectAltName");
    return true;
}

static bool
read_basic_constraints(const struct asked *asked)
{
    struct reader value = reader_of(asked->extension->value);
    int path_len;
    bool ca;
    const char *fault = basic_constraints_get(&value, &ca, &path_len);

    if (fault)
        return malformed(asked->err, "basicConstraints", fault);
    return !ca || not_granted(asked->err, "csr.ca", "a CA certificate (basicConstraints cA TRUE)");
}

static bool
read_key_usage(const struct asked *asked)
{
    struct reader value = reader_of(asked->extension->value);
    unsigned bits;
    const char *fault = key_usage_get(&value, &bits);

    if (fault)
        return malformed(asked->err, "keyUsage", fault);
    return !(bits & ~(unsigned)KU_DIGITAL_SIGNATURE) ||
           not_granted(asked->err, "csr.key-usage", "a key usage other than digitalSignature");
}

static bool
read_extended_key_usage(const struct asked *asked)
{
    struct reader value = reader_of(asked->extension->value);
    unsigned bits = 0;
    const char *fault = extended_key_usage_get(&value, true, &bits);

    if (!fault && (bits & EKU_OCSP_SIGNING))
        fault = "OCSPSigning";
    return !fault || error_refuse(asked->err, ERROR_CSR_EXTENSION, "csr.extended-key-usage",
                                  "the certification request asks for an extended key usage other "
                                  "than serverAuth and clientAuth: %s",
                                  fault);
}

static bool
read_ignored(const struct asked *asked)
{
    (void)asked;
    return true;
}

static bool
read_unknown(const struct asked *asked)
{
    char text[64];

    if (!asked->extension->critical)
        return true;
    der_oid_text(asked->extension->oid, text, sizeof(text));
    return error_refuse(asked->err, ERROR_CSR_EXTENSION, "csr.extension.critical",
                        "the certification request asks for the critical extension %s, which is "
                        "not granted",
                        text);
}

static bool
read_one(const struct asked *asked)
{
    static const struct {
        struct bytes oid;
        bool (*read)(const struct asked *asked);
    } rows[] = {
        {OID_SUBJECT_ALT_NAME, read_names}, {OID_BASIC_CONSTRAINTS, read_basic_constraints},
        {OID_KEY_USAGE, read_key_usage},    {OID_EXTENDED_KEY_USAGE, read_extended_key_usage},
        {OID_SUBJECT_KEY_ID, read_ignored},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (bytes_equal(rows[i].oid, asked->extension->oid))
            return rows[i].read(asked);
    return read_unknown(asked);
}

bool
csr_extensions_read(struct reader *list, struct san_list *ret_names, struct error *err)
{
    struct der_extension extensions[CSR_EXTENSIONS_MOST];
    struct asked asked = {.names = ret_names, .err = err};
    size_t count = 0;

    for (; !reader_at_end(list); count++) {
        if (count == CSR_EXTENSIONS_MOST)
            return malformed(err, "list", "more than 32 extensions");
        if (!der_take_extension(list, &extensions[count]))
            return malformed(err, "list", "an extension is malformed");
        for (size_t i = 0; i < count; i++)
            if (bytes_equal(extensions[i].oid, extensions[count].oid))
                return malformed(err, "list", "an extension stands there twice");
        asked.extension = &extensions[count];
        if (!read_one(&asked))
            return false;
    }
    return true;
}
