/* Inside db/: a row of CERTIFICATE_COLUMNS, with or without CERTIFICATE_MORE_COLUMNS. */
#ifndef SIGNET_DB_CERTIFICATE_H
#define SIGNET_DB_CERTIFICATE_H

#include "connection.h"

MUST_USE bool certificate_decode(const PGresult *result, int number,
                                 struct db_certificate *certificate, struct error *err);
/* Calls `row` for each; stops early when it returns false, and passes that on. */
MUST_USE bool certificate_each(const PGresult *result,
                               bool (*row)(void *context, const struct db_certificate *row),
                               void *context, struct error *err);

#endif
