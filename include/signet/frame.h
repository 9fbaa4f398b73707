/*
 * Frames: the messages between server, signers and supervisor. One frame is one SOCK_SEQPACKET
 * message: u8 version (1), u8 kind, u16 zero, u32 id, then the body. A reply carries the id of its
 * request. Bodies are written and read by message.h. docs/signer-protocol.md tells it field by
 * field.
 */
#ifndef SIGNET_FRAME_H
#define SIGNET_FRAME_H

#include "signet/buffer.h"
#include "signet/error.h"

enum frame_kind {
    FRAME_ISSUE = 1, /* server -> issuing signer */
    FRAME_ISSUED = 2,
    FRAME_CRL = 3, /* server -> issuing signer */
    FRAME_CRL_BUILT = 4,
    FRAME_OCSP = 5, /* server -> status signer */
    FRAME_OCSP_SIGNED = 6,
    FRAME_PROBE = 7, /* server -> either signer */
    FRAME_PROBED = 8,
    FRAME_REFUSED = 9,   /* any reply: a struct error */
    FRAME_CHANNELS = 10, /* supervisor -> server: new channel ends travel beside it */
    FRAME_PERMIT = 11,   /* server -> issuing signer */
    FRAME_PERMITTED = 12,
    FRAME_STOPPED = 13 /* supervisor -> server: a signer ended and is not started again */
};
enum { FRAME_VERSION = 1, FRAME_HEADER_OCTETS = 8, FRAME_FDS = 80 };

struct frame {
    uint8_t kind; /* as received; look it up in a table, refuse the rest */
    uint32_t id;
    struct bytes body; /* borrows the buffer it was read into */
};

enum frame_result { FRAME_OK, FRAME_CLOSED, FRAME_TIMEOUT, FRAME_FAILED };

/* Makes a pair of connected sockets, close-on-exec. */
MUST_USE bool frame_pair(int ret_fds[2], struct error *err);
/* Sends whole or fails (ERROR_SIGNER_UNAVAILABLE when the other end is gone). Never raises SIGPIPE.
 */
MUST_USE bool frame_send(int fd, enum frame_kind kind, uint32_t id, struct bytes body,
                         struct error *err);
/*
 * Receives one frame into `in` (cleared first). timeout_ms -1 waits for ever, 0 does not wait.
 * FRAME_FAILED: truncated, too short, wrong version, nonzero reserved (ERROR_FRAME), or errno.
 */
MUST_USE enum frame_result frame_receive(int fd, int timeout_ms, struct buffer *in,
                                         struct frame *ret_frame, struct error *err);
/* The same with descriptors (SCM_RIGHTS), at most FRAME_FDS; received ones are close-on-exec. */
MUST_USE bool frame_send_fds(int fd, enum frame_kind kind, uint32_t id, struct bytes body,
                             const int *fds, size_t count, struct error *err);
MUST_USE enum frame_result frame_receive_fds(int fd, int timeout_ms, struct buffer *in,
                                             struct frame *ret_frame, int ret_fds[FRAME_FDS],
                                             size_t *ret_count, struct error *err);

#endif
