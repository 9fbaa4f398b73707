#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "suite.h"

static struct issue_job *
judged(enum record_verdict verdict)
{
    struct issue_job *job = calloc(1, sizeof(*job));
    struct record record = {.verdict = verdict};

    memcpy(job->request.identity, "payments/api", 13);
    job->request.tbs = bytes_of_text("tbs");
    issue_job_judge(job, &record);
    return job;
}

static void
signs_what_was_recorded(void)
{
    struct issue_job *job = judged(RECORD_DONE);

    CU_ASSERT_EQUAL(job->state, ISSUE_SIGNING);
    CU_ASSERT_TRUE(bytes_equal(job->sign.message, bytes_of_text("tbs")));
    free(job);
}

/* Each refusal of the database has a rule of its own and names the identity; none is signed. */
static void
names_the_rule_of_each_verdict(void)
{
    char seen[RECORD_SERIAL_TAKEN + 1][ERROR_RULE_OCTETS] = {""};

    for (int verdict = RECORD_GRANT_USED; verdict <= RECORD_SERIAL_TAKEN; verdict++) {
        struct issue_job *job = judged((enum record_verdict)verdict);

        CU_ASSERT_EQUAL(job->state, ISSUE_REFUSED);
        CU_ASSERT_EQUAL(strncmp(job->err.rule, "record.", 7), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(job->err.detail, "payments/api"));
        CU_ASSERT_TRUE(error_row(job->err.kind)->status >= 400);
        for (int other = RECORD_GRANT_USED; other < verdict; other++)
            CU_ASSERT_STRING_NOT_EQUAL(seen[other], job->err.rule);
        memcpy(seen[verdict], job->err.rule, sizeof(seen[verdict]));
        free(job);
    }
}

/* A verdict that nobody knows is no reason to sign. */
static void
signs_nothing_unknown(void)
{
    static const int unknown[] = {RECORD_REPLAY, RECORD_SERIAL_TAKEN + 1, 255};

    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        struct issue_job *job = judged((enum record_verdict)unknown[i]);

        CU_ASSERT_EQUAL(job->state, ISSUE_REFUSED);
        CU_ASSERT_EQUAL(job->err.kind, ERROR_INTERNAL);
        free(job);
    }
}

static void
refuses_what_is_no_request(void)
{
    static uint8_t large[CHANNEL_FRAME_OCTETS + 1];
    struct signer signer;
    struct batch *batch;
    struct channel channel = {.fd = -1};
    const struct frame frames[] = {{.kind = FRAME_ISSUE, .id = 1},
                                   {.kind = FRAME_ISSUE, .id = 2, .body = {large, 100}},
                                   {.kind = FRAME_ISSUE, .id = 3, .body = {large, sizeof(large)}}};
    const struct guard guard = {0};
    struct record records[LIMIT_BATCH];
    struct issue_job *jobs[LIMIT_BATCH];

    signer_init(&signer);
    batch = batch_new(&signer);
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        batch_add(batch, &guard, &channel, &frames[i], 0);
        CU_ASSERT_EQUAL(batch->job[i].state, ISSUE_REFUSED);
        CU_ASSERT_EQUAL(batch->job[i].err.kind, ERROR_FRAME);
    }
    CU_ASSERT_EQUAL(batch->count, 3);
    CU_ASSERT_EQUAL(batch_records(batch, records, jobs), 0);
    batch_clear(batch);
    CU_ASSERT_EQUAL(batch->count, 0);
    CU_ASSERT_FALSE(batch_is_signed(batch));
    free(batch);
}

int
main(void)
{
    return RUN_SUITE("batch", TEST(signs_what_was_recorded), TEST(names_the_rule_of_each_verdict),
                     TEST(signs_nothing_unknown), TEST(refuses_what_is_no_request));
}
