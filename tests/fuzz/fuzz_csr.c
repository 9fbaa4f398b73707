/* Requests. A signature over every input is out of a fuzzer's reach, so the extensions, which are
 * looked at behind it, are also given the input by themselves. */
#include "fuzz.h"
#include "signet/csr.h"

#include "csr_extension.h"
#include "der_read.h"

static void
show_names(const struct san_list *names)
{
    char text[LIMIT_SPIFFE_ID_OCTETS + 16];

    HOLDS(names->count <= LIMIT_NAMES);
    for (size_t i = 0; i < names->count; i++)
        HOLDS(san_text(&names->item[i], text, sizeof(text)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct reader outer = reader_of(input), list;
    struct san_list names = {.count = 0};
    struct error err = {.kind = ERROR_NONE};
    AUTO_CSR csr = NULL;

    if (csr_parse(input, &csr, &err)) {
        HOLDS(bytes_equal(csr_der(csr), input));
        show_names(csr_names(csr));
    } else {
        HOLDS(err.kind != ERROR_NONE && err.detail[0] && err.rule[0]);
    }
    if (der_check(input, "extensions", &err) && der_enter(&outer, TAG_SEQUENCE, &list) &&
        csr_extensions_read(&list, &names, &err))
        show_names(&names);
    return 0;
}
