/* kernels_avx512_attention.inc.h: attention and activations with AVX-512.
 *
 * DESIGN   A few queries and a few rows at a time, so that what is loaded is used several times. What an output is the sum of, and
 *          in which order, does not depend on how many are computed at once.
 */

/* ---- e^x ---------------------------------------------------------------------------------------------------- */

/* e^x = 2^n · e^r with |r| <= ln 2 / 2; e^r by its series, whose seventh term is below the last bit. */
INLINE __m512 exponential(__m512 x)
{
    const __m512 ln2_high = _mm512_set1_ps(0.693359375f), ln2_low = _mm512_set1_ps(-2.12194440e-4f);
    x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(89)), _mm512_set1_ps(-104)); /* beyond: infinity and zero */
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, ln2_low, _mm512_fnmadd_ps(n, ln2_high, x));
    __m512 sum = _mm512_set1_ps(1.0f / 5040);
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 720));
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 120));
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 24));
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 6));
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(0.5f));
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1));
    sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1));
    return _mm512_scalef_ps(sum, n);
}

INLINE __mmask16 lanes_left(uint32_t count)
{
    return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
}

static float softmax(float *scores, uint32_t n, float scale, float sink)
{
    __m512 factor = _mm512_set1_ps(scale), largest = _mm512_set1_ps(sink), sum = _mm512_setzero_ps();
    for (uint32_t i = 0; i < n; i += 16) {
        __mmask16 lanes = lanes_left(n - i);
        __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, scores + i), factor);
        largest = _mm512_mask_max_ps(largest, lanes, largest, scaled);
        _mm512_mask_storeu_ps(scores + i, lanes, scaled);
    }
    float most = _mm512_reduce_max_ps(largest);
    largest = _mm512_set1_ps(most);
    for (uint32_t i = 0; i < n; i += 16) {
        __mmask16 lanes = lanes_left(n - i);
        __m512 power = exponential(_mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, scores + i), largest));
        sum = _mm512_mask_add_ps(sum, lanes, sum, power);
        _mm512_mask_storeu_ps(scores + i, lanes, power);
    }
    return expf(sink - most) + _mm512_reduce_add_ps(sum);
}

static void swiglu(const float *gate, float *up, uint32_t n, float limit)
{
    __m512 high = _mm512_set1_ps(limit > 0 ? limit : INFINITY), low = _mm512_set1_ps(limit > 0 ? -limit : -INFINITY);
    __m512 one = _mm512_set1_ps(1);
    for (uint32_t i = 0; i < n; i += 16) {
        __mmask16 lanes = lanes_left(n - i);
        __m512 g = _mm512_min_ps(_mm512_maskz_loadu_ps(lanes, gate + i), high);
        __m512 u = _mm512_max_ps(_mm512_min_ps(_mm512_maskz_loadu_ps(lanes, up + i), high), low);
        __m512 sigmoid = _mm512_div_ps(one, _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), g))));
        _mm512_mask_storeu_ps(up + i, lanes, _mm512_mul_ps(_mm512_mul_ps(g, sigmoid), u));
    }
}

/* ---- rows of the cache -------------------------------------------------------------------------------------- */

static void load_half_row(const uint16_t *halves, uint32_t n, float *values)
{
    for (uint32_t i = 0; i < n; i += 16)
        _mm512_storeu_ps(values + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(halves + i))));
}

/* Half as many vectors of sums, each the sums of two: lanes i and i + 8, then i + 4, i + 2, i + 1, the order of
 * _mm512_reduce_add_ps. */
INLINE __m512 fold_8(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
}

INLINE __m512 fold_4(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}

INLINE __m512 fold_2(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
}

INLINE __m512 fold_1(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xDD));
}

/* The sums of 4 × 4 vectors, stored in rows. */
INLINE void store_sums(__m512 sum[4][4], float *scores, size_t stride)
{
    __m512 column[4];
    for (int j = 0; j < 4; j++)
        column[j] = fold_4(fold_8(sum[0][j], sum[1][j]), fold_8(sum[2][j], sum[3][j]));
    __m512 sums = fold_1(fold_2(column[0], column[1]), fold_2(column[2], column[3]));
    _mm_storeu_ps(scores, _mm512_castps512_ps128(sums));
    _mm_storeu_ps(scores + stride, _mm512_extractf32x4_ps(sums, 1));
    _mm_storeu_ps(scores + 2 * stride, _mm512_extractf32x4_ps(sums, 2));
    _mm_storeu_ps(scores + 3 * stride, _mm512_extractf32x4_ps(sums, 3));
}

/* `heads` × `count` products, both at most 4 and known when this is compiled. */
INLINE void score_tile(const float *queries, uint32_t heads, const float *const *rows, uint32_t count, uint32_t dim, float *scores,
                       size_t stride)
{
    __m512 sum[4][4];
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t j = 0; j < count; j++)
            sum[h][j] = _mm512_setzero_ps();
    for (uint32_t i = 0; i < dim; i += 16) {
        __m512 row[4];
        for (uint32_t j = 0; j < count; j++)
            row[j] = _mm512_loadu_ps(rows[j] + i);
        for (uint32_t h = 0; h < heads; h++) {
            __m512 query = _mm512_loadu_ps(queries + (size_t)h * dim + i);
            for (uint32_t j = 0; j < count; j++)
                sum[h][j] = _mm512_fmadd_ps(query, row[j], sum[h][j]);
        }
    }
    if (heads == 4 && count == 4)
        store_sums(sum, scores, stride);
    else
        for (uint32_t h = 0; h < heads; h++)
            for (uint32_t j = 0; j < count; j++)
                scores[h * stride + j] = _mm512_reduce_add_ps(sum[h][j]);
}

static void score_rows(const float *queries, uint32_t heads, const float *const *rows, uint32_t count, uint32_t dim, float *scores,
                       size_t stride)
{
    uint32_t h = 0;
    for (; h + 4 <= heads; h += 4, queries += 4 * (size_t)dim, scores += 4 * stride) {
        uint32_t j = 0;
        for (; j + 4 <= count; j += 4)
            score_tile(queries, 4, rows + j, 4, dim, scores + j, stride);
        for (; j < count; j++)
            score_tile(queries, 4, rows + j, 1, dim, scores + j, stride);
    }
    for (; h < heads; h++, queries += dim, scores += stride)
        for (uint32_t j = 0; j < count; j++)
            score_tile(queries, 1, rows + j, 1, dim, scores + j, stride);
}

/* 64 values of `heads` outputs, at most 4 and known when this is compiled. */
INLINE void add_tile(float *out, uint32_t heads, const float *weights, size_t stride, const float *const *rows, uint32_t count,
                     uint32_t dim, uint32_t first)
{
    __m512 sum[4][4];
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t i = 0; i < 4; i++)
            sum[h][i] = _mm512_loadu_ps(out + (size_t)h * dim + first + 16 * i);
    for (uint32_t j = 0; j < count; j++) {
        __m512 row[4];
        for (uint32_t i = 0; i < 4; i++)
            row[i] = _mm512_loadu_ps(rows[j] + first + 16 * i);
        for (uint32_t h = 0; h < heads; h++) {
            __m512 weight = _mm512_set1_ps(weights[h * stride + j]);
            for (uint32_t i = 0; i < 4; i++)
                sum[h][i] = _mm512_fmadd_ps(weight, row[i], sum[h][i]);
        }
    }
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t i = 0; i < 4; i++)
            _mm512_storeu_ps(out + (size_t)h * dim + first + 16 * i, sum[h][i]);
}

static void add_rows(float *out, uint32_t heads, const float *weights, size_t stride, const float *const *rows, uint32_t count,
                     uint32_t dim)
{
    uint32_t h = 0;
    for (; h + 4 <= heads; h += 4, out += 4 * (size_t)dim, weights += 4 * stride)
        for (uint32_t i = 0; i < dim; i += 64)
            add_tile(out, 4, weights, stride, rows, count, dim, i);
    for (; h < heads; h++, out += dim, weights += stride)
        for (uint32_t i = 0; i < dim; i += 64)
            add_tile(out, 1, weights, stride, rows, count, dim, i);
}
