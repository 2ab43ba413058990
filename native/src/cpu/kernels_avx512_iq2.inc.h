/* kernels_avx512_iq2.inc.h: products with blocks of IQ2_XXS, two at a time.
 *
 * DESIGN   A block is 8 groups × 4 runs × 8 weights. A register of expanded weights has each group in int32 lanes of its own,
 *          so that all of a block can be added up before the groups' scales are applied, once. Activations are brought
 *          into the order of the weights once per vector (iq2_order).
 */
enum { IQ2_RUNS = 4, IQ2_RUN = 8, IQ2_OFFSET = 43 };

#if DS4_AVX512_VNNI

/* With permutations of bytes, a register holds weight number j of 64 runs, of which those of a group share an int32 lane: one
 * shift brings the codes of all weights j to the front of their bytes. Values are weight + IQ2_OFFSET. */

/* Tables in registers. A permutation of two of them looks up 128 entries by seven bits. */
typedef struct iq2_tables {
    __m512i code_low[4], code_high[4], negative[2], value;
} iq2_tables;

INLINE iq2_tables iq2_load_tables(void)
{
    iq2_tables t;
    for (int i = 0; i < 4; i++) {
        t.code_low[i] = _mm512_loadu_si512(ds4_iq2_code_low + 64 * i);
        t.code_high[i] = _mm512_loadu_si512(ds4_iq2_code_high + 64 * i);
    }
    for (int i = 0; i < 2; i++)
        t.negative[i] = _mm512_loadu_si512(ds4_iq2_negative + 64 * i);
    /* By the last three of six bits: sign and code. 43 + 8, 25, 43, then 43 - 8, 25, 43. */
    t.value = _mm512_set1_epi64(0x0000122300564433);
    return t;
}

INLINE __m512i iq2_look_up(const __m512i table[4], __m512i index)
{
    __m512i low = _mm512_permutex2var_epi8(table[0], index, table[1]), high = _mm512_permutex2var_epi8(table[2], index, table[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

/* Lane i of `index` and of `packed` belong to the same group. Register j of `values` gets weight j of its four runs. */
INLINE void iq2_expand(const iq2_tables *t, __m512i index, __m512i packed, __m512i values[IQ2_RUN])
{
    const __m512i sign_indices = _mm512_set1_epi64(0x352e2720150e0700); /* 0, 7, 14, 21 of both dwords */
    const __m512i code_bits = _mm512_set1_epi8(3);
    __m512i low = iq2_look_up(t->code_low, index), high = iq2_look_up(t->code_high, index);
    __m512i negative = _mm512_permutex2var_epi8(t->negative[0], _mm512_multishift_epi64_epi8(sign_indices, packed), t->negative[1]);
    for (int j = 0; j < IQ2_RUN; j++) {
        __m512i code = _mm512_srli_epi16(j < 4 ? low : high, (unsigned)(2 * (j % 4)));
        __m512i sign = j < 2 ? _mm512_slli_epi16(negative, (unsigned)(2 - j)) : _mm512_srli_epi16(negative, (unsigned)(j - 2));
        values[j] = _mm512_permutexvar_epi8(_mm512_ternarylogic_epi32(code_bits, code, sign, 0xca), t->value);
    }
}

/* 2·scale + 1. Bit 27 belongs to a sign, hence |. */
INLINE __m512i iq2_scales(__m512i packed)
{
    return _mm512_or_si512(_mm512_srli_epi32(packed, 27), _mm512_set1_epi32(1));
}

/* The activations of two blocks, from [run][8] to [8][run]. */
INLINE void iq2_order(const int8_t *a, const int8_t *b, int8_t *ordered)
{
    const __m512i columns =
        _mm512_add_epi8(_mm512_set1_epi64(0x3830282018100800),
                        _mm512_setr_epi64(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303, 0x0404040404040404,
                                          0x0505050505050505, 0x0606060606060606, 0x0707070707070707));
    __m512i in[8], out[8];
    for (int i = 0; i < 8; i++)
        in[i] = _mm512_permutexvar_epi8(columns, _mm512_loadu_si512((i < 4 ? a : b) + 64 * (i % 4)));
    transpose_qwords(in, out);
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512(ordered + 64 * i, out[i]);
}

/* Σ (2·scale + 1)·grid·sign·x of two blocks, one in each half of the lanes. `ordered`, `sums`: of the activations of both. */
INLINE __m512i iq2_pair(const iq2_tables *t, const uint8_t *block_a, const uint8_t *block_b, const int8_t *ordered, __m512i sums)
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    __m512i a = _mm512_loadu_si512(block_a + 2), b = _mm512_loadu_si512(block_b + 2), values[IQ2_RUN];
    __m512i packed = _mm512_permutex2var_epi32(a, _mm512_or_si512(even, _mm512_set1_epi32(1)), b);
    __m512i dots = _mm512_madd_epi16(sums, _mm512_set1_epi16(-IQ2_OFFSET)), more = _mm512_setzero_si512();
    iq2_expand(t, _mm512_permutex2var_epi32(a, even, b), packed, values);
    for (int j = 0; j < IQ2_RUN; j += 2) {
        dots = dot_bytes(dots, values[j], _mm512_loadu_si512(ordered + 64 * j));
        more = dot_bytes(more, values[j + 1], _mm512_loadu_si512(ordered + 64 * j + 64));
    }
    return _mm512_mullo_epi32(_mm512_add_epi32(dots, more), iq2_scales(packed));
}

#else

/* Otherwise a register holds one run of each of the block's groups: runs are looked up one by one. */

typedef struct iq2_tables {
    __m512i odd; /* by a nibble: bit 7 when it has an odd number of ones */
} iq2_tables;

INLINE iq2_tables iq2_load_tables(void)
{
    return (iq2_tables){_mm512_broadcast_i32x4(_mm_setr_epi8(0, -128, -128, 0, -128, 0, 0, -128, -128, 0, 0, -128, 0, -128, -128, 0))};
}

/* The sign masks of a group's four runs in the upper dword of its qword. */
INLINE __m512i iq2_negative(const iq2_tables *t, __m512i groups)
{
    const __m512i nibbles = _mm512_set1_epi8(15);
    __m512i index = _mm512_and_si512(groups, _mm512_set1_epi32(0x7f));
    for (int run = 1; run < IQ2_RUNS; run++)
        index = _mm512_or_si512(index, _mm512_and_si512(_mm512_slli_epi32(groups, (unsigned)run), _mm512_set1_epi32(0x7f << (8 * run))));
    __m512i low = _mm512_shuffle_epi8(t->odd, _mm512_and_si512(index, nibbles));
    __m512i high = _mm512_shuffle_epi8(t->odd, _mm512_and_si512(_mm512_srli_epi32(index, 4), nibbles));
    return _mm512_or_si512(index, _mm512_xor_si512(low, high));
}

INLINE int64_t iq2_grid_at(const uint8_t *index)
{
    return (int64_t)qword_at(ds4_iq2_grid[*index]);
}

INLINE void iq2_expand_one(const iq2_tables *t, const uint8_t *block, __m512i magnitude[IQ2_RUNS], __mmask64 negative[IQ2_RUNS])
{
    __m512i masks = iq2_negative(t, _mm512_loadu_si512(block + 2));
    for (int run = 0; run < IQ2_RUNS; run++) {
        const uint8_t *index = block + 2 + run;
        magnitude[run] =
            _mm512_setr_epi64(iq2_grid_at(index), iq2_grid_at(index + 8), iq2_grid_at(index + 16), iq2_grid_at(index + 24),
                              iq2_grid_at(index + 32), iq2_grid_at(index + 40), iq2_grid_at(index + 48), iq2_grid_at(index + 56));
        __m128i bytes = _mm512_cvtepi64_epi8(_mm512_srli_epi64(masks, (unsigned)(32 + 8 * run)));
        negative[run] = _cvtu64_mask64((uint64_t)_mm_cvtsi128_si64(bytes));
    }
}

/* 2·scale + 1 in the lanes of each group. Bit 27 belongs to a sign, hence |. */
INLINE __m512i iq2_scales(__m512i groups)
{
    __m512i packed = _mm512_shuffle_epi32(groups, _MM_PERM_DDBB);
    return _mm512_or_si512(_mm512_srli_epi32(packed, 27), _mm512_set1_epi32(1));
}

/* The activations of a block, from [group][run][8] to [run][group][8]. */
INLINE void iq2_order_one(const int8_t *x, int8_t *ordered)
{
    const __m512i low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13), high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
    __m512i a = _mm512_loadu_si512(x), b = _mm512_loadu_si512(x + 64), c = _mm512_loadu_si512(x + 128), d = _mm512_loadu_si512(x + 192);
    __m512i ab01 = _mm512_permutex2var_epi64(a, low, b), ab23 = _mm512_permutex2var_epi64(a, high, b);
    __m512i cd01 = _mm512_permutex2var_epi64(c, low, d), cd23 = _mm512_permutex2var_epi64(c, high, d);
    _mm512_storeu_si512(ordered, _mm512_shuffle_i64x2(ab01, cd01, 0x44));
    _mm512_storeu_si512(ordered + 64, _mm512_shuffle_i64x2(ab01, cd01, 0xee));
    _mm512_storeu_si512(ordered + 128, _mm512_shuffle_i64x2(ab23, cd23, 0x44));
    _mm512_storeu_si512(ordered + 192, _mm512_shuffle_i64x2(ab23, cd23, 0xee));
}

INLINE void iq2_order(const int8_t *a, const int8_t *b, int8_t *ordered)
{
    iq2_order_one(a, ordered);
    iq2_order_one(b, ordered + 256);
}

INLINE __m256i iq2_block(const iq2_tables *t, const uint8_t *block, const int8_t *ordered)
{
    __m512i magnitude[IQ2_RUNS], dots = _mm512_setzero_si512();
    __mmask64 negative[IQ2_RUNS];
    iq2_expand_one(t, block, magnitude, negative);
    for (int run = 0; run < IQ2_RUNS; run++) {
        __m512i x = _mm512_loadu_si512(ordered + 64 * run);
        dots = dot_bytes(dots, magnitude[run], _mm512_mask_sub_epi8(x, negative[run], _mm512_setzero_si512(), x));
    }
    __m512i sums = _mm512_mullo_epi32(dots, iq2_scales(_mm512_loadu_si512(block + 2)));
    return _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
}

INLINE __m512i iq2_pair(const iq2_tables *t, const uint8_t *block_a, const uint8_t *block_b, const int8_t *ordered, __m512i sums)
{
    (void)sums;
    return _mm512_inserti64x4(_mm512_castsi256_si512(iq2_block(t, block_a, ordered)), iq2_block(t, block_b, ordered + 256), 1);
}

#endif
