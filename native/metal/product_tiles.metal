/* Products of matrices with many vectors, in tiles of 32 rows and 32 vectors. Grid: tiles of rows in x, of vectors in y. */
#include "tile.h"

template <typename T>
static void multiply(constant ds4_gpu_products &a, threadgroup uchar *shared, uint2 place, uint tid)
{
    uint n = a.count - 1;
    while (place.x < a.product[n].first_group)
        n--;
    constant ds4_gpu_product &p = a.product[n];
    uint first_row = (place.x - p.first_group) * DS4_GPU_TILE, first = place.y * DS4_GPU_TILE;
    uint row = first_row + tid / 4, v = first + tid / 4;
    uint slice = p.slice_rows == 0 ? 0 : first_row / p.slice_rows * p.matrix.columns;
    device const uchar *weights = row < p.matrix.rows ? p.matrix.data + ulong(row) * p.matrix.row_bytes : nullptr;
    device const float *vector = v < a.vectors ? p.x + ulong(v) * p.x_stride + slice : nullptr;
    multiply_tile<T>(weights, p.matrix.format, p.matrix.columns, vector, shared, tid);
    threadgroup const float *out = (threadgroup const float *)shared;
    for (uint i = tid; i < DS4_GPU_TILE * DS4_GPU_TILE; i += 128) {
        uint r = first_row + i % DS4_GPU_TILE, t = first + i / DS4_GPU_TILE;
        if (r < p.matrix.rows && t < a.vectors)
            p.y[ulong(t) * p.y_stride + r] = out[i];
    }
}

kernel void product_tiles_float(constant ds4_gpu_products &a [[buffer(0)]],
                                threadgroup uchar *shared [[threadgroup(0)]],
                                uint2 place [[threadgroup_position_in_grid]],
                                uint tid [[thread_index_in_threadgroup]])
{
    multiply<float>(a, shared, place, tid);
}

kernel void product_tiles_half(constant ds4_gpu_products &a [[buffer(0)]],
                               threadgroup uchar *shared [[threadgroup(0)]],
                               uint2 place [[threadgroup_position_in_grid]],
                               uint tid [[thread_index_in_threadgroup]])
{
    multiply<half>(a, shared, place, tid);
}
