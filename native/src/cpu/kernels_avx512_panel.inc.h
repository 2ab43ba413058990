/* kernels_avx512_panel.inc.h: 16 rows times several vectors of int8 activations.
 *
 * DESIGN   The rows are expanded to bytes once (…_expand), into scratch memory that stays in the level 2 cache: four
 *          columns of 16 rows are a register, the int32 lanes are the rows. It meets four bytes of a vector, broadcast by
 *          the instruction itself, for up to PANEL_VECTORS vectors whose sums stay in registers. Both run in pieces of 256
 *          columns; those of the vectors are copied next to each other first, because vectors a power of two apart
 *          compete for the same lines of the level 1 cache, and then meet all panels of the call.
 *          Every lane does per block what the contract says, so no sum across lanes is needed.
 */
/* 256 columns of the vectors. */
typedef struct panel_vectors {
    int8_t q[PANEL_VECTORS][PIECE];
    int32_t sums[PANEL_VECTORS][GROUPS]; /* what sums over the columns of 32 start with, or pairs of int16 to go with the mins */
    float scale[PANEL_VECTORS][GROUPS];  /* one, or eight of Q8_0 */
} panel_vectors;

/* ---- activations -------------------------------------------------------------------------------------------- */

/* The order of the weights' columns. */
INLINE __m512i panel_order(ds4_format format, __m512i x)
{
#if DS4_AVX512_VNNI
    const __m128i by_weight = _mm_setr_epi8(0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
    const __m256i group = _mm256_setr_m128i(by_weight, _mm_add_epi8(by_weight, _mm_set1_epi8(4)));
    const __m512i order = _mm512_inserti64x4(_mm512_castsi256_si512(group), _mm256_add_epi8(group, _mm256_set1_epi8(32)), 1);
    if (format == DS4_FORMAT_IQ2_XXS)
        return _mm512_permutexvar_epi8(order, x);
#endif
    (void)format;
    return x;
}

/* `sums` of 16 columns each, as panel_vectors has them for the format. */
INLINE __m256i panel_sums(ds4_format format, __m256i sums)
{
    switch (format) {
    case DS4_FORMAT_Q8_0: return _mm256_madd_epi16(sums, _mm256_set1_epi16(-SIGNED_OFFSET));
    case DS4_FORMAT_IQ2_XXS: return _mm256_madd_epi16(sums, _mm256_set1_epi16(-IQ2_OFFSET));
    case DS4_FORMAT_Q4_K: return _mm256_castsi128_si256(_mm256_cvtepi32_epi16(_mm256_madd_epi16(sums, _mm256_set1_epi16(1))));
    default: return sums;
    }
}

/* Copies columns [column, column + columns) of one vector. */
static void gather_vector(ds4_format format, const ds4_quantised *inputs, size_t vector, uint32_t column, uint32_t columns,
                          panel_vectors *out, uint32_t to)
{
    const int8_t *q = inputs->q + vector * inputs->columns + column;
    const int16_t *sums = inputs->sums + (vector * inputs->columns + column) / DS4_SUM_VALUES;
    const float *scale = inputs->scale + (vector * inputs->columns + column) / inputs->block;
    if (columns == PIECE) {
        for (int i = 0; i < 4; i++)
            _mm512_store_si512(out->q[to] + 64 * i, panel_order(format, _mm512_loadu_si512(q + 64 * i)));
        _mm256_store_si256((__m256i *)out->sums[to], panel_sums(format, _mm256_loadu_si256((const __m256i *)sums)));
        if (format == DS4_FORMAT_Q8_0)
            _mm256_store_ps(out->scale[to], _mm256_loadu_ps(scale));
        else
            out->scale[to][0] = scale[0];
        return;
    }
    /* Only Q8_0 has rows that end within a piece. */
    __mmask16 lanes = (__mmask16)((1u << columns / DS4_SUM_VALUES) - 1);
    memcpy(out->q[to], q, columns);
    _mm256_store_si256((__m256i *)out->sums[to], panel_sums(format, _mm256_maskz_loadu_epi16(lanes, sums)));
    memcpy(out->scale[to], scale, columns / inputs->block * sizeof *scale);
}

/* ---- multiplying -------------------------------------------------------------------------------------------- */

/* Four bytes, or two int16, of a vector in every lane. */
INLINE __m512i broadcast(const void *x)
{
    int32_t dword;
    memcpy(&dword, x, sizeof dword);
    return _mm512_set1_epi32(dword);
}

/* acc + the dot products of the four bytes at x with those of each lane. */
INLINE __m512i dot_broadcast(ds4_format format, __m512i acc, __m512i w, const int8_t *x)
{
#if DS4_AVX512_VNNI
    /* GCC 12 would copy every sum to another register and back in each round of the loop. */
    (void)format;
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(acc) : "v"(w), "m"(*(const int8_t(*)[4])x));
    return acc;
#else
    return format == DS4_FORMAT_Q8_0 ? dot_signed_bytes(acc, w, broadcast(x)) : dot_bytes(acc, w, broadcast(x));
#endif
}

/* acc[v] += the products of 32 columns. */
INLINE void add_group(ds4_format format, const panel_piece *piece, const panel_vectors *x, int group, int n, __m512i *acc)
{
    for (int step = GROUP_STEPS * group; step < GROUP_STEPS * (group + 1); step++) {
        __m512i w = piece->weights[step];
        UNROLL
        for (int v = 0; v < n; v++)
            acc[v] = dot_broadcast(format, acc[v], w, x->q[v] + 4 * step);
    }
}

INLINE void multiply_q8_0(const panel_piece *piece, const panel_vectors *x, uint32_t blocks, int n, __m512 *sum)
{
    for (uint32_t b = 0; b < blocks; b++) {
        __m512i acc[PANEL_VECTORS];
        __m512 d = _mm512_castsi512_ps(piece->scales[b]);
        UNROLL
        for (int v = 0; v < n; v++)
            acc[v] = broadcast(&x->sums[v][b]);
        add_group(DS4_FORMAT_Q8_0, piece, x, (int)b, n, acc);
        UNROLL
        for (int v = 0; v < n; v++)
            sum[v] = _mm512_fmadd_ps(_mm512_mul_ps(d, _mm512_set1_ps(x->scale[v][b])), _mm512_cvtepi32_ps(acc[v]), sum[v]);
    }
}

/* sum += d · s · product, where s is that of the vector. */
INLINE __m512 add_scaled_product(__m512 sum, __m512 d, const panel_vectors *x, int v, __m512i product)
{
    return _mm512_fmadd_ps(_mm512_mul_ps(d, _mm512_set1_ps(x->scale[v][0])), _mm512_cvtepi32_ps(product), sum);
}

INLINE void subtract_mins(const panel_piece *piece, const panel_vectors *x, int pairs, int n, __m512 *sum)
{
    __m512i acc[PANEL_VECTORS];
    UNROLL
    for (int v = 0; v < n; v++)
        acc[v] = _mm512_setzero_si512();
    for (int i = 0; i < pairs; i++) {
        UNROLL
        for (int v = 0; v < n; v++)
            acc[v] = dot_words(acc[v], piece->mins[i], broadcast(&x->sums[v][i]));
    }
    UNROLL
    for (int v = 0; v < n; v++) {
        __m512 factor = _mm512_mul_ps(piece->dmin, _mm512_set1_ps(x->scale[v][0]));
        sum[v] = _mm512_fnmadd_ps(factor, _mm512_cvtepi32_ps(acc[v]), sum[v]);
    }
}

/* Scales are in the bytes. */
INLINE void multiply_q2_k(const panel_piece *piece, const panel_vectors *x, int n, __m512 *sum)
{
    __m512i acc[PANEL_VECTORS];
    UNROLL
    for (int v = 0; v < n; v++)
        acc[v] = _mm512_setzero_si512();
    for (int group = 0; group < GROUPS; group++)
        add_group(DS4_FORMAT_Q2_K, piece, x, group, n, acc);
    UNROLL
    for (int v = 0; v < n; v++)
        sum[v] = add_scaled_product(sum[v], piece->d, x, v, acc[v]);
    subtract_mins(piece, x, 8, n, sum);
}

/* A scale for each 32 columns: Q4_K, IQ2_XXS. */
INLINE void multiply_groups(ds4_format format, const panel_piece *piece, const panel_vectors *x, int n, __m512 *sum)
{
    __m512i total[PANEL_VECTORS];
    UNROLL
    for (int v = 0; v < n; v++)
        total[v] = _mm512_setzero_si512();
    for (int group = 0; group < GROUPS; group++) {
        __m512i acc[PANEL_VECTORS];
        UNROLL
        for (int v = 0; v < n; v++)
            acc[v] = format == DS4_FORMAT_IQ2_XXS ? broadcast(&x->sums[v][group]) : _mm512_setzero_si512();
        add_group(format, piece, x, group, n, acc);
        UNROLL
        for (int v = 0; v < n; v++)
            total[v] = _mm512_add_epi32(total[v], _mm512_mullo_epi32(acc[v], piece->scales[group]));
    }
    UNROLL
    for (int v = 0; v < n; v++)
        sum[v] = add_scaled_product(sum[v], piece->d, x, v, total[v]);
    if (format == DS4_FORMAT_Q4_K)
        subtract_mins(piece, x, 4, n, sum);
}

/* A piece of a panel times n vectors, for a constant n. */
INLINE void multiply_vectors(ds4_format format, const panel_piece *piece, const panel_vectors *x, uint32_t columns, int n, __m512 *sums)
{
    __m512 sum[PANEL_VECTORS];
    UNROLL
    for (int v = 0; v < n; v++)
        sum[v] = sums[v];
    if (format == DS4_FORMAT_Q8_0)
        multiply_q8_0(piece, x, columns / 32, n, sum);
    else if (format == DS4_FORMAT_Q2_K)
        multiply_q2_k(piece, x, n, sum);
    else
        multiply_groups(format, piece, x, n, sum);
    UNROLL
    for (int v = 0; v < n; v++)
        sums[v] = sum[v];
}

#define FOR_VECTORS(N) \
    case N: multiply_vectors(format, piece, x, columns, N, sums); break;

INLINE void multiply_format(ds4_format format, const panel_piece *piece, const panel_vectors *x, uint32_t columns, uint32_t n, __m512 *sums)
{
    switch (n) {
        FOR_VECTORS(1)
        FOR_VECTORS(2)
        FOR_VECTORS(3)
        FOR_VECTORS(4)
        FOR_VECTORS(5)
        FOR_VECTORS(6)
        FOR_VECTORS(7)
        FOR_VECTORS(8)
        FOR_VECTORS(9)
        FOR_VECTORS(10)
        FOR_VECTORS(11)
        FOR_VECTORS(12)
    default: break; /* there are at most PANEL_VECTORS */
    }
}

static void multiply_piece(ds4_format format, const panel_piece *piece, const panel_vectors *x, uint32_t columns, uint32_t n, __m512 *sums)
{
    switch (format) {
    case DS4_FORMAT_Q8_0: multiply_format(DS4_FORMAT_Q8_0, piece, x, columns, n, sums); break;
    case DS4_FORMAT_Q2_K: multiply_format(DS4_FORMAT_Q2_K, piece, x, columns, n, sums); break;
    case DS4_FORMAT_Q4_K: multiply_format(DS4_FORMAT_Q4_K, piece, x, columns, n, sums); break;
    case DS4_FORMAT_IQ2_XXS: multiply_format(DS4_FORMAT_IQ2_XXS, piece, x, columns, n, sums); break;
    default: break; /* ds4_activation_block says that there is no such product */
    }
}

/* ---- a call ------------------------------------------------------------------------------------------------- */

/* [panel][vector]; lanes are rows. */
typedef __m512 panel_results[MOST_PANELS][PANEL_ROWS];

/* All columns of the panels, `pieces` of them apart, times vectors [first, first + n). */
static void multiply_panels(ds4_format format, const panel_piece *panel, uint32_t panels, const ds4_quantised *inputs, uint32_t first,
                            uint32_t n, panel_results sums)
{
    panel_vectors x __attribute__((aligned(64)));
    uint32_t pieces = (inputs->columns + PIECE - 1) / PIECE;
    for (uint32_t piece = 0; piece < pieces; piece++, panel++) {
        uint32_t column = piece * PIECE, columns = at_most(inputs->columns - column, PIECE);
        for (uint32_t v = 0; v < n; v++)
            gather_vector(format, inputs, ds4_quantised_vector(inputs, first + v), column, columns, &x, v);
        for (uint32_t p = 0; p < panels; p++)
            multiply_piece(format, panel + (size_t)p * pieces, &x, columns, n, sums[p]);
    }
}

/* out[r·count + v] for `rows` rows of a panel and n vectors. */
static void store_panel(const __m512 sums[PANEL_ROWS], uint32_t rows, uint32_t n, float *out, uint32_t count)
{
    __m512i by_row[PANEL_ROWS];
    transpose_dwords((const __m512i *)sums, by_row);
    for (uint32_t r = 0; r < rows; r++)
        _mm512_mask_storeu_epi32(out + (size_t)r * count, first_lanes(n), by_row[r]);
}

/* out[r·count + i] for up to MOST_PANELS · PANEL_ROWS rows and any number of vectors, which are split evenly. */
static void panel_products(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, uint32_t count,
                           float *out, panel_piece *panel)
{
    uint32_t panels = (rows + PANEL_ROWS - 1) / PANEL_ROWS, pieces = (matrix->columns + PIECE - 1) / PIECE;
    for (uint32_t p = 0; p < panels; p++) {
        uint32_t first = p * PANEL_ROWS;
        expand_panel(matrix, first_row + first, at_most(PANEL_ROWS, rows - first), panel + (size_t)p * pieces, p + 1 == panels);
    }
    for (uint32_t i = 0, n; i < count; i += n) {
        panel_results sums;
        uint32_t left = count - i, shares = (left + PANEL_VECTORS - 1) / PANEL_VECTORS;
        n = (left + shares - 1) / shares;
        memset(sums, 0, panels * sizeof sums[0]);
        multiply_panels(matrix->format->format, panel, panels, inputs, i, n, sums);
        for (uint32_t p = 0; p < panels; p++)
            store_panel(sums[p], at_most(PANEL_ROWS, rows - p * PANEL_ROWS), n, out + (size_t)p * PANEL_ROWS * count + i, count);
    }
}
