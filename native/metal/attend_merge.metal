/* Puts the parts of a head's attention together, with its sink, and rotates the result back: values carry the rotation of their own
 * position, and going back by the token's leaves the distance. Grid: heads in x, tokens of the part in y. */
#include "row.h"

kernel void attend_merge(constant ds4_gpu_attend &a [[buffer(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    uint dim = a.step.head_dim, head = place.x, row = a.part_first + place.y;
    if (4 * tid >= dim)
        return;
    ulong first = ulong(place.y) * a.splits * a.heads + head;
    float largest = a.sinks[head];
    for (uint s = 0; s < a.splits; s++)
        largest = max(largest, a.extreme[2 * (first + s * a.heads)]);
    float total = exp(a.sinks[head] - largest);
    float4 sum = float4(0.0f);
    for (uint s = 0; s < a.splits; s++) {
        ulong part = first + s * a.heads;
        float factor = exp(a.extreme[2 * part] - largest);
        total += factor * a.extreme[2 * part + 1];
        sum += factor * ((device const float4 *)(a.partial + part * dim))[tid];
    }
    sum = sum / total;
    uint value = 4 * tid;
    if (value + ROTARY >= dim)
        sum = rotate(sum, a.step.rotations + ulong(row) * 64, (value + ROTARY - dim) / 2, -1.0f);
    ((device float4 *)(a.query + (ulong(row - a.span_first) * a.heads + head) * dim))[tid] = sum;
}
