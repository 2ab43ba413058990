/* dequantise.c: one function per block format.
 *
 * DESIGN   Block structures are copied out of the mapping with memcpy where a field is not aligned. The loops are laid
 *          out over whole sub-blocks, so that scales are computed once and the compiler can vectorise the rest.
 */
#include "dequantise.h"
#include "iq2_tables.h"
#include "rounding.h"

#include <string.h>

static float half_at(const uint8_t *bytes)
{
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    return ds4_f16_to_f32(half);
}

static void f16_values(const uint8_t *restrict data, size_t count, float *restrict out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = half_at(data + 2 * i);
}

/* d f16 · q int8[32] */
static void q8_0_block(const uint8_t *restrict block, float *restrict out)
{
    float d = half_at(block);
    const int8_t *q = (const int8_t *)(block + 2);
    for (int i = 0; i < 32; i++)
        out[i] = d * q[i];
}

/* scale nibbles [16] · quants of 2 bits [64] · d f16 · dmin f16 */
static void q2_k_block(const uint8_t *restrict block, float *restrict out)
{
    const uint8_t *scales = block, *quants = block + 16;
    float d = half_at(block + 80), dmin = half_at(block + 82);
    for (int sub = 0; sub < 16; sub++) {
        float scale = d * (scales[sub] & 15), min = dmin * (scales[sub] >> 4);
        const uint8_t *q = quants + 32 * (sub / 8) + 16 * (sub % 2);
        int shift = 2 * (sub % 8 / 2);
        for (int i = 0; i < 16; i++)
            out[16 * sub + i] = scale * (q[i] >> shift & 3) - min;
    }
}

/* d f16 · dmin f16 · 6-bit scales and mins [12] · quants of 4 bits [128] */
static void q4_k_block(const uint8_t *restrict block, float *restrict out)
{
    const uint8_t *s = block + 4, *quants = block + 16;
    float d = half_at(block), dmin = half_at(block + 2);
    for (int sub = 0; sub < 8; sub++) {
        int scale = sub < 4 ? s[sub] & 63 : (s[sub + 4] & 15) | s[sub - 4] >> 6 << 4;
        int min = sub < 4 ? s[sub + 4] & 63 : s[sub + 4] >> 4 | s[sub] >> 6 << 4;
        float factor = d * (float)scale, offset = dmin * (float)min;
        const uint8_t *q = quants + 32 * (sub / 2);
        int shift = 4 * (sub % 2);
        for (int i = 0; i < 32; i++)
            out[32 * sub + i] = factor * (q[i] >> shift & 15) - offset;
    }
}

/* d f16 · eight groups of { grid index uint8[4] · signs and scale u32 } */
static void iq2_xxs_block(const uint8_t *restrict block, float *restrict out)
{
    float d = half_at(block);
    for (int group = 0; group < 8; group++) {
        const uint8_t *data = block + 2 + 8 * group;
        uint32_t packed;
        memcpy(&packed, data + 4, sizeof packed);
        float scale = d * (0.5f + (float)(packed >> 28)) * 0.25f;
        for (int run = 0; run < 4; run++) {
            const uint8_t *grid = ds4_iq2_grid[data[run]];
            const int8_t *signs = ds4_iq2_signs[packed >> (7 * run) & 127];
            for (int i = 0; i < 8; i++)
                out[32 * group + 8 * run + i] = scale * (float)(grid[i] * signs[i]);
        }
    }
}

static void blocks(const ds4_matrix *matrix, const uint8_t *data, void (*block)(const uint8_t *restrict, float *restrict),
                   float *restrict out)
{
    for (uint32_t i = 0; i < matrix->columns; i += matrix->format->block_values, data += matrix->format->block_bytes)
        block(data, out + i);
}

void ds4_dequantise_row(const ds4_matrix *matrix, uint32_t row, float *values)
{
    const uint8_t *data = ds4_matrix_row(matrix, row);
    switch (matrix->format->format) {
    case DS4_FORMAT_F32: memcpy(values, data, matrix->columns * sizeof *values); break;
    case DS4_FORMAT_F16: f16_values(data, matrix->columns, values); break;
    case DS4_FORMAT_Q8_0: blocks(matrix, data, q8_0_block, values); break;
    case DS4_FORMAT_Q2_K: blocks(matrix, data, q2_k_block, values); break;
    case DS4_FORMAT_Q4_K: blocks(matrix, data, q4_k_block, values); break;
    case DS4_FORMAT_IQ2_XXS: blocks(matrix, data, iq2_xxs_block, values); break;
    case DS4_FORMAT_I32: break; /* refused when the matrix was bound */
    }
}
