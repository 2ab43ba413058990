/* Products of experts with the pairs of a batch, in tiles of 32 rows and 32 pairs of one expert; and the sum of a token's pairs.
 * Grid: tiles of rows in x, tiles of pairs in y; hidden / 4 threads of 64 in x and tokens in y. */
#include "tile.h"

template <typename T>
static void multiply_pairs(constant ds4_gpu_expert_product &a, threadgroup uchar *shared, uint2 place, uint tid)
{
    uint expert = a.tile_expert[place.y];
    if (expert == a.experts)
        return;
    uint first_row = place.x * DS4_GPU_TILE, first = a.tile_first[place.y], end = a.start[expert + 1];
    uint row = first_row + tid / 4, pair = first + tid / 4;
    device const uchar *weights =
        row < a.matrix.rows ? a.matrix.data + (ulong(expert) * a.matrix.rows + row) * a.matrix.row_bytes : nullptr;
    device const float *vector = pair < end ? a.x + ulong(a.token ? a.token[pair] : pair) * a.x_stride : nullptr;
    multiply_tile<T>(weights, a.matrix.format, a.matrix.columns, vector, shared, tid);
    threadgroup const float *out = (threadgroup const float *)shared;
    for (uint i = tid; i < DS4_GPU_TILE * DS4_GPU_TILE; i += 128) {
        uint r = first_row + i % DS4_GPU_TILE, p = first + i / DS4_GPU_TILE;
        if (r < a.matrix.rows && p < end)
            a.y[ulong(p) * a.matrix.rows + r] = out[i];
    }
}

kernel void expert_tiles_float(constant ds4_gpu_expert_product &a [[buffer(0)]],
                               threadgroup uchar *shared [[threadgroup(0)]],
                               uint2 place [[threadgroup_position_in_grid]],
                               uint tid [[thread_index_in_threadgroup]])
{
    multiply_pairs<float>(a, shared, place, tid);
}

kernel void expert_tiles_half(constant ds4_gpu_expert_product &a [[buffer(0)]],
                              threadgroup uchar *shared [[threadgroup(0)]],
                              uint2 place [[threadgroup_position_in_grid]],
                              uint tid [[thread_index_in_threadgroup]])
{
    multiply_pairs<half>(a, shared, place, tid);
}

kernel void expert_sum(constant ds4_gpu_expert_sum &a [[buffer(0)]],
                       uint2 place [[thread_position_in_grid]])
{
    uint quads = a.hidden / 4;
    if (place.x >= quads)
        return;
    device float4 *output = (device float4 *)(a.output + ulong(place.y) * a.hidden) + place.x;
    float4 sum = *output;
    for (uint k = 0; k < a.used; k++)
        sum += ((device const float4 *)(a.pairs + ulong(a.place[place.y * a.used + k]) * a.hidden))[place.x];
    *output = sum;
}
