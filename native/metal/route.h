/* route.h: the experts of a token, best first, and their weights.
 *
 * DESIGN   The bias takes part in the choice only. Equal scores go to the lowest expert; NaN counts as the smallest value. The scores of
 *          all experts are worked out by all threads, the choice is made by one simdgroup, whose lane l has the experts l, l + 32, …
 */
#ifndef DS4_GPU_ROUTE_H
#define DS4_GPU_ROUTE_H

#include "arguments.h"

/* In threadgroup memory. */
struct choice {
    threadgroup uint *keys;     /* [experts] */
    threadgroup uint *experts;  /* [used] */
    threadgroup float *weights; /* [used] */
};

/* log(1 + y), also where 1 + y is rounded. */
inline float log_of_one_plus(float y)
{
    float u = 1.0f + y;
    return u == 1.0f ? y : log(u) * (y / (u - 1.0f));
}

inline float affinity_of(float x)
{
    return sqrt(x > 20.0f ? x : log_of_one_plus(exp(x)));
}

/* Order-preserving; both zeros are one key; NaN is below everything, and 0 is no score at all. */
inline uint score_key(float score)
{
    if (score != score)
        return 1;
    uint bits = as_type<uint>(score == 0.0f ? 0.0f : score);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* Takes the best expert out of the keys. */
inline uint take_best(threadgroup uint *keys, uint experts, uint lane)
{
    uint best = experts, best_key = 0;
    for (uint e = lane; e < experts; e += 32)
        if (keys[e] > best_key) {
            best = e;
            best_key = keys[e];
        }
    uint largest = simd_max(best_key), expert = simd_min(best_key == largest ? best : experts);
    if (expert % 32 == lane)
        keys[expert] = 0;
    return expert;
}

/* Makes the choice of a token. All threads of the threadgroup come, and see it afterwards. */
inline void choose_experts(constant ds4_gpu_route &a, uint row, choice c, uint tid, uint threads)
{
    device const float *router = a.router + ulong(row) * a.experts;
    for (uint e = tid; e < a.experts && !a.hash; e += threads)
        c.keys[e] = score_key(affinity_of(router[e]) + (a.bias ? a.bias[e] : 0.0f));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (tid < 32) {
        for (uint k = 0; k < a.used; k++) {
            uint expert = a.hash ? uint(a.hash[ulong(a.rows[row].token) * a.used + k]) : take_best(c.keys, a.experts, tid);
            if (tid == 0)
                c.experts[k] = expert;
        }
        simdgroup_barrier(mem_flags::mem_threadgroup);
        float affinity = tid < a.used ? affinity_of(router[c.experts[tid]]) : 0.0f;
        float sum = max(simd_sum(affinity), 6.103515625e-05f);
        if (tid < a.used)
            c.weights[tid] = affinity / sum * a.scale;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

#endif
