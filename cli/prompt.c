#include "prompt.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

bool
prompt_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool
prompt_confirm(const char *question, struct error *err)
{
    char answer[16] = "";

    fprintf(stderr, "%s [y/N] ", question);
    if (fgets(answer, sizeof(answer), stdin)) {
        answer[strcspn(answer, "\r\n")] = '\0';
        if (strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0)
            return true;
    }
    return error_set(err, ERROR_USAGE,
                     "not confirmed, nothing was done (--yes answers beforehand)");
}

static bool
line_read(struct buffer *out)
{
    char octet;

    while (read(STDIN_FILENO, &octet, 1) == 1) {
        if (octet == '\n')
            return true;
        if (!buffer_put_u8(out, (uint8_t)octet))
            return false;
    }
    return out->len > 0;
}

bool
prompt_secret(const char *question, struct buffer *out, struct error *err)
{
    struct termios shown, hidden;
    bool complete;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "the terminal cannot be asked");
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s: ", question);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "the terminal cannot hide what is typed");
    complete = line_read(out);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown) != 0)
        complete = false;
    fputc('\n', stderr);
    return complete || error_set(err, ERROR_USAGE, "nothing was typed");
}
