/* kernels.h: the inner loops of the CPU backend, as a table per instruction set.
 *
 * DESIGN   The stages (the other files here) decide what is computed and by which thread; kernels only compute. The order in
 *          which a kernel adds the terms of one output never depends on how many outputs it is asked for, which makes
 *          results independent of threads, tiles and batches.
 *
 *          Quantised products (fast mode) are defined to the last bit, so every table gives the same result as the scalar
 *          one. Per block of 256 weights (32 of Q8_0) everything is integer and exact; blocks are added in order:
 *
 *              Q8_0      sum = fmaf(d · s, (float)Σ q·x, sum)
 *              IQ2_XXS   sum = fmaf(d/8 · s, (float)Σ (2·scale + 1)·grid·sign·x, sum)
 *              Q2_K      sum = fmaf(d · s, (float)Σ scale·q·x, sum), then sum = fmaf(-(dmin · s), (float)Σ min·x, sum)
 *              Q4_K      as Q2_K
 *
 *          with int8 activations x of scale s, and d, dmin, d/8 as float32.
 */
#ifndef DS4_KERNELS_H
#define DS4_KERNELS_H

#include "weights.h"

/* Vectors with a distance of `stride` floats; vector i is number index[i], or i when `index` is NULL. */
typedef struct ds4_vectors {
    const float *base;
    size_t stride;
    const uint32_t *index;
} ds4_vectors;

static inline const float *ds4_vector(ds4_vectors vectors, uint32_t i)
{
    return vectors.base + vectors.stride * (vectors.index == NULL ? i : vectors.index[i]);
}

/* Vectors of activations as int8: value ≈ scale · q. Vector i is number index[i], or i when `index` is NULL. A block, which
 * has one scale, is as long as that of the weights (ds4_activation_block). */
typedef struct ds4_quantised {
    const int8_t *q;     /* [vectors][columns], -127 … 127 */
    const float *scale;  /* [vectors][columns / block] */
    const int16_t *sums; /* [vectors][columns / 16]: of 16 consecutive q */
    uint32_t columns, block;
    const uint32_t *index;
} ds4_quantised;

static inline size_t ds4_quantised_vector(const ds4_quantised *vectors, uint32_t i)
{
    return vectors->index == NULL ? i : vectors->index[i];
}

/* Activations per scale for weights of this format: 32 or 256; 0 when products with it are not quantised. */
static inline uint32_t ds4_activation_block(const ds4_format_info *format)
{
    return format->block_values > 1 ? format->block_values : 0;
}

enum { DS4_SUM_VALUES = 16, DS4_KERNEL_ALIGNMENT = 64 };

/* Bytes of scratch memory, aligned to DS4_KERNEL_ALIGNMENT, for products with rows of so many columns. */
static inline size_t ds4_kernel_scratch(size_t columns)
{
    return 96 * columns + 65536;
}

typedef struct ds4_kernels {
    const char *name;
    bool (*is_usable)(void); /* whether this machine has the instructions */

    /* out[r·count + i] = row first_row + r of the matrix times vector i, in float32. `scratch`: ds4_kernel_scratch(columns). */
    void (*matrix_rows)(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, ds4_vectors inputs, uint32_t count, float *out,
                        void *scratch);

    /* The same with int8 activations; `inputs->block` is the one that belongs to the matrix's format. */
    void (*quantised_rows)(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, uint32_t count,
                           float *out, void *scratch);

    /* One vector: per block scale = max |x| / 127 and q = x · (127 / max |x|), rounded to nearest, ties to even; zeros when
     * the largest is below 2^-100. */
    void (*quantise)(const float *x, uint32_t columns, uint32_t block, int8_t *q, float *scale, int16_t *sums);

    /* scores[h·stride + j] = query h · row j, for consecutive queries of `dim` values, a multiple of 64. */
    void (*score_rows)(const float *queries, uint32_t heads, const float *const *rows, uint32_t count, uint32_t dim, float *scores,
                       size_t stride);

    /* out[h] += weights[h·stride + j] · row j, for j = 0, 1, … in this order, and consecutive outputs of `dim` values. */
    void (*add_rows)(float *out, uint32_t heads, const float *weights, size_t stride, const float *const *rows, uint32_t count,
                     uint32_t dim);

    /* scores[i] = exp(scale · scores[i] − m), where m is the largest of the scaled scores and the sink; returns their sum and
     * that of exp(sink − m). */
    float (*softmax)(float *scores, uint32_t n, float scale, float sink);

    /* up[i] = silu(gate[i]) · up[i], after gate is limited from above and up on both sides; limit 0 is none. */
    void (*swiglu)(const float *gate, float *up, uint32_t n, float limit);

    /* F16 to float32; n is a multiple of 64. */
    void (*load_halves)(const uint16_t *halves, uint32_t n, float *values);

    /* Σ x², accumulated in double. */
    double (*sum_squares)(const float *x, uint32_t n);
} ds4_kernels;

/* The tables in this build, slowest first, and NULL. */
extern const ds4_kernels *const ds4_kernels_all[];

/* The fastest table that this machine can run. */
const ds4_kernels *ds4_kernels_best(void);

/* Portable C; usable everywhere. */
extern const ds4_kernels ds4_kernels_scalar;

#if defined(__x86_64__)
extern const ds4_kernels ds4_kernels_avx2; /* AVX2, FMA, F16C */
/* AVX-512 F, BW, DQ, VL; the second with VNNI and VBMI. */
extern const ds4_kernels ds4_kernels_avx512, ds4_kernels_avx512_vnni;
#endif
#ifdef __aarch64__
extern const ds4_kernels ds4_kernels_neon;         /* any */
extern const ds4_kernels ds4_kernels_neon_dotprod; /* Armv8.2 with the dot product extension */
#endif

void ds4_scalar_quantised_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, uint32_t count,
                               float *out, void *scratch);
void ds4_scalar_quantise(const float *x, uint32_t columns, uint32_t block, int8_t *q, float *scale, int16_t *sums);

#endif
