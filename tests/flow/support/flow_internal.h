#ifndef SIGNET_TEST_FLOW_INTERNAL_H
#define SIGNET_TEST_FLOW_INTERNAL_H

#include <curl/curl.h>
#include <libpq-fe.h>

#include "flow.h"

struct flow {
    struct ca *ca;
    CURL *curl;
    PGconn *db;     /* opened at the first question */
    unsigned files; /* parties whose certificates were written */
};

#endif
