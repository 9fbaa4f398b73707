/*
 * What a permit says, line by line: the issuing signer tells the permit that it goes by, so that
 * whoever must agree with it can name the line that says otherwise.
 */
#ifndef SIGNET_PERMIT_FACTS_H
#define SIGNET_PERMIT_FACTS_H

#include "signet/buffer.h"
#include "signet/config.h"

struct permit_fact { /* one value; an item of a list is a fact of its own */
    uint32_t line;
    char section[32]; /* "": outside of sections; "class workload" */
    char name[40];
    char value[CONFIG_TEXT];
};

enum { PERMIT_FACTS = 256 };

struct permit_facts {
    char path[CONFIG_PATH]; /* of the file */
    size_t count;
    struct permit_fact *fact;
};

/* Accepts one that was zeroed only. */
void permit_facts_done(struct permit_facts *facts);
/* Copies. False when memory, PERMIT_FACTS or a member's room runs out. */
MUST_USE bool permit_facts_add(struct permit_facts *facts, uint32_t line, const char *section,
                               const char *name, const char *value);
/* The nth value, from 0, of that name; null when there are not so many. */
const struct permit_fact *permit_facts_find(const struct permit_facts *facts, const char *section,
                                            const char *name, size_t nth);

MUST_USE bool permit_facts_put(struct buffer *out, const struct permit_facts *facts);
/* Gives. Errors: ERROR_FRAME, ERROR_MEMORY. */
MUST_USE bool permit_facts_get(struct bytes body, struct permit_facts *ret_facts,
                               struct error *err);

#endif
