/* Scores of a token's compressed rows: over the indexer's heads, the weighted sum of what is positive of query · key.
 *
 * DESIGN   A simdgroup takes eight keys and all heads, eight at a time, as a product of 8x8 matrices. Keys are brought to threadgroup
 *          memory as float. Grid: 32 keys in x, tokens of the part in y. Scores are written for the keys that a token sees.
 */
#include "row.h"

kernel void index_scores(constant ds4_gpu_index &a [[buffer(0)]],
                         threadgroup float *shared [[threadgroup(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    uint row = a.part_first + place.y, seen = rows_seen(a.step.ratio, a.step.rows[row].position);
    if (seen <= a.top_k || place.x * DS4_GPU_KEYS >= seen)
        return;
    device const ds4_gpu_tile &tile = a.step.tiles[a.step.rows[row].tile];
    uint lane = tid % 32, group = tid / 32, first = place.x * DS4_GPU_KEYS + 8 * group;
    threadgroup float *keys = shared + group * 8 * INDEX_DIM, *matches = shared + DS4_GPU_KEYS * INDEX_DIM + group * 64;
    bool is_half = a.step.half_rows != 0;
    for (uint j = 0; j < 8; j++) {
        float4 values = first + j < seen ? load_stored(paged_row(tile, first + j, INDEX_DIM, is_half, true), lane, is_half) : float4(0.0f);
        threadgroup float *key = keys + j * INDEX_DIM + 4 * lane;
        key[0] = values.x, key[1] = values.y, key[2] = values.z, key[3] = values.w;
    }
    simdgroup_barrier(mem_flags::mem_threadgroup);
    device const float *query = a.query + ulong(row - a.span_first) * a.heads * INDEX_DIM, *weight = a.weight + ulong(row) * a.heads;
    float score = 0;
    for (uint head = 0; head < a.heads; head += 8) {
        simdgroup_float8x8 sums = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
        for (uint k = 0; k < INDEX_DIM; k += 8) {
            simdgroup_float8x8 q, key;
            simdgroup_load(q, query + head * INDEX_DIM + k, INDEX_DIM);
            simdgroup_load(key, keys + k, INDEX_DIM, ulong2(0, 0), true);
            simdgroup_multiply_accumulate(sums, q, key, sums);
        }
        simdgroup_store(sums, matches, 8);
        simdgroup_barrier(mem_flags::mem_threadgroup);
        for (uint h = 0; h < min(a.heads - head, 8u) && lane < 8; h++)
            score += weight[head + h] * a.factor * max(matches[8 * h + lane], 0.0f);
        simdgroup_barrier(mem_flags::mem_threadgroup);
    }
    if (lane < 8 && first + lane < seen)
        a.scores[ulong(place.y) * a.most_rows + first + lane] = score;
}
