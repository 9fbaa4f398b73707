/*
 * Every limit of Signet, with its reason. What hits one answers 413, 429 or 503 and the rest goes
 * on. Names end in their unit. Configuration may lower some of them, never raise them.
 */
#ifndef SIGNET_LIMITS_H
#define SIGNET_LIMITS_H

enum {
    /* --- objects --- */
    LIMIT_SERIAL_OCTETS = 20,     /* RFC 5280 §4.1.2.2 */
    LIMIT_DIGEST_OCTETS = 32,     /* SHA-256 everywhere */
    LIMIT_SIGNATURE_OCTETS = 512, /* RSA 4096 */
    LIMIT_SPKI_OCTETS = 600,      /* RSA 4096 with room */
    LIMIT_CSR_OCTETS = 8 * 1024,  /* a request with an RSA 4096 key and many names is 2 KiB */
    LIMIT_TBS_OCTETS = 8 * 1024,  /* 32 names of 255 octets would be too many for any client */
    LIMIT_CERTIFICATE_OCTETS = 10 * 1024,
    LIMIT_CRL_OCTETS = 64 * 1024 * 1024, /* a million entries is 40 MB */
    LIMIT_NAMES = 32,                    /* subject alternative names in one certificate */
    LIMIT_NAME_OCTETS = 255,             /* DNS name; identity name */
    LIMIT_SPIFFE_ID_OCTETS = 2048,       /* ID-4 */
    LIMIT_OWNER_OCTETS = 255,
    LIMIT_PROFILE_OCTETS = 64,
    LIMIT_REQUESTER_OCTETS = 320, /* an identity name with a prefix */
    LIMIT_REQUEST_ID_OCTETS = 40,
    LIMIT_POLICY_OCTETS = 256 * 1024,
    LIMIT_POLICY_BODY_OCTETS = 2 * LIMIT_POLICY_OCTETS + 1024, /* a document as a JSON text */
    LIMIT_RENEWAL_ATTEMPTS = 8, /* unused successors of one certificate that may be replaced */
    /* --- OCSP --- */
    LIMIT_OCSP_REQUEST_OCTETS = 8 * 1024,
    LIMIT_OCSP_REQUESTS = 32,      /* O-06 */
    LIMIT_OCSP_NONCE_OCTETS = 128, /* O-12 */
    LIMIT_OCSP_RESPONSE_OCTETS = 32 * 1024,
    LIMIT_OCSP_CACHE = 32 * 1024,  /* cached answers: about 50 MB when full */
    LIMIT_OCSP_WAITERS = 64,       /* workers that wait for one computation: the largest pool */
    LIMIT_OCSP_WAIT_MS = 2000,     /* ... and how long before they answer tryLater */
    LIMIT_OCSP_REFILLS = 4,        /* computations that a revocation may make useless in a row */
    LIMIT_OCSP_NONCES_PER_S = 500, /* live answers: a share of the slowest token we know */
    /* --- HTTP --- */
    LIMIT_TARGET_OCTETS = 4 * 1024, /* OCSP GET of one request is under 400 */
    LIMIT_HEADER_OCTETS = 16 * 1024,
    LIMIT_PUBLISH_HEADER_OCTETS = 4 * 1024, /* no credentials there, so few and short fields */
    LIMIT_BODY_OCTETS = 64 * 1024,
    LIMIT_JSON_DEPTH = 8,
    LIMIT_DISCARD_OCTETS = 1024 * 1024, /* of a refused body read so that the answer arrives */
    LIMIT_QUEUE = 1024,               /* requests waiting for a worker; at 2,000/s half a second */
    LIMIT_PUBLISH_CONNECTIONS = 8192, /* on the publishing listener */
    LIMIT_FRONT_THREADS = 4,          /* more gain nothing: the token is the limit long before */
    LIMIT_HANDSHAKES = 512,           /* at once in one thread: 0.4 s of its work */
    LIMIT_TLS_SESSION_S = 600,        /* life of a session ticket */
    LIMIT_TICK_MS = 250,              /* how late a deadline may be noticed */
    LIMIT_HANDSHAKE_MS = 10000,
    LIMIT_HEADER_MS = 10000, /* first header, from the end of the handshake */
    LIMIT_BODY_MS = 10000,
    LIMIT_REPLY_MS = 60000, /* a CRL of 64 MiB over 10 Mbit/s */
    LIMIT_IDLE_MS = 60000,
    LIMIT_LINGER_MS = 2000,
    LIMIT_DRAIN_MS = 5000, /* what is in flight may end when the server stops */
    LIMIT_PAGE_ROWS = 500, /* rows in one page of a list */
    /* --- between the programs --- */
    LIMIT_FRAME_OCTETS = 128 * 1024, /* below the 208 KiB default send buffer of a socketpair */
    LIMIT_FRAME_SEND_MS = 5000, /* a receiver that takes nothing for so long is treated as gone */
    LIMIT_CONFIG_OCTETS = 64 * 1024, /* configuration and permit files */
    LIMIT_BATCH = 64,                /* issuance requests recorded in one commit */
    LIMIT_CHANNELS = 64,             /* workers of one server, each with its channel */
    LIMIT_SIGNING_THREADS = 16
};

#endif
