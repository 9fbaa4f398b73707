#include "policy_diff.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* The lines that people see. */
static void
lines_of(const char *older, const char *newer, char *text, size_t room)
{
    json_t *left = json_loads(older, 0, NULL), *right = json_loads(newer, 0, NULL);
    json_t *changes = NULL;
    struct error err = {0};
    FILE *out;

    CU_ASSERT_PTR_NOT_NULL_FATAL(left);
    CU_ASSERT_PTR_NOT_NULL_FATAL(right);
    memset(text, 0, room);
    out = fmemopen(text, room, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (ASSERT_OK(policy_diff(left, right, &changes, &err), &err))
        policy_diff_print(changes, out);
    fclose(out);
    json_decref(changes);
    json_decref(left);
    json_decref(right);
}

static void
tells_each_change(void)
{
    static const struct {
        const char *older, *newer, *lines;
    } cases[] = {
        {"{}", "{}", ""},
        {"{\"a\": 1, \"b\": [\"x\", \"y\"]}", "{\"b\": [\"y\", \"x\"], \"a\": 1}", ""},
        {"{\"a\": 1}", "{\"a\": 2}", "~ a: 1 -> 2\n"},
        {"{\"a\": 1}", "{\"b\": 1}", "- a: 1\n+ b: 1\n"},
        {"{\"a\": [\"x\", \"y\"]}", "{\"a\": [\"y\", \"z\"]}", "- a: \"x\"\n+ a: \"z\"\n"},
        {"{\"a\": [\"x\"]}", "{\"a\": \"x\"}", "~ a: [\"x\"] -> \"x\"\n"},
        {"{\"p\": {\"w\": {\"t\": 1, \"u\": 2}}}", "{\"p\": {\"w\": {\"t\": 3, \"u\": 2}}}",
         "~ p.w.t: 1 -> 3\n"},
        {"{\"p\": {}}", "{\"p\": {\"w\": {\"t\": 1, \"k\": [\"x\"]}}}",
         "+ p.w.t: 1\n+ p.w.k: [\"x\"]\n"},
        {"{\"p\": {\"w\": {\"t\": 1}}}", "{\"p\": {}}", "- p.w.t: 1\n"},
        {"{\"p\": {\"w\": {\"t\": 1}}}", "{\"p\": 5}", "~ p: {\"w\": {\"t\": 1}} -> 5\n"},
        {"{}", "{\"a\\u001b[2J\": \"\\u009b\"}", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[512];

        lines_of(cases[i].older, cases[i].newer, text, sizeof(text));
        if (!cases[i].lines) {
            CU_ASSERT_PTR_NULL(
                strchr(text, '\x1b')); /* no control character reaches the terminal */
            continue;
        }
        if (strcmp(text, cases[i].lines) != 0)
            printf("\n    case %zu: %s", i, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].lines);
    }
}

static void
an_over_long_path_is_cut(void)
{
    char older[2048], text[4096];
    size_t used = 0;

    for (int i = 0; i < 4; i++) {
        used += (size_t)snprintf(older + used, sizeof(older) - used, "{\"");
        memset(older + used, 'n', 250);
        used += 250;
        used += (size_t)snprintf(older + used, sizeof(older) - used, "\": ");
    }
    snprintf(older + used, sizeof(older) - used, "1}}}}");
    lines_of(older, "{}", text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ": 1\n"));
}

int
main(void)
{
    return RUN_SUITE("policy diff", TEST(tells_each_change), TEST(an_over_long_path_is_cut));
}
