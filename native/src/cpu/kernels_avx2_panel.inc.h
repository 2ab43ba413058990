/* kernels_avx2_panel.inc.h: eight rows times many vectors, with AVX2.
 *
 * DESIGN   Unpacked rows lie side by side: four weights of row 0, four of row 1 … four of row 7 make a register, a step, which is
 *          multiplied with the same four activations eight times over; the sums of a register are then one per row.
 *          Scales and minimums are pairs of int16, one per row, so that multiplying with them is also what adds pairs.
 *          Q8_0 is stored as magnitudes and masks of the negative: |q| · (x xor mask) is q · x, less |q| where q is negative, and
 *          those are a constant of the row. (There is an instruction that changes signs, but it competes with multiplying.)
 *          IQ2_XXS is stored with 43 added, which makes it unsigned; 43 times the scale becomes a minimum.
 */

enum { VECTORS = 4, STEPS = 64 };

typedef struct panel_unit {
    __m256i weights[STEPS];
    __m256i negative[STEPS]; /* Q8_0: masks */
    __m256i less[8];         /* Q8_0: the constant of each block */
    __m256i scales[16];      /* of a sub-block */
    __m256i minimums[8];     /* of two sums of activations */
    __m256 d[8], dmin;       /* d: of each block when the unit has several */
} panel_unit;

/* ---- unpacking ---------------------------------------------------------------------------------------------- */

/* Register i of the result holds word i of each row. */
INLINE void transpose(__m256i row[8])
{
    __m256i two[8], four[8];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        two[2 * i] = _mm256_unpacklo_epi32(row[2 * i], row[2 * i + 1]);
        two[2 * i + 1] = _mm256_unpackhi_epi32(row[2 * i], row[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        four[4 * i] = _mm256_unpacklo_epi64(two[4 * i], two[4 * i + 2]);
        four[4 * i + 1] = _mm256_unpackhi_epi64(two[4 * i], two[4 * i + 2]);
        four[4 * i + 2] = _mm256_unpacklo_epi64(two[4 * i + 1], two[4 * i + 3]);
        four[4 * i + 3] = _mm256_unpackhi_epi64(two[4 * i + 1], two[4 * i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        row[i] = _mm256_permute2x128_si256(four[i], four[i + 4], 0x20);
        row[i + 4] = _mm256_permute2x128_si256(four[i], four[i + 4], 0x31);
    }
}

INLINE void store_transposed(__m256i row[8], __m256i *out)
{
    transpose(row);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        out[i] = row[i];
}

INLINE __m256 halves_of_rows(const uint8_t *const *row, uint32_t at)
{
    uint16_t halves[8];
    for (int r = 0; r < 8; r++)
        memcpy(halves + r, row[r] + at, sizeof *halves);
    return lanes_load_halves(halves);
}

INLINE __m256i unsigned_iq2_group(const uint8_t *block, const iq2_words *words, int group)
{
    return _mm256_add_epi8(_mm256_sign_epi8(iq2_group(block, group), iq2_signs(words, group)), _mm256_set1_epi8(43));
}

INLINE void unpack_weights(ds4_format format, const uint8_t *const *row, const iq2_words *words, uint32_t groups, __m256i *out)
{
    __m256i group[8];
#pragma GCC unroll 8
    for (uint32_t g = 0; g < groups; g++) {
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++)
            group[r] = format == DS4_FORMAT_Q8_0   ? load_bytes(row[r] + 34 * (size_t)g + 2)
                       : format == DS4_FORMAT_Q2_K ? q2_k_group(row[r], (int)g)
                       : format == DS4_FORMAT_Q4_K ? q4_k_group(row[r], (int)g)
                                                   : unsigned_iq2_group(row[r], words + r, (int)g);
        store_transposed(group, out + 8 * g);
    }
}

INLINE void unpack_q2_k_scales(const uint8_t *const *row, panel_unit *unit)
{
    __m256i low[8], high[8], minimum[8];
    for (int r = 0; r < 8; r++) {
        __m128i scales = _mm_and_si128(_mm_loadu_si128((const __m128i *)(const void *)row[r]), _mm_set1_epi8(15));
        low[r] = in_pairs(_mm256_cvtepu8_epi32(scales)), high[r] = in_pairs(_mm256_cvtepu8_epi32(_mm_srli_si128(scales, 8)));
        minimum[r] = q2_k_minimums(row[r]);
    }
    store_transposed(low, unit->scales), store_transposed(high, unit->scales + 8), store_transposed(minimum, unit->minimums);
    unit->d[0] = halves_of_rows(row, 80), unit->dmin = halves_of_rows(row, 82);
}

INLINE void unpack_q4_k_scales(const uint8_t *const *row, panel_unit *unit)
{
    __m256i scale[8], minimum[8];
    for (int r = 0; r < 8; r++) {
        q4_k_scales unpacked = q4_k_unpack(row[r]);
        scale[r] = in_pairs(_mm256_cvtepu8_epi32(unpacked.scales)), minimum[r] = q4_k_minimums(unpacked.minimums);
    }
    store_transposed(scale, unit->scales), store_transposed(minimum, unit->minimums);
    unit->d[0] = halves_of_rows(row, 0), unit->dmin = halves_of_rows(row, 2);
}

INLINE void unpack_iq2_scales(const uint8_t *const *row, const iq2_words *words, panel_unit *unit)
{
    __m256i scale[8];
    for (int r = 0; r < 8; r++)
        scale[r] = load_bytes(words[r].scales);
    store_transposed(scale, unit->scales);
    for (int g = 0; g < 8; g++)
        unit->minimums[g] = _mm256_mullo_epi16(unit->scales[g], _mm256_set1_epi16(43));
    unit->d[0] = _mm256_mul_ps(halves_of_rows(row, 0), _mm256_set1_ps(0.125f));
}

/* Takes the weights of unpacked blocks apart into magnitudes and masks. */
INLINE void separate_signs(uint32_t blocks, panel_unit *unit)
{
    for (uint32_t b = 0; b < blocks; b++) {
        __m256i less = _mm256_setzero_si256();
        for (uint32_t k = 8 * b; k < 8 * b + 8; k++) {
            __m256i w = unit->weights[k], magnitude = _mm256_abs_epi8(w), mask = _mm256_cmpgt_epi8(_mm256_setzero_si256(), w);
            __m256i pairs = _mm256_maddubs_epi16(_mm256_and_si256(magnitude, mask), _mm256_set1_epi8(1));
            less = _mm256_add_epi32(less, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
            unit->weights[k] = magnitude, unit->negative[k] = mask;
        }
        unit->less[b] = less;
    }
}

/* `blocks` is 1 in formats with blocks of 256, and at most 8 in Q8_0. */
INLINE void unpack_unit(ds4_format format, const uint8_t *const *row, uint32_t blocks, panel_unit *unit)
{
    iq2_words words[8];
    if (format == DS4_FORMAT_Q8_0) {
        for (uint32_t b = 0; b < blocks; b++)
            unit->d[b] = halves_of_rows(row, 34 * b);
        unpack_weights(format, row, words, blocks, unit->weights);
        separate_signs(blocks, unit);
        return;
    }
    if (format == DS4_FORMAT_Q2_K)
        unpack_q2_k_scales(row, unit);
    if (format == DS4_FORMAT_Q4_K)
        unpack_q4_k_scales(row, unit);
    if (format == DS4_FORMAT_IQ2_XXS) {
        for (int r = 0; r < 8; r++)
            iq2_unpack(row[r], words + r);
        unpack_iq2_scales(row, words, unit);
    }
    unpack_weights(format, row, words, 8, unit->weights);
}

/* ---- multiplying -------------------------------------------------------------------------------------------- */

/* Four activations eight times over, or a pair of sums. */
INLINE __m256i four_of(const void *x)
{
    return _mm256_set1_epi32(pair_at(x));
}

/* |q| <= 128, and x as well once its bits may be inverted: sums of pairs are at least -32768 and at most 32512. */
INLINE void multiply_q8_0(const panel_unit *unit, uint32_t blocks, const int8_t *const *x, const float *const *scale, uint32_t vectors,
                          __m256 *sum)
{
    const __m256i ones = _mm256_set1_epi16(1);
    for (uint32_t b = 0; b < blocks; b++) {
        __m256i product[VECTORS];
        for (uint32_t v = 0; v < vectors; v++)
            product[v] = unit->less[b];
#pragma GCC unroll 8
        for (uint32_t k = 0; k < 8; k++) {
            __m256i magnitude = unit->weights[8 * b + k], negative = unit->negative[8 * b + k];
            for (uint32_t v = 0; v < vectors; v++) {
                __m256i x_or_less = _mm256_xor_si256(four_of(x[v] + 32 * b + 4 * k), negative);
                product[v] = add_words(product[v], _mm256_madd_epi16(_mm256_maddubs_epi16(magnitude, x_or_less), ones));
            }
        }
        for (uint32_t v = 0; v < vectors; v++)
            sum[v] = _mm256_fmadd_ps(_mm256_mul_ps(unit->d[b], _mm256_set1_ps(scale[v][b])), _mm256_cvtepi32_ps(product[v]), sum[v]);
    }
}

/* How many steps have the same scale. */
INLINE uint32_t steps_per_scale(ds4_format format)
{
    return format == DS4_FORMAT_Q2_K ? 4 : 8;
}

/* How many steps can be added before 16 bits are too few: a step of Q2_K is at most 762, of Q4_K 3810, of IQ2_XXS 21844. */
INLINE uint32_t steps_in_int16(ds4_format format)
{
    return format == DS4_FORMAT_IQ2_XXS ? 1 : steps_per_scale(format);
}

INLINE void multiply_weights(ds4_format format, const panel_unit *unit, const int8_t *const *x, uint32_t vectors, __m256i *product)
{
    const uint32_t steps = steps_in_int16(format);
    for (uint32_t v = 0; v < vectors; v++)
        product[v] = _mm256_setzero_si256();
    for (uint32_t sub = 0; sub < STEPS / steps_per_scale(format); sub++) {
        __m256i scale = unit->scales[sub];
#pragma GCC unroll 8
        for (uint32_t done = 0; done < steps_per_scale(format); done += steps) {
            uint32_t first = sub * steps_per_scale(format) + done;
            __m256i part[VECTORS];
#pragma GCC unroll 8
            for (uint32_t k = 0; k < steps; k++) {
                __m256i w = unit->weights[first + k];
                for (uint32_t v = 0; v < vectors; v++) {
                    __m256i pairs = _mm256_maddubs_epi16(w, four_of(x[v] + 4 * (first + k)));
                    part[v] = in_turn(k == 0 ? pairs : _mm256_add_epi16(part[v], pairs));
                }
            }
            for (uint32_t v = 0; v < vectors; v++)
                product[v] = add_words(product[v], _mm256_madd_epi16(part[v], scale));
        }
    }
}

INLINE void multiply_minimums(const panel_unit *unit, const int16_t *const *sums, uint32_t vectors, __m256i *minimum)
{
    for (uint32_t v = 0; v < vectors; v++)
        minimum[v] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (uint32_t g = 0; g < 8; g++)
        for (uint32_t v = 0; v < vectors; v++)
            minimum[v] = add_words(minimum[v], _mm256_madd_epi16(unit->minimums[g], four_of(sums[v] + 2 * g)));
}

INLINE void multiply_block(ds4_format format, const panel_unit *unit, const int8_t *const *x, const float *const *scale,
                           const int16_t *const *sums, uint32_t vectors, __m256 *sum)
{
    __m256i product[VECTORS], minimum[VECTORS];
    multiply_weights(format, unit, x, vectors, product);
    multiply_minimums(unit, sums, vectors, minimum);
    for (uint32_t v = 0; v < vectors; v++) {
        __m256 factor = _mm256_set1_ps(*scale[v]);
        if (format == DS4_FORMAT_IQ2_XXS)
            product[v] = _mm256_sub_epi32(product[v], minimum[v]);
        sum[v] = _mm256_fmadd_ps(_mm256_mul_ps(unit->d[0], factor), _mm256_cvtepi32_ps(product[v]), sum[v]);
        if (format != DS4_FORMAT_IQ2_XXS)
            sum[v] = _mm256_fnmadd_ps(_mm256_mul_ps(unit->dmin, factor), _mm256_cvtepi32_ps(minimum[v]), sum[v]);
    }
}

/* Adds the products of a unit, which begins at `column`, with so many vectors; how many is known when this is compiled. */
INLINE void multiply_unit(ds4_format format, const panel_unit *unit, uint32_t blocks, const ds4_quantised *inputs, uint32_t column,
                          const size_t *number, uint32_t vectors, __m256 *sum)
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
