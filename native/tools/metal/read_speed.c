/* read_speed.c: a kernel that adds up a buffer, timed. */
#include "read_speed.h"
#include "../clock.h"

#include "../../metal/arguments.h"

#include <string.h>

enum { THREADS = 256, GROUPS = 1024, PASSES = 5 };

typedef struct meter {
    ds4_gpu *gpu;
    const ds4_gpu_pipeline *kernel;
    ds4_gpu_memory words, sums;
    uint64_t quads;
} meter;

/* Every word has its number; returns their sum. */
static uint32_t fill(const meter *m)
{
    uint32_t *words = m->words.host, sum = 0;
    for (uint64_t i = 0; i < 4 * m->quads; i++)
        sum += words[i] = (uint32_t)i;
    return sum;
}

static ds4_status read_once(const meter *m, uint32_t expected, double *seconds, ds4_error *error)
{
    ds4_gpu_read_memory arguments = {m->words.address, m->sums.address, m->quads, THREADS * GROUPS, 0};
    const uint32_t *sums = m->sums.host;
    uint32_t found = 0;
    double start = seconds_now();
    ds4_gpu_dispatch(m->gpu, m->kernel, &arguments, sizeof arguments, (ds4_gpu_grid){GROUPS, 1, 1}, THREADS, 0);
    ds4_status status = ds4_gpu_finish(m->gpu, error);
    *seconds = seconds_now() - start;
    for (uint32_t i = 0; i < THREADS * GROUPS && status == DS4_OK; i++)
        found += sums[i];
    if (status == DS4_OK && found != expected)
        return ds4_fail(error, DS4_IO, "the GPU read words with the sum %u; expected %u", found, expected);
    return status;
}

static ds4_status best_pass(const meter *m, uint64_t bytes, double *speed, ds4_error *error)
{
    uint32_t expected = fill(m);
    ds4_status status = DS4_OK;
    *speed = 0;
    for (int pass = 0; pass < PASSES && status == DS4_OK; pass++) {
        double seconds;
        status = read_once(m, expected, &seconds, error);
        if (status == DS4_OK && seconds > 0 && (double)bytes / seconds > *speed)
            *speed = (double)bytes / seconds;
    }
    return status;
}

ds4_status measure_read_speed(ds4_gpu *gpu, uint64_t bytes, double *speed, ds4_error *error)
{
    meter m = {.gpu = gpu, .quads = bytes / 16};
    ds4_status status = ds4_gpu_find_pipeline(gpu, "read_memory", &m.kernel, error);
    if (status == DS4_OK)
        status = ds4_gpu_allocate(gpu, 16 * m.quads, &m.words, error);
    if (status == DS4_OK)
        status = ds4_gpu_allocate(gpu, THREADS * GROUPS * sizeof(uint32_t), &m.sums, error);
    if (status == DS4_OK)
        status = best_pass(&m, 16 * m.quads, speed, error);
    ds4_gpu_release(gpu, &m.words);
    ds4_gpu_release(gpu, &m.sums);
    return status;
}
