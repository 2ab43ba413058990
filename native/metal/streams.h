/* streams.h: how a sub-layer's output goes into the four residual streams. */
#ifndef DS4_GPU_STREAMS_H
#define DS4_GPU_STREAMS_H

#include "arguments.h"

/* Mixes value `i` of a token's output into its streams, in place. `mix`: pre [4], post [4], combination [source][destination]. */
template <typename T>
inline void mix_value(device T *streams, device const float *mix, uint width, uint i, T output)
{
    device const float *post = mix + 4, *combination = mix + 8;
    T old[4];
    for (uint s = 0; s < 4; s++)
        old[s] = streams[s * width + i];
    for (uint d = 0; d < 4; d++)
        streams[d * width + i] = post[d] * output + combination[d] * old[0] + combination[4 + d] * old[1] + combination[8 + d] * old[2] +
                                 combination[12 + d] * old[3];
}

/* Results of rows.h that go into the streams of the tokens from number `first` on. */
struct mix_result {
    device float *streams;
    device const float *mix;
    uint hidden, first;
    void operator()(uint vector, uint row, float value) const
    {
        mix_value(streams + ulong(first + vector) * 4 * hidden, mix + ulong(first + vector) * DS4_GPU_MIX_VALUES, hidden, row, value);
    }
};

#endif
