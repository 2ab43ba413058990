/* The experts of many tokens. Grid: tokens in x; one simdgroup. */
#include "route.h"

kernel void route(constant ds4_gpu_route &a [[buffer(0)]],
                  threadgroup uint *shared [[threadgroup(0)]],
                  uint row [[threadgroup_position_in_grid]],
                  uint lane [[thread_index_in_threadgroup]])
{
    threadgroup uint *experts = shared + a.experts;
    choice c = choice{shared, experts, (threadgroup float *)(experts + DS4_GPU_MAX_EXPERTS_USED)};
    choose_experts(a, row, c, lane, 32);
    if (lane < a.used) {
        a.chosen[row * a.used + lane] = c.experts[lane];
        a.weight[row * a.used + lane] = c.weights[lane];
    }
}
