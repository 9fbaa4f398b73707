#ifndef SIGNET_X509_CSR_EXTENSION_H
#define SIGNET_X509_CSR_EXTENSION_H

#include "signet/tbs_cert.h"

/*
 * Reads the Extensions that a request asks for. Names go to ret_names; everything else is only
 * compared with what a workload gets anyway: ERROR_CSR_EXTENSION when it is more,
 * ERROR_CSR_MALFORMED when it is malformed or stands there twice.
 */
MUST_USE bool csr_extensions_read(struct reader *list, struct san_list *ret_names,
                                  struct error *err);

#endif
