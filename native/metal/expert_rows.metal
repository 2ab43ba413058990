/* The chosen experts of few tokens: every token reads its own experts.
 *
 * DESIGN   expert_inner: a threadgroup takes 16 rows of gate and up of one expert, which it chooses itself; the first of a choice writes it
 *          down for expert_output. There one takes 32 rows of the result, over all chosen experts and the shared one, so that the sum is
 *          finished where it is made, and mixed into the streams.
 *          Grid: threadgroups of 16 or 32 rows in x; (token, choice) or tokens in y; 256 threads.
 */
#include "route.h"
#include "rows.h"
#include "streams.h"
#include "swiglu.h"

struct keep_weighted {
    device float *y;
    float weight;
    void operator()(uint, uint row, float value) const
    {
        y[row] = value * weight;
    }
};

[[max_total_threads_per_threadgroup(256)]]
kernel void expert_inner(constant ds4_gpu_expert_rows &a [[buffer(0)]],
                         threadgroup float *shared [[threadgroup(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]],
                         uint2 size [[threads_per_threadgroup]])
{
    uint token = place.y / a.route.used, k = place.y % a.route.used;
    threadgroup uint *experts = (threadgroup uint *)(shared + DS4_GPU_VECTOR_FLOATS);
    /* The keys are where the vector will be: there are no more of them. */
    choice c = choice{(threadgroup uint *)shared, experts, (threadgroup float *)(experts + DS4_GPU_MAX_EXPERTS_USED)};
    choose_experts(a.route, token, c, tid, size.x);
    if (place.x == 0 && tid == 0)
        a.route.chosen[place.y] = c.experts[k];
    uint row = (place.x * (size.x / 32) + tid / 32) * (DS4_GPU_SIMDGROUP_ROWS / 2);
    multiply_gated<1>(a.gate, a.up, ulong(c.experts[k]) * a.gate.rows, row, rows_left(row, a.gate.rows),
                      plain_vectors{a.input + ulong(token) * a.gate.columns, 0}, 1, a.limit, shared, tid, size.x,
                      keep_weighted{a.inner + ulong(place.y) * a.gate.rows, c.weights[k]});
}

[[max_total_threads_per_threadgroup(256)]]
kernel void expert_output(constant ds4_gpu_expert_rows &a [[buffer(0)]],
                          threadgroup float *shared [[threadgroup(0)]],
                          uint2 place [[threadgroup_position_in_grid]],
                          uint tid [[thread_index_in_threadgroup]],
                          uint2 size [[threads_per_threadgroup]])
{
    uint row = place.x * DS4_GPU_GROUP_ROWS + tid / 32 * DS4_GPU_SIMDGROUP_ROWS, rows = rows_left(row, a.down.rows);
    row_sums<DS4_GPU_SIMDGROUP_ROWS, 1> sums = {};
    add_product(a.shared_down, row, rows, plain_vectors{a.shared_inner + ulong(place.y) * a.shared_down.columns, 0}, 1, shared, tid, size.x,
                sums);
    for (uint k = 0; k < a.route.used; k++) {
        uint pair = place.y * a.route.used + k;
        add_product(a.down, ulong(a.route.chosen[pair]) * a.down.rows + row, rows, plain_vectors{a.inner + ulong(pair) * a.down.columns, 0},
                    1, shared, tid, size.x, sums);
    }
    give_results(sums, row, rows, 1, tid % 32, mix_result{a.streams, a.mix, a.down.rows, place.y});
}
