/* kernels_avx512_quantise.inc.h: activations to int8. Each operation is that of the scalar kernel. */

static float largest_magnitude(const float *x, uint32_t n)
{
    __m512 low = _mm512_setzero_ps(), high = low;
    for (uint32_t i = 0; i < n; i += 32) {
        low = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i)), low);
        high = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i + 16)), high);
    }
    return _mm512_reduce_max_ps(_mm512_max_ps(low, high));
}

static void quantise(const float *x, uint32_t columns, uint32_t block, int8_t *q, float *scale, int16_t *sums)
{
    for (uint32_t first = 0; first < columns; first += block) {
        float largest = largest_magnitude(x + first, block);
        bool is_zero = largest < 0x1p-100f;
        __m512 inverse = _mm512_set1_ps(is_zero ? 0 : 127 / largest);
        scale[first / block] = is_zero ? 0 : largest / 127;
        for (uint32_t i = first; i < first + block; i += DS4_SUM_VALUES) {
            __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), inverse));
            _mm_storeu_si128((__m128i *)(q + i), _mm512_cvtepi32_epi8(rounded));
            sums[i / DS4_SUM_VALUES] = (int16_t)_mm512_reduce_add_epi32(rounded);
        }
    }
}
