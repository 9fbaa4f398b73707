#include "cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scratch.h"

enum { CLUSTER_READY_MS = 30000, CLUSTER_POLL_MS = 10, CLUSTER_ARGS = 16 };

static const char *const roles[] = {"postgres", "signet_owner", "signet_server", "signet_signer",
                                    "signet_status"};
static const char *const quiet_settings =
    "listen_addresses = ''\nshared_buffers = 32MB\nmax_connections = 60\n"
    "log_min_messages = warning\nlogging_collector = off\nautovacuum_naptime = 5s\n";

static void
pause_ms(long ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&wait, NULL);
}

/* The newest installation in Debian's place, else wherever initdb is on the PATH. */
static bool
find_bin(char *bin, size_t room)
{
    const char *path = getenv("PATH");
    char copy[4096], *rest = copy, *folder;
    char candidate[PATH_MAX];

    for (int version = 30; version >= 13; version--) {
        snprintf(bin, room, "/usr/lib/postgresql/%d/bin", version);
        snprintf(candidate, sizeof(candidate), "%s/postgres", bin);
        if (access(candidate, X_OK) == 0)
            return true;
    }
    snprintf(copy, sizeof(copy), "%s", path ? path : "");
    while ((folder = strsep(&rest, ":"))) {
        snprintf(candidate, sizeof(candidate), "%s/postgres", folder);
        if (access(candidate, X_OK) == 0) {
            snprintf(bin, room, "%s", folder);
            return true;
        }
    }
    return false;
}

bool
cluster_available(void)
{
    char bin[128];

    return find_bin(bin, sizeof(bin)) && (geteuid() != 0 || getpwnam("postgres"));
}

/* In the child: PostgreSQL refuses to run as root. */
static void
become_postgres(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

    if (user && (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
                 setuid(user->pw_uid) != 0))
        _exit(126);
}

/* Output goes to the file `log`, or stays where ours goes when it is null. */
static pid_t
start_program(const char *const *argv, bool as_postgres, const char *log)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    int fd;

    if (pid != 0)
        return pid;
    if (as_postgres)
        become_postgres();
    /* After setuid, which clears it: SIGINT is PostgreSQL's fast shutdown. */
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != parent)
        _exit(126);
    if (log) {
        fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
            _exit(126);
    }
    setenv("LC_ALL", "C", 1);
    unsetenv("PGOPTIONS");
    if (chdir("/") != 0)
        _exit(126);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

static bool
run_program(const char *const *argv, bool as_postgres, const char *log)
{
    pid_t pid = start_program(argv, as_postgres, log);
    int status = 0;

    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fprintf(stderr, "cluster: %s failed with status %d%s%s\n", argv[0], status, log ? ", see " : "",
            log ? log : "");
    return false;
}

static bool
write_file(const char *folder, const char *name, const char *mode, const char *text)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s/data/%s", folder, name);
    file = fopen(path, mode);
    if (!file)
        return false;
    fputs(text, file);
    return fclose(file) == 0;
}

/* Who runs the test may be any of the roles; so may the user postgres, for root's own commands. */
static bool
write_access(const char *folder)
{
    const struct passwd *self = getpwuid(geteuid());
    char text[4096] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "signet \"%s\" %s\nsignet /^signet.*$ %s\n",
                                 self ? self->pw_name : "postgres", roles[i], roles[i]);
    return write_file(folder, "pg_ident.conf", "w", text) &&
           write_file(folder, "pg_hba.conf", "w", "local all all peer map=signet\n");
}

/* The last line of postmaster.pid says "ready". */
static bool
is_ready(const struct cluster *cluster)
{
    char path[PATH_MAX], text[1024] = "";
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/data/postmaster.pid", cluster->folder);
    file = fopen(path, "r");
    if (!file)
        return false;
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    return strtol(text, NULL, 10) == (long)cluster->pid && strstr(text, "\nready");
}

static bool
start_postmaster(struct cluster *cluster)
{
    char postgres[PATH_MAX], data[PATH_MAX], log[PATH_MAX];
    const char *argv[CLUSTER_ARGS] = {postgres, "-D", data, "-k", cluster->folder};
    size_t count = 5;

    snprintf(postgres, sizeof(postgres), "%s/postgres", cluster->bin);
    snprintf(data, sizeof(data), "%s/data", cluster->folder);
    snprintf(log, sizeof(log), "%s/log", cluster->folder);
    if (!cluster->durable) {
        argv[count++] = "-c";
        argv[count++] = "fsync=off";
        argv[count++] = "-c";
        argv[count++] = "full_page_writes=off";
    }
    cluster->pid = start_program(argv, true, log);
    for (int waited = 0; waited < CLUSTER_READY_MS; waited += CLUSTER_POLL_MS) {
        if (is_ready(cluster))
            return true;
        if (waitpid(cluster->pid, NULL, WNOHANG) != 0)
            break;
        pause_ms(CLUSTER_POLL_MS);
    }
    fprintf(stderr, "cluster: postgres did not start, see %s\n", log);
    cluster->pid = 0;
    return false;
}

static void
end_postmaster(struct cluster *cluster, int signal_number)
{
    if (cluster->pid <= 0)
        return;
    kill(cluster->pid, signal_number);
    waitpid(cluster->pid, NULL, 0);
    cluster->pid = 0;
}

/* argv of psql as superuser; `option` is -c or -f. */
static bool
run_psql(const struct cluster *cluster, const char *database, const char *option, const char *value)
{
    char psql[PATH_MAX];
    const char *const argv[] = {psql,
                                "-X",
                                "-q",
                                "-v",
                                "ON_ERROR_STOP=1",
                                "-h",
                                cluster->folder,
                                "-U",
                                "postgres",
                                "-d",
                                database,
                                option,
                                value,
                                NULL};

    snprintf(psql, sizeof(psql), "%s/psql", cluster->bin);
    return run_program(argv, false, NULL);
}

bool
cluster_sql(const struct cluster *cluster, const char *sql)
{
    return run_psql(cluster, "signet", "-c", sql);
}

static bool
give_to_postgres(const char *folder)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

    return chmod(folder, 0755) == 0 && (!user || chown(folder, user->pw_uid, user->pw_gid) == 0);
}

static bool
make_template(struct cluster *template)
{
    char initdb[PATH_MAX], data[PATH_MAX], log[PATH_MAX];
    const char *const argv[] = {initdb, "-D",         data,        "-U",          "postgres", "-E",
                                "UTF8", "--locale=C", "--no-sync", "--auth=peer", NULL};

    snprintf(initdb, sizeof(initdb), "%s/initdb", template->bin);
    snprintf(data, sizeof(data), "%s/data", template->folder);
    snprintf(log, sizeof(log), "%s/log", template->folder);
    if (!give_to_postgres(template->folder) || !run_program(argv, true, log) ||
        !write_access(template->folder) ||
        !write_file(template->folder, "postgresql.conf", "a", quiet_settings) ||
        !start_postmaster(template))
        return false;
    if (!run_psql(template, "postgres", "-f", SIGNET_SOURCE "/db/roles.sql") ||
        !run_psql(template, "postgres", "-c", "CREATE DATABASE signet OWNER signet_owner"))
        return false;
    end_postmaster(template, SIGINT);
    return true;
}

/*
 * One template for each user, PostgreSQL, this file and the roles: a change of those makes a new
 * one. It is kept in the build folder, where nobody else can lay something in its place.
 */
static void
template_name(const struct cluster *cluster, char *path, size_t room)
{
    const char *const parts[] = {SIGNET_SOURCE "/db/roles.sql",
                                 SIGNET_SOURCE "/tests/support/cluster.c", cluster->bin};
    unsigned long sum = 5381;
    struct stat status;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (const char *c = parts[i]; *c; c++)
            sum = sum * 33 + (unsigned char)*c;
        if (stat(parts[i], &status) == 0)
            sum = sum * 33 + (unsigned long)status.st_mtime + (unsigned long)status.st_ino;
    }
    snprintf(path, room, SIGNET_BIN "/../tests/cluster-%u-%08lx", (unsigned)geteuid(),
             sum & 0xffffffff);
}

/* Made in a scratch folder: the user postgres may have no way into the build folder. */
static bool
keep_template(struct cluster *template, const char *path)
{
    char data[PATH_MAX], unfinished[PATH_MAX + 8];
    const char *const move[] = {"/bin/mv", data, unfinished, NULL};

    snprintf(data, sizeof(data), "%s/data", template->folder);
    snprintf(unfinished, sizeof(unfinished), "%s.new", path);
    scratch_remove(unfinished);
    return run_program(move, false, NULL) && rename(unfinished, path) == 0;
}

static bool
template_ready(const struct cluster *cluster, char *path, size_t room)
{
    struct cluster template = {0};
    char lock[PATH_MAX + 8];
    bool ready;
    int fd;

    template_name(cluster, path, room);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        fprintf(stderr, "cluster: %s cannot be locked\n", lock);
        return false;
    }
    ready = access(path, F_OK) == 0;
    if (!ready) {
        memcpy(template.bin, cluster->bin, sizeof(template.bin));
        scratch_make(template.folder, "sgt");
        ready = make_template(&template) && keep_template(&template, path);
        end_postmaster(&template, SIGQUIT);
        scratch_remove(template.folder);
    }
    close(fd);
    return ready;
}

bool
cluster_start(struct cluster *cluster)
{
    char template[PATH_MAX], data[PATH_MAX];
    const char *const copy[] = {"/bin/cp", "-a", "--reflink=auto", template, data, NULL};

    cluster->pid = 0;
    cluster->folder[0] = '\0';
    if (!find_bin(cluster->bin, sizeof(cluster->bin)))
        return false;
    if (!template_ready(cluster, template, sizeof(template)))
        return false;
    scratch_make(cluster->folder, "sgc");
    snprintf(data, sizeof(data), "%s/data", cluster->folder);
    if (!give_to_postgres(cluster->folder) || !run_program(copy, false, NULL))
        return false;
    return start_postmaster(cluster);
}

void
cluster_stop(struct cluster *cluster)
{
    end_postmaster(cluster, SIGINT);
    if (cluster->folder[0])
        scratch_remove(cluster->folder);
    cluster->folder[0] = '\0';
}

void
cluster_kill(struct cluster *cluster)
{
    end_postmaster(cluster, SIGQUIT);
}

bool
cluster_restart(struct cluster *cluster)
{
    end_postmaster(cluster, SIGINT);
    return start_postmaster(cluster);
}

const char *
cluster_conninfo(const struct cluster *cluster, const char *role, char *text, size_t room)
{
    snprintf(text, room, "host=%s dbname=signet user=%s", cluster->folder, role);
    return text;
}
