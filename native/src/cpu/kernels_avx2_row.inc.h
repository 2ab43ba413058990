/* kernels_avx2_row.inc.h: rows times one vector, or a few, with AVX2.
 *
 * DESIGN   Weights are used where they are unpacked, for all vectors; the number of vectors is known when this is compiled.
 */

enum { MOST_FEW = 4 }; /* vectors */

/* Sums of the eight lanes of a, and of b, in float. */
typedef struct two_sums {
    float a, b;
} two_sums;

INLINE two_sums add_lanes(__m256i a, __m256i b)
{
    __m256i pairs = _mm256_hadd_epi32(a, b);
    __m128i fours = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    __m128i all = _mm_add_epi32(fours, _mm_shuffle_epi32(fours, _MM_SHUFFLE(2, 3, 0, 1)));
    __m128 values = _mm_cvtepi32_ps(all);
    return (two_sums){_mm_cvtss_f32(values), _mm_cvtss_f32(_mm_movehl_ps(values, values))};
}

/* ---- blocks of 256 ------------------------------------------------------------------------------------------ */

/* q <= 3: sums of pairs are at most 762. */
INLINE void q2_k_products(const uint8_t *block, const int8_t *const *x, const int16_t *const *sums, uint32_t vectors, __m256i *product,
                          __m256i *minimum)
{
    /* Scales of even sub-blocks to the low half, of odd ones to the high half, so that a group's two are one shuffle away. */
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)block), nibble = _mm_set1_epi16(15);
    __m256i scales =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_and_si128(bytes, nibble)), _mm_and_si128(_mm_srli_epi16(bytes, 8), nibble), 1);
    __m256i minimums = q2_k_minimums(block);
    for (uint32_t v = 0; v < vectors; v++)
        minimum[v] = _mm256_madd_epi16(minimums, load_bytes(sums[v])), product[v] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int group = 0; group < 8; group++) {
        __m256i scale = _mm256_shuffle_epi8(scales, _mm256_set1_epi16((short)((2 * group + 1) << 8 | 2 * group)));
        __m256i q = q2_k_group(block, group);
        for (uint32_t v = 0; v < vectors; v++)
            product[v] = add_words(product[v], _mm256_madd_epi16(_mm256_maddubs_epi16(q, load_bytes(x[v] + 32 * group)), scale));
    }
}

/* q <= 15: sums of pairs are at most 3810. */
INLINE void q4_k_products(const uint8_t *block, const int8_t *const *x, const int16_t *const *sums, uint32_t vectors, __m256i *product,
                          __m256i *minimum)
{
    q4_k_scales unpacked = q4_k_unpack(block);
    __m256i scales = twice(_mm_cvtepu8_epi16(unpacked.scales)), minimums = q4_k_minimums(unpacked.minimums);
    for (uint32_t v = 0; v < vectors; v++)
        minimum[v] = _mm256_madd_epi16(minimums, load_bytes(sums[v])), product[v] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int group = 0; group < 8; group++) {
        __m256i scale = _mm256_shuffle_epi8(scales, _mm256_set1_epi16((short)((2 * group + 1) << 8 | 2 * group)));
        __m256i q = q4_k_group(block, group);
        for (uint32_t v = 0; v < vectors; v++)
            product[v] = add_words(product[v], _mm256_madd_epi16(_mm256_maddubs_epi16(q, load_bytes(x[v] + 32 * group)), scale));
    }
}

/* Magnitudes <= 43: sums of pairs are at most 10922. */
INLINE void iq2_products(const uint8_t *block, const iq2_words *words, const int8_t *const *x, uint32_t vectors, __m256i *product)
{
    for (uint32_t v = 0; v < vectors; v++)
        product[v] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int group = 0; group < 8; group++) {
        __m256i magnitude = iq2_group(block, group), sign = iq2_signs(words, group), scale = _mm256_set1_epi32((int)words->scales[group]);
        for (uint32_t v = 0; v < vectors; v++) {
            __m256i signed_x = _mm256_sign_epi8(load_bytes(x[v] + 32 * group), sign);
            product[v] = add_words(product[v], _mm256_madd_epi16(_mm256_maddubs_epi16(magnitude, signed_x), scale));
        }
    }
}

/* What is taken out of a row before its blocks: the words of IQ2_XXS. What follows them in a block takes so long that processors
 * do not look far enough ahead to begin with the next block. */
INLINE void read_row(ds4_format format, const uint8_t *row, uint32_t blocks, void *notes)
{
    for (uint32_t b = 0; format == DS4_FORMAT_IQ2_XXS && b < blocks; b++)
        iq2_unpack(row + 66 * (size_t)b, (iq2_words *)notes + b);
}

typedef struct block_factors {
    float d, dmin;
} block_factors;

/* Integer sums of block b of a row with each vector, in float; a format without minimums leaves `minimum` alone. */
INLINE block_factors block_sums(ds4_format format, const uint8_t *block, const void *notes, uint32_t b, const int8_t *const *x,
                                const int16_t *const *sums, uint32_t vectors, float *product, float *minimum)
{
    __m256i products[MOST_FEW], minimums[MOST_FEW];
    if (format == DS4_FORMAT_IQ2_XXS) {
        iq2_products(block, (const iq2_words *)notes + b, x, vectors, products);
        for (uint32_t v = 0; v < vectors; v++)
            product[v] = add_lanes(products[v], products[v]).a;
        return (block_factors){half_at(block) * 0.125f, 0};
    }
    if (format == DS4_FORMAT_Q2_K)
        q2_k_products(block, x, sums, vectors, products, minimums);
    else
        q4_k_products(block, x, sums, vectors, products, minimums);
    for (uint32_t v = 0; v < vectors; v++) {
        two_sums both = add_lanes(products[v], minimums[v]);
        product[v] = both.a, minimum[v] = both.b;
    }
    return format == DS4_FORMAT_Q2_K ? (block_factors){half_at(block + 80), half_at(block + 82)}
                                     : (block_factors){half_at(block), half_at(block + 2)};
}

/* ---- Q8_0 --------------------------------------------------------------------------------------------------- */

/* Four rows at once, two blocks of each: the sums in lanes, rows 0 … 3 of the first block and then of the second, so that
 * scaling and the sequence of additions are done for four rows with one instruction.
 * |q| <= 128 and |x| <= 127: sums of pairs are at most 32512. */
INLINE __m256i q8_0_eight_sums(const uint8_t *const *row, const int8_t *x, size_t next_block, uint32_t next_x)
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i fours[2];
#pragma GCC unroll 2
    for (int b = 0; b < 2; b++) {
        __m256i in = load_bytes(x + (b ? next_x : 0)), sum[4];
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            __m256i q = load_bytes(row[r] + 2 + (b ? next_block : 0));
            sum[r] = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(q), _mm256_sign_epi8(in, q)), ones);
        }
        fours[b] = _mm256_hadd_epi32(_mm256_hadd_epi32(sum[0], sum[1]), _mm256_hadd_epi32(sum[2], sum[3]));
    }
    return _mm256_add_epi32(_mm256_permute2x128_si256(fours[0], fours[1], 0x20), _mm256_permute2x128_si256(fours[0], fours[1], 0x31));
}

INLINE __m256 q8_0_eight_factors(const uint8_t *const *row, size_t next_block)
{
    uint16_t halves[8];
    for (int r = 0; r < 4; r++) {
        memcpy(halves + r, row[r], sizeof *halves);
        memcpy(halves + 4 + r, row[r] + next_block, sizeof *halves);
    }
    return _mm256_cvtph_ps(_mm_setr_epi16((short)halves[0], (short)halves[1], (short)halves[2], (short)halves[3], (short)halves[4],
                                          (short)halves[5], (short)halves[6], (short)halves[7]));
}

/* out[v][r], four rows. */
INLINE void q8_0_four_rows(const uint8_t *const *rows, const int8_t *const *x, const float *const *scale, uint32_t vectors, uint32_t blocks,
                           float (*out)[4])
{
    const uint8_t *row[4] = {rows[0], rows[1], rows[2], rows[3]};
    __m128 sum[MOST_FEW];
    for (uint32_t v = 0; v < vectors; v++)
        sum[v] = _mm_setzero_ps();
    for (uint32_t b = 0; b < blocks; b += 2) {
        bool is_last = b + 1 == blocks; /* then there is no second block, and the first one is taken for it */
        size_t next = is_last ? 0 : 34;
        __m256 d = q8_0_eight_factors(row, next);
        for (uint32_t v = 0; v < vectors; v++) {
            __m256 product = _mm256_cvtepi32_ps(q8_0_eight_sums(row, x[v] + 32 * (size_t)b, next, is_last ? 0 : 32));
            __m128 first = _mm_set1_ps(scale[v][b]), second = _mm_set1_ps(scale[v][is_last ? b : b + 1]);
            __m256 factor = _mm256_mul_ps(d, _mm256_set_m128(second, first));
            sum[v] = _mm_fmadd_ps(_mm256_castps256_ps128(factor), _mm256_castps256_ps128(product), sum[v]);
            if (!is_last)
                sum[v] = _mm_fmadd_ps(_mm256_extractf128_ps(factor, 1), _mm256_extractf128_ps(product, 1), sum[v]);
        }
        for (int r = 0; r < 4; r++)
            row[r] += 68;
    }
    for (uint32_t v = 0; v < vectors; v++)
        _mm_storeu_ps(out[v], sum[v]);
}
