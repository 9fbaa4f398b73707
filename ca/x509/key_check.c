#include "key_check.h"

#include "openssl_error.h"

/* As many rounds as the CA/Browser Forum asks for (Baseline Requirements 6.1.1.3). */
enum { FERMAT_ROUNDS = 100, ED25519_OCTETS = 32 };

enum fault {
    FAULT_POINT_LENGTH,
    FAULT_POINT_FORM,
    FAULT_POINT_ORDER,
    FAULT_EXPONENT_LARGE,
    FAULT_EXPONENT_EVEN,
    FAULT_EXPONENT_SMALL,
    FAULT_ODD_SIZE,
    FAULT_EVEN,
    FAULT_SMALL_FACTOR,
    FAULT_ROCA,
    FAULT_CLOSE_PRIMES,
    FAULT_UNREADABLE
};

static const struct key_fault *
fault_of(enum fault fault)
{
    static const struct key_fault rows[] = {
        [FAULT_POINT_LENGTH] = {"key.point", "an Ed25519 key is 32 octets"},
        [FAULT_POINT_FORM] = {"key.point", "the Ed25519 point is not in its canonical form"},
        [FAULT_POINT_ORDER] = {"key.point", "the Ed25519 point has a small order: anybody could "
                                            "sign for it"},
        [FAULT_EXPONENT_LARGE] = {"key.exponent", "the RSA exponent has more than 32 bits"},
        [FAULT_EXPONENT_EVEN] = {"key.exponent", "the RSA exponent is even"},
        [FAULT_EXPONENT_SMALL] = {"key.exponent", "the RSA exponent is not above 65536"},
        [FAULT_ODD_SIZE] = {"key.odd_size", "the bits of the RSA modulus are no multiple of 8"},
        [FAULT_EVEN] = {"key.even", "the RSA modulus is even"},
        [FAULT_SMALL_FACTOR] = {"key.small_factor", "the RSA modulus has a small factor"},
        [FAULT_ROCA] = {"key.roca", "the RSA key has the ROCA fingerprint (CVE-2017-15361)"},
        [FAULT_CLOSE_PRIMES] = {"key.close_primes",
                                "the primes of the RSA modulus are close together"},
        [FAULT_UNREADABLE] = {"key.encoding", "the RSA modulus could not be examined"},
    };

    return &rows[fault];
}

/* The y coordinates of the points whose order divides 8, without the sign of x. */
static const uint8_t small_order_y[][ED25519_OCTETS] = {
    {0},
    {1},
    {0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B,
     0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39,
     0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
    {0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4,
     0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6,
     0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
    {0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
};

const struct key_fault *
ed25519_point_fault(struct bytes point)
{
    uint8_t y[ED25519_OCTETS];
    bool all_ones = true;

    if (point.len != ED25519_OCTETS)
        return fault_of(FAULT_POINT_LENGTH);
    memcpy(y, point.data, sizeof(y));
    y[31] &= 0x7F;
    for (size_t i = 1; i < 31; i++)
        all_ones = all_ones && y[i] == 0xFF;
    /* p = 2^255 - 19 is ED FF .. FF 7F, little-endian */
    if (all_ones && y[31] == 0x7F && y[0] >= 0xED)
        return fault_of(FAULT_POINT_FORM);
    for (size_t i = 0; i < ARRAY_LEN(small_order_y); i++)
        if (memcmp(y, small_order_y[i], sizeof(y)) == 0)
            return fault_of(FAULT_POINT_ORDER);
    return NULL;
}

const struct key_fault *
rsa_exponent_fault(struct bytes exponent)
{
    uint64_t value = 0;

    if (exponent.len == 0 || exponent.len > 5)
        return fault_of(FAULT_EXPONENT_LARGE);
    for (size_t i = 0; i < exponent.len; i++)
        value = value << 8 | exponent.data[i];
    if (value > UINT32_MAX)
        return fault_of(FAULT_EXPONENT_LARGE);
    if (value % 2 == 0)
        return fault_of(FAULT_EXPONENT_EVEN);
    if (value <= 65536)
        return fault_of(FAULT_EXPONENT_SMALL);
    return NULL;
}

static const uint16_t odd_primes[] = {
    3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
    73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

static bool
is_power_of_65537(unsigned remainder, unsigned prime)
{
    unsigned power = 1;

    for (unsigned i = 0; i < prime; i++) {
        if (power == remainder)
            return true;
        power = power * (65537 % prime) % prime;
    }
    return false;
}

/* ROCA (CVE-2017-15361): modulo every small prime such a modulus is a power of 65537. */
static const struct key_fault *
remainders_fault(const BIGNUM *modulus)
{
    bool fingerprint = true;

    for (size_t i = 0; i < ARRAY_LEN(odd_primes); i++) {
        BN_ULONG remainder = BN_mod_word(modulus, odd_primes[i]);
        if (remainder == 0)
            return fault_of(FAULT_SMALL_FACTOR);
        fingerprint = fingerprint && is_power_of_65537((unsigned)remainder, odd_primes[i]);
    }
    return fingerprint ? fault_of(FAULT_ROCA) : NULL;
}

/* The integer square root by Newton's method, from above. */
static bool
square_root(const BIGNUM *number, BIGNUM *root, BN_CTX *ctx)
{
    AUTO_BIGNUM next = BN_new();

    if (!next || !BN_set_word(root, 0) || !BN_set_bit(root, (BN_num_bits(number) + 1) / 2))
        return false;
    for (;;) {
        if (!BN_div(next, NULL, number, root, ctx) || !BN_add(next, next, root) ||
            !BN_rshift1(next, next))
            return false;
        if (BN_cmp(next, root) >= 0)
            return true;
        if (!BN_copy(root, next))
            return false;
    }
}

/* Modulo 64 there are 12 squares; four numbers in five need no root. */
static bool
may_be_square(const BIGNUM *number)
{
    static const uint64_t squares = UINT64_C(0x0202021202030213);
    BN_ULONG remainder = BN_mod_word(number, 64);

    return squares >> (remainder & 63) & 1;
}

/* Fermat: when p and q are close, some a just above the root makes a^2 - n a square. */
static bool
primes_are_close(const BIGNUM *modulus, bool *ret_close)
{
    AUTO_BN_CTX ctx = BN_CTX_new();
    AUTO_BIGNUM a = BN_new();
    AUTO_BIGNUM rest = BN_new();
    AUTO_BIGNUM b = BN_new();
    AUTO_BIGNUM square = BN_new();

    if (!ctx || !a || !rest || !b || !square || !square_root(modulus, a, ctx))
        return false;
    for (int round = 0; round < FERMAT_ROUNDS; round++) {
        if (!BN_add_word(a, 1) || !BN_sqr(rest, a, ctx) || !BN_sub(rest, rest, modulus))
            return false;
        if (!may_be_square(rest))
            continue;
        if (!square_root(rest, b, ctx) || !BN_sqr(square, b, ctx))
            return false;
        if (BN_cmp(square, rest) == 0) {
            *ret_close = true;
            return true;
        }
    }
    *ret_close = false;
    return true;
}

const struct key_fault *
rsa_modulus_fault(struct bytes modulus)
{
    AUTO_BIGNUM number = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
    const struct key_fault *fault;
    bool close;

    if (!number)
        return fault_of(FAULT_UNREADABLE);
    if (BN_num_bits(number) % 8 != 0)
        return fault_of(FAULT_ODD_SIZE);
    if (!BN_is_odd(number))
        return fault_of(FAULT_EVEN);
    fault = remainders_fault(number);
    if (fault)
        return fault;
    if (!primes_are_close(number, &close))
        return fault_of(FAULT_UNREADABLE);
    return close ? fault_of(FAULT_CLOSE_PRIMES) : NULL;
}
