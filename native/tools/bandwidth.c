/* bandwidth.c: a read of memory that waits for nothing else.
 *
 * DESIGN   Threads take blocks of one buffer from a counter, as the engine's threads take rows. Inside a block several
 *          streams are read side by side through the widest registers the machine has, each into sums of its own, so that
 *          neither the adder nor one prefetcher limits the pass. The buffer lies in huge pages where the system has them:
 *          the figure is a ceiling, and a ceiling that pays for page walks would flatter the engine.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* madvise, the size of the L3 cache */
#endif
#include "bandwidth.h"
#include "clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MIN_BYTES = 512 << 20, CACHE_MULTIPLE = 8, BLOCK = 4 << 20, STREAMS = 8, STREAM_BYTES = BLOCK / STREAMS };

typedef uint64_t (*read_loop)(const uint8_t *block);

struct bandwidth_meter {
    ds4_pool *pool;
    read_loop loop;
    uint8_t *data;
    uint64_t *sums; /* per block: what keeps the reads from being left out */
    uint32_t blocks;
};

/* ---- loops -------------------------------------------------------------------------------------------------- */

/* One cache line a step and stream. The vector is as wide as the target's registers, or split into several of them. */
typedef uint64_t line __attribute__((vector_size(64), aligned(64)));

#define DEFINE_READ_LOOP(name, attribute)                                                        \
    attribute static uint64_t name(const uint8_t *block)                                         \
    {                                                                                            \
        line sums[STREAMS] = {{0}};                                                              \
        uint64_t total = 0;                                                                      \
        for (size_t at = 0; at < STREAM_BYTES; at += sizeof(line))                               \
            for (int s = 0; s < STREAMS; s++)                                                    \
                sums[s] += *(const line *)(const void *)(block + s * (size_t)STREAM_BYTES + at); \
        for (int s = 0; s < STREAMS; s++)                                                        \
            for (int i = 0; i < 8; i++)                                                          \
                total += sums[s][i];                                                             \
        return total;                                                                            \
    }

DEFINE_READ_LOOP(read_portable, )
#if defined(__x86_64__)
DEFINE_READ_LOOP(read_avx2, __attribute__((target("avx2"))))
DEFINE_READ_LOOP(read_avx512, __attribute__((target("avx512f"))))
#endif

static read_loop best_loop(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return read_avx512;
    if (__builtin_cpu_supports("avx2"))
        return read_avx2;
#endif
    return read_portable;
}

/* ---- the meter ---------------------------------------------------------------------------------------------- */

static uint32_t count_blocks(void)
{
    uint64_t bytes = MIN_BYTES;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (cache > 0 && (uint64_t)cache * CACHE_MULTIPLE > bytes)
        bytes = (uint64_t)cache * CACHE_MULTIPLE;
#endif
    return (uint32_t)(bytes / BLOCK);
}

static void fill_block(void *context, uint32_t block, uint32_t worker)
{
    bandwidth_meter *meter = context;
    (void)worker;
    memset(meter->data + (size_t)block * BLOCK, (int)(block & 127) + 1, BLOCK);
}

static void read_block(void *context, uint32_t block, uint32_t worker)
{
    bandwidth_meter *meter = context;
    (void)worker;
    meter->sums[block] = meter->loop(meter->data + (size_t)block * BLOCK);
}

bandwidth_meter *open_bandwidth_meter(ds4_pool *pool)
{
    bandwidth_meter *meter = calloc(1, sizeof *meter);
    void *data = NULL;
    if (meter == NULL)
        return NULL;
    *meter = (bandwidth_meter){.pool = pool, .loop = best_loop(), .blocks = count_blocks()};
    meter->sums = calloc(meter->blocks, sizeof *meter->sums);
    if (meter->sums == NULL || posix_memalign(&data, BLOCK, (size_t)meter->blocks * BLOCK) != 0) {
        close_bandwidth_meter(meter);
        return NULL;
    }
    meter->data = data;
#if defined(MADV_HUGEPAGE)
    madvise(data, (size_t)meter->blocks * BLOCK, MADV_HUGEPAGE);
#endif
    ds4_pool_run(pool, meter->blocks, fill_block, meter);
    return meter;
}

void close_bandwidth_meter(bandwidth_meter *meter)
{
    if (meter == NULL)
        return;
    free(meter->data);
    free(meter->sums);
    free(meter);
}

double read_bandwidth(bandwidth_meter *meter)
{
    double start = seconds_now();
    ds4_pool_run(meter->pool, meter->blocks, read_block, meter);
    return (double)meter->blocks * BLOCK / (seconds_now() - start);
}
