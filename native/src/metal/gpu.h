/* gpu.h: what the Metal backend needs of a graphics processor, and nothing else.
 *
 * DESIGN   Two implementations, of which one is linked: gpu_metal.m on a Mac, the simulator in tests. Every buffer has an
 *          address that kernels dereference, so a dispatch binds one thing: a small structure of addresses and numbers.
 *          Dispatches between two barriers may run in any order and at the same time. Encoding cannot fail; what goes wrong
 *          is told by the next ds4_gpu_finish, by name of the dispatch where that is known.
 *          Threads: one at a time per device, except that memory may be taken and released beside encoding.
 */
#ifndef DS4_GPU_H
#define DS4_GPU_H

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds4_gpu ds4_gpu;
typedef struct ds4_gpu_pipeline ds4_gpu_pipeline; /* a kernel, ready to run; belongs to its device */

/* Memory that both processors see. */
typedef struct ds4_gpu_memory {
    void *host;
    uint64_t address; /* of the same byte, in kernels */
    uint64_t bytes;
    void *handle; /* of the implementation */
} ds4_gpu_memory;

typedef struct ds4_gpu_info {
    char name[64];         /* "Apple M3 Max"; zeros after it */
    uint64_t buffer_bytes; /* the largest single buffer */
    uint32_t page_bytes;   /* wrapped memory begins and ends on such a boundary */
} ds4_gpu_info;

/* Threadgroups in each direction, none of them 0. */
typedef struct ds4_gpu_grid {
    uint32_t x, y, z;
} ds4_gpu_grid;

/* Opens the system's device and compiles the kernels. DS4_UNSUPPORTED when there is none that can run them. */
ds4_status ds4_gpu_open(ds4_gpu **gpu, ds4_error *error);
void ds4_gpu_close(ds4_gpu *gpu); /* NULL is allowed; its memory has been released */
void ds4_gpu_get_info(const ds4_gpu *gpu, ds4_gpu_info *info);

/* New memory, uninitialised. */
ds4_status ds4_gpu_allocate(ds4_gpu *gpu, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error);

/* Memory that exists and outlives the wrapping: it begins on a page and has whole pages; at most buffer_bytes. */
ds4_status ds4_gpu_wrap(ds4_gpu *gpu, void *host, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error);

/* Releases what either function made; zeroed memory is allowed. No work that uses it is under way. */
void ds4_gpu_release(ds4_gpu *gpu, ds4_gpu_memory *memory);

/* The pipeline of a kernel of that name. */
ds4_status ds4_gpu_find_pipeline(ds4_gpu *gpu, const char *name, const ds4_gpu_pipeline **pipeline, ds4_error *error);

/* Encodes a dispatch of grid · threads. `arguments`: copied now, at most 4096 bytes, buffer 0 of the kernel. `threads`: of a threadgroup, a
 * multiple of 32, at most 1024. `threadgroup_bytes`: a multiple of 16, threadgroup argument 0. */
void ds4_gpu_dispatch(ds4_gpu *gpu, const ds4_gpu_pipeline *pipeline, const void *arguments, uint32_t argument_bytes, ds4_gpu_grid grid,
                      uint32_t threads, uint32_t threadgroup_bytes);

/* What is encoded later sees what was written before. */
void ds4_gpu_barrier(ds4_gpu *gpu);

/* Lets what is encoded so far begin; also a barrier. */
void ds4_gpu_flush(ds4_gpu *gpu);

/* Flushes, and waits until everything has run. An error of any dispatch since the last call is told here. Free when nothing was encoded. */
ds4_status ds4_gpu_finish(ds4_gpu *gpu, ds4_error *error);

#ifdef __cplusplus
}
#endif

#endif
