/* gpu_sim.h: what tests ask of the simulator besides gpu.h. */
#ifndef DS4_GPU_SIM_H
#define DS4_GPU_SIM_H

#include "metal/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds4_gpu_counts {
    uint64_t dispatches, barriers, threads;
    uint64_t weight_bytes;              /* of the mapped model, in sectors of 32 bytes, each once per dispatch */
    uint64_t read_bytes, written_bytes; /* of other device memory, every access */
} ds4_gpu_counts;

/* What ran since the counts were last cleared: of one kernel, or of all when `kernel` is NULL (barriers are counted only then). */
ds4_gpu_counts ds4_gpu_sim_counts(const char *kernel);
void ds4_gpu_sim_clear_counts(void);

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
