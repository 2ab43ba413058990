/* read_speed.h: how fast the GPU reads memory. */
#ifndef READ_SPEED_H
#define READ_SPEED_H

#include "metal/gpu.h"

/* Bytes per second of the best of a few passes over a buffer of so many bytes (at least 16), which should be far more than caches hold.
 * DS4_IO when the GPU read something else than was there. */
ds4_status measure_read_speed(ds4_gpu *gpu, uint64_t bytes, double *speed, ds4_error *error);

#endif
