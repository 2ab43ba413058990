/* The mix of the streams that is a sub-layer's input, normalised; and how its output will be mixed in.
 *
 * DESIGN   Every threadgroup works out the mix by itself: 34 sums and a Sinkhorn iteration of a 4x4 matrix cost less than another
 *          barrier. Grid: 1024 hidden values in x, tokens in y; the first threadgroup of a token writes the mix down.
 */
#include "row.h"

static float sigmoid(float x)
{
    return 1.0f / (1.0f + exp(-x));
}

/* Makes a 4x4 matrix doubly stochastic; it ends on columns. */
static void balance(threadgroup float *m, uint iterations, float epsilon)
{
    for (uint r = 0; r < 4; r++) {
        float largest = max(max(m[4 * r], m[4 * r + 1]), max(m[4 * r + 2], m[4 * r + 3])), sum = 0;
        for (uint c = 0; c < 4; c++) {
            m[4 * r + c] = exp(m[4 * r + c] - largest);
            sum += m[4 * r + c];
        }
        for (uint c = 0; c < 4; c++)
            m[4 * r + c] = m[4 * r + c] / sum + epsilon;
    }
    for (uint i = 0; i < iterations; i++) {
        for (uint r = 0; r < 4 && i > 0; r++) {
            float sum = m[4 * r] + m[4 * r + 1] + m[4 * r + 2] + m[4 * r + 3] + epsilon;
            for (uint c = 0; c < 4; c++)
                m[4 * r + c] /= sum;
        }
        for (uint c = 0; c < 4; c++) {
            float sum = m[c] + m[4 + c] + m[8 + c] + m[12 + c] + epsilon;
            for (uint r = 0; r < 4; r++)
                m[4 * r + c] /= sum;
        }
    }
}

/* The root mean square of the mixed streams, from their dot products in the order 00 01 02 03 11 12 13 22 23 33. */
static float mixed_scale(threadgroup const float *dots, threadgroup const float *pre, uint hidden, float epsilon)
{
    float sum = 0;
    uint n = 0;
    for (uint s = 0; s < 4; s++)
        for (uint r = s; r < 4; r++)
            sum += (r == s ? 1.0f : 2.0f) * pre[s] * pre[r] * dots[n++];
    return 1.0f / sqrt(max(sum, 0.0f) / float(hidden) + epsilon);
}

/* `sums` [34] becomes the mix [24], and the scale of the input is returned. */
static float split(constant ds4_gpu_mix &a, threadgroup float *sums, threadgroup float *mix)
{
    threadgroup const float *dots = sums + 24;
    float squares = dots[0] + dots[4] + dots[7] + dots[9];
    float scale = 1.0f / sqrt(squares / float(4 * a.hidden) + a.epsilon);
    for (uint s = 0; s < 4; s++) {
        mix[s] = sigmoid(sums[s] * scale * a.scale[0] + a.base[s]) + a.mix_epsilon;
        if (a.outputs > 4)
            mix[4 + s] = 2.0f * sigmoid(sums[4 + s] * scale * a.scale[1] + a.base[4 + s]);
    }
    if (a.outputs > 4) {
        for (uint i = 8; i < 24; i++)
            mix[i] = sums[i] * scale * a.scale[2] + a.base[i];
        balance(mix + 8, a.iterations, a.mix_epsilon);
    }
    return mixed_scale(dots, mix, a.hidden, a.epsilon);
}

kernel void mix_apply(constant ds4_gpu_mix &a [[buffer(0)]],
                      threadgroup float *shared [[threadgroup(0)]],
                      uint2 place [[threadgroup_position_in_grid]],
                      uint tid [[thread_index_in_threadgroup]])
{
    threadgroup float *sums = shared, *mix = shared + DS4_GPU_MIX_SUMS, *input_scale = mix + DS4_GPU_MIX_VALUES;
    if (tid < DS4_GPU_MIX_SUMS) {
        device const float *parts = a.sums + ulong(place.y) * a.splits * DS4_GPU_MIX_SUMS + tid;
        float sum = 0;
        for (uint i = 0; i < a.splits; i++)
            sum += parts[i * DS4_GPU_MIX_SUMS];
        sums[tid] = sum;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (tid == 0)
        *input_scale = split(a, sums, mix);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (place.x == 0 && tid < DS4_GPU_MIX_VALUES && a.mix)
        a.mix[ulong(place.y) * DS4_GPU_MIX_VALUES + tid] = mix[tid];
    uint row = a.index ? a.index[place.y] : place.y, quads = a.hidden / 4;
    device const float4 *streams = (device const float4 *)(a.streams + ulong(row) * 4 * a.hidden), *norm = (device const float4 *)a.norm;
    device float4 *input = (device float4 *)(a.input + ulong(place.y) * a.hidden);
    for (uint i = place.x * 256 + tid; i < min(quads, place.x * 256 + 256); i += 128) {
        float4 mixed = mix[0] * streams[i] + mix[1] * streams[quads + i] + mix[2] * streams[2 * quads + i] + mix[3] * streams[3 * quads + i];
        input[i] = *input_scale * mixed * norm[i];
    }
}
