/* Reads the documents of the repository for the tests that compare them with the programs. */
#ifndef SIGNET_TEST_DOCUMENT_H
#define SIGNET_TEST_DOCUMENT_H

#include <stdbool.h>

#include "signet/buffer.h"

enum { DOCUMENT_OCTETS = 1024 * 1024, BLOCK_NAME = 48 };

/* The whole file, named from the root of the repository; ends the test program when it cannot be
 * read. The text lives until document_free. */
char *document_read(const char *name);
void document_free(char *text);

/* Cuts the next line off *text; null at the end. */
char *document_line(char **text);

/*
 * The next shell block that stands directly under "<!-- test: NAME -->". Cuts it out of *text; null
 * when there is none.
 */
char *document_block(char **text, char name[BLOCK_NAME]);

#endif
