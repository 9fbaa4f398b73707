#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "signet/file.h"
#include "suite.h"

/* A fresh folder for one test; the path of `name` within it. */
static const char *
in_folder(const char *name)
{
    static char folder[64], path[256];

    if (!name) {
        scratch_make(folder, "signet-file");
        return folder;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static size_t
entries(const char *folder)
{
    char command[160];
    size_t count = 0;
    FILE *list;

    snprintf(command, sizeof(command), "ls -A %s", folder);
    list = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    for (int c = fgetc(list); c != EOF; c = fgetc(list))
        count += c == '\n';
    pclose(list);
    return count;
}

static void
writes_and_reads(void)
{
    const char *folder = in_folder(NULL), *path = in_folder("a");
    AUTO_BUFFER out;
    struct error err = {0};
    struct stat status;

    buffer_init(&out, 100000);
    ASSERT_OK(file_write_atomic(path, bytes_of("one\0two", 7), 0600, (uid_t)-1, (gid_t)-1, &err),
              &err);
    ASSERT_OK(file_read(path, &out, &err), &err);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), bytes_of("one\0two", 7)));
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
    ASSERT_OK(file_write_atomic(path, bytes_of_text("2"), 0644, getuid(), getgid(), &err), &err);
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0644);
    CU_ASSERT_EQUAL(status.st_size, 1);
    CU_ASSERT_EQUAL(entries(folder), 1);
    CU_ASSERT_TRUE(file_exists(path));
    unlink(path);
    CU_ASSERT_FALSE(file_exists(path));
    rmdir(folder);
}

static void
a_failed_write_leaves_the_old_file_and_nothing_else(void)
{
    const char *folder = in_folder(NULL), *path = in_folder("busy");
    struct error err = {0};

    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    ASSERT_REFUSED(file_write_atomic(path, bytes_of_text("x"), 0600, (uid_t)-1, (gid_t)-1, &err),
                   &err, ERROR_FILE_ACCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, path));
    CU_ASSERT_EQUAL(err.cause, CAUSE_ERRNO);
    CU_ASSERT_EQUAL(entries(folder), 1);
    rmdir(path);
    rmdir(folder);
    ASSERT_REFUSED(file_write_atomic(path, bytes_of_text("x"), 0600, (uid_t)-1, (gid_t)-1, &err),
                   &err, ERROR_FILE_ACCESS);
}

static void
refuses_to_read(void)
{
    const char *folder = in_folder(NULL), *path;
    AUTO_BUFFER out;
    struct error err = {0};

    buffer_init(&out, 10);
    CU_ASSERT_TRUE(buffer_put(&out, "kept", 4));
    ASSERT_REFUSED(file_read(in_folder("missing"), &out, &err), &err, ERROR_FILE_ACCESS);
    ASSERT_REFUSED(file_read(folder, &out, &err), &err, ERROR_FILE_ACCESS);
    path = in_folder("pipe");
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    ASSERT_REFUSED(file_read(path, &out, &err), &err, ERROR_FILE_ACCESS);
    unlink(path);
    path = in_folder("big");
    ASSERT_OK(file_write_atomic(path, bytes_of_text("1234567"), 0600, (uid_t)-1, (gid_t)-1, &err),
              &err);
    ASSERT_REFUSED(file_read(path, &out, &err), &err, ERROR_FILE_ACCESS);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "kept");
    unlink(path);
    rmdir(folder);
}

static void
closes_once(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), copy = fd;

    fd_close(&fd);
    CU_ASSERT_EQUAL(fd, -1);
    CU_ASSERT_EQUAL(fcntl(copy, F_GETFD), -1);
    fd_close(&fd);
    fd_close(NULL);
}

int
main(void)
{
    return RUN_SUITE("file", TEST(writes_and_reads),
                     TEST(a_failed_write_leaves_the_old_file_and_nothing_else),
                     TEST(refuses_to_read), TEST(closes_once));
}
