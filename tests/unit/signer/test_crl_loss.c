#include "crl_builder.h"
#include "suite.h"

#include <stdlib.h>

/* Days of expiry as our serials name them. */
enum { DAY = 86400, TODAY = 20000, MADE = TODAY * DAY + 3600 };

static struct crl_entry
entry(int day, uint8_t number)
{
    struct crl_entry made = {.serial = {0x51, (uint8_t)(day >> 8), (uint8_t)day, number},
                             .serial_len = 19};

    return made;
}

struct oracle {
    bool answer;
    bool fails;
    int asked;
};

static bool
ask_oracle(void *context, struct bytes serial, int64_t time_s, bool *ret_expired, struct error *err)
{
    struct oracle *oracle = context;

    (void)serial;
    CU_ASSERT_EQUAL(time_s, MADE);
    oracle->asked++;
    if (oracle->fails)
        return error_set(err, ERROR_DATABASE_UNAVAILABLE, "gone");
    *ret_expired = oracle->answer;
    return true;
}

static bool
check(const struct crl_entry *old_entries, size_t old_count, const struct crl_entry *new_entries,
      size_t new_count, struct oracle *oracle, struct error *err)
{
    const struct crl old_crl = {
        .this_update_s = MADE, .number = 7, .entries = old_entries, .entry_count = old_count};
    const struct crl new_crl = {.entries = new_entries, .entry_count = new_count};

    return crl_check_loss(&old_crl, &new_crl, ask_oracle, oracle, err);
}

static void
keeps_and_adds(void)
{
    const struct crl_entry old_entries[] = {entry(TODAY + 1, 1), entry(TODAY + 2, 2)};
    const struct crl_entry new_entries[] = {entry(TODAY + 2, 2), entry(TODAY + 9, 3),
                                            entry(TODAY + 1, 1)};
    struct oracle oracle = {0};
    struct error err = {0};

    ASSERT_OK(check(old_entries, 2, new_entries, 3, &oracle, &err), &err);
    ASSERT_OK(check(NULL, 0, NULL, 0, &oracle, &err), &err);
    CU_ASSERT_EQUAL(oracle.asked, 0);
}

static void
refuses_a_loss(void)
{
    const struct crl_entry old_entries[] = {entry(TODAY + 1, 1), entry(TODAY + 2, 2)};
    const struct crl_entry new_entries[] = {entry(TODAY + 1, 1), entry(TODAY + 2, 3)};
    struct oracle oracle = {.answer = true};
    struct error err = {0};

    ASSERT_REFUSED(check(old_entries, 2, new_entries, 2, &oracle, &err), &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "crl.loss");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "514e2202"));
    CU_ASSERT_EQUAL(oracle.asked, 0);
    ASSERT_REFUSED(check(old_entries, 2, NULL, 0, &oracle, &err), &err, ERROR_PERMIT);
}

/* It was on one list after its end: now it may go. */
static void
lets_expired_ones_go(void)
{
    const struct crl_entry old_entries[] = {entry(TODAY - 1, 1)};
    struct oracle oracle = {0};
    struct error err = {0};

    ASSERT_OK(check(old_entries, 1, NULL, 0, &oracle, &err), &err);
    CU_ASSERT_EQUAL(oracle.asked, 0);
}

/* On the day of the list the serial alone does not say. */
static void
asks_on_the_day_itself(void)
{
    const struct crl_entry old_entries[] = {entry(TODAY, 1)};
    struct oracle oracle = {.answer = true};
    struct error err = {0};

    ASSERT_OK(check(old_entries, 1, NULL, 0, &oracle, &err), &err);
    CU_ASSERT_EQUAL(oracle.asked, 1);
    oracle.answer = false;
    ASSERT_REFUSED(check(old_entries, 1, NULL, 0, &oracle, &err), &err, ERROR_PERMIT);
    oracle.fails = true;
    ASSERT_REFUSED(check(old_entries, 1, NULL, 0, &oracle, &err), &err, ERROR_DATABASE_UNAVAILABLE);
}

enum { MANY = 20000 };

static void
finds_one_among_many(void)
{
    struct crl_entry *old_entries = calloc(MANY, sizeof(*old_entries));
    struct oracle oracle = {0};
    struct error err = {0};

    for (int i = 0; i < MANY; i++) {
        old_entries[i] = entry(TODAY + 1 + i % 7, (uint8_t)i);
        old_entries[i].serial[10] = (uint8_t)(i >> 8);
    }
    ASSERT_OK(check(old_entries, MANY, old_entries, MANY, &oracle, &err), &err);
    ASSERT_REFUSED(check(old_entries, MANY, old_entries, MANY - 1, &oracle, &err), &err,
                   ERROR_PERMIT);
    ASSERT_REFUSED(check(old_entries, MANY, old_entries + 1, MANY - 1, &oracle, &err), &err,
                   ERROR_PERMIT);
    free(old_entries);
}

int
main(void)
{
    return RUN_SUITE("loss of CRL entries", TEST(keeps_and_adds), TEST(refuses_a_loss),
                     TEST(lets_expired_ones_go), TEST(asks_on_the_day_itself),
                     TEST(finds_one_among_many));
}
