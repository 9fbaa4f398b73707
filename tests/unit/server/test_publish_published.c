#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/published.h"

enum { THIS_S = 1000000000, NEXT_S = 1000003600 };

static struct published *
answer_of(const char *text, int64_t max_age_s)
{
    const struct publication publication = {.content_type = "application/ocsp-response",
                                            .modified_s = THIS_S,
                                            .expires_s = NEXT_S,
                                            .max_age_s = max_age_s};
    struct published *published = NULL;
    struct error err = {0};

    ASSERT_OK(published_new(&publication, bytes_of_text(text), &published, &err), &err);
    if (!published)
        abort();
    return published;
}

/* O-15 */
static void
tells_caches_what_they_may_keep(void)
{
    AUTO_PUBLISHED published = answer_of("abc", 1800);
    char control[PUBLISHED_CONTROL_OCTETS];

    CU_ASSERT_STRING_EQUAL(published->etag,
                           "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
    CU_ASSERT_STRING_EQUAL(published->last_modified, "Sun, 09 Sep 2001 01:46:40 GMT");
    CU_ASSERT_STRING_EQUAL(published->expires, "Sun, 09 Sep 2001 02:46:40 GMT");
    published_cache_control(published, THIS_S, control);
    CU_ASSERT_STRING_EQUAL(control, "max-age=1800, public, no-transform, must-revalidate");
}

static void
never_lets_a_cache_keep_it_past_its_end(void)
{
    AUTO_PUBLISHED published = answer_of("abc", 1800);
    char control[PUBLISHED_CONTROL_OCTETS];

    published_cache_control(published, NEXT_S - 1801, control);
    CU_ASSERT_STRING_EQUAL(control, "max-age=1800, public, no-transform, must-revalidate");
    published_cache_control(published, NEXT_S - 1800, control);
    CU_ASSERT_STRING_EQUAL(control, "max-age=1799, public, no-transform, must-revalidate");
    published_cache_control(published, NEXT_S - 1, control);
    CU_ASSERT_STRING_EQUAL(control, "max-age=0, public, no-transform, must-revalidate");
    published_cache_control(published, NEXT_S + 500, control);
    CU_ASSERT_STRING_EQUAL(control, "max-age=0, public, no-transform, must-revalidate");
}

static void
errors_are_not_kept(void)
{
    AUTO_PUBLISHED published = answer_of("abc", 0);
    char control[PUBLISHED_CONTROL_OCTETS];

    published_cache_control(published, THIS_S, control);
    CU_ASSERT_STRING_EQUAL(control, "no-store");
    CU_ASSERT_STRING_EQUAL(published->etag, "");
    CU_ASSERT_STRING_EQUAL(published->last_modified, "");
    CU_ASSERT_STRING_EQUAL(published->expires, "");
    CU_ASSERT_EQUAL(published_status(published, "GET", "*", NULL), 200);
}

static void
knows_what_the_client_has(void)
{
    AUTO_PUBLISHED published = answer_of("abc", 1800);
    char list[256];

    CU_ASSERT_EQUAL(published_status(published, "GET", NULL, NULL), 200);
    CU_ASSERT_EQUAL(published_status(published, "GET", published->etag, NULL), 304);
    CU_ASSERT_EQUAL(published_status(published, "HEAD", published->etag, NULL), 304);
    CU_ASSERT_EQUAL(published_status(published, "GET", "*", NULL), 304);
    snprintf(list, sizeof(list), "\"x\", W/%s", published->etag);
    CU_ASSERT_EQUAL(published_status(published, "GET", list, NULL), 304);
    CU_ASSERT_EQUAL(published_status(published, "GET", "\"ba7816bf\"", NULL), 200);
    CU_ASSERT_EQUAL(published_status(published, "GET", "", NULL), 200);
    CU_ASSERT_EQUAL(published_status(published, "POST", published->etag, NULL), 200);
}

/* RFC 9110 §13.2.2: the date counts only where there is no entity tag. */
static void
compares_dates_only_without_a_tag(void)
{
    AUTO_PUBLISHED published = answer_of("abc", 1800);
    const char *same = "Sun, 09 Sep 2001 01:46:40 GMT", *before = "Sun, 09 Sep 2001 01:46:39 GMT";

    CU_ASSERT_EQUAL(published_status(published, "GET", NULL, same), 304);
    CU_ASSERT_EQUAL(published_status(published, "GET", NULL, before), 200);
    CU_ASSERT_EQUAL(published_status(published, "GET", "\"other\"", same), 200);
    CU_ASSERT_EQUAL(published_status(published, "GET", published->etag, before), 304);
    CU_ASSERT_EQUAL(published_status(published, "GET", NULL, "yesterday"), 200);
}

static void
lives_until_the_last_reference(void)
{
    struct published *published = answer_of("abc", 0);

    CU_ASSERT_PTR_EQUAL(published_ref(published), published);
    published_unref(published);
    CU_ASSERT_TRUE(bytes_equal(published->body, bytes_of_text("abc")));
    published_unref(published);
    published_unref(NULL);
}

int
main(void)
{
    return RUN_SUITE("publish/published", TEST(tells_caches_what_they_may_keep),
                     TEST(never_lets_a_cache_keep_it_past_its_end), TEST(errors_are_not_kept),
                     TEST(knows_what_the_client_has), TEST(compares_dates_only_without_a_tag),
                     TEST(lives_until_the_last_reference));
}
