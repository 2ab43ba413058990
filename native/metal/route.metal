/* The experts of a token, best first, and their weights. Grid: tokens in x; one simdgroup.
 *
 * DESIGN   The bias takes part in the choice only. Equal scores go to the lowest expert; NaN counts as the smallest value.
 */
#include "arguments.h"

/* log(1 + y), also where 1 + y is rounded. */
static float log_of_one_plus(float y)
{
    float u = 1.0f + y;
    return u == 1.0f ? y : log(u) * (y / (u - 1.0f));
}

static float affinity_of(float x)
{
    return sqrt(x > 20.0f ? x : log_of_one_plus(exp(x)));
}

/* Order-preserving; both zeros are one key; NaN is below everything, and 0 is no score at all. */
static uint score_key(float score)
{
    if (score != score)
        return 1;
    uint bits = as_type<uint>(score == 0.0f ? 0.0f : score);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static bool is_taken(thread const uint *chosen, uint count, uint expert)
{
    for (uint k = 0; k < count; k++)
        if (chosen[k] == expert)
            return true;
    return false;
}

/* The best expert that is not among the first `count` chosen. */
static uint best_of(constant ds4_gpu_route &a, device const float *router, thread const uint *chosen, uint count, uint lane)
{
    uint best = a.experts, best_key = 0;
    for (uint e = lane; e < a.experts; e += 32) {
        uint key = score_key(affinity_of(router[e]) + (a.bias ? a.bias[e] : 0.0f));
        if (key > best_key && !is_taken(chosen, count, e)) {
            best = e;
            best_key = key;
        }
    }
    uint largest = simd_max(best_key);
    return simd_min(best_key == largest ? best : a.experts);
}

kernel void route(constant ds4_gpu_route &a [[buffer(0)]],
                  uint row [[threadgroup_position_in_grid]],
                  uint lane [[thread_index_in_threadgroup]])
{
    device const float *router = a.router + ulong(row) * a.experts;
    uint chosen[DS4_GPU_MAX_EXPERTS_USED];
    float sum = 0;
    for (uint k = 0; k < a.used; k++) {
        chosen[k] = a.hash ? uint(a.hash[ulong(a.rows[row].token) * a.used + k]) : best_of(a, router, chosen, k, lane);
        sum += affinity_of(router[chosen[k]]);
    }
    sum = max(sum, 6.103515625e-05f);
    for (uint k = lane; k < a.used; k += 32) {
        a.chosen[row * a.used + k] = chosen[k];
        a.weight[row * a.used + k] = affinity_of(router[chosen[k]]) / sum * a.scale;
    }
}
