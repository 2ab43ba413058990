/* kernels_avx512_expand.inc.h: 16 rows of each format to bytes, as kernels_avx512_panel.inc.h multiplies them.
 *
 * DESIGN   Quants are transposed as they are stored, four bytes of 16 rows to a register, and unpacked then: in most formats
 *          that is a fraction of the shuffles.
 */
enum { PANEL_ROWS = 16, PANEL_VECTORS = 12, PIECE = 256, PIECE_STEPS = PIECE / 4, GROUP_STEPS = 8, GROUPS = PIECE / 32 };

/* 256 columns of 16 rows; lanes are rows. */
typedef struct panel_piece {
    __m512i weights[PIECE_STEPS]; /* four bytes per lane */
    __m512i scales[GROUPS];       /* of 32 columns: int32; of Q8_0: d */
    __m512i mins[GROUPS];         /* pairs of int16 */
    __m512 d, dmin;
} panel_piece;

enum { MOST_PANELS = 4 };

_Static_assert(MOST_PANELS * sizeof(panel_piece) <= 96 * PIECE, "ds4_kernel_scratch counts on 96 bytes per column");

typedef const uint8_t *panel_rows[PANEL_ROWS];

/* The dwords of 64 bytes at `offset` of each row, one register per dword. */
INLINE void load_dwords(panel_rows rows, size_t offset, __m512i out[16])
{
    __m512i in[16];
    for (int r = 0; r < PANEL_ROWS; r++)
        in[r] = _mm512_loadu_si512(rows[r] + offset);
    transpose_dwords(in, out);
}

/* The dwords of 16 bytes at `offset` of each row. */
INLINE void load_four_dwords(panel_rows rows, size_t offset, __m512i out[4])
{
    __m512i in[4], a[4];
    for (int i = 0; i < 4; i++) {
        in[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(rows[i] + offset)));
        in[i] = _mm512_inserti32x4(in[i], _mm_loadu_si128((const __m128i *)(rows[i + 4] + offset)), 1);
        in[i] = _mm512_inserti32x4(in[i], _mm_loadu_si128((const __m128i *)(rows[i + 8] + offset)), 2);
        in[i] = _mm512_inserti32x4(in[i], _mm_loadu_si128((const __m128i *)(rows[i + 12] + offset)), 3);
    }
    for (int i = 0; i < 4; i += 2) {
        a[i] = _mm512_unpacklo_epi32(in[i], in[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(in[i], in[i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        out[2 * i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    }
}

INLINE __m512 load_row_halves(panel_rows rows, size_t offset)
{
#define HALF(r) (short)word_at(rows[r] + offset)
    return _mm512_cvtph_ps(_mm256_setr_epi16(HALF(0), HALF(1), HALF(2), HALF(3), HALF(4), HALF(5), HALF(6), HALF(7), HALF(8), HALF(9),
                                             HALF(10), HALF(11), HALF(12), HALF(13), HALF(14), HALF(15)));
#undef HALF
}

/* The lower or upper half of each lane. */
INLINE __m512 halves_of_lanes(__m512i pairs, unsigned shift)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(pairs, shift)));
}

/* Byte `a` of each lane to its lower int16 and byte `b` to its upper; -1 stands for zero. */
INLINE __m512i bytes_to_words(__m512i bytes, int a, int b)
{
    const __m512i first_of_lane = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x00040004, 0x00080008, 0x000c000c));
    int places = (a < 0 ? 0x80 : a) | (b < 0 ? 0x80 : b) << 16;
    return _mm512_shuffle_epi8(bytes,
                               _mm512_or_si512(_mm512_add_epi32(first_of_lane, _mm512_set1_epi32(places)), _mm512_set1_epi16(-0x8000)));
}

/* Up to eight blocks of 32. With VNNI the bytes are weight + SIGNED_OFFSET. */
static void expand_q8_0(panel_rows rows, uint32_t blocks, panel_piece *out)
{
    for (uint32_t b = 0; b < blocks; b += 2) {
        uint32_t next = at_most(b + 1, blocks - 1);
        __m512i in[16], dwords[16];
        for (int r = 0; r < PANEL_ROWS; r++)
            in[r] = load_halves(rows[r] + b * Q8_0_BYTES + 2, rows[r] + next * Q8_0_BYTES + 2);
        transpose_dwords(in, dwords);
        for (int i = 0; i < 16; i++)
            out->weights[b * GROUP_STEPS + i] = unsigned_weights(dwords[i]);
        out->scales[b] = _mm512_castps_si512(load_row_halves(rows, b * Q8_0_BYTES));
        out->scales[next] = _mm512_castps_si512(load_row_halves(rows, next * Q8_0_BYTES));
    }
}

/* A byte is scale · quant, at most 45. Neighbours do not meet when an int16 of two quants is multiplied. */
static void expand_q2_k(panel_rows rows, panel_piece *out)
{
    const __m512i nibbles = _mm512_set1_epi8(15);
    __m512i packed[4], quants[16];
    load_four_dwords(rows, 0, packed);
    load_dwords(rows, 16, quants);
    for (int half = 0; half < 2; half++)
        for (int shift = 0; shift < 4; shift++)
            for (int sub = 0; sub < 2; sub++) {
                int s = 8 * half + 2 * shift + sub, step = 4 * s;
                __m512i scale = bytes_to_words(_mm512_and_si512(packed[s / 4], nibbles), s % 4, s % 4);
                for (int i = 0; i < 4; i++) {
                    __m512i q = _mm512_srli_epi32(quants[8 * half + 4 * sub + i], (unsigned)(2 * shift));
                    out->weights[step + i] = _mm512_mullo_epi16(_mm512_and_si512(q, _mm512_set1_epi8(3)), scale);
                }
            }
    for (int i = 0; i < 8; i++) {
        __m512i mins = _mm512_and_si512(_mm512_srli_epi16(packed[i / 2], 4), nibbles);
        out->mins[i] = bytes_to_words(mins, 2 * (i % 2), 2 * (i % 2) + 1);
    }
    out->d = load_row_halves(rows, 80);
    out->dmin = load_row_halves(rows, 82);
}

static void expand_q4_k(panel_rows rows, panel_piece *out)
{
    const __m512i nibbles = _mm512_set1_epi8(15), six = _mm512_set1_epi8(63), high = _mm512_set1_epi8(0x30);
    __m512i head[4], quants[16]; /* d and dmin; then twelve bytes of scales and mins */
    load_four_dwords(rows, 0, head);
    for (int half = 0; half < 2; half++) {
        load_dwords(rows, 16 + 64 * (size_t)half, quants);
        for (int i = 0; i < 16; i++) {
            int step = 32 * half + 16 * (i / 8) + i % 8;
            out->weights[step] = _mm512_and_si512(quants[i], nibbles);
            out->weights[step + 8] = _mm512_and_si512(_mm512_srli_epi16(quants[i], 4), nibbles);
        }
    }
    __m512i scales[2] = {_mm512_and_si512(head[1], six),
                         _mm512_or_si512(_mm512_and_si512(head[3], nibbles), _mm512_and_si512(_mm512_srli_epi32(head[1], 2), high))};
    __m512i mins[2] = {_mm512_and_si512(head[2], six), _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi32(head[3], 4), nibbles),
                                                                       _mm512_and_si512(_mm512_srli_epi32(head[2], 2), high))};
    for (int i = 0; i < 8; i++)
        out->scales[i] = bytes_to_words(scales[i / 4], i % 4, -1);
    for (int i = 0; i < 4; i++)
        out->mins[i] = bytes_to_words(mins[i / 2], 2 * (i % 2), 2 * (i % 2) + 1);
    out->d = halves_of_lanes(head[0], 0);
    out->dmin = halves_of_lanes(head[0], 16);
}

/* Bytes are weight + IQ2_OFFSET, in the order of columns that panel_order knows. */
#if DS4_AVX512_VNNI
static void expand_iq2(const iq2_tables *tables, panel_rows rows, panel_piece *out)
{
    __m512i dwords[16];
    load_dwords(rows, 2, dwords);
    for (int group = 0; group < GROUPS; group++) {
        iq2_expand(tables, dwords[2 * group], dwords[2 * group + 1], out->weights + GROUP_STEPS * group);
        out->scales[group] = iq2_scales(dwords[2 * group + 1]);
    }
    out->d = _mm512_mul_ps(load_row_halves(rows, 0), _mm512_set1_ps(0.125f));
}
#else
static void expand_iq2(const iq2_tables *tables, panel_rows rows, panel_piece *out)
{
    const __m512i offset = _mm512_set1_epi8(IQ2_OFFSET);
    __m512i in[IQ2_RUNS][PANEL_ROWS], dwords[16];
    for (int r = 0; r < PANEL_ROWS; r++) {
        __m512i magnitude[IQ2_RUNS];
        __mmask64 negative[IQ2_RUNS];
        iq2_expand_one(tables, rows[r], magnitude, negative);
        for (int run = 0; run < IQ2_RUNS; run++)
            in[run][r] = _mm512_mask_sub_epi8(_mm512_add_epi8(offset, magnitude[run]), negative[run], offset, magnitude[run]);
    }
    for (int run = 0; run < IQ2_RUNS; run++) {
        transpose_dwords(in[run], dwords);
        for (int i = 0; i < 16; i++)
            out->weights[GROUP_STEPS * (i / 2) + 2 * run + i % 2] = dwords[i];
    }
    load_dwords(rows, 2, dwords);
    for (int group = 0; group < GROUPS; group++)
        out->scales[group] = _mm512_or_si512(_mm512_srli_epi32(dwords[2 * group + 1], 27), _mm512_set1_epi32(1));
    out->d = _mm512_mul_ps(load_row_halves(rows, 0), _mm512_set1_ps(0.125f));
}
#endif

/* `rows` rows, at most PANEL_ROWS; the last one fills up. */
static void expand_panel(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, panel_piece *out, bool is_last)
{
    const ds4_format_info *format = matrix->format;
    uint32_t piece_blocks = PIECE / format->block_values, blocks = matrix->columns / format->block_values;
    size_t piece_bytes = (size_t)piece_blocks * format->block_bytes;
    const uint8_t *next = ds4_matrix_row(matrix, first_row + rows);
    panel_rows row;
    iq2_tables tables;
    for (uint32_t r = 0; r < PANEL_ROWS; r++)
        row[r] = ds4_matrix_row(matrix, first_row + at_most(r, rows - 1));
    if (format->format == DS4_FORMAT_IQ2_XXS)
        tables = iq2_load_tables();
    for (uint32_t b = 0; b < blocks; b += piece_blocks, out++) {
        if (!is_last) /* the next panel is on its way from memory while this one is expanded */
            prefetch(next + b / piece_blocks * piece_bytes * PANEL_ROWS, piece_bytes * PANEL_ROWS);
        switch (format->format) {
        case DS4_FORMAT_Q8_0: expand_q8_0(row, blocks - b < piece_blocks ? blocks - b : piece_blocks, out); break;
        case DS4_FORMAT_Q2_K: expand_q2_k(row, out); break;
        case DS4_FORMAT_Q4_K: expand_q4_k(row, out); break;
        case DS4_FORMAT_IQ2_XXS: expand_iq2(&tables, row, out); break;
        default: break; /* ds4_activation_block says that there is no such product */
        }
        for (int r = 0; r < PANEL_ROWS; r++)
            row[r] += piece_bytes;
    }
}
