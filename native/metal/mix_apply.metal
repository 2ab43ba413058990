/* The input of a sub-layer for many tokens, and how its output will be mixed in.
 * Grid: 1024 hidden values in x, tokens in y, 256 threads; the first threadgroup of a token writes the mix down. */
#include "mix.h"

kernel void mix_apply(constant ds4_gpu_mix &a [[buffer(0)]],
                      threadgroup float *shared [[threadgroup(0)]],
                      uint2 place [[threadgroup_position_in_grid]],
                      uint tid [[thread_index_in_threadgroup]])
{
    mixed_streams source = mixed_streams{&a, shared, place.y};
    device float4 *input = (device float4 *)(a.input + ulong(place.y) * a.hidden);
    uint i = place.x * 256 + tid;
    weigh_streams(a, place.y, 1, shared, tid);
    if (place.x == 0)
        finish_mix(a, place.y, 1, shared, tid);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (i < a.hidden / 4)
        input[i] = source(0, i);
}
