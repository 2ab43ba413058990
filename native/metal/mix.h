/* mix.h: from the sums of mix_dots to the mix of a token, and its mixed, normalised input.
 *
 * DESIGN   Whoever needs the input works out the weights of the streams by itself: the 34 sums cost less than another barrier. How the
 *          output will be mixed in, which takes a Sinkhorn iteration, is worked out by one threadgroup of a token.
 */
#ifndef DS4_GPU_MIX_H
#define DS4_GPU_MIX_H

#include "arguments.h"

/* A token's place in threadgroup memory. */
struct mix_work {
    threadgroup float *sums;  /* [34] */
    threadgroup float *mix;   /* [24]: pre, post, combination */
    threadgroup float *scale; /* of the input */
};

inline mix_work work_of(threadgroup float *memory, uint vector)
{
    threadgroup float *sums = memory + vector * DS4_GPU_MIX_WORK, *mix = sums + DS4_GPU_MIX_SUMS;
    return mix_work{sums, mix, mix + DS4_GPU_MIX_VALUES};
}

inline float sigmoid(float x)
{
    return 1.0f / (1.0f + exp(-x));
}

/* Makes a 4x4 matrix doubly stochastic; it ends on columns. */
inline void balance(thread float (&m)[16], uint iterations, float epsilon)
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

/* The scale of the products of the streams: the inverse of their root mean square. */
inline float streams_scale(threadgroup const float *dots, uint hidden, float epsilon)
{
    return 1.0f / sqrt((dots[0] + dots[4] + dots[7] + dots[9]) / float(4 * hidden) + epsilon);
}

/* That of the mixed streams, from their dot products in the order 00 01 02 03 11 12 13 22 23 33. */
inline float mixed_scale(threadgroup const float *dots, threadgroup const float *pre, uint hidden, float epsilon)
{
    float sum = 0;
    uint n = 0;
    for (uint s = 0; s < 4; s++)
        for (uint r = s; r < 4; r++)
            sum += (r == s ? 1.0f : 2.0f) * pre[s] * pre[r] * dots[n++];
    return 1.0f / sqrt(max(sum, 0.0f) / float(hidden) + epsilon);
}

/* What the input of up to four tokens from number `first` on needs, in a threadgroup of 256. It is there after the next barrier. */
inline void weigh_streams(constant ds4_gpu_mix &a, uint first, uint vectors, threadgroup float *memory, uint tid)
{
    if (tid < vectors * DS4_GPU_MIX_SUMS) {
        uint vector = tid / DS4_GPU_MIX_SUMS, n = tid % DS4_GPU_MIX_SUMS;
        device const float *parts = a.sums + ulong(first + vector) * a.splits * DS4_GPU_MIX_SUMS + n;
        float sum = 0;
        for (uint s = 0; s < a.splits; s++)
            sum += parts[s * DS4_GPU_MIX_SUMS];
        work_of(memory, vector).sums[n] = sum;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (tid < vectors) {
        mix_work w = work_of(memory, tid);
        threadgroup const float *dots = w.sums + DS4_GPU_MIX_VALUES;
        float scale = streams_scale(dots, a.hidden, a.epsilon);
        for (uint s = 0; s < 4; s++)
            w.mix[s] = sigmoid(w.sums[s] * scale * a.scale[0] + a.base[s]) + a.mix_epsilon;
        *w.scale = mixed_scale(dots, w.mix, a.hidden, a.epsilon);
    }
}

/* After that, the rest of these tokens' mix, which is written down. */
inline void finish_mix(constant ds4_gpu_mix &a, uint first, uint vectors, threadgroup float *memory, uint tid)
{
    if (tid < vectors) {
        mix_work w = work_of(memory, tid);
        float scale = streams_scale(w.sums + DS4_GPU_MIX_VALUES, a.hidden, a.epsilon), combination[16]; /* in registers */
        for (uint i = 4; i < 8; i++)
            w.mix[i] = 2.0f * sigmoid(w.sums[i] * scale * a.scale[1] + a.base[i]);
        for (uint i = 0; i < 16; i++)
            combination[i] = w.sums[8 + i] * scale * a.scale[2] + a.base[8 + i];
        balance(combination, a.iterations, a.mix_epsilon);
        for (uint i = 0; i < 16; i++)
            w.mix[8 + i] = combination[i];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (tid < vectors * DS4_GPU_MIX_VALUES)
        a.mix[first * DS4_GPU_MIX_VALUES + tid] = work_of(memory, tid / DS4_GPU_MIX_VALUES).mix[tid % DS4_GPU_MIX_VALUES];
}

/* The input of these tokens, four values at a time; a source for rows.h. */
struct mixed_streams {
    constant ds4_gpu_mix *mix;
    threadgroup float *memory;
    uint first;
    float4 operator()(uint vector, uint i) const
    {
        mix_work w = work_of(memory, vector);
        uint row = mix->index ? mix->index[first + vector] : first + vector, quads = mix->hidden / 4;
        device const float4 *streams = (device const float4 *)(mix->streams + ulong(row) * 4 * mix->hidden) + i;
        float4 mixed = w.mix[0] * streams[0] + w.mix[1] * streams[quads] + w.mix[2] * streams[2 * quads] + w.mix[3] * streams[3 * quads];
        return *w.scale * mixed * ((device const float4 *)mix->norm)[i];
    }
};

#endif
