/* kernels_neon_row.inc.h: rows times one vector, or a few, with NEON.
 *
 * DESIGN   Weights are used where they are unpacked, for all vectors; the number of vectors is known when this is compiled.
 */

enum { MOST_FEW = 4 }; /* vectors */

/* ---- blocks of 256 ------------------------------------------------------------------------------------------ */

INLINE void read_row(ds4_format format, const uint8_t *row, uint32_t blocks, void *notes)
{
    (void)format, (void)row, (void)blocks, (void)notes; /* nothing has to be taken out of a row before its blocks */
}

INLINE int32x4_t scaled_group(ds4_format format, int32x4_t sum, group_weights w, const int8_t *x, const int16_t *scale, int group)
{
    int8x16_t low = vld1q_s8(x), high = vld1q_s8(x + 16);
    int32x4_t none = vdupq_n_s32(0);
    if (format == DS4_FORMAT_Q2_K) {
        sum = vmlaq_n_s32(sum, add_products(none, w.val[0], low), scale[2 * group]);
        return vmlaq_n_s32(sum, add_products(none, w.val[1], high), scale[2 * group + 1]);
    }
    return vmlaq_n_s32(sum, add_products(add_products(none, w.val[0], low), w.val[1], high), scale[group]);
}

INLINE int32_t minimum_sum(const int16_t *minimum, const int16_t *sums)
{
    int16x8_t a = vld1q_s16(minimum), b = vld1q_s16(minimum + 8), x = vld1q_s16(sums), y = vld1q_s16(sums + 8);
    int32x4_t sum = vmull_s16(vget_low_s16(a), vget_low_s16(x));
    sum = vmlal_high_s16(sum, a, x);
    sum = vmlal_s16(sum, vget_low_s16(b), vget_low_s16(y));
    return vaddvq_s32(vmlal_high_s16(sum, b, y));
}

typedef struct block_factors {
    float d, dmin;
} block_factors;

/* Integer sums of a block with each vector, in float; a format without minimums leaves `minimum` alone. */
INLINE block_factors block_sums(ds4_format format, const uint8_t *block, const void *notes, uint32_t b, const int8_t *const *x,
                                const int16_t *const *sums, uint32_t vectors, float *product, float *minimum)
{
    block_scales scales;
    int32x4_t products[MOST_FEW];
    (void)notes, (void)b;
    scales_of(format, block, &scales);
    for (uint32_t v = 0; v < vectors; v++)
        products[v] = vdupq_n_s32(0);
#pragma GCC unroll 8
    for (int group = 0; group < 8; group++) {
        group_weights w = group_of(format, block, group);
        for (uint32_t v = 0; v < vectors; v++)
            products[v] = scaled_group(format, products[v], w, x[v] + 32 * group, scales.scale, group);
    }
    for (uint32_t v = 0; v < vectors; v++) {
        product[v] = (float)vaddvq_s32(products[v]);
        if (format != DS4_FORMAT_IQ2_XXS)
            minimum[v] = (float)minimum_sum(scales.minimum, sums[v]);
    }
    if (format == DS4_FORMAT_IQ2_XXS)
        return (block_factors){half_at(block) * 0.125f, 0};
    return format == DS4_FORMAT_Q2_K ? (block_factors){half_at(block + 80), half_at(block + 82)}
                                     : (block_factors){half_at(block), half_at(block + 2)};
}

/* ---- Q8_0 --------------------------------------------------------------------------------------------------- */

/* The sum of a block for each of four rows, in lanes, so that scaling and the sequence of additions are done for four rows with
 * one instruction. */
INLINE int32x4_t q8_0_four_sums(const uint8_t *const *row, const int8_t *x)
{
    int8x16_t low = vld1q_s8(x), high = vld1q_s8(x + 16);
    int32x4_t sum[4];
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
        group_weights w = q8_0_group(row[r]);
        sum[r] = add_products(add_products(vdupq_n_s32(0), w.val[0], low), w.val[1], high);
    }
    return vpaddq_s32(vpaddq_s32(sum[0], sum[1]), vpaddq_s32(sum[2], sum[3]));
}

INLINE float32x4_t halves_of_rows(const uint8_t *const *row, size_t at)
{
    uint16_t halves[4];
    for (int r = 0; r < 4; r++)
        memcpy(halves + r, row[r] + at, sizeof *halves);
    return lanes_load_halves(halves);
}

/* out[v][r], four rows. */
INLINE void q8_0_four_rows(const uint8_t *const *rows, const int8_t *const *x, const float *const *scale, uint32_t vectors, uint32_t blocks,
                           float (*out)[4])
{
    const uint8_t *row[4] = {rows[0], rows[1], rows[2], rows[3]};
    float32x4_t sum[MOST_FEW];
    for (uint32_t v = 0; v < vectors; v++)
        sum[v] = vdupq_n_f32(0);
    for (uint32_t b = 0; b < blocks; b++) {
        float32x4_t d = halves_of_rows(row, 0);
        for (uint32_t v = 0; v < vectors; v++) {
            float32x4_t product = vcvtq_f32_s32(q8_0_four_sums(row, x[v] + 32 * (size_t)b));
            sum[v] = vfmaq_f32(sum[v], vmulq_n_f32(d, scale[v][b]), product);
        }
        for (int r = 0; r < 4; r++)
            row[r] += 34;
    }
    for (uint32_t v = 0; v < vectors; v++)
        vst1q_f32(out[v], sum[v]);
}
