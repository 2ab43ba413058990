/* Products of matrices with few vectors: every weight is read once for up to four of them.
 *
 * DESIGN   A simdgroup takes two rows; its lanes take octets of them in turn. The order of the additions does not depend on how
 *          many vectors there are. Several products share a dispatch, which keeps a device busy that one narrow matrix would not.
 *          Grid: threadgroups of 8 rows in x, vectors in steps of 4 in y.
 */
#include "formats.h"

constant uint ROWS_PER_SIMDGROUP = 2;

template <uint FORMAT>
static void multiply_rows(constant ds4_gpu_product &p, uint row, uint first, uint count, uint lane)
{
    device const uchar *w = p.matrix.data + ulong(row) * p.matrix.row_bytes;
    uint rows = min(ROWS_PER_SIMDGROUP, p.matrix.rows - row), slice = p.slice_rows == 0 ? 0 : row / p.slice_rows * p.matrix.columns;
    device const float *x[DS4_GPU_ROW_VECTORS];
    float sums[2][DS4_GPU_ROW_VECTORS] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    for (uint v = 0; v < count; v++)
        x[v] = p.x + ulong(p.index ? p.index[first + v] : first + v) * p.x_stride + slice;
    for (uint o = lane; o < p.matrix.columns / 8; o += 32)
        for (uint r = 0; r < rows; r++) {
            octet values = octet_of<FORMAT>(w + r * p.matrix.row_bytes, o);
            for (uint v = 0; v < count; v++)
                sums[r][v] += dot_octet(values, x[v] + 8 * o);
        }
    for (uint r = 0; r < rows; r++)
        for (uint v = 0; v < count; v++) {
            float sum = simd_sum(sums[r][v]);
            if (lane == 0)
                p.y[ulong(first + v) * p.y_stride + row + r] = sum;
        }
}

kernel void product_rows(constant ds4_gpu_products &a [[buffer(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    uint n = a.count - 1;
    while (place.x < a.product[n].first_group)
        n--;
    constant ds4_gpu_product &p = a.product[n];
    uint row = (place.x - p.first_group) * DS4_GPU_GROUP_ROWS + tid / 32 * ROWS_PER_SIMDGROUP;
    uint first = place.y * DS4_GPU_ROW_VECTORS, count = min(a.vectors - first, uint(DS4_GPU_ROW_VECTORS));
    if (row >= p.matrix.rows)
        return;
#define MULTIPLY(FORMAT) multiply_rows<FORMAT>(p, row, first, count, tid % 32)
    DS4_FOR_FORMAT(p.matrix.format, MULTIPLY)
#undef MULTIPLY
}
