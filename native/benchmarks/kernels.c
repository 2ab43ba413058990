/* kernels.c: the program ds4-kernels-bench, which measures products with int8 activations in every table of kernels.
 *
 * DESIGN   A figure is a share of what the same machine reaches in the same second: of the bandwidth of reading the same
 *          memory, where weights are used once (one vector); of the rate of the int8 instruction on registers, where they are
 *          used many times. Reference and kernel take turns, and of each the best of several runs counts, because other
 *          programs may be running. Weights are more than a cache holds, and every run reads others.
 */
#define _POSIX_C_SOURCE 200809L
#include "kernels.h"
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] = "usage: ds4-kernels-bench [TABLE [FORMAT [COLUMNS]]]\n"
                            "\n"
                            "Prints for the usable tables of kernels (scalar, avx512-vnni, …; or all) and the formats (Q8_0, Q2_K,\n"
                            "Q4_K, IQ2_XXS; or all): bandwidth of weights for one vector, and multiplications and additions per\n"
                            "second for several, for rows of COLUMNS (default 4096).\n";

enum { WEIGHT_BYTES = 256 << 20, TURN_BYTES = 8 << 20, MOST_VECTORS = 256, ITEM_ROWS = 64, RUNS = 5, MOST_THREADS = 2 };

static const ds4_format formats[] = {DS4_FORMAT_Q8_0, DS4_FORMAT_Q2_K, DS4_FORMAT_Q4_K, DS4_FORMAT_IQ2_XXS};
enum { FORMATS = sizeof formats / sizeof formats[0] };

typedef struct bench {
    const ds4_kernels *kernels;
    ds4_matrix matrix;
    ds4_quantised inputs;
    uint32_t count;     /* vectors */
    uint32_t first_row; /* of the run */
    float out[MOST_THREADS][ITEM_ROWS * MOST_VECTORS];
    void *scratch[MOST_THREADS];
    uint64_t read_sum[MOST_THREADS];
    uint8_t *weights;
    uint64_t random;
} bench;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *allocate(size_t bytes)
{
    void *memory;
    if (posix_memalign(&memory, DS4_KERNEL_ALIGNMENT, bytes) == 0)
        return memory;
    fprintf(stderr, "ds4-kernels-bench: not enough memory: %zu bytes are needed\n", bytes);
    exit(1);
}

/* ---- what is multiplied -------------------------------------------------------------------------------------- */

static uint64_t draw(bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

static void draw_weights(bench *b, const ds4_format_info *format, uint32_t columns)
{
    static const uint32_t halves_of[][2] = {[DS4_FORMAT_Q2_K] = {80, 82}, [DS4_FORMAT_Q4_K] = {0, 2}, [DS4_FORMAT_IQ2_XXS] = {0, 0}};
    uint64_t row_bytes = (uint64_t)columns / format->block_values * format->block_bytes;
    b->matrix = (ds4_matrix){b->weights, format, columns, (uint32_t)(WEIGHT_BYTES / row_bytes / ITEM_ROWS * ITEM_ROWS), row_bytes};
    for (size_t i = 0; i < WEIGHT_BYTES; i += sizeof(uint64_t)) {
        uint64_t bits = draw(b);
        memcpy(b->weights + i, &bits, sizeof bits);
    }
    for (uint64_t at = 0; at < b->matrix.rows * row_bytes; at += format->block_bytes)
        for (int i = 0; i < 2; i++) {
            uint16_t half = (uint16_t)(0x2000 | (draw(b) & 0x83ff)); /* about 2^-7 */
            memcpy(b->weights + at + halves_of[format->format][i], &half, sizeof half);
        }
}

static void draw_vectors(bench *b, const ds4_format_info *format, uint32_t columns)
{
    uint32_t block = ds4_activation_block(format);
    size_t values = (size_t)MOST_VECTORS * columns;
    float *x = allocate(columns * sizeof *x);
    int8_t *q = allocate(values);
    float *scale = allocate(values / block * sizeof *scale);
    int16_t *sums = allocate(values / DS4_SUM_VALUES * sizeof *sums);
    for (size_t i = 0; i < MOST_VECTORS; i++) {
        for (uint32_t c = 0; c < columns; c++)
            x[c] = (float)(int32_t)draw(b) * 0x1p-31f;
        ds4_kernels_scalar.quantise(x, columns, block, q + i * columns, scale + i * (columns / block),
                                    sums + i * (columns / DS4_SUM_VALUES));
    }
    free(x);
    b->inputs = (ds4_quantised){q, scale, sums, columns, block, NULL};
}

static void release_vectors(bench *b)
{
    free((void *)b->inputs.q), free((void *)b->inputs.scale), free((void *)b->inputs.sums);
}

/* ---- what is measured ---------------------------------------------------------------------------------------- */

static void product_item(void *context, uint32_t item, uint32_t worker)
{
    bench *b = context;
    uint32_t row = (b->first_row + item * ITEM_ROWS) % b->matrix.rows;
    b->kernels->quantised_rows(&b->matrix, row, ITEM_ROWS, &b->inputs, b->count, b->out[worker], b->scratch[worker]);
}

static void read_item(void *context, uint32_t item, uint32_t worker)
{
    enum { LANES = 16 };
    bench *b = context;
    uint64_t lanes[LANES] = {0}, words = b->matrix.row_bytes * ITEM_ROWS / sizeof(uint64_t) / LANES * LANES;
    const uint64_t *data = (const uint64_t *)(b->weights + (b->first_row + item * ITEM_ROWS) * b->matrix.row_bytes / 64 * 64);
    for (uint64_t i = 0; i < words; i += LANES)
        for (int j = 0; j < LANES; j++)
            lanes[j] += data[i + j];
    for (int j = 0; j < LANES; j++)
        b->read_sum[worker] += lanes[j];
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { PEAK_ROUNDS = 200000, PEAK_REGISTERS = 12 };

__attribute__((target("avx512f,avx512vnni"))) static uint64_t peak_vnni(void)
{
    __m512i sum[PEAK_REGISTERS], one = _mm512_set1_epi8(1);
    for (int i = 0; i < PEAK_REGISTERS; i++)
        sum[i] = _mm512_set1_epi32(i);
    for (int round = 0; round < PEAK_ROUNDS; round++) {
        for (int i = 0; i < PEAK_REGISTERS; i++)
            sum[i] = _mm512_dpbusd_epi32(sum[i], one, one);
        __asm__ volatile("" : "+v"(one));
    }
    for (int i = 1; i < PEAK_REGISTERS; i++)
        sum[0] = _mm512_add_epi32(sum[0], sum[i]);
    __asm__ volatile("" ::"v"(sum[0]));
    return 64;
}

/* What one instruction of VNNI does, by three of AVX2. */
__attribute__((target("avx2"))) static uint64_t peak_avx2(void)
{
    __m256i sum[PEAK_REGISTERS], one = _mm256_set1_epi8(1), words = _mm256_set1_epi16(1);
    for (int i = 0; i < PEAK_REGISTERS; i++)
        sum[i] = _mm256_set1_epi32(i);
    for (int round = 0; round < PEAK_ROUNDS; round++)
        for (int i = 0; i < PEAK_REGISTERS; i++) {
            __m256i products = _mm256_maddubs_epi16(one, one);
            __asm__ volatile("" : "+x"(products));
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(products, words));
        }
    for (int i = 1; i < PEAK_REGISTERS; i++)
        sum[0] = _mm256_add_epi32(sum[0], sum[i]);
    __asm__ volatile("" ::"x"(sum[0]));
    return 32;
}

/* Multiplications and additions per second of this machine, whatever the table uses; 0 when there is no measure. */
static double int8_rate(void)
{
    double start = seconds_now();
    uint64_t bytes = __builtin_cpu_supports("avx512vnni") ? peak_vnni() : __builtin_cpu_supports("avx2") ? peak_avx2() : 0;
    return (double)bytes * PEAK_ROUNDS * PEAK_REGISTERS / (seconds_now() - start);
}
#else
static double int8_rate(void)
{
    return 0;
}
#endif

static double better(double best, double next)
{
    return next > best ? next : best;
}

/* One vector: all the weights, in turns of some megabytes, each read by one and then multiplied by the other. */
static void measure_stream(bench *b, uint32_t threads)
{
    ds4_error error;
    ds4_pool *pool;
    uint64_t item_bytes = b->matrix.row_bytes * ITEM_ROWS;
    uint32_t items = (uint32_t)(TURN_BYTES / item_bytes), turns = b->matrix.rows / ITEM_ROWS / items;
    double product = 0, reading = 0, bytes = (double)(item_bytes * items);
    if (ds4_pool_create(threads, &pool, &error) != DS4_OK) {
        fprintf(stderr, "ds4-kernels-bench: %s\n", error.message);
        exit(1);
    }
    b->count = 1;
    for (uint32_t turn = 0; turn < RUNS * turns; turn++) {
        b->first_row = turn % turns * items * ITEM_ROWS;
        double start = seconds_now();
        ds4_pool_run(pool, items, read_item, b);
        reading = better(reading, bytes / (seconds_now() - start));
        b->first_row = (turn + turns / 2) % turns * items * ITEM_ROWS;
        start = seconds_now();
        ds4_pool_run(pool, items, product_item, b);
        product = better(product, bytes / (seconds_now() - start));
    }
    b->first_row = 0;
    ds4_pool_free(pool);
    printf("%-12s %-8s   1 vector  × %u thread%s %6.2f GB/s of weights = %5.1f %% of reading\n", b->kernels->name, b->matrix.format->name,
           threads, threads > 1 ? "s" : " ", product * 1e-9, 100 * product / reading);
    fflush(stdout);
}

/* Several vectors, one thread: as many rows as take some milliseconds. */
static void measure_rate(bench *b, uint32_t count)
{
    double best = 0, peak = 0;
    uint32_t items = count < 16 ? 32 : count < 64 ? 16 : 4;
    b->count = count;
    for (int run = 0; run < 8 * RUNS; run++) {
        peak = better(peak, int8_rate());
        double start = seconds_now();
        for (uint32_t item = 0; item < items; item++)
            product_item(b, item, 0);
        best = better(best, (double)items * ITEM_ROWS / (seconds_now() - start));
        b->first_row = (b->first_row + items * ITEM_ROWS) % b->matrix.rows;
    }
    b->first_row = 0;
    double rate = best * count * b->matrix.columns;
    printf("%-12s %-8s %3u vectors × 1 thread  %6.2f GB/s of weights, %6.1f G multiply-adds/s", b->kernels->name, b->matrix.format->name,
           count, best * (double)b->matrix.row_bytes * 1e-9, rate * 1e-9);
    printf(peak > 0 ? " = %5.1f %% of int8 peak\n" : "\n", 100 * rate / peak);
    fflush(stdout);
}

static void measure_format(bench *b, const ds4_format_info *format, uint32_t columns, const char *table)
{
    static const uint32_t counts[] = {2, 4, 8, 16, 24, 48, 256};
    draw_weights(b, format, columns);
    draw_vectors(b, format, columns);
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++) {
        if (!(*next)->is_usable() || (strcmp(table, "all") != 0 && strcmp(table, (*next)->name) != 0))
            continue;
        b->kernels = *next;
        for (uint32_t threads = 1; threads <= MOST_THREADS; threads++)
            measure_stream(b, threads);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            measure_rate(b, counts[i]);
    }
    release_vectors(b);
}

int main(int count, char **arguments)
{
    const char *table = count > 1 ? arguments[1] : "all", *wanted = count > 2 ? arguments[2] : "all";
    uint32_t columns = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 4096;
    if (count > 4 || table[0] == '-' || columns == 0 || columns % 256 != 0) {
        fputs(usage, stderr);
        return 2;
    }
    bench *b = allocate(sizeof *b);
    memset(b, 0, sizeof *b);
    b->random = 88172645463325252;
    b->weights = allocate(WEIGHT_BYTES);
    for (int i = 0; i < MOST_THREADS; i++)
        b->scratch[i] = allocate(ds4_kernel_scratch(columns));
    for (int i = 0; i < FORMATS; i++) {
        const ds4_format_info *format = ds4_format_find(formats[i]);
        if (strcmp(wanted, "all") == 0 || strcmp(wanted, format->name) == 0)
            measure_format(b, format, columns, table);
    }
    for (int i = 0; i < MOST_THREADS; i++)
        free(b->scratch[i]);
    free(b->weights);
    free(b);
    return 0;
}
