/* Manual pages: every option that a program prints is in its page, and the pages have no faults. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "signet/spawn.h"

enum { HELP_TIMEOUT_MS = 20000, HELP_OCTETS = 64 * 1024 };

static const struct page {
    const char *program; /* null: a file, not a program */
    const char *manual;
    const char *arguments[4]; /* one help each, its words parted by spaces */
} pages[] = {
    {"signet", "docs/man/signet.1", {"--help"}},
    {"signetd", "docs/man/signetd.8", {"--help"}},
    {"signet-ceremony", "docs/man/signet-ceremony.8", {"--help", "init --help"}},
    {"signet-signer", "docs/man/signet-signer.8", {""}},
    {"signet-server", "docs/man/signet-server.8", {""}},
    {NULL, "docs/man/signet.conf.5", {NULL}},
    {NULL, "docs/man/signet-permit.5", {NULL}},
};

/* What a shell command prints on both outputs; its status is given. */
static int
shell(const char *command, struct buffer *out)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    const struct spawn spawn = {.path = "/bin/sh", .argv = argv};
    struct error err = {0};
    int status = -1;

    ASSERT_OK(spawn_run(&spawn, bytes_of(NULL, 0), out, HELP_TIMEOUT_MS, &status, &err), &err);
    return status;
}

/* Every "--word" of the help must stand in the page as "Fl -word". */
static int
check_options(const struct page *page, const char *help, const char *manual)
{
    int options = 0;

    while ((help = strstr(help, "--"))) {
        size_t len = strspn(help += 2, "abcdefghijklmnopqrstuvwxyz-");
        char wanted[64];
        bool found = false;

        snprintf(wanted, sizeof(wanted), "Fl -%.*s", (int)len, help);
        if (len == 0)
            continue;
        for (const char *at = manual; !found && (at = strstr(at, wanted)); at++)
            found = strchr(" \n", at[strlen(wanted)]) != NULL;
        CU_ASSERT_TRUE(found);
        if (!found)
            printf("\n    %s does not have the option --%.*s of %s\n", page->manual, (int)len, help,
                   page->program);
        options++;
    }
    return options;
}

static void
options_of_the_help_are_in_the_page(void)
{
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        char *manual = document_read(pages[i].manual);
        int options = 0;

        for (size_t j = 0; j < ARRAY_LEN(pages[i].arguments) && pages[i].arguments[j]; j++) {
            char command[512];
            AUTO_BUFFER out;

            buffer_init(&out, HELP_OCTETS);
            snprintf(command, sizeof(command), "'%s/%s' %s 2>&1", SIGNET_BIN, pages[i].program,
                     pages[i].arguments[j]);
            shell(command, &out);
            options += check_options(&pages[i], buffer_text(&out), manual);
        }
        CU_ASSERT_TRUE(!pages[i].program || options > 0);
        document_free(manual);
    }
}

/* The names in the list of commands, each of which has a help and a section of its own. */
static void
commands_of_signet_are_in_its_page(void)
{
    const struct page *page = &pages[0];
    char *manual = document_read(page->manual), *list, *line;
    int commands = 0;
    AUTO_BUFFER overview;
    AUTO_BUFFER out;

    buffer_init(&overview, HELP_OCTETS);
    buffer_init(&out, HELP_OCTETS);
    CU_ASSERT_EQUAL(shell("'" SIGNET_BIN "/signet' --help", &overview), 0);
    list = strstr((char *)(uintptr_t)buffer_text(&overview), "commands:\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    document_line(&list);
    while ((line = document_line(&list)) && line[0] == ' ') {
        char name[32], heading[64], command[512];

        snprintf(name, sizeof(name), "%.*s", (int)(strstr(line + 2, "  ") - line - 2), line + 2);
        snprintf(heading, sizeof(heading), ".Ss %s\n", name);
        CU_ASSERT_PTR_NOT_NULL(strstr(manual, heading));
        if (!strstr(manual, heading))
            printf("\n    %s has no section on %s\n", page->manual, name);
        snprintf(command, sizeof(command), "'%s/signet' %s --help", SIGNET_BIN, name);
        buffer_clear(&out);
        CU_ASSERT_EQUAL(shell(command, &out), 0);
        /* These hand everything on to signet-ceremony, which has a page of its own */
        if (strcmp(name, "init") != 0 && strcmp(name, "token bench") != 0)
            check_options(page, buffer_text(&out), manual);
        commands++;
    }
    CU_ASSERT_TRUE(commands > 10);
    document_free(manual);
}

/* The headings that mdoc(7) wants, and the name of the file. */
static void
pages_have_their_parts(void)
{
    static const char *const parts[] = {".Dd ", ".Dt ", ".Sh NAME\n", ".Sh DESCRIPTION\n",
                                        ".Sh SEE ALSO\n"};

    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        char *manual = document_read(pages[i].manual);

        for (size_t j = 0; j < ARRAY_LEN(parts); j++) {
            CU_ASSERT_PTR_NOT_NULL(strstr(manual, parts[j]));
            if (!strstr(manual, parts[j]))
                printf("\n    %s lacks %s\n", pages[i].manual, parts[j]);
        }
        document_free(manual);
    }
}

static void
man_has_nothing_to_complain_about(void)
{
    AUTO_BUFFER out;

    buffer_init(&out, HELP_OCTETS);
    if (shell("command -v man && command -v groff", &out) != 0) {
        printf(" (no man here) ");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        char command[512];

        snprintf(command, sizeof(command),
                 "LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l '%s/%s' 2>&1 >/dev/null",
                 SIGNET_SOURCE, pages[i].manual);
        buffer_clear(&out);
        CU_ASSERT_EQUAL(shell(command, &out), 0);
        CU_ASSERT_EQUAL(out.len, 0);
        if (out.len)
            printf("\n    %s: %s\n", pages[i].manual, buffer_text(&out));
    }
}

static void
systemd_takes_the_unit(void)
{
    AUTO_BUFFER out;
    int status;

    buffer_init(&out, HELP_OCTETS);
    if (shell("command -v systemd-analyze", &out) != 0) {
        printf(" (no systemd here) ");
        return;
    }
    buffer_clear(&out);
    status = shell("folder=$(mktemp -d) && trap 'rm -rf \"$folder\"' EXIT && "
                   "sed 's,/usr/local/bin/,'" SIGNET_BIN "'/,' '" SIGNET_SOURCE
                   "/deploy/systemd/signetd.service' > \"$folder/signetd.service\" && "
                   "systemd-analyze verify --man=no \"$folder/signetd.service\" 2>&1",
                   &out);
    CU_ASSERT_EQUAL(status, 0);
    if (status != 0)
        printf("\n    %s\n", buffer_text(&out));
}

int
main(void)
{
    return RUN_SUITE("manuals", TEST(options_of_the_help_are_in_the_page),
                     TEST(commands_of_signet_are_in_its_page), TEST(pages_have_their_parts),
                     TEST(man_has_nothing_to_complain_about), TEST(systemd_takes_the_unit));
}
