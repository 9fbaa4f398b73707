#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fate.h"
#include "generate.h"
#include "signet/clock.h"

/* One token, one key that goes with its session, and its signing sessions. */
struct bench {
    struct generator generator;
    const struct generate_row *row;
    CK_OBJECT_HANDLE key;
    CK_SESSION_HANDLE session[KEYRING_BENCH_THREADS];
    unsigned sessions;
};

struct bench_thread {
    struct bench *bench;
    CK_SESSION_HANDLE session;
    int64_t until_ms;
    uint64_t signatures;
    CK_RV rv;
};

/* What the mechanism takes: a digest, a DigestInfo with one, a message. */
static size_t
bench_input(enum key_type type)
{
    static const size_t octets[] = {
        [KEY_P256] = 32, [KEY_P384] = 48, [KEY_RSA] = 51, [KEY_ED25519] = 1000};

    return octets[type];
}

static CK_RV
bench_sign(struct bench *bench, CK_SESSION_HANDLE session, uint8_t *data, size_t len)
{
    CK_FUNCTION_LIST *functions = bench->generator.module.functions;
    CK_MECHANISM mechanism = {bench->row->allowed, NULL, 0};
    uint8_t signature[KEYRING_SIGNATURE_RAW];
    CK_ULONG signature_len = sizeof(signature);
    CK_RV rv;

    module_enter(&bench->generator.module);
    rv = functions->C_SignInit(session, &mechanism, bench->key);
    if (rv == CKR_OK)
        rv = functions->C_Sign(session, data, len, signature, &signature_len);
    module_leave(&bench->generator.module);
    return rv;
}

static void *
bench_run(void *context)
{
    struct bench_thread *thread = context;
    uint8_t data[1024] = {0};

    /* At least one, however long it had to wait for a processor */
    do {
        memcpy(data, &thread->signatures, sizeof(thread->signatures));
        thread->rv =
            bench_sign(thread->bench, thread->session, data, bench_input(thread->bench->row->type));
        thread->signatures += thread->rv == CKR_OK;
    } while (thread->rv == CKR_OK && clock_monotonic_ms() < thread->until_ms);
    return NULL;
}

static bool
bench_threads(struct bench *bench, unsigned count, int64_t for_ms, double *ret_per_s,
              struct error *err)
{
    struct bench_thread threads[KEYRING_BENCH_THREADS] = {0};
    pthread_t ids[KEYRING_BENCH_THREADS];
    int64_t began_ms = clock_monotonic_ms();
    uint64_t signatures = 0;
    unsigned started = 0;
    CK_RV rv = CKR_OK;

    for (unsigned i = 0; i < count; i++) {
        threads[i] = (struct bench_thread){
            .bench = bench, .session = bench->session[i], .until_ms = began_ms + for_ms};
        if (pthread_create(&ids[started], NULL, bench_run, &threads[i]) != 0)
            break;
        started++;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
        signatures += threads[i].signatures;
        rv = rv == CKR_OK ? threads[i].rv : rv;
    }
    if (rv != CKR_OK)
        return token_error(err, rv, "sign with a %s key", public_key_name(bench->row->type));
    if (started < count)
        return error_set(err, ERROR_MEMORY, "no more than %u threads could be started", started);
    *ret_per_s = (double)signatures * 1000 / (double)(clock_monotonic_ms() - began_ms + 1);
    return true;
}

/* The key lives in the first session, and is visible in the others of this program. */
static bool
bench_key(struct bench *bench, struct error *err)
{
    char label[] = "signet-bench";
    uint8_t id[GENERATE_ID_OCTETS] = {0};
    const struct generate_wish wish = {
        .row = bench->row, .label = label, .id = id, .passing = true};
    CK_OBJECT_HANDLE public;
    CK_RV rv = generate_pair(&bench->generator, &wish, &public, &bench->key);

    return rv == CKR_OK ||
           token_error(err, rv, "make a %s key that passes", public_key_name(bench->row->type));
}

static bool
bench_type(struct bench *bench, const struct keyring_bench *wish, enum key_type type,
           struct error *err)
{
    struct keyring_bench_row row = {.type = type};
    struct error why = {0};

    bench->row = generate_row_of(type);
    if (!generate_can(&bench->generator, bench->row, &why)) {
        wish->tell(wish->context, &row);
        return true;
    }
    if (!bench_key(bench, err))
        return false;
    for (row.threads = 1; row.threads <= bench->sessions; row.threads *= 2) {
        if (!bench_threads(bench, row.threads, wish->for_ms, &row.per_s, err))
            return false;
        wish->tell(wish->context, &row);
    }
    return true;
}

static bool
bench_types(struct bench *bench, const struct keyring_bench *wish, struct error *err)
{
    for (enum key_type type = KEY_P256; type <= KEY_ED25519; type++)
        if (!bench_type(bench, wish, type, err))
            return false;
    return true;
}

bool
keyring_bench(const struct keyring_options *options, struct bytes pin,
              const struct keyring_bench *wish, struct error *err)
{
    struct bench bench = {.key = 0};
    unsigned wanted = options->sessions;
    bool ok;

    if (wanted < 1 || wanted > KEYRING_BENCH_THREADS)
        return error_set(err, ERROR_USAGE, "%u threads: wanted 1 to %d", wanted,
                         KEYRING_BENCH_THREADS);
    ok = generator_init(&bench.generator, options, pin, err) &&
         session_open_pool(&bench.generator.module, bench.generator.slot, &bench.generator.info,
                           wanted, bench.session, &bench.sessions, err) &&
         bench_types(&bench, wish, err);
    for (unsigned i = 0; i < bench.sessions; i++)
        bench.generator.module.functions->C_CloseSession(bench.session[i]);
    generator_done(&bench.generator);
    return ok;
}
