/* Shared by the files of the authority fixture. */
#ifndef SIGNET_CA_INTERNAL_H
#define SIGNET_CA_INTERNAL_H

#include "ca_fixture.h"

struct ca_running {
    struct ca ca; /* first: what the test sees */
    pid_t guard;
    int guard_fd; /* closed: the guard ends and removes everything */
};

/* Three free ports from `base` on, and the URLs. */
void ca_choose_ports(struct ca *ca, unsigned base);
/* Says what failed, shows the authority's log, ends the test program. */
_Noreturn void ca_give_up(const struct ca *ca, const char *format, ...) PRINTF_LIKE(2, 3);
/* The environment of programs: null-terminated, heap, freed by ca_environment_free. */
char **ca_environment(const struct ca *ca, const char *const *more);
void ca_environment_free(char **environment);
void ca_write_file(const struct ca *ca, const char *path, const char *text, mode_t mode);
/* tests/support/ca_lab with these arguments; gives up when it fails. */
void ca_lab(const struct ca *ca, const char *const *arguments);

#endif
