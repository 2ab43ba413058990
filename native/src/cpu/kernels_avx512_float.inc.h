/* kernels_avx512_float.inc.h: products with float32 activations, and operations on vectors.
 *
 * DESIGN   An output is summed in the 16 lanes of one register, column i in lane i % 16, whatever the number of rows and
 *          vectors. A tile of rows × vectors has such a register for each output, so that what is loaded is used several
 *          times, and for one row the latency of an addition is still below that of memory.
 */
enum { TILE_ROWS = 4, TILE_VECTORS = 6, FLOAT_LANES = 16 };

INLINE __mmask16 tail_lanes(uint32_t n)
{
    return (__mmask16)((1u << n % FLOAT_LANES) - 1);
}

static double sum_squares(const float *x, uint32_t n)
{
    __m512d sum[4] = {_mm512_setzero_pd(), _mm512_setzero_pd(), _mm512_setzero_pd(), _mm512_setzero_pd()};
    uint32_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (int j = 0; j < 4; j++) {
            __m512d v = _mm512_cvtps_pd(_mm256_loadu_ps(x + i + 8 * j));
            sum[j] = _mm512_fmadd_pd(v, v, sum[j]);
        }
    for (; i < n; i += 8) {
        __m512d v = _mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)(n - i >= 8 ? 0xff : (1u << (n - i)) - 1), x + i));
        sum[0] = _mm512_fmadd_pd(v, v, sum[0]);
    }
    return _mm512_reduce_add_pd(_mm512_add_pd(_mm512_add_pd(sum[0], sum[1]), _mm512_add_pd(sum[2], sum[3])));
}

/* ---- matrix × vectors --------------------------------------------------------------------------------------- */

/* Rows of F16 or F32, `row_bytes` apart. */
typedef struct float_rows {
    const uint8_t *data;
    uint64_t row_bytes;
    uint32_t columns;
} float_rows;

/* 16 weights from column i on, or those of them that `lanes` names. */
INLINE __m512 load_weights(const uint8_t *row, bool is_half, uint32_t i, __mmask16 lanes)
{
    if (is_half)
        return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, row + 2 * (size_t)i));
    return _mm512_maskz_loadu_ps(lanes, row + 4 * (size_t)i);
}

INLINE void add_products(const float_rows *w, bool is_half, const float *const *x, uint32_t i, __mmask16 lanes, int rows, int vectors,
                         __m512 sum[TILE_ROWS][TILE_VECTORS])
{
    __m512 weights[TILE_ROWS];
    UNROLL
    for (int r = 0; r < rows; r++)
        weights[r] = load_weights(w->data + (uint64_t)r * w->row_bytes, is_half, i, lanes);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        __m512 values = _mm512_maskz_loadu_ps(lanes, x[v] + i);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r][v] = _mm512_fmadd_ps(weights[r], values, sum[r][v]);
    }
}

/* out[r·stride + v], for constant numbers of rows and vectors. */
INLINE void float_tile(const float_rows *w, bool is_half, ds4_vectors inputs, uint32_t first, int rows, int vectors, float *out,
                       uint32_t stride)
{
    const float *x[TILE_VECTORS];
    __m512 sum[TILE_ROWS][TILE_VECTORS];
    uint32_t i = 0;
    UNROLL
    for (int v = 0; v < vectors; v++) {
        x[v] = ds4_vector(inputs, first + (uint32_t)v);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r][v] = _mm512_setzero_ps();
    }
    for (; i + FLOAT_LANES <= w->columns; i += FLOAT_LANES)
        add_products(w, is_half, x, i, 0xffff, rows, vectors, sum);
    if (i < w->columns)
        add_products(w, is_half, x, i, tail_lanes(w->columns), rows, vectors, sum);
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            out[(size_t)r * stride + (size_t)v] = _mm512_reduce_add_ps(sum[r][v]);
    }
}

INLINE void float_rows_product(const float_rows *w, bool is_half, ds4_vectors inputs, uint32_t count, int rows, float *out)
{
    uint32_t i = 0;
    for (; i + TILE_VECTORS <= count; i += TILE_VECTORS)
        float_tile(w, is_half, inputs, i, rows, TILE_VECTORS, out + i, count);
    switch (count - i) {
    case 1: float_tile(w, is_half, inputs, i, rows, 1, out + i, count); break;
    case 2: float_tile(w, is_half, inputs, i, rows, 2, out + i, count); break;
    case 3: float_tile(w, is_half, inputs, i, rows, 3, out + i, count); break;
    case 4: float_tile(w, is_half, inputs, i, rows, 4, out + i, count); break;
    case 5: float_tile(w, is_half, inputs, i, rows, 5, out + i, count); break;
    default: break;
    }
}

/* Up to TILE_ROWS rows. One vector alone takes them one by one, as they lie in memory. */
static void f16_rows(const float_rows *w, ds4_vectors inputs, uint32_t count, uint32_t rows, float *out)
{
    float_rows row = *w;
    if (rows == TILE_ROWS && count > 1) {
        float_rows_product(w, true, inputs, count, TILE_ROWS, out);
        return;
    }
    for (uint32_t r = 0; r < rows; r++, row.data += row.row_bytes)
        float_rows_product(&row, true, inputs, count, 1, out + (size_t)r * count);
}

static void f32_rows(const float_rows *w, ds4_vectors inputs, uint32_t count, uint32_t rows, float *out)
{
    float_rows row = *w;
    if (rows == TILE_ROWS && count > 1) {
        float_rows_product(w, false, inputs, count, TILE_ROWS, out);
        return;
    }
    for (uint32_t r = 0; r < rows; r++, row.data += row.row_bytes)
        float_rows_product(&row, false, inputs, count, 1, out + (size_t)r * count);
}

static void matrix_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, ds4_vectors inputs, uint32_t count, float *out,
                        void *scratch)
{
    const uint8_t *data = ds4_matrix_row(matrix, first_row);
    for (uint32_t r = 0, n; r < rows; r += n, out += (size_t)n * count, data += n * matrix->row_bytes) {
        n = rows - r < TILE_ROWS ? rows - r : TILE_ROWS;
        float_rows w = {data, matrix->row_bytes, matrix->columns};
        if (matrix->format->format == DS4_FORMAT_F16) {
            f16_rows(&w, inputs, count, n, out);
            continue;
        }
        if (matrix->format->format != DS4_FORMAT_F32) {
            for (uint32_t i = 0; i < n; i++)
                ds4_dequantise_row(matrix, first_row + r + i, (float *)scratch + (size_t)i * matrix->columns);
            w = (float_rows){scratch, matrix->columns * sizeof(float), matrix->columns};
        }
        f32_rows(&w, inputs, count, n, out);
    }
}
