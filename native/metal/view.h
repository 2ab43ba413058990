/* view.h: what a token attends to, in parts, and how the parts of the result are put together. */
#ifndef DS4_GPU_VIEW_H
#define DS4_GPU_VIEW_H

#include "row.h"

/* What one token sees: the window, oldest row first, then compressed rows. */
struct view {
    device const ds4_gpu_tile *tile;
    device const uint *selected; /* null: compressed rows 0, 1, 2 … */
    uint window_start, window_rows, rows;
};

/* `row`: of the batch. */
inline view view_of(constant ds4_gpu_attend &a, uint row)
{
    view v;
    uint position = a.step.rows[row].position, seen = rows_seen(a.step.ratio, position);
    bool selects = a.selects && seen > a.top_k;
    v.tile = &a.step.tiles[a.step.rows[row].tile];
    v.window_rows = min(position + 1, a.step.window);
    v.window_start = position + 1 - v.window_rows;
    v.selected = selects ? a.selected + ulong(row - a.part_first) * a.top_k : nullptr;
    v.rows = v.window_rows + (selects ? a.top_k : seen);
    return v;
}

/* How many of so many rows are a part. */
inline uint rows_of_part(uint rows, uint most_parts)
{
    return max(uint(DS4_GPU_PART_ROWS), (rows + most_parts - 1) / most_parts);
}

/* How the parts of one head of a token are added, into `work`: their factors, in which the head's sink counts, and how many they are.
 * `token`: of the part of the span. */
inline void weigh_parts(constant ds4_gpu_attend &a, uint token, uint head, threadgroup float *work)
{
    uint rows = view_of(a, a.part_first + token).rows, part_rows = rows_of_part(rows, a.most_parts);
    uint count = (rows + part_rows - 1) / part_rows;
    device const float *extreme = a.extreme + 2 * (ulong(token) * a.parts * a.heads + head);
    float largest = a.sinks[head];
    for (uint s = 0; s < count; s++)
        largest = max(largest, extreme[2 * s * a.heads]);
    float total = exp(a.sinks[head] - largest);
    for (uint s = 0; s < count; s++) {
        work[s] = exp(extreme[2 * s * a.heads] - largest);
        total += work[s] * extreme[2 * s * a.heads + 1];
    }
    for (uint s = 0; s < count; s++)
        work[s] /= total;
    work[DS4_GPU_PARTS] = float(count);
}

/* Values 4·i … of that head's attention, rotated back: values carry the rotation of their own position, and going back by the token's
 * leaves the distance. */
inline float4 merge_parts(constant ds4_gpu_attend &a, uint token, uint head, threadgroup const float *work, uint i)
{
    uint dim = a.step.head_dim, count = uint(work[DS4_GPU_PARTS]);
    device const float4 *partial = (device const float4 *)(a.partial + (ulong(token) * a.parts * a.heads + head) * dim) + i;
    float4 sum = float4(0.0f);
    for (uint s = 0; s < count; s++)
        sum += work[s] * partial[s * a.heads * (dim / 4)];
    if (4 * i + ROTARY < dim)
        return sum;
    return rotate(sum, a.step.rotations + ulong(a.part_first + token) * 64, (4 * i + ROTARY - dim) / 2, -1.0f);
}

#endif
