/* kernels_lanes_int8.inc.h: rows times vectors of int8, over the integer arithmetic of the instruction set that includes this.
 *
 * DESIGN   A few vectors: row by row, each block unpacked where it is used. Many vectors: a panel, one row per float lane. Its
 *          rows are unpacked 256 columns at a time into memory that stays in the first-level cache, where all vectors are
 *          multiplied with them, VECTORS at a time; the sums of all vectors wait in memory meanwhile.
 *          Either way a lane or scalar holds one output, to which blocks are added in order.
 */

enum { UNIT = 256, PANEL_ROWS = LANES, LEAST_PANEL_ROWS = LANES / 2, LEAST_PANEL_VECTORS = 4, MOST_PANEL_VECTORS = 64 };

INLINE uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- few vectors -------------------------------------------------------------------------------------------- */

/* Vectors as pointers; `vectors` is known when this is compiled. */
typedef struct few_vectors {
    const int8_t *x[MOST_FEW];
    const float *scale[MOST_FEW];
    const int16_t *sums[MOST_FEW];
} few_vectors;

INLINE few_vectors find_few(const ds4_quantised *inputs, uint32_t first, uint32_t vectors)
{
    few_vectors few;
    for (uint32_t v = 0; v < vectors; v++) {
        size_t vector = ds4_quantised_vector(inputs, first + v);
        few.x[v] = inputs->q + vector * inputs->columns;
        few.scale[v] = inputs->scale + vector * (inputs->columns / inputs->block);
        few.sums[v] = inputs->sums + vector * (inputs->columns / DS4_SUM_VALUES);
    }
    return few;
}

INLINE void few_of_row(ds4_format format, const uint8_t *row, uint32_t blocks, uint32_t block_bytes, few_vectors few, uint32_t vectors,
                       float *out, void *scratch)
{
    float sum[MOST_FEW] = {0};
    read_row(format, row, blocks, scratch);
    for (uint32_t b = 0; b < blocks; b++, row += block_bytes) {
        float product[MOST_FEW], minimum[MOST_FEW];
        block_factors factors = block_sums(format, row, scratch, b, few.x, few.sums, vectors, product, minimum);
        for (uint32_t v = 0; v < vectors; v++) {
            sum[v] = fmaf(factors.d * few.scale[v][b], product[v], sum[v]);
            if (format != DS4_FORMAT_IQ2_XXS)
                sum[v] = fmaf(-(factors.dmin * few.scale[v][b]), minimum[v], sum[v]);
            few.x[v] += UNIT, few.sums[v] += UNIT / DS4_SUM_VALUES;
        }
    }
    for (uint32_t v = 0; v < vectors; v++)
        out[v] = sum[v];
}

INLINE void few_of_rows(ds4_format format, const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs,
                        uint32_t first, uint32_t vectors, float *out, uint32_t stride, void *scratch)
{
    few_vectors few = find_few(inputs, first, vectors);
    uint32_t blocks = matrix->columns / matrix->format->block_values;
    if (format != DS4_FORMAT_Q8_0) {
        for (uint32_t r = 0; r < rows; r++)
            few_of_row(format, ds4_matrix_row(matrix, first_row + r), blocks, matrix->format->block_bytes, few, vectors,
                       out + (size_t)r * stride, scratch);
        return;
    }
    for (uint32_t done = 0; done < rows; done += 4) {
        const uint8_t *row[4]; /* past the last, the last again */
        float sum[MOST_FEW][4];
        for (uint32_t r = 0; r < 4; r++)
            row[r] = ds4_matrix_row(matrix, first_row + least(done + r, rows - 1));
        q8_0_four_rows(row, few.x, few.scale, vectors, blocks, sum);
        for (uint32_t r = 0; r < least(4, rows - done); r++)
            for (uint32_t v = 0; v < vectors; v++)
                out[(size_t)(done + r) * stride + v] = sum[v][r];
    }
}

INLINE void rows_one_by_one(ds4_format format, const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs,
                            uint32_t count, float *out, void *scratch)
{
    uint32_t i = 0;
    for (; i + MOST_FEW <= count; i += MOST_FEW)
        few_of_rows(format, matrix, first_row, rows, inputs, i, MOST_FEW, out + i, count, scratch);
    switch (count - i) {
    case 1: few_of_rows(format, matrix, first_row, rows, inputs, i, 1, out + i, count, scratch); break;
    case 2: few_of_rows(format, matrix, first_row, rows, inputs, i, 2, out + i, count, scratch); break;
    case 3: few_of_rows(format, matrix, first_row, rows, inputs, i, 3, out + i, count, scratch); break;
    default: break;
    }
}

/* ---- many vectors ------------------------------------------------------------------------------------------- */

/* Vectors first … first + vectors − 1 times a panel; out[r·stride + v]. */
INLINE void panel_pass(ds4_format format, const ds4_format_info *sizes, const uint8_t *const *rows_of_panel, uint32_t rows,
                       const ds4_quantised *inputs, uint32_t first, uint32_t vectors, float *out, uint32_t stride)
{
    const uint8_t *row[PANEL_ROWS];
    size_t number[MOST_PANEL_VECTORS];
    lanes sum[MOST_PANEL_VECTORS];
    panel_unit unit;
    for (uint32_t r = 0; r < PANEL_ROWS; r++)
        row[r] = rows_of_panel[r];
    for (uint32_t v = 0; v < vectors; v++)
        number[v] = ds4_quantised_vector(inputs, first + v), sum[v] = lanes_all(0);
    for (uint32_t column = 0; column < inputs->columns; column += UNIT) {
        uint32_t blocks = least(UNIT, inputs->columns - column) / sizes->block_values, v = 0;
        unpack_unit(format, row, blocks, &unit);
        for (; v + VECTORS <= vectors; v += VECTORS)
            multiply_unit(format, &unit, blocks, inputs, column, number + v, VECTORS, sum + v);
        for (; v + 2 <= vectors; v += 2)
            multiply_unit(format, &unit, blocks, inputs, column, number + v, 2, sum + v);
        if (v < vectors)
            multiply_unit(format, &unit, blocks, inputs, column, number + v, 1, sum + v);
        for (uint32_t r = 0; r < PANEL_ROWS; r++)
            row[r] += blocks * sizes->block_bytes;
    }
    for (uint32_t v = 0; v < vectors; v++) {
        float values[PANEL_ROWS];
        lanes_store(values, sum[v]);
        for (uint32_t r = 0; r < rows; r++)
            out[(size_t)r * stride + v] = values[r];
    }
}

INLINE void rows_of_format(ds4_format format, const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs,
                           uint32_t count, float *out, void *scratch)
{
    uint32_t done = 0;
    for (; count >= LEAST_PANEL_VECTORS && rows - done >= LEAST_PANEL_ROWS; done += least(PANEL_ROWS, rows - done)) {
        const uint8_t *row[PANEL_ROWS]; /* past the last, the last again */
        uint32_t some = least(PANEL_ROWS, rows - done);
        for (uint32_t r = 0; r < PANEL_ROWS; r++)
            row[r] = ds4_matrix_row(matrix, first_row + done + least(r, some - 1));
        for (uint32_t i = 0; i < count; i += MOST_PANEL_VECTORS)
            panel_pass(format, matrix->format, row, some, inputs, i, least(MOST_PANEL_VECTORS, count - i), out + (size_t)done * count + i,
                       count);
    }
    if (done < rows)
        rows_one_by_one(format, matrix, first_row + done, rows - done, inputs, count, out + (size_t)done * count, scratch);
}

static void quantised_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, uint32_t count,
                           float *out, void *scratch)
{
    switch (matrix->format->format) {
    case DS4_FORMAT_Q8_0: rows_of_format(DS4_FORMAT_Q8_0, matrix, first_row, rows, inputs, count, out, scratch); break;
    case DS4_FORMAT_Q2_K: rows_of_format(DS4_FORMAT_Q2_K, matrix, first_row, rows, inputs, count, out, scratch); break;
    case DS4_FORMAT_Q4_K: rows_of_format(DS4_FORMAT_Q4_K, matrix, first_row, rows, inputs, count, out, scratch); break;
    case DS4_FORMAT_IQ2_XXS: rows_of_format(DS4_FORMAT_IQ2_XXS, matrix, first_row, rows, inputs, count, out, scratch); break;
    case DS4_FORMAT_F32:
    case DS4_FORMAT_F16:
    case DS4_FORMAT_I32: break; /* ds4_activation_block says that there is no such product */
    }
}
