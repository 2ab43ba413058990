/* kernels_scalar_int8.c: products with int8 activations in portable C: the definition that other kernels must equal bit by bit.
 *
 * DESIGN   A block's integer sums come first, one function per format; what follows is the same for all: scale, and add to the
 *          sum of the row in the order of blocks.
 */
#include "iq2_tables.h"
#include "kernels.h"
#include "rounding.h"

#include <math.h>
#include <string.h>

/* ---- activations -------------------------------------------------------------------------------------------- */

static float largest_magnitude(const float *x, uint32_t n)
{
    float largest = 0;
    for (uint32_t i = 0; i < n; i++)
        largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    return largest;
}

void ds4_scalar_quantise(const float *x, uint32_t columns, uint32_t block, int8_t *q, float *scale, int16_t *sums)
{
    for (uint32_t first = 0; first < columns; first += block) {
        float largest = largest_magnitude(x + first, block);
        bool is_zero = largest < 0x1p-100f;
        float inverse = is_zero ? 0 : 127 / largest;
        scale[first / block] = is_zero ? 0 : largest / 127;
        for (uint32_t i = first; i < first + block; i++)
            q[i] = (int8_t)rintf(x[i] * inverse);
    }
    for (uint32_t i = 0; i < columns / DS4_SUM_VALUES; i++) {
        int sum = 0;
        for (uint32_t j = 0; j < DS4_SUM_VALUES; j++)
            sum += q[i * DS4_SUM_VALUES + j];
        sums[i] = (int16_t)sum;
    }
}

/* ---- integer sums of a block -------------------------------------------------------------------------------- */

/* Weight scales of a block, and Σ weight·x and Σ min·x in units of them and of the activations' scale. */
typedef struct block_sums {
    float d, dmin;
    int32_t product, minimum;
} block_sums;

typedef block_sums (*block_product)(const uint8_t *block, const int8_t *x, const int16_t *sums);

static float half_at(const uint8_t *bytes)
{
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    return ds4_f16_to_f32(half);
}

static block_sums q8_0_product(const uint8_t *block, const int8_t *x, const int16_t *sums)
{
    block_sums out = {.d = half_at(block)};
    const int8_t *q = (const int8_t *)(block + 2);
    (void)sums;
    for (int i = 0; i < 32; i++)
        out.product += q[i] * x[i];
    return out;
}

static block_sums q2_k_product(const uint8_t *block, const int8_t *x, const int16_t *sums)
{
    block_sums out = {.d = half_at(block + 80), .dmin = half_at(block + 82)};
    for (int sub = 0; sub < 16; sub++) {
        const uint8_t *q = block + 16 + 32 * (sub / 8) + 16 * (sub % 2);
        int shift = 2 * (sub % 8 / 2), sum = 0;
        for (int i = 0; i < 16; i++)
            sum += (q[i] >> shift & 3) * x[16 * sub + i];
        out.product += (block[sub] & 15) * sum;
        out.minimum += (block[sub] >> 4) * sums[sub];
    }
    return out;
}

static block_sums q4_k_product(const uint8_t *block, const int8_t *x, const int16_t *sums)
{
    block_sums out = {.d = half_at(block), .dmin = half_at(block + 2)};
    const uint8_t *s = block + 4;
    for (int sub = 0; sub < 8; sub++) {
        int scale = sub < 4 ? s[sub] & 63 : (s[sub + 4] & 15) | s[sub - 4] >> 6 << 4;
        int min = sub < 4 ? s[sub + 4] & 63 : s[sub + 4] >> 4 | s[sub] >> 6 << 4;
        const uint8_t *q = block + 16 + 32 * (sub / 2);
        int shift = 4 * (sub % 2), sum = 0;
        for (int i = 0; i < 32; i++)
            sum += (q[i] >> shift & 15) * x[32 * sub + i];
        out.product += scale * sum;
        out.minimum += min * (sums[2 * sub] + sums[2 * sub + 1]);
    }
    return out;
}

static block_sums iq2_xxs_product(const uint8_t *block, const int8_t *x, const int16_t *sums)
{
    block_sums out = {.d = half_at(block) * 0.125f};
    (void)sums;
    for (int group = 0; group < 8; group++) {
        const uint8_t *data = block + 2 + 8 * group;
        uint32_t packed;
        int sum = 0;
        memcpy(&packed, data + 4, sizeof packed);
        for (int i = 0; i < 32; i++)
            sum += ds4_iq2_grid[data[i / 8]][i % 8] * ds4_iq2_signs[packed >> (7 * (i / 8)) & 127][i % 8] * x[32 * group + i];
        out.product += (int32_t)(2 * (packed >> 28) + 1) * sum;
    }
    return out;
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

static block_product product_of(ds4_format format)
{
    switch (format) {
    case DS4_FORMAT_Q8_0: return q8_0_product;
    case DS4_FORMAT_Q2_K: return q2_k_product;
    case DS4_FORMAT_Q4_K: return q4_k_product;
    case DS4_FORMAT_IQ2_XXS: return iq2_xxs_product;
    case DS4_FORMAT_F32:
    case DS4_FORMAT_F16:
    case DS4_FORMAT_I32: break; /* ds4_activation_block says that there is no such product */
    }
    return NULL;
}

static float row_product(const ds4_matrix *matrix, const uint8_t *data, block_product product, const ds4_quantised *inputs, size_t vector)
{
    const ds4_format_info *format = matrix->format;
    uint32_t blocks = matrix->columns / format->block_values;
    const int8_t *x = inputs->q + vector * inputs->columns;
    const int16_t *sums = inputs->sums + vector * (inputs->columns / DS4_SUM_VALUES);
    const float *scale = inputs->scale + vector * blocks;
    bool has_minimum = format->format == DS4_FORMAT_Q2_K || format->format == DS4_FORMAT_Q4_K;
    float sum = 0;
    for (uint32_t b = 0; b < blocks; b++, data += format->block_bytes, x += format->block_values) {
        block_sums s = product(data, x, sums + b * (format->block_values / DS4_SUM_VALUES));
        sum = fmaf(s.d * scale[b], (float)s.product, sum);
        if (has_minimum)
            sum = fmaf(-(s.dmin * scale[b]), (float)s.minimum, sum);
    }
    return sum;
}

void ds4_scalar_quantised_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, uint32_t count,
                               float *out, void *scratch)
{
    block_product product = product_of(matrix->format->format);
    (void)scratch;
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t i = 0; i < count; i++)
            out[r * count + i] =
                row_product(matrix, ds4_matrix_row(matrix, first_row + r), product, inputs, ds4_quantised_vector(inputs, i));
}
