/* kernels_scalar.c: portable kernels, in a form that compilers vectorise.
 *
 * DESIGN   A sum is kept in LANES partial sums: element i is added to lane i % LANES. That is the order for every vector
 *          length and every number of outputs, and it maps onto vector registers of any width up to LANES.
 *          Contraction to fused multiply-add is off for the whole build: a compiler may contract one loop and not the
 *          other.
 */
#include "dequantise.h"
#include "kernels.h"

enum { LANES = 8, BATCH = 4 };

static float reduce(const float lanes[LANES])
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static float dot(const float *a, const float *b, uint32_t n)
{
    float sum[LANES] = {0};
    uint32_t whole = n - n % LANES;
    for (uint32_t i = 0; i < whole; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += a[i + j] * b[i + j];
    for (uint32_t i = whole; i < n; i++)
        sum[i - whole] += a[i] * b[i];
    return reduce(sum);
}

/* The same sums for BATCH vectors, so that each weight is loaded once. */
static void dot_batch(const float *w, const float *const x[BATCH], uint32_t n, float *out)
{
    float sum[BATCH][LANES] = {{0}};
    uint32_t whole = n - n % LANES;
    for (uint32_t i = 0; i < whole; i += LANES)
        for (int b = 0; b < BATCH; b++)
            for (int j = 0; j < LANES; j++)
                sum[b][j] += w[i + j] * x[b][i + j];
    for (int b = 0; b < BATCH; b++) {
        for (uint32_t i = whole; i < n; i++)
            sum[b][i - whole] += w[i] * x[b][i];
        out[b] = reduce(sum[b]);
    }
}

static void matrix_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, ds4_vectors inputs, uint32_t count, float *out, float *scratch)
{
    for (uint32_t r = 0; r < rows; r++, out += count) {
        uint32_t i = 0;
        ds4_dequantise_row(matrix, first_row + r, scratch);
        for (; i + BATCH <= count; i += BATCH) {
            const float *x[BATCH] = {ds4_vector(inputs, i), ds4_vector(inputs, i + 1), ds4_vector(inputs, i + 2), ds4_vector(inputs, i + 3)};
            dot_batch(scratch, x, matrix->columns, out + i);
        }
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
