#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "publish/catalogue.h"

static struct published *
text_of(const char *text)
{
    const struct publication publication = {.content_type = "text/plain", .max_age_s = 1};
    struct published *published = NULL;
    struct error err = {0};

    if (!published_new(&publication, bytes_of_text(text), &published, &err))
        abort();
    return published;
}

static struct catalogue *
catalogue_of_two(void)
{
    struct catalogue *catalogue = calloc(1, sizeof(*catalogue));

    if (!catalogue)
        abort();
    atomic_init(&catalogue->references, 1);
    catalogue->issuer_count = 2;
    snprintf(catalogue->issuer[0].facts.name, sizeof(catalogue->issuer[0].facts.name), "root");
    snprintf(catalogue->issuer[1].facts.name, sizeof(catalogue->issuer[1].facts.name), "issuing-1");
    catalogue->issuer[0].certificate = text_of("root certificate");
    catalogue->issuer[0].crl = text_of("root list");
    catalogue->issuer[1].certificate = text_of("issuing certificate");
    catalogue->roots = text_of("roots");
    return catalogue;
}

static void
finds_what_is_published(void)
{
    AUTO_CATALOGUE catalogue = catalogue_of_two();

    CU_ASSERT_PTR_EQUAL(catalogue_find(catalogue, "/crl/root.crl"), catalogue->issuer[0].crl);
    CU_ASSERT_PTR_EQUAL(catalogue_find(catalogue, "/issuers/root.cer"),
                        catalogue->issuer[0].certificate);
    CU_ASSERT_PTR_EQUAL(catalogue_find(catalogue, "/issuers/issuing-1.cer"),
                        catalogue->issuer[1].certificate);
    CU_ASSERT_PTR_EQUAL(catalogue_find(catalogue, "/roots.pem"), catalogue->roots);
}

static void
refuses_the_rest(void)
{
    static const char *const unknown[] = {"",
                                          "/",
                                          "/crl/",
                                          "/crl/root",
                                          "/crl/root.cer",
                                          "/crl/.crl",
                                          "/crl/roo.crl",
                                          "/crl/root.crl/",
                                          "/crl/issuing-1.crl",
                                          "/crl/issuing-12.crl",
                                          "/roots.pem/",
                                          "/roots.pe",
                                          "/issuers/root.crl",
                                          "/crl/../issuers/root.cer",
                                          "/crl/root.crl?x"};
    AUTO_CATALOGUE catalogue = catalogue_of_two();

    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        CU_ASSERT_PTR_NULL(catalogue_find(catalogue, unknown[i]));
}

static void
readers_keep_what_they_hold(void)
{
    struct catalogue *catalogue = catalogue_of_two();
    struct catalogue *reader = catalogue_ref(catalogue);

    catalogue_unref(catalogue);
    CU_ASSERT_TRUE(bytes_equal(catalogue_find(reader, "/roots.pem")->body, bytes_of_text("roots")));
    catalogue_unref(reader);
    catalogue_unref(NULL);
}

int
main(void)
{
    return RUN_SUITE("publish/catalogue", TEST(finds_what_is_published), TEST(refuses_the_rest),
                     TEST(readers_keep_what_they_hold));
}
