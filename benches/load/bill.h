/* What a frame's network calls cost the thread that makes them. */
#ifndef BILL_H
#define BILL_H

/* Around the calls of one frame. It is noted once all players have been there for some frames. */
void begin_bill(void);
void end_bill(int all_are_there);
/* Sleeps until the next frame is due, of so many a second. */
void wait_for_frame(int frames_a_second);
/* Prints "frames N median_us M p99_us P". */
void print_bills(void);

#endif
