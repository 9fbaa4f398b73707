/* Files and descriptors. */
#ifndef SIGNET_FILE_H
#define SIGNET_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "signet/buffer.h"
#include "signet/error.h"

void fd_close(int *fd); /* closes unless -1, sets -1 */
#define AUTO_FD CLEANUP(fd_close) int

/* Reads a regular file of at most out->max octets. Errors: ERROR_FILE_ACCESS naming path and cause.
 */
MUST_USE bool file_read(const char *path, struct buffer *out, struct error *err);
/* Reads to the end of an open descriptor. */
MUST_USE bool file_read_fd(int fd, const char *what, struct buffer *out, struct error *err);
/*
 * Writes by a temporary file in the same folder, fsync, rename, fsync of the folder: a reader sees
 * the old or the new content, and the old one stays when anything fails. Owner -1 keeps.
 */
MUST_USE bool file_write_atomic(const char *path, struct bytes content, mode_t mode, uid_t owner,
                                gid_t group, struct error *err);
MUST_USE bool file_exists(const char *path);

#endif
