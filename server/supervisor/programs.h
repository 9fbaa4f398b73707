/* Where the programs stand: the folder of the configuration, else that of this very program. */
#ifndef SIGNET_PROGRAMS_H
#define SIGNET_PROGRAMS_H

#include "signet/config.h"

MUST_USE bool programs_find(const struct config *config, char ret_folder[CONFIG_PATH],
                            struct error *err);

#endif
