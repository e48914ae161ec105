/* What shim.c tells the program that it is preloaded into. */
#ifndef SHIM_H
#define SHIM_H

/* From now on all calls succeed, and none is counted. */
void fault_disarm(void);
/* How many calls have failed. */
long fault_hits(void);
/* How often libstepwire has made each call. */
void fault_counts(void (*tell)(const char *call, long count));

#endif
