/* kernels.h: the inner loops of the CPU backend, as a table per instruction set.
 *
 * DESIGN   The stages (the other files here) decide what is computed and by which thread; kernels only compute. The order in which a kernel
 *          adds the terms of one output never depends on how many outputs it is asked for, which makes results
 *          independent of threads and tiles.
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

typedef struct ds4_kernels {
    const char *name;

    /* out[r·count + i] = row first_row + r of the matrix times vector i. `scratch` has room for one row. */
    void (*matrix_rows)(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, ds4_vectors inputs, uint32_t count, float *out,
                        float *scratch);

    float (*dot)(const float *a, const float *b, uint32_t n);

    /* y += factor · x */
    void (*add_scaled)(float *y, const float *x, float factor, uint32_t n);

    /* Σ x², accumulated in double. */
    double (*sum_squares)(const float *x, uint32_t n);
} ds4_kernels;

/* Portable C; always there. */
extern const ds4_kernels ds4_kernels_scalar;

#endif
