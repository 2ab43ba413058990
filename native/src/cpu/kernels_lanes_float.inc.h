/* kernels_lanes_float.inc.h: float kernels, over the `lanes` of the instruction set that includes this.
 *
 * DESIGN   Element i of a product is added to lane i % LANES, in order, and lanes are added at the end: the same for every tile
 *          of rows and vectors, so an output does not depend on its neighbours. What is left over at the end of a row is copied
 *          and filled up with zeros; nothing is read past an end.
 */

/* The first `count` of LANES values; `rest` in the others. */
INLINE lanes load_first(const float *x, uint32_t count, float rest)
{
    float values[LANES];
    for (uint32_t i = 0; i < LANES; i++)
        values[i] = i < count ? x[i] : rest;
    return lanes_load(values);
}

INLINE void store_first(float *x, uint32_t count, lanes a)
{
    float values[LANES];
    lanes_store(values, a);
    for (uint32_t i = 0; i < count; i++)
        x[i] = values[i];
}

static void load_halves(const uint16_t *halves, uint32_t n, float *values)
{
    for (uint32_t i = 0; i < n; i += LANES)
        lanes_store(values + i, lanes_load_halves(halves + i));
}

/* ---- products ----------------------------------------------------------------------------------------------- */

enum { TILE_ROWS = 4 };

/* A row of float32 or F16, which of them is known when this is compiled. */
INLINE lanes load_weights(const void *row, bool is_half, size_t i)
{
    return is_half ? lanes_load_halves((const uint16_t *)row + i) : lanes_load((const float *)row + i);
}

INLINE lanes load_last_weights(const void *row, bool is_half, size_t i, uint32_t count)
{
    uint16_t halves[LANES] = {0};
    if (!is_half)
        return load_first((const float *)row + i, count, 0);
    memcpy(halves, (const uint16_t *)row + i, count * sizeof *halves);
    return lanes_load_halves(halves);
}

/* out[r·stride + v] = row r · vector v; how many there are is known when this is compiled. */
INLINE void product_tile(const void *const *row, uint32_t rows, bool is_half, const float *const *x, uint32_t vectors, uint32_t n,
                         float *out, size_t stride)
{
    lanes sum[TILE_ROWS][TILE_VECTORS];
    uint32_t whole = n - n % LANES;
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < vectors; v++)
            sum[r][v] = lanes_all(0);
    for (size_t i = 0; i < whole; i += LANES) {
        lanes in[TILE_VECTORS];
        for (uint32_t v = 0; v < vectors; v++)
            in[v] = lanes_load(x[v] + i);
        for (uint32_t r = 0; r < rows; r++) {
            lanes w = load_weights(row[r], is_half, i);
            for (uint32_t v = 0; v < vectors; v++)
                sum[r][v] = lanes_fma(w, in[v], sum[r][v]);
        }
    }
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t v = 0; v < vectors; v++) {
            if (whole < n)
                sum[r][v] =
                    lanes_fma(load_last_weights(row[r], is_half, whole, n - whole), load_first(x[v] + whole, n - whole, 0), sum[r][v]);
            out[r * stride + v] = lanes_sum(sum[r][v]);
        }
}

INLINE void row_tile(const void *const *row, uint32_t rows, bool is_half, ds4_vectors inputs, uint32_t count, uint32_t n, float *out)
{
    const float *x[TILE_VECTORS];
    uint32_t i = 0;
    for (; i + TILE_VECTORS <= count; i += TILE_VECTORS) {
        for (uint32_t v = 0; v < TILE_VECTORS; v++)
            x[v] = ds4_vector(inputs, i + v);
        product_tile(row, rows, is_half, x, TILE_VECTORS, n, out + i, count);
    }
    for (; i < count; i++) {
        x[0] = ds4_vector(inputs, i);
        product_tile(row, rows, is_half, x, 1, n, out + i, count);
    }
}

static void float_tile(const void *const *row, uint32_t rows, ds4_vectors inputs, uint32_t count, uint32_t n, float *out)
{
    if (rows == TILE_ROWS)
        row_tile(row, TILE_ROWS, false, inputs, count, n, out);
    else
        for (uint32_t r = 0; r < rows; r++)
            row_tile(row + r, 1, false, inputs, count, n, out + (size_t)r * count);
}

static void half_tile(const void *const *row, uint32_t rows, ds4_vectors inputs, uint32_t count, uint32_t n, float *out)
{
    if (rows == TILE_ROWS)
        row_tile(row, TILE_ROWS, true, inputs, count, n, out);
    else
        for (uint32_t r = 0; r < rows; r++)
            row_tile(row + r, 1, true, inputs, count, n, out + (size_t)r * count);
}

static void matrix_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, ds4_vectors inputs, uint32_t count, float *out,
                        void *scratch)
{
    ds4_format format = matrix->format->format;
    /* Converting as one goes saves memory traffic; with more vectors it would be done again and again. */
    bool is_half = format == DS4_FORMAT_F16 && count <= TILE_VECTORS, is_expanded = !is_half && format != DS4_FORMAT_F32;
    for (uint32_t done = 0; done < rows; done += TILE_ROWS, out += (size_t)TILE_ROWS * count) {
        uint32_t some = rows - done < TILE_ROWS ? rows - done : TILE_ROWS;
        const void *row[TILE_ROWS];
        for (uint32_t r = 0; r < some; r++) {
            float *values = (float *)scratch + (size_t)r * matrix->columns;
            row[r] = is_expanded ? (const void *)values : ds4_matrix_row(matrix, first_row + done + r);
            if (is_expanded)
                ds4_dequantise_row(matrix, first_row + done + r, values);
        }
        if (is_half)
            half_tile(row, some, inputs, count, matrix->columns, out);
        else
            float_tile(row, some, inputs, count, matrix->columns, out);
    }
}

/* ---- one vector --------------------------------------------------------------------------------------------- */

typedef double four_doubles __attribute__((vector_size(4 * sizeof(double))));
typedef float four_floats __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

INLINE four_doubles squares(const float *x)
{
    four_doubles values = __builtin_convertvector(*(const four_floats *)(const void *)x, four_doubles);
    return values * values;
}

static double sum_squares(const float *x, uint32_t n)
{
    four_doubles sum[4] = {{0}};
    uint32_t i = 0;
    double rest = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 4; j++)
            sum[j] += squares(x + i + 4 * j);
    for (; i < n; i++)
        rest += (double)x[i] * x[i];
    four_doubles all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return ((all[0] + all[2]) + (all[1] + all[3])) + rest;
}

static void quantise(const float *x, uint32_t columns, uint32_t block, int8_t *q, float *scale, int16_t *sums)
{
    for (uint32_t first = 0; first < columns; first += block) {
        lanes most = lanes_all(0);
        for (uint32_t i = first; i < first + block; i += LANES)
            most = lanes_most(most, lanes_magnitude(lanes_load(x + i)));
        float largest = lanes_largest(most);
        bool is_zero = largest < 0x1p-100f;
        float inverse = is_zero ? 0 : 127 / largest;
        scale[first / block] = is_zero ? 0 : largest / 127;
        for (uint32_t i = first; i < first + block; i += DS4_SUM_VALUES)
            sums[i / DS4_SUM_VALUES] = (int16_t)quantise_sixteen(x + i, inverse, q + i);
    }
}
