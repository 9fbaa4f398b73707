#include "http/request_id.h"
#include "suite.h"

#include <string.h>

static void
has_26_characters_of_base32(void)
{
    char id[LIMIT_REQUEST_ID_OCTETS + 1];
    struct error err;

    ASSERT_OK(request_id_new(id, &err), &err);
    CU_ASSERT_EQUAL(strlen(id), REQUEST_ID_CHARACTERS);
    CU_ASSERT_EQUAL(strspn(id, "abcdefghijklmnopqrstuvwxyz234567"), REQUEST_ID_CHARACTERS);
}

static void
differs_each_time_in_every_place(void)
{
    char first[LIMIT_REQUEST_ID_OCTETS + 1], id[LIMIT_REQUEST_ID_OCTETS + 1];
    bool changed[REQUEST_ID_CHARACTERS] = {false};
    struct error err;

    ASSERT_OK(request_id_new(first, &err), &err);
    for (int i = 0; i < 200; i++) {
        ASSERT_OK(request_id_new(id, &err), &err);
        CU_ASSERT_STRING_NOT_EQUAL(id, first);
        for (int j = 0; j < REQUEST_ID_CHARACTERS; j++)
            changed[j] |= id[j] != first[j];
    }
    for (int j = 0; j < REQUEST_ID_CHARACTERS; j++)
        CU_ASSERT(changed[j]);
}

int
main(void)
{
    return RUN_SUITE("request id", TEST(has_26_characters_of_base32),
                     TEST(differs_each_time_in_every_place));
}
