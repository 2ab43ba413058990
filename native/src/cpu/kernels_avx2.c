/* kernels_avx2.c: kernels for x86-64 processors with AVX2, FMA and F16C.
 *
 * DESIGN   Here: eight float lanes, and the table. What is done with lanes is written once for all instruction sets
 *          (kernels_lanes_*.inc.h); the integer arithmetic of quantised blocks is that of AVX2 (kernels_avx2_*.inc.h).
 */
#ifdef __x86_64__

#include "dequantise.h"
#include "iq2_tables.h"
#include "kernels.h"

#include <cpuid.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* ---- lanes -------------------------------------------------------------------------------------------------- */

/* Sixteen registers: twelve sums, and room for what is multiplied. */
enum { LANES = 8, TILE_VECTORS = 3, SCORE_ROWS = 3, ADD_GROUPS = 2 };
typedef __m256 lanes;

INLINE lanes lanes_load(const float *x)
{
    return _mm256_loadu_ps(x);
}

INLINE lanes lanes_load_halves(const uint16_t *halves)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)halves));
}

INLINE void lanes_store(float *x, lanes a)
{
    _mm256_storeu_ps(x, a);
}

INLINE lanes lanes_all(float value)
{
    return _mm256_set1_ps(value);
}

INLINE lanes lanes_add(lanes a, lanes b)
{
    return _mm256_add_ps(a, b);
}

INLINE lanes lanes_multiply(lanes a, lanes b)
{
    return _mm256_mul_ps(a, b);
}

INLINE lanes lanes_divide(lanes a, lanes b)
{
    return _mm256_div_ps(a, b);
}

/* a · b + c, rounded once */
INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* c − a · b, rounded once */
INLINE lanes lanes_fnma(lanes a, lanes b, lanes c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

INLINE lanes lanes_least(lanes a, lanes b)
{
    return _mm256_min_ps(a, b);
}

INLINE lanes lanes_most(lanes a, lanes b)
{
    return _mm256_max_ps(a, b);
}

INLINE lanes lanes_magnitude(lanes a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

INLINE lanes lanes_round(lanes a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* 2^n for whole n from -126 to 127 */
INLINE lanes lanes_power_of_two(lanes n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}

INLINE float lanes_sum(lanes a)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

INLINE float lanes_largest(lanes a)
{
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/* q = x · factor, rounded to nearest, ties to even, for 16 values; returns the sum of q. */
INLINE int quantise_sixteen(const float *x, float factor, int8_t *q)
{
    __m256 all = _mm256_set1_ps(factor);
    __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), all));
    __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8), all));
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), _MM_SHUFFLE(3, 1, 2, 0));
    __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)(void *)q, bytes);
    /* Bytes plus 128 are unsigned, and of those there is an instruction that adds eight. */
    __m128i sums = _mm_sad_epu8(_mm_xor_si128(bytes, _mm_set1_epi8((char)0x80)), _mm_setzero_si128());
    return _mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4) - 16 * 128;
}

#include "kernels_lanes_float.inc.h"

#include "kernels_lanes_attention.inc.h"

#include "kernels_avx2_int8.inc.h"

#include "kernels_avx2_row.inc.h"

#include "kernels_avx2_panel.inc.h"

#include "kernels_lanes_int8.inc.h"

/* ---- the table ---------------------------------------------------------------------------------------------- */

static bool is_usable(void)
{
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

const ds4_kernels ds4_kernels_avx2 = {
    .name = "avx2",
    .is_usable = is_usable,
    .matrix_rows = matrix_rows,
    .quantised_rows = quantised_rows,
    .quantise = quantise,
    .score_rows = score_rows,
    .add_rows = add_rows,
    .softmax = softmax,
    .swiglu = swiglu,
    .load_halves = load_halves,
    .sum_squares = sum_squares,
};

#else
typedef int nothing; /* a translation unit must declare something */
#endif
