/* bandwidth.h: how fast all threads together read memory. */
#ifndef BANDWIDTH_H
#define BANDWIDTH_H

#include "pool.h"

typedef struct bandwidth_meter bandwidth_meter;

/* Prepares a buffer far larger than the caches. NULL when there is no memory for it. The pool must outlive the meter. */
bandwidth_meter *open_bandwidth_meter(ds4_pool *pool);
void close_bandwidth_meter(bandwidth_meter *meter); /* NULL is allowed */

/* One pass over the buffer: bytes per second. */
double read_bandwidth(bandwidth_meter *meter);

#endif
