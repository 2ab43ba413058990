/* row.h: what is done to one row that a threadgroup holds, four consecutive values to a thread.
 *
 * DESIGN   Thread t holds values 4·t … 4·t + 3; threads beyond the row hold zeros and take part in everything. Rotary pairs are
 *          neighbours, so they are in one thread; a block of the FP8 rounding is 16 threads, one of the FP4 rounding 8.
 */
#ifndef DS4_GPU_ROW_H
#define DS4_GPU_ROW_H

#include "arguments.h"

constant uint ROTARY = 64, INDEX_DIM = 128;

/* The sum over all threads of a threadgroup of at most 1024; `scratch` has 32 floats that nobody reads any more. */
inline float sum_of_threads(float value, threadgroup float *scratch, uint tid, uint threads)
{
    uint lane = tid % 32, group = tid / 32, groups = threads / 32;
    float sum = simd_sum(value);
    if (lane == 0)
        scratch[group] = sum;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return simd_sum(lane < groups ? scratch[lane] : 0.0f);
}

inline float sum_of_squares(float4 v)
{
    return dot(v, v);
}

/* `rotation`: 32 cosines and 32 sines; `pair`: number of the first of the two pairs. */
inline float4 rotate(float4 v, device const float *rotation, uint pair, float direction)
{
    float c0 = rotation[pair], c1 = rotation[pair + 1], s0 = direction * rotation[32 + pair], s1 = direction * rotation[33 + pair];
    return float4(v.x * c0 - v.y * s0, v.x * s0 + v.y * c0, v.z * c1 - v.w * s1, v.z * s1 + v.w * c1);
}

/* Rotates the last 64 values of a row of `dim`. */
inline float4 rotate_tail(float4 v, device const float *rotation, uint tid, uint dim)
{
    uint first = 4 * tid;
    if (first + ROTARY < dim || first >= dim)
        return v;
    return rotate(v, rotation, (first + ROTARY - dim) / 2, 1.0f);
}

inline float power_of_two(int exponent)
{
    return as_type<float>(uint(exponent + 127) << 23);
}

/* The smallest power of two s with limit · s >= largest, limit = (1 + mantissa) · 2^exponent. */
inline float block_scale(float largest, uint limit_mantissa, int limit_exponent)
{
    uint bits = as_type<uint>(largest);
    int exponent = int(bits >> 23) - 127 - limit_exponent + ((bits & 0x7fffffu) > limit_mantissa ? 1 : 0);
    return power_of_two(max(exponent, -126));
}

inline float e4m3_round(float value)
{
    uint bits = as_type<uint>(value), sign = bits & 0x80000000u, magnitude = bits & 0x7fffffffu;
    if (magnitude < 0x3c800000u) {
        /* Below 2^-6 the step is 2^-9. */
        float steps = rint(as_type<float>(magnitude) * 512.0f);
        return as_type<float>(as_type<uint>(steps * 0.001953125f) | sign);
    }
    magnitude += 0x7ffffu + (magnitude >> 20 & 1u);
    magnitude = min(magnitude & ~0xfffffu, 0x43e00000u);
    return as_type<float>(magnitude | sign);
}

inline float e2m1_round(float value)
{
    float magnitude = fabs(value);
    float rounded = magnitude < 2.0f   ? rint(magnitude * 2.0f) * 0.5f
                    : magnitude < 4.0f ? rint(magnitude)
                                       : rint(magnitude * 0.5f) * 2.0f;
    return copysign(rounded, value);
}

inline float largest_of(float4 v)
{
    return max(max(fabs(v.x), fabs(v.y)), max(fabs(v.z), fabs(v.w)));
}

/* The largest of a value over aligned runs of `lanes` lanes, a power of two. */
inline float largest_of_lanes(float value, uint lanes)
{
    for (ushort distance = 1; distance < lanes; distance *= 2)
        value = max(value, simd_shuffle_xor(value, distance));
    return value;
}

inline float4 fp8_round_trip(float4 v)
{
    float scale = block_scale(largest_of_lanes(max(largest_of(v), 1e-4f), 16), 0x600000u, 8); /* 448 = 1.75 · 2^8 */
    float4 scaled = clamp(v / scale, -448.0f, 448.0f);
    return scale * float4(e4m3_round(scaled.x), e4m3_round(scaled.y), e4m3_round(scaled.z), e4m3_round(scaled.w));
}

inline float4 fp4_round_trip(float4 v)
{
    float scale = block_scale(largest_of_lanes(max(largest_of(v), 7.0529661e-38f), 8), 0x400000u, 2); /* 6 = 1.5 · 2^2 */
    float4 scaled = clamp(v / scale, -6.0f, 6.0f);
    return scale * float4(e2m1_round(scaled.x), e2m1_round(scaled.y), e2m1_round(scaled.z), e2m1_round(scaled.w));
}

/* What a raw or compressed row goes through before it is kept: FP8 for all but its rotary tail, then F16. */
inline float4 round_kv(float4 v, uint tid, uint dim)
{
    float4 rounded = fp8_round_trip(v);
    return float4(half4(4 * tid + ROTARY < dim ? rounded : v));
}

/* The orthonormal Walsh–Hadamard transform of 128 values in one simdgroup. */
inline float4 hadamard(float4 v, uint lane)
{
    v = float4(v.x + v.y, v.x - v.y, v.z + v.w, v.z - v.w);
    v = float4(v.x + v.z, v.y + v.w, v.x - v.z, v.y - v.w);
    for (ushort distance = 1; distance < 32; distance *= 2) {
        float4 other = float4(simd_shuffle_xor(v.x, distance), simd_shuffle_xor(v.y, distance), simd_shuffle_xor(v.z, distance),
                              simd_shuffle_xor(v.w, distance));
        v = lane & distance ? other - v : v + other;
    }
    return 0.08838834764831845f * v; /* 128^-0.5 */
}

/* What the indexer does to its queries and keys. */
inline float4 round_index(float4 v, uint lane, bool rounds)
{
    v = hadamard(v, lane);
    float4 rounded = fp4_round_trip(v);
    return rounds ? rounded : v;
}

/* ---- rows of the state --------------------------------------------------------------------------------------- */

inline uint stored_bytes(uint dim, bool is_half)
{
    return dim * (is_half ? 2 : 4);
}

/* Values 4·i … of a stored row. */
inline float4 load_stored(device const uchar *row, uint i, bool is_half)
{
    return is_half ? float4(((device const half4 *)row)[i]) : ((device const float4 *)row)[i];
}

inline void store_row(device uchar *row, uint i, float4 v, bool is_half)
{
    if (is_half)
        ((device half4 *)row)[i] = half4(v);
    else
        ((device float4 *)row)[i] = v;
}

/* A compressed row, or an indexer's. */
inline device uchar *paged_row(device const ds4_gpu_tile &tile, uint row, uint dim, bool is_half, bool is_index)
{
    return tile.pages[row / DS4_GPU_PAGE_ROWS].bytes + (is_index ? tile.index_offset : tile.rows_offset) +
           ulong(row % DS4_GPU_PAGE_ROWS) * stored_bytes(dim, is_half);
}

/* Compressed rows that a token sees. */
inline uint rows_seen(uint ratio, uint position)
{
    return ratio == 0 ? 0 : (position + 1) / ratio;
}

#endif
