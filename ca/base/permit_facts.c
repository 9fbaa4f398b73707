#include "signet/permit_facts.h"

#include <stdlib.h>
#include <string.h>

void
permit_facts_done(struct permit_facts *facts)
{
    free(facts->fact);
    *facts = (struct permit_facts){.count = 0};
}

static bool
text_take(char *text, size_t room, const char *value)
{
    size_t len = strlen(value);

    if (len >= room)
        return false;
    memcpy(text, value, len + 1);
    return true;
}

/* The next place, zeroed; null when there is none. */
static struct permit_fact *
fact_next(struct permit_facts *facts)
{
    if (!facts->fact)
        facts->fact = calloc(PERMIT_FACTS, sizeof(*facts->fact));
    return facts->fact && facts->count < PERMIT_FACTS ? &facts->fact[facts->count] : NULL;
}

bool
permit_facts_add(struct permit_facts *facts, uint32_t line, const char *section, const char *name,
                 const char *value)
{
    struct permit_fact *fact = fact_next(facts);

    if (!fact || !text_take(fact->section, sizeof(fact->section), section) ||
        !text_take(fact->name, sizeof(fact->name), name) ||
        !text_take(fact->value, sizeof(fact->value), value))
        return false;
    fact->line = line;
    facts->count++;
    return true;
}

const struct permit_fact *
permit_facts_find(const struct permit_facts *facts, const char *section, const char *name,
                  size_t nth)
{
    for (size_t i = 0; i < facts->count; i++)
        if (strcmp(facts->fact[i].section, section) == 0 &&
            strcmp(facts->fact[i].name, name) == 0 && nth-- == 0)
            return &facts->fact[i];
    return NULL;
}

bool
permit_facts_put(struct buffer *out, const struct permit_facts *facts)
{
    bool ok = buffer_put_text(out, facts->path) && buffer_put_u32(out, (uint32_t)facts->count);

    for (size_t i = 0; ok && i < facts->count; i++) {
        const struct permit_fact *fact = &facts->fact[i];

        ok = buffer_put_u32(out, fact->line) && buffer_put_text(out, fact->section) &&
             buffer_put_text(out, fact->name) && buffer_put_text(out, fact->value);
    }
    return ok;
}

static bool
facts_read(struct reader *reader, struct permit_facts *facts)
{
    uint32_t count;

    if (!reader_get_text(reader, facts->path, sizeof(facts->path)) ||
        !reader_get_u32(reader, &count) || count > PERMIT_FACTS)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct permit_fact *fact = fact_next(facts);

        if (!fact || !reader_get_u32(reader, &fact->line) ||
            !reader_get_text(reader, fact->section, sizeof(fact->section)) ||
            !reader_get_text(reader, fact->name, sizeof(fact->name)) ||
            !reader_get_text(reader, fact->value, sizeof(fact->value)))
            return false;
        facts->count++;
    }
    return reader_at_end(reader);
}

bool
permit_facts_get(struct bytes body, struct permit_facts *ret_facts, struct error *err)
{
    struct permit_facts facts = {.count = 0};
    struct reader reader = reader_of(body);

    if (facts_read(&reader, &facts)) {
        *ret_facts = facts;
        return true;
    }
    permit_facts_done(&facts);
    return error_set(err, ERROR_FRAME, "the frame of a permit's facts is malformed");
}
