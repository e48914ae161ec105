/* tests/c/process.c for Windows. */
#define POSIX_DEFINES_NO_NAMES
#include "posix.h"

#include <psapi.h>
#include <tlhelp32.h>

#include "../c/process.h"
#include "../c/harness.h"

/* A process is known by its handle, which is a small number. */
enum { MAX_CHILDREN = 16 };
static pid_t children[MAX_CHILDREN];

static HANDLE handle_of(int number) { return (HANDLE)(INT_PTR)number; }

void kill_children(void) {
    int i;
    for (i = 0; i < MAX_CHILDREN; i++)
        if (children[i] > 0)
            TerminateProcess(handle_of((int)children[i]), 9);
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

Child spawn(const char *role, const char *argument1, const char *argument2, const char *argument3) {
    Child child;
    char program[MAX_PATH], line[4 * MAX_PATH];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE ours, theirs;
    STARTUPINFOA start;
    PROCESS_INFORMATION started;
    CHECK(GetModuleFileNameA(NULL, program, sizeof program) > 0);
    snprintf(line, sizeof line, "\"%s\" %s --role=%s %s %s %s", program, manual_io() ? "manual" : "thread", role,
             argument1 ? argument1 : "", argument2 ? argument2 : "", argument3 ? argument3 : "");
    CHECK(CreatePipe(&ours, &theirs, &inherited, 0));
    CHECK(SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0));
    memset(&start, 0, sizeof start);
    start.cb = sizeof start;
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = theirs;
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    CHECK(CreateProcessA(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &started));
    CloseHandle(started.hThread);
    CloseHandle(theirs);
    child.pid = (pid_t)(INT_PTR)started.hProcess;
    child.output = (int)(INT_PTR)ours;
    remember(0, child.pid);
    return child;
}

/* Whether a read would not wait: there is something, or the end. */
static int readable(HANDLE pipe) {
    DWORD waiting = 0;
    return !PeekNamedPipe(pipe, NULL, 0, NULL, &waiting, NULL) || waiting > 0;
}

double child_number(Child *child) {
    char line[64];
    size_t length = 0;
    for (;;) {
        DWORD got = 0;
        WAIT_FOR(readable(handle_of(child->output)));
        CHECK(length < sizeof line - 1);
        if (!ReadFile(handle_of(child->output), line + length, 1, &got, NULL) || got != 1)
            fail(__FILE__, __LINE__, "the child said nothing; its status is %d", child_status(child));
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
    return atof(line);
}

int child_status(Child *child) {
    DWORD status = 0;
    HANDLE process = handle_of((int)child->pid);
    WAIT_FOR(WaitForSingleObject(process, 0) == WAIT_OBJECT_0);
    CHECK(GetExitCodeProcess(process, &status));
    remember(child->pid, 0);
    CloseHandle(process);
    CloseHandle(handle_of(child->output));
    return (int)status;
}

void child_succeeds(Child *child) { CHECK_EQUAL(child_status(child), 0); }

void tell_parent(double number) {
    printf("%.0f\n", number);
    fflush(stdout);
}

/* Handles are numbers in steps of four. Sockets alone are counted: others belong to the system's own threads. */
enum { HANDLE_STEP = 4, HIGHEST_HANDLE = 0x4000 };

static int is_socket(SOCKET handle) {
    int type, size = sizeof type;
    return getsockopt(handle, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0;
}

int count_descriptors(void) {
    int count = 0;
    SOCKET handle;
    for (handle = HANDLE_STEP; handle < HIGHEST_HANDLE; handle += HANDLE_STEP)
        count += is_socket(handle);
    return count;
}

static double port_of(const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return -1;
}

/* The ports of a socket; 0 for the end that it lacks. */
static double local_port_of(SOCKET handle) {
    struct sockaddr_storage address;
    int size = sizeof address;
    return getsockname(handle, (struct sockaddr *)&address, &size) == 0 ? port_of(&address) : 0;
}

static double remote_port_of(SOCKET handle) {
    struct sockaddr_storage address;
    int size = sizeof address;
    return getpeername(handle, (struct sockaddr *)&address, &size) == 0 ? port_of(&address) : 0;
}

void list_descriptors(void) {
    SOCKET handle;
    for (handle = HANDLE_STEP; handle < HIGHEST_HANDLE; handle += HANDLE_STEP)
        if (is_socket(handle))
            fprintf(stderr, "socket %d, ports %.0f %.0f\n", (int)handle, local_port_of(handle),
                    remote_port_of(handle));
}

int find_descriptor(double local_port, double remote_port) {
    SOCKET handle;
    for (handle = HANDLE_STEP; handle < HIGHEST_HANDLE; handle += HANDLE_STEP)
        if (is_socket(handle) && local_port_of(handle) == local_port && remote_port_of(handle) == remote_port)
            return (int)handle;
    return -1;
}

int count_threads(void) {
    THREADENTRY32 thread;
    int count = 0;
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    thread.dwSize = sizeof thread;
    if (Thread32First(all, &thread))
        do
            count += thread.th32OwnerProcessID == GetCurrentProcessId();
        while (Thread32Next(all, &thread));
    CloseHandle(all);
    return count;
}

long resident_kb(void) {
    PROCESS_MEMORY_COUNTERS counters;
    counters.cb = sizeof counters;
    CHECK(GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters));
    return (long)(counters.WorkingSetSize / 1024);
}

/* The tests' own sockets come before, and stay after, those of the library. */
static void __attribute__((constructor)) begin(void) {
    WSADATA data;
    WSAStartup(MAKEWORD(2, 2), &data);
    setvbuf(stdout, NULL, _IONBF, 0);
}
