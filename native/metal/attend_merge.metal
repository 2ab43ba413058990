/* Puts the parts of a head's attention together for many tokens. Grid: heads in x, tokens of the part in y. */
#include "view.h"

kernel void attend_merge(constant ds4_gpu_attend &a [[buffer(0)]],
                         threadgroup float *work [[threadgroup(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    uint dim = a.step.head_dim, head = place.x, row = a.part_first + place.y;
    if (tid == 0)
        weigh_parts(a, place.y, head, work);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (4 * tid < dim)
        ((device float4 *)(a.query + (ulong(row - a.span_first) * a.heads + head) * dim))[tid] =
            merge_parts(a, place.y, head, work, tid);
}
