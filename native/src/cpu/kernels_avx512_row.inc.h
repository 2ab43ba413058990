/* kernels_avx512_row.inc.h: rows times one vector of int8 activations.
 *
 * DESIGN   The terms of a row are computed first: factor and value of every multiplication and addition of the contract, 16 at
 *          a time (of 16 blocks; of 8 where blocks have minima). They are added while those of the next row are computed:
 *          a chain of additions takes long, and a processor looks ahead no further than a few blocks. There are terms of
 *          two rows only, because stores to memory that the weights have driven out of the level 1 cache would stall.
 *          At the end of a row the last block takes the place of those that are missing; its terms are not added again.
 */
enum { TERMS = 16 };

/* Where the next terms of a row go. */
typedef struct row_terms {
    float *factor, *value;
} row_terms;

/* The sum of a row, and its terms that are not in it yet. */
typedef struct row_sum {
    const float *factor, *value;
    uint32_t left;
    float sum;
} row_sum;

INLINE float add_terms(const row_sum *row, uint32_t n)
{
    float sum = row->sum;
    for (uint32_t i = 0; i < n; i++)
        sum = fmaf(row->factor[i], row->value[i], sum);
    return sum;
}

/* Stores TERMS terms, and adds as many of the row before. */
INLINE void put_terms(row_terms *at, row_sum *before, __m512 factor, __m512i value)
{
    _mm512_storeu_ps(at->factor, factor);
    _mm512_storeu_ps(at->value, _mm512_cvtepi32_ps(value));
    at->factor += TERMS;
    at->value += TERMS;
    before->sum = before->left >= TERMS ? add_terms(before, TERMS) : add_terms(before, before->left);
    before->left -= at_most(before->left, TERMS);
    before->factor += TERMS;
    before->value += TERMS;
}

/* The same half of TERMS blocks. */
INLINE __m512 load_block_halves(const uint8_t *half, uint32_t block_bytes, uint32_t n)
{
    uint16_t halves[TERMS];
    for (uint32_t i = 0; i < TERMS; i++)
        halves[i] = word_at(half + at_most(i, n - 1) * block_bytes);
    return _mm512_cvtph_ps(_mm256_setr_epi16((short)halves[0], (short)halves[1], (short)halves[2], (short)halves[3], (short)halves[4],
                                             (short)halves[5], (short)halves[6], (short)halves[7], (short)halves[8], (short)halves[9],
                                             (short)halves[10], (short)halves[11], (short)halves[12], (short)halves[13], (short)halves[14],
                                             (short)halves[15]));
}

/* The pair of halves d, dmin of TERMS / 2 blocks times s and -s of each. */
INLINE __m512 load_block_factors(const uint8_t *halves, uint32_t block_bytes, const float *scale, uint32_t n)
{
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    __m128i d[2];
    for (uint32_t i = 0; i < 2; i++) {
        d[i] = _mm_cvtsi32_si128((int)dword_at(halves + at_most(4 * i, n - 1) * block_bytes));
        d[i] = _mm_insert_epi32(d[i], (int)dword_at(halves + at_most(4 * i + 1, n - 1) * block_bytes), 1);
        d[i] = _mm_insert_epi32(d[i], (int)dword_at(halves + at_most(4 * i + 2, n - 1) * block_bytes), 2);
        d[i] = _mm_insert_epi32(d[i], (int)dword_at(halves + at_most(4 * i + 3, n - 1) * block_bytes), 3);
    }
    __m512 pairs = _mm512_cvtph_ps(_mm256_setr_m128i(d[0], d[1]));
    __m512 scales = _mm512_permutexvar_ps(twice, _mm512_maskz_loadu_ps(first_lanes(n), scale));
    return _mm512_mul_ps(pairs, _mm512_mask_xor_ps(scales, 0xaaaa, scales, _mm512_set1_ps(-0.0f)));
}

/* Rows of experts are short and lie anywhere: the processor's own prefetcher has hardly begun when they end. What follows the last
 * row may be no weight; prefetching it is allowed. */
INLINE void prefetch_weights(const uint8_t *data, uint32_t bytes)
{
    enum { AHEAD = 22 * 64 };
    for (uint32_t i = 0; i < bytes; i += 64)
        _mm_prefetch((const char *)data + AHEAD + i, _MM_HINT_T0);
}

/* ---- Q8_0 --------------------------------------------------------------------------------------------------- */

/* `n` blocks, at most TERMS. */
INLINE void q8_0_terms(const uint8_t *data, const int8_t *x, const int16_t *sums, const float *scale, uint32_t n, row_terms *at,
                       row_sum *before)
{
    __m512i z[TERMS / 2];
    for (uint32_t i = 0; i < TERMS / 2; i++) {
        uint32_t a = at_most(2 * i, n - 1), b = at_most(2 * i + 1, n - 1);
        __m512i w = load_halves(data + a * Q8_0_BYTES + 2, data + b * Q8_0_BYTES + 2);
        z[i] =
            dot_signed_bytes(_mm512_setzero_si512(), w, n == TERMS ? _mm512_loadu_si512(x + 64 * i) : load_halves(x + 32 * a, x + 32 * b));
    }
    __m512i block_sums = _mm512_maskz_loadu_epi32(first_lanes(n), sums);
    __m512i value = dot_words(sum_each_half_of_8(z), block_sums, _mm512_set1_epi16(-SIGNED_OFFSET));
    __m512 factor = _mm512_mul_ps(load_block_halves(data, Q8_0_BYTES, n), _mm512_maskz_loadu_ps(first_lanes(n), scale));
    put_terms(at, before, factor, value);
}

static void q8_0_row(const uint8_t *data, const int8_t *x, const int16_t *sums, const float *scale, uint32_t blocks, row_terms at,
                     row_sum *before)
{
    uint32_t b = 0;
    for (; b + TERMS <= blocks; b += TERMS)
        q8_0_terms(data + b * Q8_0_BYTES, x + 32 * b, sums + 2 * b, scale + b, TERMS, &at, before);
    if (b < blocks)
        q8_0_terms(data + b * Q8_0_BYTES, x + 32 * b, sums + 2 * b, scale + b, blocks - b, &at, before);
}

/* ---- Q2_K --------------------------------------------------------------------------------------------------- */

/* Σ scale·q·x in the lower half of the lanes, Σ min·x in the upper. */
INLINE __m512i join_sums(__m512i product, __m256i minimum)
{
    __m256i folded = _mm256_add_epi32(_mm512_castsi512_si256(product), _mm512_extracti64x4_epi64(product, 1));
    return _mm512_inserti64x4(_mm512_castsi256_si512(folded), minimum, 1);
}

/* Register `shift` of quants is sub-blocks 2·shift, 2·shift + 1 and those plus 8. A scale meets the four lanes of its sub-block,
 * whose sums fit in their lower int16. */
INLINE __m512i q2_k_block(const uint8_t *block, const int8_t *x, const int16_t *sums)
{
    const __m512i place = _mm512_setr_epi32(-256, -256, -256, -256, -255, -255, -255, -255, -248, -248, -248, -248, -247, -247, -247, -247);
    __m128i scales_and_mins = _mm_loadu_si128((const __m128i *)block);
    __m512i scales = _mm512_broadcast_i32x4(_mm_and_si128(scales_and_mins, _mm_set1_epi8(15)));
    __m512i quants = _mm512_loadu_si512(block + 16), product = _mm512_setzero_si512();
    for (int shift = 0; shift < 4; shift++) {
        __m512i q = _mm512_and_si512(_mm512_srli_epi16(quants, (unsigned)(2 * shift)), _mm512_set1_epi8(3));
        __m512i dots = dot_bytes(_mm512_setzero_si512(), q, load_halves(x + 32 * shift, x + 128 + 32 * shift));
        __m512i scale = _mm512_shuffle_epi8(scales, _mm512_add_epi32(place, _mm512_set1_epi32(2 * shift)));
        product = dot_words(product, dots, scale);
    }
    __m128i mins = _mm_and_si128(_mm_srli_epi16(scales_and_mins, 4), _mm_set1_epi8(15));
    return join_sums(product, _mm256_madd_epi16(_mm256_cvtepu8_epi16(mins), _mm256_loadu_si256((const __m256i *)sums)));
}

INLINE void q2_k_terms(const uint8_t *data, const int8_t *x, const int16_t *sums, const float *scale, uint32_t n, row_terms *at,
                       row_sum *before)
{
    __m512i z[TERMS / 2];
    prefetch_weights(data, TERMS / 2 * Q2_K_BYTES);
    for (uint32_t i = 0; i < TERMS / 2; i++) {
        uint32_t b = at_most(i, n - 1);
        z[i] = q2_k_block(data + b * Q2_K_BYTES, x + 256 * b, sums + 16 * b);
    }
    put_terms(at, before, load_block_factors(data + 80, Q2_K_BYTES, scale, n), sum_each_half_of_8(z));
}

static void q2_k_row(const uint8_t *data, const int8_t *x, const int16_t *sums, const float *scale, uint32_t blocks, row_terms at,
                     row_sum *before)
{
    uint32_t b = 0;
    for (; b + TERMS / 2 <= blocks; b += TERMS / 2)
        q2_k_terms(data + b * Q2_K_BYTES, x + 256 * b, sums + 16 * b, scale + b, TERMS / 2, &at, before);
    if (b < blocks)
        q2_k_terms(data + b * Q2_K_BYTES, x + 256 * b, sums + 16 * b, scale + b, blocks - b, &at, before);
}

/* ---- Q4_K --------------------------------------------------------------------------------------------------- */

/* The eight 6-bit scales and the eight 6-bit mins, as bytes. */
INLINE __m128i q4_k_scales_and_mins(const uint8_t *block)
{
    uint32_t a = dword_at(block + 4), b = dword_at(block + 8), c = dword_at(block + 12);
    uint32_t scales = (c & 0x0f0f0f0f) | (a >> 2 & 0x30303030), mins = (c >> 4 & 0x0f0f0f0f) | (b >> 2 & 0x30303030);
    return _mm_setr_epi32((int)(a & 0x3f3f3f3f), (int)scales, (int)(b & 0x3f3f3f3f), (int)mins);
}

/* Low nibbles of 64 bytes are sub-blocks j and j + 2, high ones j + 1 and j + 3. The dot products fit in int16. */
INLINE __m512i q4_k_block(const uint8_t *block, const int8_t *x, const int16_t *sums)
{
    const __m512i place = _mm512_setr_epi32(-256, -256, -256, -256, -256, -256, -256, -256, -254, -254, -254, -254, -254, -254, -254, -254);
    const __m512i nibbles = _mm512_set1_epi8(15);
    __m128i scales_and_mins = q4_k_scales_and_mins(block);
    __m512i scales = _mm512_broadcast_i32x4(scales_and_mins), product = _mm512_setzero_si512();
    for (int half = 0; half < 2; half++) {
        __m512i quants = _mm512_loadu_si512(block + 16 + 64 * half);
        __m512i low = _mm512_and_si512(quants, nibbles), high = _mm512_and_si512(_mm512_srli_epi16(quants, 4), nibbles);
        __m512i dots_low = dot_bytes(_mm512_setzero_si512(), low, load_halves(x + 128 * half, x + 128 * half + 64));
        __m512i dots_high = dot_bytes(_mm512_setzero_si512(), high, load_halves(x + 128 * half + 32, x + 128 * half + 96));
        product = dot_words(product, dots_low, _mm512_shuffle_epi8(scales, _mm512_add_epi32(place, _mm512_set1_epi32(4 * half))));
        product = dot_words(product, dots_high, _mm512_shuffle_epi8(scales, _mm512_add_epi32(place, _mm512_set1_epi32(4 * half + 1))));
    }
    __m128i mins = _mm_unpackhi_epi8(scales_and_mins, scales_and_mins); /* each for two sums of 16 */
    return join_sums(product, _mm256_madd_epi16(_mm256_cvtepu8_epi16(mins), _mm256_loadu_si256((const __m256i *)sums)));
}

INLINE void q4_k_terms(const uint8_t *data, const int8_t *x, const int16_t *sums, const float *scale, uint32_t n, row_terms *at,
                       row_sum *before)
{
    __m512i z[TERMS / 2];
    for (uint32_t i = 0; i < TERMS / 2; i++) {
        uint32_t b = at_most(i, n - 1);
        z[i] = q4_k_block(data + b * Q4_K_BYTES, x + 256 * b, sums + 16 * b);
    }
    put_terms(at, before, load_block_factors(data, Q4_K_BYTES, scale, n), sum_each_half_of_8(z));
}

static void q4_k_row(const uint8_t *data, const int8_t *x, const int16_t *sums, const float *scale, uint32_t blocks, row_terms at,
                     row_sum *before)
{
    uint32_t b = 0;
    for (; b + TERMS / 2 <= blocks; b += TERMS / 2)
        q4_k_terms(data + b * Q4_K_BYTES, x + 256 * b, sums + 16 * b, scale + b, TERMS / 2, &at, before);
    if (b < blocks)
        q4_k_terms(data + b * Q4_K_BYTES, x + 256 * b, sums + 16 * b, scale + b, blocks - b, &at, before);
}

/* ---- IQ2_XXS ------------------------------------------------------------------------------------------------ */

/* `ordered`: the activations by iq2_order. */
INLINE void iq2_terms(const iq2_tables *tables, const uint8_t *data, const int8_t *ordered, const int16_t *sums, const float *scale,
                      uint32_t n, row_terms *at, row_sum *before)
{
    __m512i z[TERMS / 2];
    prefetch_weights(data, TERMS * IQ2_BYTES);
    for (uint32_t i = 0; i < TERMS; i += 2) {
        uint32_t a = at_most(i, n - 1), b = at_most(i + 1, n - 1), pair = a / 2;
        __m512i pair_sums = n == TERMS ? _mm512_loadu_si512(sums + 16 * i) : load_halves(sums + 16 * a, sums + 16 * b);
        z[i / 2] = iq2_pair(tables, data + a * IQ2_BYTES, data + b * IQ2_BYTES, ordered + 512 * pair, pair_sums);
    }
    __m512 d = _mm512_mul_ps(load_block_halves(data, IQ2_BYTES, n), _mm512_set1_ps(0.125f));
    put_terms(at, before, _mm512_mul_ps(d, _mm512_maskz_loadu_ps(first_lanes(n), scale)), sum_each_half_of_8(z));
}

static void iq2_row(const iq2_tables *tables, const uint8_t *data, const int8_t *ordered, const int16_t *sums, const float *scale,
                    uint32_t blocks, row_terms at, row_sum *before)
{
    uint32_t b = 0;
    for (; b + TERMS <= blocks; b += TERMS)
        iq2_terms(tables, data + b * IQ2_BYTES, ordered + 256 * b, sums + 16 * b, scale + b, TERMS, &at, before);
    if (b < blocks)
        iq2_terms(tables, data + b * IQ2_BYTES, ordered + 256 * b, sums + 16 * b, scale + b, blocks - b, &at, before);
}

/* ---- all formats -------------------------------------------------------------------------------------------- */

/* A vector, and for IQ2_XXS its values in the order of the weights. */
typedef struct row_vector {
    const int8_t *x, *ordered;
    const int16_t *sums;
    const float *scale;
    uint32_t blocks;
} row_vector;

static void compute_terms(const ds4_matrix *matrix, const uint8_t *data, const iq2_tables *tables, const row_vector *v, row_terms at,
                          row_sum *before)
{
    switch (matrix->format->format) {
    case DS4_FORMAT_Q8_0: q8_0_row(data, v->x, v->sums, v->scale, v->blocks, at, before); break;
    case DS4_FORMAT_Q2_K: q2_k_row(data, v->x, v->sums, v->scale, v->blocks, at, before); break;
    case DS4_FORMAT_Q4_K: q4_k_row(data, v->x, v->sums, v->scale, v->blocks, at, before); break;
    case DS4_FORMAT_IQ2_XXS: iq2_row(tables, data, v->ordered, v->sums, v->scale, v->blocks, at, before); break;
    default: break; /* ds4_activation_block says that there is no such product */
    }
}

/* out[r·stride] = row first_row + r times the vector. */
static void row_products(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, size_t vector,
                         float *out, uint32_t stride, void *scratch)
{
    ds4_format format = matrix->format->format;
    uint32_t blocks = matrix->columns / matrix->format->block_values;
    uint32_t terms = format == DS4_FORMAT_Q2_K || format == DS4_FORMAT_Q4_K ? 2 * blocks : blocks,
             room = (terms + TERMS - 1) / TERMS * TERMS;
    float *factor = scratch, *value = factor + 2 * (size_t)room;
    int8_t *ordered = (int8_t *)(value + 2 * (size_t)room);
    row_vector v = {inputs->q + vector * inputs->columns, ordered, inputs->sums + vector * (inputs->columns / DS4_SUM_VALUES),
                    inputs->scale + vector * blocks, blocks};
    row_sum before = {.left = 0};
    iq2_tables tables;
    if (format == DS4_FORMAT_IQ2_XXS) {
        tables = iq2_load_tables();
        for (uint32_t b = 0; b < blocks; b += 2)
            iq2_order(v.x + 256 * b, v.x + 256 * at_most(b + 1, blocks - 1), ordered + 256 * b);
    }
    for (uint32_t r = 0; r < rows; r++) {
        row_terms at = {factor + (r % 2) * room, value + (r % 2) * room};
        compute_terms(matrix, ds4_matrix_row(matrix, first_row + r), &tables, &v, at, &before);
        if (r > 0)
            out[(size_t)(r - 1) * stride] = before.sum;
        before = (row_sum){at.factor, at.value, terms, 0};
    }
    out[(size_t)(rows - 1) * stride] = add_terms(&before, terms);
}
