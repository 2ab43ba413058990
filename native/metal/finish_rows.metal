/* What a token's projections go through: norm, rotation and roundings of its KV row; norm of its low-rank query, where the product with
 * it does not do that. Grid: one threadgroup of each kind in x, tokens in y. */
#include "row.h"

static void finish_kv(constant ds4_gpu_finish_rows &a, uint row, uint tid, uint threads, threadgroup float *scratch)
{
    uint dim = a.step.head_dim;
    device float4 *kv = (device float4 *)(a.kv + ulong(row) * dim);
    bool has_values = 4 * tid < dim;
    float4 v = has_values ? kv[tid] : float4(0.0f);
    float scale = 1.0f / sqrt(sum_of_threads(sum_of_squares(v), scratch, tid, threads) / float(dim) + a.step.epsilon);
    if (has_values)
        v = scale * v * ((device const float4 *)a.kv_norm)[tid];
    v = rotate_tail(v, a.step.rotations + ulong(row) * 64, tid, dim);
    float4 rounded = round_kv(v, tid, dim);
    if (has_values)
        kv[tid] = a.step.half_rows ? rounded : v;
}

static void finish_query(constant ds4_gpu_finish_rows &a, uint row, uint tid, uint threads, threadgroup float *scratch)
{
    device float *low = a.query_low + ulong(row) * a.query_rank;
    float sum = 0;
    for (uint i = tid; i < a.query_rank; i += threads)
        sum += low[i] * low[i];
    float scale = 1.0f / sqrt(sum_of_threads(sum, scratch, tid, threads) / float(a.query_rank) + a.step.epsilon);
    for (uint i = tid; i < a.query_rank; i += threads)
        low[i] *= scale * a.query_norm[i];
}

kernel void finish_rows(constant ds4_gpu_finish_rows &a [[buffer(0)]],
                        threadgroup float *scratch [[threadgroup(0)]],
                        uint2 place [[threadgroup_position_in_grid]],
                        uint tid [[thread_index_in_threadgroup]],
                        uint2 size [[threads_per_threadgroup]])
{
    if (place.x == 0)
        finish_kv(a, place.y, tid, size.x, scratch);
    else
        finish_query(a, place.y, tid, size.x, scratch);
}
