#include "process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

extern char **environ;

enum { MAX_CHILDREN = 16 };
static pid_t children[MAX_CHILDREN];

void kill_children(void) {
    int i;
    for (i = 0; i < MAX_CHILDREN; i++)
        if (children[i] > 0)
            kill(children[i], SIGKILL);
}

static void remember(pid_t old, pid_t now) {
    int i;
    for (i = 0; i < MAX_CHILDREN; i++)
        if (children[i] == old) {
            children[i] = now;
            return;
        }
    fail(__FILE__, __LINE__, "too many children");
}

/* Puts the words of STEPWIRE_TEST_LAUNCHER, which start an emulator, before a program of this machine's; returns how
 * many there are. */
static int launch_by(char *text, size_t room, char **words, int most) {
    const char *launcher = getenv("STEPWIRE_TEST_LAUNCHER");
    int count = 0;
    char *word;
    snprintf(text, room, "%s", launcher ? launcher : "");
    for (word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        CHECK(count < most);
        words[count++] = word;
    }
    return count;
}

Child spawn(const char *role, const char *argument1, const char *argument2, const char *argument3) {
    Child child;
    int ends[2];
    char program[4096], role_argument[128], launcher[256];
    char *arguments[16];
    int words = launch_by(launcher, sizeof launcher, arguments, 9);
    posix_spawn_file_actions_t actions;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    CHECK(length > 0);
    program[length] = '\0';
    snprintf(role_argument, sizeof role_argument, "--role=%s", role);
    arguments[words] = program;
    arguments[words + 1] = (char *)(manual_io() ? "manual" : "thread");
    arguments[words + 2] = role_argument;
    arguments[words + 3] = (char *)argument1;
    arguments[words + 4] = (char *)argument2;
    arguments[words + 5] = (char *)argument3;
    arguments[words + 6] = NULL;
    CHECK(pipe(ends) == 0);
    CHECK(fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0);
    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0);
    CHECK(posix_spawn_file_actions_addclose(&actions, ends[1]) == 0);
    CHECK(posix_spawnp(&child.pid, arguments[0], &actions, NULL, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    child.output = ends[0];
    remember(0, child.pid);
    return child;
}

double child_number(Child *child) {
    char line[64];
    size_t length = 0;
    for (;;) {
        struct pollfd readable;
        readable.fd = child->output;
        readable.events = POLLIN;
        WAIT_FOR(poll(&readable, 1, 0) > 0);
        CHECK(length < sizeof line - 1);
        if (read(child->output, line + length, 1) != 1)
            fail(__FILE__, __LINE__, "the child said nothing; its status is %d", child_status(child));
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
    return atof(line);
}

int child_status(Child *child) {
    int status = 0;
    pid_t ended = 0;
    WAIT_FOR((ended = waitpid(child->pid, &status, WNOHANG)) != 0);
    CHECK(ended == child->pid);
    remember(child->pid, 0);
    close(child->output);
    return status;
}

void child_succeeds(Child *child) {
    int status = child_status(child);
    if (WIFSIGNALED(status))
        fail(__FILE__, __LINE__, "the child died of signal %d", WTERMSIG(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
}

void tell_parent(double number) {
    printf("%.0f\n", number);
    fflush(stdout);
}

static int count_entries(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

int count_descriptors(void) { return count_entries("/proc/self/fd") - 3; /* ".", ".." and the directory itself */ }
void list_descriptors(void) {
    int descriptor;
    for (descriptor = 0; descriptor < 1024; descriptor++) {
        char path[64], target[256];
        ssize_t length;
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
        length = readlink(path, target, sizeof target - 1);
        if (length > 0)
            fprintf(stderr, "descriptor %d: %.*s\n", descriptor, (int)length, target);
    }
}

int count_threads(void) { return count_entries("/proc/self/task") - 2; }

long resident_kb(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK(fscanf(file, "%*s %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static double port_of(const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return -1;
}

int find_descriptor(double local_port, double remote_port) {
    int descriptor;
    for (descriptor = 3; descriptor < 1024; descriptor++) {
        struct sockaddr_storage local, remote;
        socklen_t local_size = sizeof local, remote_size = sizeof remote;
        double remote_found = 0;
        if (getsockname(descriptor, (struct sockaddr *)&local, &local_size) != 0 || port_of(&local) != local_port)
            continue;
        if (getpeername(descriptor, (struct sockaddr *)&remote, &remote_size) == 0)
            remote_found = port_of(&remote);
        if (remote_found == remote_port)
            return descriptor;
    }
    return -1;
}
