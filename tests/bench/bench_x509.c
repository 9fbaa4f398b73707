/*
 * What the X.509 library costs per object: microseconds of processor time, so that what else runs
 * on the machine counts less. Nothing fails on a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "signet/crl.h"
#include "signet/csr.h"

enum { ROUNDS = 3000, ENTRIES = 1000000, BENCH_ROOM = 64 * 1024 };

static const uint8_t issuer_name[] = {0x30, 0x0D, 0x31, 0x0B, 0x30, 0x09, 0x06, 0x03,
                                      0x55, 0x04, 0x03, 0x0C, 0x02, 'C',  'A'};
static const uint8_t key_id[20] = "12345678901234567890";

struct bench {
    struct buffer csr, tbs;
    struct tbs_cert leaf;
    struct public_key *key;
    struct crl_entry *entries;
};

static void
must(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_x509: %s\n", err->detail);
    exit(EXIT_FAILURE);
}

static void
prepare(struct bench *bench)
{
    static uint8_t serial[SERIAL_OCTETS];
    AUTO_BUFFER pem = {.max = BENCH_ROOM};
    struct csr *csr = NULL;
    struct error err;

    buffer_init(&bench->csr, BENCH_ROOM);
    buffer_init(&bench->tbs, BENCH_ROOM);
    bench->leaf = (struct tbs_cert){
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = bytes_of(issuer_name, sizeof(issuer_name)),
        .subject = bytes_of("\x30\x00", 2),
        .not_before_s = 1795651200,
        .not_after_s = 1795651200 + 86399,
        .san = {.count = 2,
                .item = {{SAN_URI, bytes_of_text("spiffe://example.internal/payments/api")},
                         {SAN_DNS, bytes_of_text("api.example.internal")}}},
        .san_critical = true,
        .path_len = -1,
        .key_usage = KU_DIGITAL_SIGNATURE,
        .extended_key_usage = EKU_SERVER_AUTH | EKU_CLIENT_AUTH,
        .subject_key_id = bytes_of(key_id, sizeof(key_id)),
        .authority_key_id = bytes_of(key_id, sizeof(key_id)),
        .crl_url = bytes_of_text("http://pki.example.internal/crl/issuing-1.crl"),
        .ocsp_url = bytes_of_text("http://pki.example.internal/ocsp"),
        .ca_issuers_url = bytes_of_text("http://pki.example.internal/issuers/issuing-1.cer"),
    };
    must(private_key_generate(KEY_P256, &pem, &err), &err);
    must(csr_build(buffer_text(&pem), &bench->leaf.san, &bench->csr, &err), &err);
    must(csr_parse(buffer_bytes(&bench->csr), &csr, &err), &err);
    must(public_key_parse(public_key_spki(csr_key(csr)), &bench->key, &err), &err);
    csr_free(csr);
    bench->leaf.spki = public_key_spki(bench->key);
    must(serial_new(bench->leaf.not_after_s, serial, &err), &err);
    bench->leaf.serial = bytes_of(serial, sizeof(serial));
    must(tbs_cert_build(&bench->leaf, &bench->tbs, &err), &err);
}

static void
run_csr_parse(struct bench *bench)
{
    struct error err;
    AUTO_CSR csr = NULL;

    must(csr_parse(buffer_bytes(&bench->csr), &csr, &err), &err);
}

static void
run_key_parse(struct bench *bench)
{
    struct error err;
    AUTO_PUBLIC_KEY key = NULL;

    must(public_key_parse(bench->leaf.spki, &key, &err), &err);
}

static void
run_tbs_build(struct bench *bench)
{
    struct error err;

    buffer_clear(&bench->tbs);
    must(tbs_cert_build(&bench->leaf, &bench->tbs, &err), &err);
}

static void
run_tbs_parse(struct bench *bench)
{
    struct error err;
    struct tbs_cert tbs;

    must(tbs_cert_parse(buffer_bytes(&bench->tbs), &tbs, &err), &err);
}

static void
run_lint(struct bench *bench)
{
    struct error err;

    must(tbs_cert_lint(&bench->leaf, &err), &err);
}

static void
run_crl(struct bench *bench)
{
    AUTO_BUFFER out = {.max = LIMIT_CRL_OCTETS};
    struct error err;
    struct crl crl = {.algorithm = SIGNATURE_ECDSA_SHA256,
                      .issuer = bench->leaf.issuer,
                      .this_update_s = 1795651200,
                      .next_update_s = 1795651200 + 86400,
                      .number = 1,
                      .authority_key_id = bench->leaf.authority_key_id,
                      .entries = bench->entries,
                      .entry_count = ENTRIES};

    must(crl_tbs_build(&crl, &out, &err), &err);
}

static void
measure(const char *what, void (*run)(struct bench *bench), struct bench *bench, int rounds)
{
    clock_t begin = clock();
    double took_us;

    for (int i = 0; i < rounds; i++)
        run(bench);
    took_us = (double)(clock() - begin) * (1e6 / CLOCKS_PER_SEC);
    printf("%-44s %12.1f us\n", what, took_us / rounds);
}

int
main(void)
{
    static struct bench bench;

    prepare(&bench);
    bench.entries = calloc(ENTRIES, sizeof(*bench.entries));
    if (!bench.entries)
        return EXIT_FAILURE;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        bench.entries[i] = (struct crl_entry){
            .serial_len = SERIAL_OCTETS, .reason = REASON_SUPERSEDED, .revoked_s = 1795651200 - 1};
        for (int octet = 0; octet < 4; octet++)
            bench.entries[i].serial[octet + 1] = (uint8_t)(i >> (24 - 8 * octet));
        bench.entries[i].serial[0] = SERIAL_FIRST_OCTET;
    }
    measure("csr_parse with its verification, P-256", run_csr_parse, &bench, ROUNDS);
    measure("public_key_parse, P-256", run_key_parse, &bench, ROUNDS);
    measure("tbs_cert_build", run_tbs_build, &bench, ROUNDS);
    measure("tbs_cert_parse", run_tbs_parse, &bench, ROUNDS);
    measure("tbs_cert_lint", run_lint, &bench, ROUNDS);
    measure("crl_tbs_build of a million entries", run_crl, &bench, 1);
    free(bench.entries);
    public_key_free(bench.key);
    buffer_done(&bench.csr);
    buffer_done(&bench.tbs);
    return EXIT_SUCCESS;
}
