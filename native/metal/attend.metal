/* Attention of eight heads of one token over a part of what it sees.
 *
 * DESIGN   Keys and values are the same row for all heads, so eight of them share the loading of every row. Eight rows at a time
 *          come to threadgroup memory as float; each of the four simdgroups owns a quarter of the dimensions, as 8x8 matrices of
 *          query and result in registers. The largest score so far is kept, and the result is scaled when it grows. What is written
 *          is not normalised yet: merge_parts puts the parts together.
 *          Grid: parts of the rows in x, blocks of eight heads in y, tokens of the part in z.
 */
#include "view.h"

enum { DIM_MATRICES = DS4_GPU_MAX_HEAD_DIM / 32 }; /* of one simdgroup, at most */

/* Values 4·i … of row `index` of the view. */
static float4 load_row(constant ds4_gpu_attend &a, view v, uint index, uint i)
{
    uint dim = a.step.head_dim;
    bool is_half = a.step.half_rows != 0;
    if (index >= v.window_rows) {
        uint row = index - v.window_rows;
        return load_stored(paged_row(*v.tile, v.selected ? v.selected[row] : row, dim, is_half, false), i, is_half);
    }
    uint position = v.window_start + index;
    if (position >= v.tile->start)
        return ((device const float4 *)(a.raw + ulong(v.tile->first_row + (position - v.tile->start)) * dim))[i];
    return load_stored(v.tile->window + ulong(position % a.step.window) * stored_bytes(dim, is_half), i, is_half);
}

static void put(threadgroup float *place, float4 v)
{
    place[0] = v.x, place[1] = v.y, place[2] = v.z, place[3] = v.w;
}

/* Norm and rotation of the block's queries, into `rows` [8][head_dim]; heads that do not exist are zeros. */
static void load_queries(constant ds4_gpu_attend &a, uint row, uint first_head, threadgroup float *rows, uint lane, uint group)
{
    uint dim = a.step.head_dim;
    for (uint h = 2 * group; h < 2 * group + 2; h++) {
        bool exists = first_head + h < a.heads;
        device const float4 *query =
            (device const float4 *)(a.query + (ulong(row - a.span_first) * a.heads + (exists ? first_head + h : 0)) * dim);
        float sum = 0;
        for (uint i = lane; i < dim / 4; i += 32)
            sum += sum_of_squares(query[i]);
        float mean = simd_sum(sum) / float(dim), scale = exists ? 1.0f / sqrt(mean + a.step.epsilon) : 0.0f;
        for (uint i = lane; i < dim / 4; i += 32)
            put(rows + h * dim + 4 * i, rotate_tail(scale * query[i], a.step.rotations + ulong(row) * 64, i, dim));
    }
}

/* Where a threadgroup keeps what its simdgroups share. */
struct attend_memory {
    threadgroup float *rows;    /* [8][head_dim] */
    threadgroup float *scores;  /* [4][8][8]: [simdgroup][head][row] */
    threadgroup float *weights; /* [8][8] */
    threadgroup float *growth;  /* [8][8]: the factors of what has been summed, a diagonal matrix */
    threadgroup float *largest; /* [8] */
    threadgroup float *sums;    /* [8] */
};

/* One head's part of a chunk: scores become weights. */
static void weigh(attend_memory m, uint head, uint rows, float scale)
{
    float largest = m.largest[head], scores[DS4_GPU_CHUNK];
    for (uint j = 0; j < rows; j++) {
        uint i = 8 * head + j;
        scores[j] = scale * ((m.scores[i] + m.scores[64 + i]) + (m.scores[128 + i] + m.scores[192 + i]));
        largest = max(largest, scores[j]);
    }
    float factor = exp(m.largest[head] - largest), sum = factor * m.sums[head];
    for (uint j = 0; j < DS4_GPU_CHUNK; j++) {
        float weight = j < rows ? exp(scores[j] - largest) : 0.0f;
        m.weights[8 * head + j] = weight;
        m.growth[8 * head + j] = j == head ? factor : 0.0f;
        sum += weight;
    }
    m.largest[head] = largest;
    m.sums[head] = sum;
}

kernel void attend(constant ds4_gpu_attend &a [[buffer(0)]],
                   threadgroup float *shared [[threadgroup(0)]],
                   uint3 place [[threadgroup_position_in_grid]],
                   uint tid [[thread_index_in_threadgroup]])
{
    uint dim = a.step.head_dim, lane = tid % 32, group = tid / 32, row = a.part_first + place.z, matrices = dim / 32;
    threadgroup float *rest = shared + DS4_GPU_CHUNK * dim;
    attend_memory m = attend_memory{shared, rest, rest + 256, rest + 320, rest + 384, rest + 392};
    threadgroup float *quarter = m.rows + group * (dim / 4);
    view v = view_of(a, row);
    uint part_rows = rows_of_part(v.rows, a.most_parts), begin = place.x * part_rows, end = min(begin + part_rows, v.rows);
    if (begin >= v.rows)
        return;
    simdgroup_float8x8 query[DIM_MATRICES], sums[DIM_MATRICES], zero = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);

    load_queries(a, row, place.y * DS4_GPU_HEADS, m.rows, lane, group);
    if (tid < DS4_GPU_HEADS) {
        m.largest[tid] = -1e30f;
        m.sums[tid] = 0.0f;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = 0; i < DIM_MATRICES; i++) {
        if (i < matrices)
            simdgroup_load(query[i], quarter + 8 * i, dim);
        sums[i] = zero;
    }
    for (uint first = begin; first < end; first += DS4_GPU_CHUNK) {
        uint rows = min(end - first, uint(DS4_GPU_CHUNK));
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i = tid; i < DS4_GPU_CHUNK * dim / 4; i += 128) {
            uint j = i / (dim / 4);
            put(m.rows + 4 * i, j < rows ? load_row(a, v, first + j, i % (dim / 4)) : float4(0.0f));
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        simdgroup_float8x8 scores = zero, key, weights, growth;
        for (uint i = 0; i < DIM_MATRICES; i++)
            if (i < matrices) {
                simdgroup_load(key, quarter + 8 * i, dim, ulong2(0, 0), true);
                simdgroup_multiply_accumulate(scores, query[i], key, scores);
            }
        simdgroup_store(scores, m.scores + 64 * group, 8);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (tid < DS4_GPU_HEADS)
            weigh(m, tid, rows, a.scale);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        simdgroup_load(weights, m.weights, 8);
        simdgroup_load(growth, m.growth, 8);
        for (uint i = 0; i < DIM_MATRICES; i++)
            if (i < matrices) {
                simdgroup_load(key, quarter + 8 * i, dim);
                simdgroup_multiply_accumulate(sums[i], growth, sums[i], zero);
                simdgroup_multiply_accumulate(sums[i], weights, key, sums[i]);
            }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = 0; i < DIM_MATRICES; i++)
        if (i < matrices)
            simdgroup_store(sums[i], quarter + 8 * i, dim);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint first_head = place.y * DS4_GPU_HEADS, heads = min(a.heads - first_head, uint(DS4_GPU_HEADS));
    ulong base = (ulong(place.z) * a.parts + place.x) * a.heads + first_head;
    for (uint i = tid; i < heads * dim; i += 128)
        a.partial[base * dim + i] = m.rows[i];
    if (tid < heads) {
        a.extreme[2 * (base + tid)] = m.largest[tid];
        a.extreme[2 * (base + tid) + 1] = m.sums[tid];
    }
}
