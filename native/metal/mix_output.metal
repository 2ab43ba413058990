/* Mixes a sub-layer's output into the four streams, in place. Grid: hidden / 4 threads of 64 in x, tokens in y. */
#include "arguments.h"

kernel void mix_output(constant ds4_gpu_mix_output &a [[buffer(0)]],
                       uint2 place [[thread_position_in_grid]])
{
    uint quads = a.hidden / 4, i = place.x;
    if (i >= quads)
        return;
    device float4 *streams = (device float4 *)(a.streams + ulong(place.y) * 4 * a.hidden);
    device const float *post = a.mix + ulong(place.y) * DS4_GPU_MIX_VALUES + 4, *combination = post + 4;
    float4 output = ((device const float4 *)(a.output + ulong(place.y) * a.hidden))[i], old[4];
    for (uint s = 0; s < 4; s++)
        old[s] = streams[s * quads + i];
    for (uint d = 0; d < 4; d++)
        streams[d * quads + i] = post[d] * output + combination[d] * old[0] + combination[4 + d] * old[1] + combination[8 + d] * old[2] +
                                 combination[12 + d] * old[3];
}
