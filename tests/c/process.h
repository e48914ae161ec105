/* Child processes of the program itself, and what the system knows about this process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    pid_t pid;
    int output; /* the child's standard output */
} Child;

/* Runs this program in a role, in the same mode of I/O, with up to three arguments (NULL for none). */
Child spawn(const char *role, const char *argument1, const char *argument2, const char *argument3);
/* Waits for a line of the child's output: a number. */
double child_number(Child *child);
/* Waits for the child's end and returns its wait status. */
int child_status(Child *child);
/* Waits for the child's end and checks that it exited with 0. */
void child_succeeds(Child *child);
void kill_children(void);

/* Prints a number as a line at once, for child_number. */
void tell_parent(double number);

int count_descriptors(void);
/* Prints what each descriptor is, to standard error. */
void list_descriptors(void);
int count_threads(void);
long resident_kb(void);

/* The descriptor of this process's TCP socket with that local and that remote port (0: listening), or -1. */
int find_descriptor(double local_port, double remote_port);

#ifdef __cplusplus
}
#endif

#endif
