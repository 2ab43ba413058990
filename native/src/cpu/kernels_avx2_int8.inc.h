/* kernels_avx2_int8.inc.h: the parts of quantised blocks in registers of 32 bytes.
 *
 * DESIGN   A group is 32 consecutive weights. The instruction that multiplies bytes takes unsigned ones times signed ones and adds
 *          pairs with saturation at 16 bits; what is said at each use is why no sum gets there.
 */

INLINE __m256i load_bytes(const void *bytes)
{
    return _mm256_loadu_si256((const __m256i *)bytes);
}

INLINE __m256i twice(__m128i lane)
{
    return _mm256_broadcastsi128_si256(lane);
}

INLINE float half_at(const uint8_t *bytes)
{
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    return _cvtsh_ss(half);
}

INLINE int32_t pair_at(const void *bytes)
{
    int32_t pair;
    memcpy(&pair, bytes, sizeof pair);
    return pair;
}

/* Sums that stay sums: a compiler that is free to add in another order makes a tree of a loop's additions, for which there are not
 * enough registers. */
INLINE __m256i in_turn(__m256i sum)
{
    __asm__("" : "+x"(sum));
    return sum;
}

INLINE __m256i add_words(__m256i sum, __m256i words)
{
    return in_turn(_mm256_add_epi32(sum, words));
}

/* Each of eight words below 2^16 to a pair of int16. */
INLINE __m256i in_pairs(__m256i words)
{
    return _mm256_or_si256(words, _mm256_slli_epi32(words, 16));
}

/* ---- Q2_K --------------------------------------------------------------------------------------------------- */

INLINE __m256i q2_k_group(const uint8_t *block, int group)
{
    __m256i bytes = load_bytes(block + 16 + 32 * (group / 4));
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 2 * (group % 4)), _mm256_set1_epi8(3));
}

/* Sixteen int16, one per sub-block. */
INLINE __m256i q2_k_minimums(const uint8_t *block)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)block);
    return _mm256_cvtepu8_epi16(_mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15)));
}

/* ---- Q4_K --------------------------------------------------------------------------------------------------- */

INLINE __m256i q4_k_group(const uint8_t *block, int group)
{
    __m256i bytes = load_bytes(block + 16 + 32 * (group / 2));
    return _mm256_and_si256(group % 2 == 0 ? bytes : _mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

typedef struct q4_k_scales {
    __m128i scales, minimums; /* eight bytes */
} q4_k_scales;

INLINE q4_k_scales q4_k_unpack(const uint8_t *block)
{
    uint32_t a = (uint32_t)pair_at(block + 4), b = (uint32_t)pair_at(block + 8), c = (uint32_t)pair_at(block + 12);
    uint32_t low_scales = a & 0x3f3f3f3f, high_scales = (c & 0x0f0f0f0f) | (a >> 2 & 0x30303030);
    uint32_t low_minimums = b & 0x3f3f3f3f, high_minimums = (c >> 4 & 0x0f0f0f0f) | (b >> 2 & 0x30303030);
    return (q4_k_scales){_mm_cvtsi64_si128((int64_t)((uint64_t)high_scales << 32 | low_scales)),
                         _mm_cvtsi64_si128((int64_t)((uint64_t)high_minimums << 32 | low_minimums))};
}

/* Sixteen int16: one per sum of activations, of which a sub-block has two. */
INLINE __m256i q4_k_minimums(__m128i minimums)
{
    return _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(minimums, minimums));
}

/* ---- IQ2_XXS ------------------------------------------------------------------------------------------------ */

/* The second words of a block's groups, taken apart: a byte of sign bits for each run of eight weights, and 2·scale + 1 as a
 * pair of int16 per group. */
typedef struct iq2_words {
    uint32_t signs[8], scales[8];
} iq2_words;

INLINE void iq2_unpack(const uint8_t *block, iq2_words *out)
{
    const __m256i parity = twice(_mm_setr_epi8(0, -128, -128, 0, -128, 0, 0, -128, -128, 0, 0, -128, 0, -128, -128, 0));
    const __m256i nibble = _mm256_set1_epi8(15), order = _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
    __m256 low = _mm256_castsi256_ps(load_bytes(block + 2)), high = _mm256_castsi256_ps(load_bytes(block + 34));
    __m256i words = _mm256_permutevar8x32_epi32(_mm256_castps_si256(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1))), order);
    __m256i bits = _mm256_and_si256(words, _mm256_set1_epi32(0x7f));
    bits = _mm256_or_si256(bits, _mm256_and_si256(_mm256_slli_epi32(words, 1), _mm256_set1_epi32(0x7f00)));
    bits = _mm256_or_si256(bits, _mm256_and_si256(_mm256_slli_epi32(words, 2), _mm256_set1_epi32(0x7f0000)));
    bits = _mm256_or_si256(bits, _mm256_and_si256(_mm256_slli_epi32(words, 3), _mm256_set1_epi32(0x7f000000)));
    /* The eighth sign makes the number of negatives even. */
    __m256i eighth = _mm256_xor_si256(_mm256_shuffle_epi8(parity, _mm256_and_si256(bits, nibble)),
                                      _mm256_shuffle_epi8(parity, _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble)));
    _mm256_storeu_si256((__m256i *)(void *)out->signs, _mm256_or_si256(bits, eighth));
    _mm256_storeu_si256((__m256i *)(void *)out->scales, in_pairs(_mm256_or_si256(_mm256_srli_epi32(words, 27), _mm256_set1_epi32(1))));
    /* Loading a word into all lanes is one operation; a compiler that remembers the register takes three. */
    __asm__("" : "+m"(*out));
}

INLINE __m128i iq2_sixteen(uint32_t first, uint32_t second)
{
    __m128i low = _mm_loadl_epi64((const __m128i *)(const void *)ds4_iq2_grid[first]);
    return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(low), (const __m64 *)(const void *)ds4_iq2_grid[second]));
}

/* Magnitudes, at most 43. */
INLINE __m256i iq2_group(const uint8_t *block, int group)
{
    const uint8_t *index = block + 2 + 8 * group;
    return _mm256_inserti128_si256(_mm256_castsi128_si256(iq2_sixteen(index[0], index[1])), iq2_sixteen(index[2], index[3]), 1);
}

/* Bytes that are negative where the weight is, and positive elsewhere. */
INLINE __m256i iq2_signs(const iq2_words *words, int group)
{
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)words->signs[group]), spread);
    return _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit), _mm256_set1_epi8(1));
}
