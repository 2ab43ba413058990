/* Mixes a sub-layer's output into the four streams, in place. Grid: hidden / 4 threads of 64 in x, tokens in y. */
#include "streams.h"

kernel void mix_output(constant ds4_gpu_mix_output &a [[buffer(0)]],
                       uint2 place [[thread_position_in_grid]])
{
    uint quads = a.hidden / 4, i = place.x;
    if (i >= quads)
        return;
    mix_value((device float4 *)(a.streams + ulong(place.y) * 4 * a.hidden), a.mix + ulong(place.y) * DS4_GPU_MIX_VALUES, quads, i,
              ((device const float4 *)(a.output + ulong(place.y) * a.hidden))[i]);
}
