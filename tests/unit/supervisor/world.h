/* A folder with a configuration for signetd, files as it wants them, and stand-ins for its
 * programs. */
#ifndef SIGNET_TEST_WORLD_H
#define SIGNET_TEST_WORLD_H

#include <stdbool.h>
#include <sys/types.h>

struct world {
    char folder[64];
    int port; /* https; publish and health follow */
    pid_t signetd;
    char text[65536];
};

void world_make(struct world *world);
void world_remove(struct world *world);
/* A path within the folder; good until the next four calls. */
const char *world_path(const struct world *world, const char *name);
void world_write(const struct world *world, const char *name, const char *text, mode_t mode);
/* Starts signetd on the configuration; its log goes to the file `log`. */
void world_start(struct world *world);
/* Its exit status; kills it after 15 s, which gives -1. */
int world_wait(struct world *world);
/* The content of a file there. */
const char *world_read(struct world *world, const char *name);
/* Waits up to 5 s until the file holds the text so many times. */
bool world_sees(struct world *world, const char *name, const char *text, int times);
/* Runs signetd with one option and the configuration; output in world->text. Gives its status. */
int world_run(struct world *world, const char *option, const char *argument);

#endif
