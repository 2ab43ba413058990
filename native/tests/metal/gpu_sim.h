/* gpu_sim.h: what tests ask of the simulator besides gpu.h. */
#ifndef DS4_GPU_SIM_H
#define DS4_GPU_SIM_H

#include "metal/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was read of a kind of memory, in sectors of 32 bytes. The difference is what several threadgroups load again. */
typedef struct ds4_gpu_reads {
    uint64_t bytes;       /* each sector once per dispatch */
    uint64_t group_bytes; /* each sector once per threadgroup */
} ds4_gpu_reads;

typedef struct ds4_gpu_counts {
    uint64_t dispatches, barriers, flushes, threads;
    ds4_gpu_reads weights, rows, others; /* of the mapped model, of rows of the state, of all other device memory */
    uint64_t read_bytes, written_bytes;  /* of rows and others, every access */
} ds4_gpu_counts;

/* What ran since the counts were last cleared: of one kernel, or of all when `kernel` is NULL (barriers and flushes are counted only then). */
ds4_gpu_counts ds4_gpu_sim_counts(const char *kernel);
void ds4_gpu_sim_clear_counts(void);

/* Makes a part of device memory be counted as rows of the state. */
void ds4_gpu_sim_mark_rows(const void *host, uint64_t bytes);

/* Makes the next dispatch of a kernel fail, as a device may. */
void ds4_gpu_sim_fail(const char *kernel);

/* Lets `count` more buffers be taken, and refuses the one after them. */
void ds4_gpu_sim_refuse_after(uint32_t count);

/* Buffers that exist. */
uint32_t ds4_gpu_sim_buffers(void);

#ifdef __cplusplus
}
#endif

#endif
