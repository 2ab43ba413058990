/* kernels_neon_panel.inc.h: four rows times many vectors, with NEON.
 *
 * DESIGN   Unpacked rows lie side by side: four weights of row 0, four of row 1, of row 2 and of row 3 make a register, a step,
 *          which is multiplied with the same four activations four times over; the sums of a register are then one per row.
 */

enum { VECTORS = 4, STEPS = 64 };

typedef struct panel_unit {
    int8x16_t weights[STEPS];
    int16_t scales[16][4];   /* of each sub-block, of each row */
    int16_t minimums[16][4]; /* for each sum of activations */
    float32x4_t d[8], dmin;  /* d: of each block when the unit has several */
} panel_unit;

/* ---- unpacking ---------------------------------------------------------------------------------------------- */

/* Register i of the result holds word i of each row. */
INLINE void store_transposed(const int8x16_t row[4], int8x16_t *out)
{
    int32x4_t a = vreinterpretq_s32_s8(row[0]), b = vreinterpretq_s32_s8(row[1]), c = vreinterpretq_s32_s8(row[2]),
              d = vreinterpretq_s32_s8(row[3]);
    int64x2_t ab_even = vreinterpretq_s64_s32(vtrn1q_s32(a, b)), ab_odd = vreinterpretq_s64_s32(vtrn2q_s32(a, b));
    int64x2_t cd_even = vreinterpretq_s64_s32(vtrn1q_s32(c, d)), cd_odd = vreinterpretq_s64_s32(vtrn2q_s32(c, d));
    out[0] = vreinterpretq_s8_s64(vtrn1q_s64(ab_even, cd_even));
    out[1] = vreinterpretq_s8_s64(vtrn1q_s64(ab_odd, cd_odd));
    out[2] = vreinterpretq_s8_s64(vtrn2q_s64(ab_even, cd_even));
    out[3] = vreinterpretq_s8_s64(vtrn2q_s64(ab_odd, cd_odd));
}

INLINE void unpack_weights(ds4_format format, const uint8_t *const *row, uint32_t groups, int8x16_t *out)
{
#pragma GCC unroll 8
    for (uint32_t g = 0; g < groups; g++) {
        int8x16_t low[4], high[4];
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            group_weights w = group_of(format, row[r], (int)g);
            low[r] = w.val[0], high[r] = w.val[1];
        }
        store_transposed(low, out + 8 * g), store_transposed(high, out + 8 * g + 4);
    }
}

INLINE void unpack_scales(ds4_format format, const uint8_t *const *row, panel_unit *unit)
{
    for (int r = 0; r < 4; r++) {
        block_scales scales;
        scales_of(format, row[r], &scales);
        for (int i = 0; i < (format == DS4_FORMAT_Q2_K ? 16 : 8); i++)
            unit->scales[i][r] = scales.scale[i];
        for (int i = 0; format != DS4_FORMAT_IQ2_XXS && i < 16; i++)
            unit->minimums[i][r] = scales.minimum[i];
    }
}

/* `blocks` is 1 in formats with blocks of 256, and at most 8 in Q8_0. */
INLINE void unpack_unit(ds4_format format, const uint8_t *const *row, uint32_t blocks, panel_unit *unit)
{
    unpack_weights(format, row, format == DS4_FORMAT_Q8_0 ? blocks : 8, unit->weights);
    if (format == DS4_FORMAT_Q8_0) {
        for (uint32_t b = 0; b < blocks; b++)
            unit->d[b] = halves_of_rows(row, 34 * (size_t)b);
        return;
    }
    unpack_scales(format, row, unit);
    unit->d[0] = halves_of_rows(row, format == DS4_FORMAT_Q2_K ? 80 : 0);
    if (format == DS4_FORMAT_IQ2_XXS)
        unit->d[0] = vmulq_n_f32(unit->d[0], 0.125f);
    else
        unit->dmin = halves_of_rows(row, format == DS4_FORMAT_Q2_K ? 82 : 2);
}

/* ---- multiplying -------------------------------------------------------------------------------------------- */

/* Adds the products of four steps with 16 activations. */
INLINE int32x4_t add_steps(int32x4_t sum, const int8x16_t *w, int8x16_t x)
{
#ifdef DS4_NEON_DOTPROD
    sum = vdotq_laneq_s32(sum, w[0], x, 0);
    sum = vdotq_laneq_s32(sum, w[1], x, 1);
    sum = vdotq_laneq_s32(sum, w[2], x, 2);
    return vdotq_laneq_s32(sum, w[3], x, 3);
#else
    int32x4_t words = vreinterpretq_s32_s8(x);
    sum = add_products(sum, w[0], vreinterpretq_s8_s32(vdupq_laneq_s32(words, 0)));
    sum = add_products(sum, w[1], vreinterpretq_s8_s32(vdupq_laneq_s32(words, 1)));
    sum = add_products(sum, w[2], vreinterpretq_s8_s32(vdupq_laneq_s32(words, 2)));
    return add_products(sum, w[3], vreinterpretq_s8_s32(vdupq_laneq_s32(words, 3)));
#endif
}

/* Adds the products of steps first … first + steps − 1, a multiple of four. */
INLINE void multiply_steps(const panel_unit *unit, uint32_t first, uint32_t steps, const int8_t *const *x, uint32_t vectors, int32x4_t *sum)
{
    for (uint32_t k = first; k < first + steps; k += 4)
        for (uint32_t v = 0; v < vectors; v++)
            sum[v] = add_steps(sum[v], unit->weights + k, vld1q_s8(x[v] + 4 * k));
}

INLINE void multiply_q8_0(const panel_unit *unit, uint32_t blocks, const int8_t *const *x, const float *const *scale, uint32_t vectors,
                          float32x4_t *sum)
{
    for (uint32_t b = 0; b < blocks; b++) {
        int32x4_t product[VECTORS];
        for (uint32_t v = 0; v < vectors; v++)
            product[v] = vdupq_n_s32(0);
        multiply_steps(unit, 8 * b, 8, x, vectors, product);
        for (uint32_t v = 0; v < vectors; v++)
            sum[v] = vfmaq_f32(sum[v], vmulq_n_f32(unit->d[b], scale[v][b]), vcvtq_f32_s32(product[v]));
    }
}

INLINE int32x4_t multiply_minimums(const panel_unit *unit, const int16_t *sums)
{
    int32x4_t sum = vdupq_n_s32(0);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        sum = vmlal_n_s16(sum, vld1_s16(unit->minimums[i]), sums[i]);
    return sum;
}

INLINE void multiply_block(ds4_format format, const panel_unit *unit, const int8_t *const *x, const float *const *scale,
                           const int16_t *const *sums, uint32_t vectors, float32x4_t *sum)
{
    const uint32_t steps = format == DS4_FORMAT_Q2_K ? 4 : 8;
    int32x4_t product[VECTORS];
    for (uint32_t v = 0; v < vectors; v++)
        product[v] = vdupq_n_s32(0);
    for (uint32_t sub = 0; sub < STEPS / steps; sub++) {
        int32x4_t part[VECTORS], row_scale = vmovl_s16(vld1_s16(unit->scales[sub]));
        for (uint32_t v = 0; v < vectors; v++)
            part[v] = vdupq_n_s32(0);
        multiply_steps(unit, sub * steps, steps, x, vectors, part);
        for (uint32_t v = 0; v < vectors; v++)
            product[v] = vmlaq_s32(product[v], part[v], row_scale);
    }
    for (uint32_t v = 0; v < vectors; v++) {
        sum[v] = vfmaq_f32(sum[v], vmulq_n_f32(unit->d[0], *scale[v]), vcvtq_f32_s32(product[v]));
        if (format != DS4_FORMAT_IQ2_XXS)
            sum[v] = vfmsq_f32(sum[v], vmulq_n_f32(unit->dmin, *scale[v]), vcvtq_f32_s32(multiply_minimums(unit, sums[v])));
    }
}

/* Adds the products of a unit, which begins at `column`, with so many vectors; how many is known when this is compiled. */
INLINE void multiply_unit(ds4_format format, const panel_unit *unit, uint32_t blocks, const ds4_quantised *inputs, uint32_t column,
                          const size_t *number, uint32_t vectors, float32x4_t *sum)
{
    const int8_t *x[VECTORS];
    const float *scale[VECTORS];
    const int16_t *sums[VECTORS];
    for (uint32_t v = 0; v < vectors; v++) {
        x[v] = inputs->q + number[v] * inputs->columns + column;
        scale[v] = inputs->scale + (number[v] * inputs->columns + column) / inputs->block;
        sums[v] = inputs->sums + (number[v] * inputs->columns + column) / DS4_SUM_VALUES;
    }
    if (format == DS4_FORMAT_Q8_0)
        multiply_q8_0(unit, blocks, x, scale, vectors, sum);
    else
        multiply_block(format, unit, x, scale, sums, vectors, sum);
}
