#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signet/log.h"
#include "suite.h"

/* stderr goes into a pipe while one line is logged. */
struct capture {
    int kept, ends[2];
    char text[40000];
};

static void
capture_begin(struct capture *capture)
{
    capture->kept = dup(STDERR_FILENO);
    CU_ASSERT_EQUAL_FATAL(pipe(capture->ends), 0);
    CU_ASSERT_FATAL(fcntl(capture->ends[0], F_SETFL, O_NONBLOCK) == 0);
    dup2(capture->ends[1], STDERR_FILENO);
}

static const char *
capture_end(struct capture *capture)
{
    ssize_t got = read(capture->ends[0], capture->text, sizeof(capture->text) - 1);

    capture->text[got > 0 ? got : 0] = '\0';
    dup2(capture->kept, STDERR_FILENO);
    close(capture->kept);
    close(capture->ends[0]);
    close(capture->ends[1]);
    return capture->text;
}

static struct capture capture;

static void
a_line_is_one_json_object(void)
{
    const char *line;
    char time[40] = "";

    log_open("signet-test", LOG_LEVEL_INFO);
    capture_begin(&capture);
    log_open("signet-test", LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_NOTICE, "started", LOG_NUMBER("port", 8443), LOG_TEXT("role", "issuing"),
              LOG_NUMBER("below", -1), LOG_TEXT("none", NULL));
    line = capture_end(&capture);
    CU_ASSERT_EQUAL(sscanf(line, "{\"time\":\"%39[^\"]\"", time), 1);
    CU_ASSERT_EQUAL(strlen(time), strlen("2026-11-22T07:30:00.123456Z"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(line, "\"level\":\"notice\",\"program\":\"signet-test\",\"pid\":"));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, ",\"message\":\"started\",\"port\":8443,"
                                        "\"role\":\"issuing\",\"below\":-1,\"none\":\"\"}\n"));
}

static void
a_value_cannot_break_out(void)
{
    const char *line;

    capture_begin(&capture);
    log_event(LOG_LEVEL_INFO, "a\"b",
              LOG_TEXT("v", "q\" b\\ n\n t\t e\x1b[31m d\x7f \xc3\xbc \xc2\x9b \xff\xc3"));
    line = capture_end(&capture);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"message\":\"a\\\"b\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(line,
                                  "\"v\":\"q\\\" b\\\\ n\\u000a t\\u0009 e\\u001b[31m d\\u007f "
                                  "\xc3\xbc \\u00c2\\u009b \\u00ff\\u00c3\"}"));
    CU_ASSERT_PTR_EQUAL(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
quiet_levels_are_left_out(void)
{
    log_open("signet-test", LOG_LEVEL_WARNING);
    capture_begin(&capture);
    log_line(LOG_LEVEL_NOTICE, "hidden");
    log_line(LOG_LEVEL_WARNING, "seen");
    log_line(LOG_LEVEL_ALERT, "seen");
    capture_end(&capture);
    CU_ASSERT_PTR_NULL(strstr(capture.text, "hidden"));
    CU_ASSERT_PTR_NOT_NULL(strstr(capture.text, "\"level\":\"warning\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(capture.text, "\"level\":\"alert\""));
    log_open("signet-test", LOG_LEVEL_INFO);
}

static void
a_huge_value_is_cut_and_the_line_keeps_its_shape(void)
{
    static char huge[20000];
    const char *line;
    struct log_field fields[21] = {{0}};

    memset(huge, '\x01', sizeof(huge) - 1);
    for (int i = 0; i < 20; i++)
        fields[i] = LOG_TEXT("huge", huge);
    capture_begin(&capture);
    log_event_fields(LOG_LEVEL_INFO, huge, fields);
    line = capture_end(&capture);
    CU_ASSERT_TRUE(strlen(line) > 2048);
    CU_ASSERT_TRUE(strlen(line) < 16 * 1024 + 100);
    CU_ASSERT_STRING_EQUAL(line + strlen(line) - 6, "...\"}\n");
}

static void
an_error_is_told_whole(void)
{
    struct error err = {0};
    const char *line;

    errno = ENOENT;
    error_errno(&err, ERROR_FILE_ACCESS, "cannot open %s", "/nowhere");
    capture_begin(&capture);
    log_error("start failed", &err, (const struct log_field[]){LOG_TEXT("role", "status"), {0}});
    line = capture_end(&capture);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"level\":\"error\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"error\":\"file\",\"detail\":\"cannot open /nowhere\","
                                        "\"internal\":\"No such file or directory\","
                                        "\"cause\":\"errno\",\"code\":2,\"place\":\"test_log.c:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"role\":\"status\"}\n"));
    error_refuse(&err, ERROR_PERMIT, "permit.names", "no");
    capture_begin(&capture);
    log_error("refused", &err, NULL);
    line = capture_end(&capture);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"level\":\"alert\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"rule\":\"permit.names\""));
}

static void
a_terminal_gets_plain_text(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), kept = dup(STDERR_FILENO), slave;
    char line[1000] = "";

    CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    CU_ASSERT_FATAL(slave >= 0);
    dup2(slave, STDERR_FILENO);
    log_open("signet-test", LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_INFO, "ready", LOG_NUMBER("port", 1), LOG_TEXT("esc", "\x1b]0;x\n"));
    dup2(kept, STDERR_FILENO);
    CU_ASSERT_TRUE(read(master, line, sizeof(line) - 1) > 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(line, " info    signet-test: ready  port=1  esc=\\u001b]0;x\\u000a\r\n"));
    log_open("signet-test", LOG_LEVEL_INFO);
    close(kept);
    close(slave);
    close(master);
}

int
main(void)
{
    return RUN_SUITE("log", TEST(a_line_is_one_json_object), TEST(a_value_cannot_break_out),
                     TEST(quiet_levels_are_left_out),
                     TEST(a_huge_value_is_cut_and_the_line_keeps_its_shape),
                     TEST(an_error_is_told_whole), TEST(a_terminal_gets_plain_text));
}
