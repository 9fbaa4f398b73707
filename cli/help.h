/* Help, rendered from the command table. */
#ifndef SIGNET_CLI_HELP_H
#define SIGNET_CLI_HELP_H

#include <stdio.h>

#include "command.h"

void help_overview(FILE *out);
void help_command(const struct command *command, FILE *out);
/* The commands whose name begins with this word; false when there is none. */
bool help_group(const char *word, FILE *out);

#endif
