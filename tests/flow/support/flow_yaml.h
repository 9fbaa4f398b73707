/* Reads as much of YAML as docs/openapi.yaml is written in: block maps and lists, flow maps and
 * lists, plain and double-quoted scalars, literal blocks. Anything else ends the program with its
 * line. */
#ifndef SIGNET_TEST_FLOW_YAML_H
#define SIGNET_TEST_FLOW_YAML_H

#include <jansson.h>

json_t *yaml_load(const char *path);

#endif
