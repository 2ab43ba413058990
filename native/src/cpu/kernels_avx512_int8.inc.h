/* kernels_avx512_int8.inc.h: dot products of small integers, and sums across lanes. */

/* Bytes of a block. */
enum { Q8_0_BYTES = 34, Q2_K_BYTES = 84, Q4_K_BYTES = 144, IQ2_BYTES = 66 };

/* acc + Σ u·s over the four bytes of each int32 lane, u unsigned. Without VNNI two neighbouring products are added in int16,
 * where they must fit: u must be at most 128. */
INLINE __m512i dot_bytes(__m512i acc, __m512i u, __m512i s)
{
#if DS4_AVX512_VNNI
    return _mm512_dpbusd_epi32(acc, u, s);
#else
    return _mm512_add_epi32(acc, _mm512_madd_epi16(_mm512_maddubs_epi16(u, s), _mm512_set1_epi16(1)));
#endif
}

/* acc + Σ a·b over the two int16 of each int32 lane. */
INLINE __m512i dot_words(__m512i acc, __m512i a, __m512i b)
{
#if DS4_AVX512_VNNI
    return _mm512_dpwssd_epi32(acc, a, b);
#else
    return _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
#endif
}

/* Dot products of signed bytes. VNNI wants one factor unsigned: weights get SIGNED_OFFSET, and the caller adds
 * -SIGNED_OFFSET · Σ s. Without it |w| and s with the sign of w keep int16 from overflowing. */
#if DS4_AVX512_VNNI
enum { SIGNED_OFFSET = 128 };

INLINE __m512i unsigned_weights(__m512i w)
{
    return _mm512_xor_si512(w, _mm512_set1_epi8(-128));
}

INLINE __m512i dot_signed_bytes(__m512i acc, __m512i w, __m512i s)
{
    return dot_bytes(acc, unsigned_weights(w), s);
}
#else
enum { SIGNED_OFFSET = 0 };

INLINE __m512i unsigned_weights(__m512i w)
{
    return w;
}

INLINE __m512i dot_signed_bytes(__m512i acc, __m512i w, __m512i s)
{
    return dot_bytes(acc, _mm512_abs_epi8(w), _mm512_mask_sub_epi8(s, _mm512_movepi8_mask(w), _mm512_setzero_si512(), s));
}
#endif

/* ---- sums across lanes -------------------------------------------------------------------------------------- */

/* Adds lanes of four registers: quarter k of the result is Σ quarter k of a, b, c, d. */
INLINE __m512i sum_quarters(__m512i a, __m512i b, __m512i c, __m512i d)
{
    __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

/* Adds quarters 0 and 1, and 2 and 3, of both. */
INLINE __m512i sum_pairs_of_quarters(__m512i a, __m512i b)
{
    return _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd));
}

/* Lane i of the result is the sum of the lanes of z[i]. */
INLINE __m512i sum_each_of_16(const __m512i z[16])
{
    __m512i low = sum_pairs_of_quarters(sum_quarters(z[0], z[1], z[2], z[3]), sum_quarters(z[4], z[5], z[6], z[7]));
    __m512i high = sum_pairs_of_quarters(sum_quarters(z[8], z[9], z[10], z[11]), sum_quarters(z[12], z[13], z[14], z[15]));
    return sum_pairs_of_quarters(low, high);
}

/* Lane 2i of the result is the sum of the lower half of z[i], lane 2i + 1 that of the upper half. */
INLINE __m512i sum_each_half_of_8(const __m512i z[8])
{
    const __m512i order = _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
    __m512i sums = sum_pairs_of_quarters(sum_quarters(z[0], z[1], z[2], z[3]), sum_quarters(z[4], z[5], z[6], z[7]));
    return _mm512_permutexvar_epi32(order, sums);
}

/* ---- transposing -------------------------------------------------------------------------------------------- */

/* 8 × 8 qwords. */
INLINE void transpose_qwords(const __m512i in[8], __m512i out[8])
{
    __m512i a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(in[i], in[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(in[i], in[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + j] = _mm512_shuffle_i64x2(a[i + j], a[i + j + 2], 0x88);
            b[i + j + 2] = _mm512_shuffle_i64x2(a[i + j], a[i + j + 2], 0xdd);
        }
    for (int j = 0; j < 4; j++) {
        out[j] = _mm512_shuffle_i64x2(b[j], b[j + 4], 0x88);
        out[j + 4] = _mm512_shuffle_i64x2(b[j], b[j + 4], 0xdd);
    }
}

/* 16 × 16 dwords. */
INLINE void transpose_dwords(const __m512i in[16], __m512i out[16])
{
    __m512i a[16], b[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_epi32(in[i], in[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(in[i], in[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + 2 * j] = _mm512_unpacklo_epi64(a[i + j], a[i + j + 2]);
            b[i + 2 * j + 1] = _mm512_unpackhi_epi64(a[i + j], a[i + j + 2]);
        }
    for (int j = 0; j < 4; j++) {
        __m512i low = _mm512_shuffle_i32x4(b[j], b[j + 4], 0x88), high = _mm512_shuffle_i32x4(b[j + 8], b[j + 12], 0x88);
        out[j] = _mm512_shuffle_i32x4(low, high, 0x88);
        out[j + 8] = _mm512_shuffle_i32x4(low, high, 0xdd);
        low = _mm512_shuffle_i32x4(b[j], b[j + 4], 0xdd), high = _mm512_shuffle_i32x4(b[j + 8], b[j + 12], 0xdd);
        out[j + 4] = _mm512_shuffle_i32x4(low, high, 0x88);
        out[j + 12] = _mm512_shuffle_i32x4(low, high, 0xdd);
    }
}

/* ---- loading ------------------------------------------------------------------------------------------------ */

INLINE uint32_t at_most(uint32_t i, uint32_t last)
{
    return i < last ? i : last;
}

INLINE __mmask16 first_lanes(uint32_t n)
{
    return (__mmask16)((1u << n) - 1);
}

INLINE __m512i load_halves(const void *low, const void *high)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(low)), _mm256_loadu_si256(high), 1);
}

INLINE uint16_t word_at(const uint8_t *bytes)
{
    uint16_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

INLINE uint32_t dword_at(const uint8_t *bytes)
{
    uint32_t dword;
    memcpy(&dword, bytes, sizeof dword);
    return dword;
}

INLINE uint64_t qword_at(const uint8_t *bytes)
{
    uint64_t qword;
    memcpy(&qword, bytes, sizeof qword);
    return qword;
}

/* Asks the level 2 cache for memory that may be needed soon; any address will do. */
INLINE void prefetch(const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        _mm_prefetch((const char *)data + i, _MM_HINT_T1);
}
