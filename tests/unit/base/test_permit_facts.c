#include "suite.h"

#include <stdio.h>

#include "signet/limits.h"
#include "signet/permit_facts.h"

static void
facts_make(struct permit_facts *facts)
{
    *facts = (struct permit_facts){.path = "/etc/signet/permits/issuing.conf"};
    CU_ASSERT_TRUE_FATAL(permit_facts_add(facts, 4, "", "key_types", "P-256") &&
                         permit_facts_add(facts, 4, "", "key_types", "P-384") &&
                         permit_facts_add(facts, 9, "class workload", "max_life_s", "604800"));
}

static void
cross_the_border_whole(void)
{
    struct permit_facts sent, got = {.count = 0};
    const struct permit_fact *fact;
    AUTO_BUFFER body = {.max = LIMIT_FRAME_OCTETS};
    struct error err = {0};

    facts_make(&sent);
    CU_ASSERT_TRUE(permit_facts_put(&body, &sent));
    if (ASSERT_OK(permit_facts_get(buffer_bytes(&body), &got, &err), &err)) {
        CU_ASSERT_STRING_EQUAL(got.path, sent.path);
        CU_ASSERT_EQUAL(got.count, 3);
        fact = permit_facts_find(&got, "", "key_types", 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(fact);
        CU_ASSERT_STRING_EQUAL(fact->value, "P-384");
        CU_ASSERT_EQUAL(fact->line, 4);
        CU_ASSERT_PTR_NULL(permit_facts_find(&got, "", "key_types", 2));
        CU_ASSERT_PTR_NULL(permit_facts_find(&got, "", "max_life_s", 0));
        fact = permit_facts_find(&got, "class workload", "max_life_s", 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(fact);
        CU_ASSERT_EQUAL(fact->line, 9);
    }
    permit_facts_done(&got);
    permit_facts_done(&got);
    permit_facts_done(&sent);
}

/* Every cut and everything behind the end is refused, and the result stays untouched. */
static void
malformed_frames_are_refused(void)
{
    struct permit_facts sent, got = {.count = 77};
    AUTO_BUFFER body = {.max = LIMIT_FRAME_OCTETS};
    struct error err = {0};

    facts_make(&sent);
    CU_ASSERT_TRUE(permit_facts_put(&body, &sent));
    for (size_t len = 0; len < body.len; len++)
        ASSERT_REFUSED(permit_facts_get(bytes_of(body.data, len), &got, &err), &err, ERROR_FRAME);
    CU_ASSERT_TRUE(buffer_put_u8(&body, 0));
    ASSERT_REFUSED(permit_facts_get(buffer_bytes(&body), &got, &err), &err, ERROR_FRAME);
    CU_ASSERT_EQUAL(got.count, 77);
    buffer_clear(&body);
    CU_ASSERT_TRUE(buffer_put_text(&body, "x") && buffer_put_u32(&body, 0xffffffff));
    ASSERT_REFUSED(permit_facts_get(buffer_bytes(&body), &got, &err), &err, ERROR_FRAME);
    permit_facts_done(&sent);
}

static void
rooms_end(void)
{
    struct permit_facts facts = {.count = 0};
    char text[2 * CONFIG_TEXT];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CU_ASSERT_FALSE(permit_facts_add(&facts, 1, "", "name", text));
    CU_ASSERT_FALSE(permit_facts_add(&facts, 1, text, "name", ""));
    CU_ASSERT_EQUAL(facts.count, 0);
    for (int i = 0; i < PERMIT_FACTS; i++)
        CU_ASSERT_TRUE(permit_facts_add(&facts, 1, "", "name", ""));
    CU_ASSERT_FALSE(permit_facts_add(&facts, 1, "", "name", ""));
    permit_facts_done(&facts);
}

int
main(void)
{
    return RUN_SUITE("permit facts", TEST(cross_the_border_whole),
                     TEST(malformed_frames_are_refused), TEST(rooms_end));
}
