/* int8_peak.h: how many int8 multiply-adds per second all threads together can do. */
#ifndef INT8_PEAK_H
#define INT8_PEAK_H

#include "pool.h"

/* The instruction that is measured: the best one of this machine for products of int8 with int32 sums. */
const char *int8_instruction(void);

/* Some hundredths of a second of nothing but that instruction: multiply-adds per second. */
double measure_int8_peak(ds4_pool *pool);

#endif
