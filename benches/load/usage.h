/* What processes use of the machine, and what time it is. */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* Nanoseconds, of a clock that only goes forward. */
uint64_t now(void);
/* Nanoseconds of processor that all threads of a process have had. */
uint64_t process_time(pid_t process);
/* The same of its first thread: in a game the one that draws. */
uint64_t first_thread_time(pid_t process);
/* Nanoseconds that all processors were busy with anything, in steps of the system's clock. */
uint64_t busy_time(void);
/* Memory of a process that is in RAM, without what it shares with files; bytes. */
double resident_memory(pid_t process);

#endif
