/* Bodies of frames: the first octet chooses the message; what is accepted is put alike. */
#include "fuzz.h"
#include "signet/message.h"
#include "signet/permit_facts.h"

#define ROUND_TRIP(name, type)                                                                     \
    static void name##_round(struct bytes body)                                                    \
    {                                                                                              \
        AUTO_BUFFER again = {.max = FUZZ_ROOM};                                                    \
        struct error err = {.kind = ERROR_NONE};                                                   \
        static struct type message;                                                                \
        if (!name##_get(body, &message, &err)) {                                                   \
            HOLDS(err.kind == ERROR_FRAME);                                                        \
            return;                                                                                \
        }                                                                                          \
        HOLDS(name##_put(&again, &message));                                                       \
        HOLDS(bytes_equal(body, buffer_bytes(&again)));                                            \
    }                                                                                              \
    struct name##_round_defined

ROUND_TRIP(issue_request, issue_request);
ROUND_TRIP(issue_reply, issue_reply);
ROUND_TRIP(crl_request, crl_request);
ROUND_TRIP(crl_reply, crl_reply);
ROUND_TRIP(ocsp_request_message, ocsp_request_message);
ROUND_TRIP(ocsp_reply, ocsp_reply);
ROUND_TRIP(probe_reply, probe_reply);

static void
permit_facts_round(struct bytes body)
{
    AUTO_BUFFER again = {.max = FUZZ_ROOM};
    struct permit_facts facts = {.count = 0};
    struct error err = {.kind = ERROR_NONE};

    if (!permit_facts_get(body, &facts, &err)) {
        HOLDS(err.kind == ERROR_FRAME);
        return;
    }
    HOLDS(permit_facts_put(&again, &facts));
    HOLDS(bytes_equal(body, buffer_bytes(&again)));
    permit_facts_done(&facts);
}

/* file and line of an error become text on the way, so only the second trip is the same. */
static void
error_round(struct bytes body)
{
    AUTO_BUFFER once = {.max = FUZZ_ROOM};
    AUTO_BUFFER twice = {.max = FUZZ_ROOM};
    struct error first, second, err = {.kind = ERROR_NONE};

    if (!error_get(body, &first, &err)) {
        HOLDS(err.kind == ERROR_FRAME);
        return;
    }
    HOLDS(error_put(&once, &first));
    HOLDS(error_get(buffer_bytes(&once), &second, &err));
    HOLDS(error_put(&twice, &second));
    HOLDS(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const rounds[])(struct bytes body) = {
        issue_request_round,        issue_reply_round, crl_request_round, crl_reply_round,
        ocsp_request_message_round, ocsp_reply_round,  probe_reply_round, error_round,
        permit_facts_round,
    };

    if (size > 0 && data[0] < ARRAY_LEN(rounds))
        rounds[data[0]](bytes_of(data + 1, size - 1));
    return 0;
}
