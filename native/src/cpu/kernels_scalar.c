/* kernels_scalar.c: portable kernels, in a form that compilers vectorise.
 *
 * DESIGN   A sum is kept in LANES partial sums: element i is added to lane i % LANES. That is the order for every vector
 *          length and every number of outputs, and it maps onto vector registers of any width.
 *          Contraction to fused multiply-add is off for the whole build: a compiler may contract one loop and not the
 *          other.
 */
#include "dequantise.h"
#include "kernels.h"

enum { LANES = 8, BATCH = 4 };

/* Four lanes: the register width that every 64-bit machine has. Arrays of lanes would do as well if compilers kept them
 * in registers. */
typedef float quad __attribute__((vector_size(4 * sizeof(float))));
typedef float quad_in_memory __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

static inline quad load(const float *x)
{
    return *(const quad_in_memory *)x;
}

/* Adds the products of an incomplete group of lanes, then all lanes in a fixed order. */
static inline float reduce(quad low, quad high, const float *a, const float *b, uint32_t tail)
{
    for (uint32_t i = 0; i < tail; i++) {
        if (i < 4)
            low[i] += a[i] * b[i];
        else
            high[i - 4] += a[i] * b[i];
    }
    quad sum = low + high;
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

static float dot(const float *a, const float *b, uint32_t n)
{
    quad low = {0}, high = {0};
    uint32_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        low += load(a + i) * load(b + i);
        high += load(a + i + 4) * load(b + i + 4);
    }
    return reduce(low, high, a + whole, b + whole, n - whole);
}

/* The same sums for BATCH vectors, so that each weight is loaded once. */
static void dot_batch(const float *w, const float *x0, const float *x1, const float *x2, const float *x3, uint32_t n, float out[BATCH])
{
    quad low0 = {0}, low1 = {0}, low2 = {0}, low3 = {0}, high0 = {0}, high1 = {0}, high2 = {0}, high3 = {0};
    uint32_t whole = n - n % LANES, tail = n - whole;
    for (size_t i = 0; i < whole; i += LANES) {
        quad low = load(w + i), high = load(w + i + 4);
        low0 += low * load(x0 + i), high0 += high * load(x0 + i + 4);
        low1 += low * load(x1 + i), high1 += high * load(x1 + i + 4);
        low2 += low * load(x2 + i), high2 += high * load(x2 + i + 4);
        low3 += low * load(x3 + i), high3 += high * load(x3 + i + 4);
    }
    out[0] = reduce(low0, high0, w + whole, x0 + whole, tail);
    out[1] = reduce(low1, high1, w + whole, x1 + whole, tail);
    out[2] = reduce(low2, high2, w + whole, x2 + whole, tail);
    out[3] = reduce(low3, high3, w + whole, x3 + whole, tail);
}

static void matrix_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, ds4_vectors inputs, uint32_t count, float *out,
                        float *scratch)
{
    for (uint32_t r = 0; r < rows; r++, out += count) {
        uint32_t i = 0;
        ds4_dequantise_row(matrix, first_row + r, scratch);
        for (; i + BATCH <= count; i += BATCH)
            dot_batch(scratch, ds4_vector(inputs, i), ds4_vector(inputs, i + 1), ds4_vector(inputs, i + 2), ds4_vector(inputs, i + 3),
                      matrix->columns, out + i);
        for (; i < count; i++)
            out[i] = dot(scratch, ds4_vector(inputs, i), matrix->columns);
    }
}

static void add_scaled(float *y, const float *x, float factor, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

static double sum_squares(const float *x, uint32_t n)
{
    double sum[LANES] = {0};
    uint32_t whole = n - n % LANES;
    for (uint32_t i = 0; i < whole; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += (double)x[i + j] * x[i + j];
    for (uint32_t i = whole; i < n; i++)
        sum[i - whole] += (double)x[i] * x[i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

const ds4_kernels ds4_kernels_scalar = {
    .name = "scalar",
    .matrix_rows = matrix_rows,
    .dot = dot,
    .add_scaled = add_scaled,
    .sum_squares = sum_squares,
};
