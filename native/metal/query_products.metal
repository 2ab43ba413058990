/* The queries of few tokens from their low-rank queries, which are normalised on the way: of all heads, and of the indexer's.
 *
 * DESIGN   A query of the indexer is rotated, transformed and rounded where it is made: a threadgroup makes one head of it, 32 rows at
 *          a time. Grid: threadgroups of 32 rows, then the indexer's heads, in x; tokens in steps of 4 in y; 256 threads.
 */
#include "row.h"
#include "rows.h"

/* Low-rank queries, normalised. */
struct normed_queries {
    device const float *low;
    device const float *norm;
    threadgroup const float *scale; /* of each */
    uint rank;
    float4 operator()(uint vector, uint i) const
    {
        return scale[vector] * ((device const float4 *)(low + ulong(vector) * rank))[i] * ((device const float4 *)norm)[i];
    }
};

struct keep_head {
    threadgroup float *values; /* [vectors][128] */
    void operator()(uint vector, uint row, float value) const
    {
        values[vector * INDEX_DIM + row] = value;
    }
};

/* Scales of the norm: a simdgroup works out that of its vector. */
static void scale_queries(device const float *low, uint vectors, uint rank, float epsilon, threadgroup float *scale, uint tid)
{
    uint lane = tid % 32, vector = tid / 32;
    if (vector >= vectors)
        return;
    float sum = 0;
    for (uint i = lane; i < rank / 4; i += 32)
        sum += sum_of_squares(((device const float4 *)(low + ulong(vector) * rank))[i]);
    sum = simd_sum(sum);
    if (lane == 0)
        scale[vector] = 1.0f / sqrt(sum / float(rank) + epsilon);
}

static void index_head(constant ds4_gpu_query &a, uint head, uint first, uint vectors, normed_queries source, threadgroup float *memory,
                       threadgroup float *values, uint tid, uint threads)
{
    uint lane = tid % 32, vector = tid / 32, heads = a.index_query_b.rows / INDEX_DIM;
    for (uint row = vector * DS4_GPU_SIMDGROUP_ROWS; row < INDEX_DIM; row += threads / 32 * DS4_GPU_SIMDGROUP_ROWS)
        multiply_rows(a.index_query_b, ulong(head) * INDEX_DIM, row, DS4_GPU_SIMDGROUP_ROWS, source, vectors, memory, tid, threads,
                      keep_head{values});
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (vector >= vectors)
        return;
    threadgroup const float *made = values + vector * INDEX_DIM + 4 * lane;
    float4 v = rotate_tail(float4(made[0], made[1], made[2], made[3]), a.step.rotations + ulong(first + vector) * 64, lane, INDEX_DIM);
    ((device float4 *)(a.index_query + (ulong(first + vector) * heads + head) * INDEX_DIM))[lane] =
        round_index(v, lane, a.step.half_rows != 0);
}

[[max_total_threads_per_threadgroup(256)]]
kernel void query_products(constant ds4_gpu_query &a [[buffer(0)]],
                           threadgroup float *shared [[threadgroup(0)]],
                           uint2 place [[threadgroup_position_in_grid]],
                           uint tid [[thread_index_in_threadgroup]],
                           uint2 size [[threads_per_threadgroup]])
{
    uint first = place.y * DS4_GPU_ROW_VECTORS, vectors = min(a.vectors - first, uint(DS4_GPU_ROW_VECTORS)), rank = a.query_b.columns;
    threadgroup float *values = shared + DS4_GPU_VECTOR_FLOATS, *scale = values + DS4_GPU_ROW_VECTORS * INDEX_DIM;
    normed_queries source = normed_queries{a.low + ulong(first) * rank, a.norm, scale, rank};
    scale_queries(source.low, vectors, rank, a.step.epsilon, scale, tid);
    if (place.x >= a.groups) {
        index_head(a, place.x - a.groups, first, vectors, source, shared, values, tid, size.x);
        return;
    }
    uint row = place.x * DS4_GPU_GROUP_ROWS + tid / 32 * DS4_GPU_SIMDGROUP_ROWS;
    multiply_rows(a.query_b, 0, row, rows_left(row, a.query_b.rows), source, vectors, shared, tid, size.x,
                  keep_result{a.query + ulong(first) * a.query_b.rows, a.query_b.rows});
}
