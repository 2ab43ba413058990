/* kernels_scalar.c: portable kernels, in a form that compilers vectorise.
 *
 * DESIGN   A sum is kept in LANES partial sums: element i is added to lane i % LANES. That is the order for every vector
 *          length and every number of outputs, and it maps onto vector registers of any width.
 *          Contraction to fused multiply-add is off for the whole build: a compiler may contract one loop and not the
 *          other.
 */
#include "activation.h"
#include "dequantise.h"
#include "kernels.h"
#include "rounding.h"

#include <math.h>

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
                        void *scratch)
{
    float *row = scratch;
    for (uint32_t r = 0; r < rows; r++, out += count) {
        uint32_t i = 0;
        ds4_dequantise_row(matrix, first_row + r, row);
        for (; i + BATCH <= count; i += BATCH)
            dot_batch(row, ds4_vector(inputs, i), ds4_vector(inputs, i + 1), ds4_vector(inputs, i + 2), ds4_vector(inputs, i + 3),
                      matrix->columns, out + i);
        for (; i < count; i++)
            out[i] = dot(row, ds4_vector(inputs, i), matrix->columns);
    }
}

static void score_rows(const float *queries, uint32_t heads, const float *const *rows, uint32_t count, uint32_t dim, float *scores,
                       size_t stride)
{
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t j = 0; j < count; j++)
            scores[h * stride + j] = dot(queries + (size_t)h * dim, rows[j], dim);
}

static void add_rows(float *out, uint32_t heads, const float *weights, size_t stride, const float *const *rows, uint32_t count,
                     uint32_t dim)
{
    for (uint32_t h = 0; h < heads; h++, out += dim)
        for (uint32_t j = 0; j < count; j++)
            for (uint32_t i = 0; i < dim; i++)
                out[i] += weights[h * stride + j] * rows[j][i];
}

static float softmax(float *scores, uint32_t n, float scale, float sink)
{
    float largest = sink, sum;
    for (uint32_t i = 0; i < n; i++) {
        scores[i] *= scale;
        largest = scores[i] > largest ? scores[i] : largest;
    }
    sum = expf(sink - largest);
    for (uint32_t i = 0; i < n; i++)
        sum += scores[i] = expf(scores[i] - largest);
    return sum;
}

static void swiglu(const float *gate, float *up, uint32_t n, float limit)
{
    for (uint32_t i = 0; i < n; i++)
        up[i] = ds4_swiglu(gate[i], up[i], limit);
}

static void load_halves(const uint16_t *halves, uint32_t n, float *values)
{
    for (uint32_t i = 0; i < n; i++)
        values[i] = ds4_f16_to_f32(halves[i]);
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

static bool always(void)
{
    return true;
}

const ds4_kernels ds4_kernels_scalar = {
    .name = "scalar",
    .is_usable = always,
    .matrix_rows = matrix_rows,
    .quantised_rows = ds4_scalar_quantised_rows,
    .quantise = ds4_scalar_quantise,
    .score_rows = score_rows,
    .add_rows = add_rows,
    .softmax = softmax,
    .swiglu = swiglu,
    .load_halves = load_halves,
    .sum_squares = sum_squares,
};
