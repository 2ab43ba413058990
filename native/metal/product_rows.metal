/* Products of matrices with few vectors: every weight is read once for up to four of them.
 *
 * DESIGN   A simdgroup takes two rows; its lanes take octets of them in turn. The order of the additions does not depend on how
 *          many vectors there are. A norm of the vectors costs no pass of its own: its weights are applied on the way, its scale at the end.
 *          Several products share a dispatch, which keeps a device busy that one narrow matrix would not.
 *          product_mix does not keep its results but mixes them into the streams, which only the thread that has one touches there.
 *          Grid: threadgroups of 8 rows in x, vectors in steps of 4 in y.
 */
#include "formats.h"
#include "streams.h"

constant uint ROWS_PER_SIMDGROUP = 2;

/* What is done with a result: it is kept, or mixed into the streams. */
struct keep_result {
    device float *y;
    uint stride;
    void operator()(uint vector, uint row, float value) const
    {
        y[ulong(vector) * stride + row] = value;
    }
};

struct mix_result {
    device float *streams;
    device const float *mix;
    uint hidden;
    void operator()(uint vector, uint row, float value) const
    {
        mix_value(streams + ulong(vector) * 4 * hidden, mix + ulong(vector) * DS4_GPU_MIX_VALUES, hidden, row, value);
    }
};

template <uint FORMAT, typename RESULT>
static void multiply_rows(constant ds4_gpu_product &p, uint row, uint first, uint count, uint lane, RESULT result)
{
    device const uchar *w = p.matrix.data + ulong(row) * p.matrix.row_bytes;
    uint rows = min(ROWS_PER_SIMDGROUP, p.matrix.rows - row), slice = p.slice_rows == 0 ? 0 : row / p.slice_rows * p.matrix.columns;
    device const float *x[DS4_GPU_ROW_VECTORS];
    float sums[2][DS4_GPU_ROW_VECTORS] = {{0, 0, 0, 0}, {0, 0, 0, 0}}, squares[DS4_GPU_ROW_VECTORS] = {0, 0, 0, 0};
    for (uint v = 0; v < count; v++)
        x[v] = p.x + ulong(p.index ? p.index[first + v] : first + v) * p.x_stride + slice;
    for (uint o = lane; o < p.matrix.columns / 8; o += 32) {
        octet weights[2];
        for (uint r = 0; r < rows; r++)
            weights[r] = octet_of<FORMAT>(w + r * p.matrix.row_bytes, o);
        for (uint v = 0; v < count; v++) {
            octet values = octet_f32((device const uchar *)x[v], o);
            if (p.norm) {
                squares[v] += dot(values.low, values.low) + dot(values.high, values.high);
                octet norm = octet_f32((device const uchar *)p.norm, o);
                values = octet{values.low * norm.low, values.high * norm.high};
            }
            for (uint r = 0; r < rows; r++)
                sums[r][v] += dot(weights[r].low, values.low) + dot(weights[r].high, values.high);
        }
    }
    for (uint v = 0; v < count; v++) {
        float scale = p.norm ? 1.0f / sqrt(simd_sum(squares[v]) / float(p.matrix.columns) + p.epsilon) : 1.0f;
        for (uint r = 0; r < rows; r++) {
            float sum = simd_sum(sums[r][v]);
            if (lane == 0)
                result(first + v, row + r, scale * sum);
        }
    }
}

template <typename RESULT>
static void multiply_group(constant ds4_gpu_product &p, uint vectors, uint2 place, uint tid, RESULT result)
{
    uint row = (place.x - p.first_group) * DS4_GPU_GROUP_ROWS + tid / 32 * ROWS_PER_SIMDGROUP;
    uint first = place.y * DS4_GPU_ROW_VECTORS, count = min(vectors - first, uint(DS4_GPU_ROW_VECTORS)), lane = tid % 32;
    if (row >= p.matrix.rows)
        return;
#define MULTIPLY(FORMAT) multiply_rows<FORMAT>(p, row, first, count, lane, result)
    DS4_FOR_FORMAT(p.matrix.format, MULTIPLY)
#undef MULTIPLY
}

kernel void product_rows(constant ds4_gpu_products &a [[buffer(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    uint n = a.count - 1;
    while (place.x < a.product[n].first_group)
        n--;
    multiply_group(a.product[n], a.vectors, place, tid, keep_result{a.product[n].y, a.product[n].y_stride});
}

kernel void product_mix(constant ds4_gpu_product_mix &a [[buffer(0)]],
                        uint2 place [[threadgroup_position_in_grid]],
                        uint tid [[thread_index_in_threadgroup]])
{
    constant ds4_gpu_product &p = a.products.product[0];
    multiply_group(p, a.products.vectors, place, tid, mix_result{a.streams, a.mix, p.matrix.rows});
}
