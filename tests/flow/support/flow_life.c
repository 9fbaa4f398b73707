#include "flow_life.h"

#include <stdio.h>

#include "suite.h"

void
life_run(struct ca *ca, const char *name, const char *key_type)
{
    AUTO_BUFFER out = {.max = 65536};
    int status = ca_run(ca, NULL, &out, SIGNET_SOURCE "/tests/flow/support/ca_story", name,
                        key_type, ca->root_pem, ca->issuing_pem, ca->publish_url, NULL);

    if (status != 0)
        printf("\n    %s", buffer_text(&out));
    CU_ASSERT_EQUAL(status, 0);
}
