/* kernels_lanes_attention.inc.h: attention and activations, over the `lanes` of the instruction set that includes this.
 *
 * DESIGN   A few queries and a few rows at a time, so that what is loaded is used several times. What an output is the sum of, and
 *          in which order, does not depend on how many are computed at once.
 */

enum { TILE_HEADS = 4 };

/* ---- e^x ---------------------------------------------------------------------------------------------------- */

/* e^x = 2^n · e^r with |r| <= ln 2 / 2; e^r by its series, whose eighth term is below the last bit. */
INLINE lanes exponential(lanes x)
{
    static const float terms[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1, 1};
    x = lanes_most(lanes_least(x, lanes_all(89)), lanes_all(-104)); /* beyond: infinity and zero */
    lanes n = lanes_round(lanes_multiply(x, lanes_all(1.44269504f)));
    lanes r = lanes_fnma(n, lanes_all(-2.12194440e-4f), lanes_fnma(n, lanes_all(0.693359375f), x)); /* ln 2 in two parts */
    lanes sum = lanes_all(1.0f / 5040);
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
        sum = lanes_fma(sum, r, lanes_all(terms[i]));
    /* 2^n in two steps: n reaches from -150 to 128. */
    lanes half = lanes_round(lanes_multiply(n, lanes_all(0.5f)));
    sum = lanes_multiply(sum, lanes_power_of_two(half));
    return lanes_multiply(sum, lanes_power_of_two(lanes_fnma(half, lanes_all(1), n)));
}

static float softmax(float *scores, uint32_t n, float scale, float sink)
{
    lanes factor = lanes_all(scale), largest = lanes_all(sink), sum = lanes_all(0);
    uint32_t whole = n - n % LANES, rest = n % LANES;
    for (uint32_t i = 0; i < whole; i += LANES) {
        lanes scaled = lanes_multiply(lanes_load(scores + i), factor);
        largest = lanes_most(largest, scaled);
        lanes_store(scores + i, scaled);
    }
    float most = lanes_largest(largest);
    for (uint32_t i = whole; i < n; i++) {
        scores[i] *= scale;
        most = scores[i] > most ? scores[i] : most;
    }
    lanes lowered = lanes_all(-most);
    for (uint32_t i = 0; i < whole; i += LANES) {
        lanes power = exponential(lanes_add(lanes_load(scores + i), lowered));
        sum = lanes_add(sum, power);
        lanes_store(scores + i, power);
    }
    if (rest > 0) {
        store_first(scores + whole, rest, exponential(lanes_add(load_first(scores + whole, rest, 0), lowered)));
        sum = lanes_add(sum, load_first(scores + whole, rest, 0));
    }
    return expf(sink - most) + lanes_sum(sum);
}

INLINE lanes swiglu_lanes(lanes gate, lanes up, lanes low, lanes high)
{
    lanes one = lanes_all(1), g = lanes_least(gate, high), u = lanes_most(lanes_least(up, high), low);
    lanes sigmoid = lanes_divide(one, lanes_add(one, exponential(lanes_multiply(g, lanes_all(-1)))));
    return lanes_multiply(lanes_multiply(g, sigmoid), u);
}

static void swiglu(const float *gate, float *up, uint32_t n, float limit)
{
    lanes high = lanes_all(limit > 0 ? limit : INFINITY), low = lanes_all(limit > 0 ? -limit : -INFINITY);
    uint32_t whole = n - n % LANES, rest = n % LANES;
    for (uint32_t i = 0; i < whole; i += LANES)
        lanes_store(up + i, swiglu_lanes(lanes_load(gate + i), lanes_load(up + i), low, high));
    if (rest > 0)
        store_first(up + whole, rest, swiglu_lanes(load_first(gate + whole, rest, 0), load_first(up + whole, rest, 0), low, high));
}

/* ---- rows of the cache -------------------------------------------------------------------------------------- */

/* `heads` × `count` products, both known when this is compiled. */
INLINE void score_tile(const float *queries, uint32_t heads, const float *const *rows, uint32_t count, uint32_t dim, float *scores,
                       size_t stride)
{
    lanes sum[TILE_HEADS][SCORE_ROWS];
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t j = 0; j < count; j++)
            sum[h][j] = lanes_all(0);
    for (uint32_t i = 0; i < dim; i += LANES) {
        lanes row[SCORE_ROWS];
        for (uint32_t j = 0; j < count; j++)
            row[j] = lanes_load(rows[j] + i);
        for (uint32_t h = 0; h < heads; h++) {
            lanes query = lanes_load(queries + (size_t)h * dim + i);
            for (uint32_t j = 0; j < count; j++)
                sum[h][j] = lanes_fma(query, row[j], sum[h][j]);
        }
    }
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t j = 0; j < count; j++)
            scores[h * stride + j] = lanes_sum(sum[h][j]);
}

static void score_rows(const float *queries, uint32_t heads, const float *const *rows, uint32_t count, uint32_t dim, float *scores,
                       size_t stride)
{
    uint32_t h = 0;
    for (; h + TILE_HEADS <= heads; h += TILE_HEADS, queries += TILE_HEADS * (size_t)dim, scores += TILE_HEADS * stride) {
        uint32_t j = 0;
        for (; j + SCORE_ROWS <= count; j += SCORE_ROWS)
            score_tile(queries, TILE_HEADS, rows + j, SCORE_ROWS, dim, scores + j, stride);
        for (; j < count; j++)
            score_tile(queries, TILE_HEADS, rows + j, 1, dim, scores + j, stride);
    }
    for (; h < heads; h++, queries += dim, scores += stride) {
        uint32_t j = 0;
        for (; j + SCORE_ROWS <= count; j += SCORE_ROWS)
            score_tile(queries, 1, rows + j, SCORE_ROWS, dim, scores + j, stride);
        for (; j < count; j++)
            score_tile(queries, 1, rows + j, 1, dim, scores + j, stride);
    }
}

/* ADD_GROUPS · LANES values, from the first on, of `heads` outputs; how many is known when this is compiled. */
INLINE void add_tile(float *out, uint32_t heads, const float *weights, size_t stride, const float *const *rows, uint32_t count,
                     uint32_t dim, uint32_t first)
{
    lanes sum[TILE_HEADS][ADD_GROUPS];
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t i = 0; i < ADD_GROUPS; i++)
            sum[h][i] = lanes_load(out + (size_t)h * dim + first + LANES * i);
    for (uint32_t j = 0; j < count; j++) {
        lanes row[ADD_GROUPS];
        for (uint32_t i = 0; i < ADD_GROUPS; i++)
            row[i] = lanes_load(rows[j] + first + LANES * i);
        for (uint32_t h = 0; h < heads; h++) {
            lanes weight = lanes_all(weights[h * stride + j]);
            for (uint32_t i = 0; i < ADD_GROUPS; i++)
                sum[h][i] = lanes_fma(weight, row[i], sum[h][i]);
        }
    }
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t i = 0; i < ADD_GROUPS; i++)
            lanes_store(out + (size_t)h * dim + first + LANES * i, sum[h][i]);
}

static void add_rows(float *out, uint32_t heads, const float *weights, size_t stride, const float *const *rows, uint32_t count,
                     uint32_t dim)
{
    uint32_t h = 0;
    for (; h + TILE_HEADS <= heads; h += TILE_HEADS, out += TILE_HEADS * (size_t)dim, weights += TILE_HEADS * stride)
        for (uint32_t i = 0; i < dim; i += ADD_GROUPS * LANES)
            add_tile(out, TILE_HEADS, weights, stride, rows, count, dim, i);
    for (; h < heads; h++, out += dim, weights += stride)
        for (uint32_t i = 0; i < dim; i += ADD_GROUPS * LANES)
            add_tile(out, 1, weights, stride, rows, count, dim, i);
}
