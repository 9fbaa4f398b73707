#include "ca_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct ca *
ca_node_make(struct ca *first, unsigned number)
{
    struct ca *node = malloc(sizeof(*node));
    char ports[3][8];

    if (!node)
        abort();
    *node = *first;
    node->signetd = 0;
    snprintf(node->folder, sizeof(node->folder), "%.50s/node%u", first->folder, number % 100);
    snprintf(node->config, sizeof(node->config), "%s/signet.conf", node->folder);
    snprintf(node->log, sizeof(node->log), "%s/log/signetd.log", node->folder);
    snprintf(node->fault_file, sizeof(node->fault_file), "%s/faults", node->folder);
    snprintf(node->clock_file, sizeof(node->clock_file), "%s/clock", node->folder);
    ca_choose_ports(node, first->https_port + 3 * number);
    snprintf(ports[0], sizeof(ports[0]), "%u", node->https_port);
    snprintf(ports[1], sizeof(ports[1]), "%u", node->publish_port);
    snprintf(ports[2], sizeof(ports[2]), "%u", node->health_port);
    ca_lab(first, (const char *const[]){"node", first->folder, node->folder, ports[0], ports[1],
                                        ports[2], NULL});
    ca_fault(node, "");
    ca_clock(node, 0);
    return node;
}

void
ca_node_free(struct ca *node)
{
    if (node && node->signetd)
        ca_signetd_stop(node);
    free(node);
}
