/* The rows with the largest scores, in ascending order; equal scores go to the lowest row.
 *
 * DESIGN   A score becomes a number of the same order, four histograms of a byte each find the smallest that is let through, and one
 *          pass collects what is above it and the first ones equal to it. Grid: tokens of the part in x; 256 threads.
 */
#include "row.h"

enum { SELECT_THREADS = 256 };

/* Order-preserving; both zeros are one key; NaN is below everything. */
static uint key_of(float score)
{
    if (score != score)
        return 0;
    uint bits = as_type<uint>(score == 0.0f ? 0.0f : score);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* The digit in which the `wanted`-th largest key lies; `wanted` becomes its rank among those of that digit. */
static uint find_digit(threadgroup atomic_uint *histogram, threadgroup uint &wanted)
{
    uint digit = 255, left = wanted, count = atomic_load_explicit(&histogram[digit], memory_order_relaxed);
    while (count < left) {
        left -= count;
        digit--;
        count = atomic_load_explicit(&histogram[digit], memory_order_relaxed);
    }
    wanted = left;
    return digit;
}

/* Sums of two flags over the threads before this one, and over all of them in `totals`. `scratch` has 16 numbers. */
static uint2 count_before(uint2 flags, threadgroup uint *scratch, uint tid, thread uint2 &totals)
{
    uint lane = tid % 32, group = tid / 32;
    uint2 before = uint2(simd_prefix_exclusive_sum(flags.x), simd_prefix_exclusive_sum(flags.y));
    if (lane == 31) {
        scratch[group] = before.x + flags.x;
        scratch[8 + group] = before.y + flags.y;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    totals = uint2(0, 0);
    for (uint g = 0; g < SELECT_THREADS / 32; g++) {
        if (g == group)
            before = uint2(before.x + totals.x, before.y + totals.y);
        totals = uint2(totals.x + scratch[g], totals.y + scratch[8 + g]);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return before;
}

kernel void index_select(constant ds4_gpu_index &a [[buffer(0)]],
                         threadgroup uint *shared [[threadgroup(0)]],
                         uint place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    threadgroup atomic_uint *histogram = (threadgroup atomic_uint *)shared;
    threadgroup uint *scratch = shared + 256, *prefix = scratch + 16, *wanted = scratch + 17;
    uint seen = rows_seen(a.step.ratio, a.step.rows[a.part_first + place].position), mask = 0;
    device const float *scores = a.scores + ulong(place) * a.most_rows;
    device uint *selected = a.selected + ulong(place) * a.top_k;
    if (seen <= a.top_k)
        return;
    if (tid == 0) {
        *prefix = 0;
        *wanted = a.top_k;
    }
    for (uint shift = 24; shift < 32; shift -= 8) { /* 24, 16, 8, 0 */
        atomic_store_explicit(&histogram[tid], 0, memory_order_relaxed);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        uint known = *prefix;
        for (uint i = tid; i < seen; i += SELECT_THREADS) {
            uint key = key_of(scores[i]);
            if ((key & mask) == known)
                atomic_fetch_add_explicit(&histogram[key >> shift & 255], 1, memory_order_relaxed);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (tid == 0)
            *prefix = known | find_digit(histogram, *wanted) << shift;
        mask |= 255u << shift;
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    uint limit = *prefix, equal = *wanted, above_so_far = 0, equal_so_far = 0;
    for (uint first = 0; first < seen; first += SELECT_THREADS) {
        uint i = first + tid, key = i < seen ? key_of(scores[i]) : 0;
        bool is_above = i < seen && key > limit, is_equal = i < seen && key == limit;
        uint2 totals, before = count_before(uint2(is_above ? 1 : 0, is_equal ? 1 : 0), scratch, tid, totals);
        uint equal_before = equal_so_far + before.y;
        if (is_above || (is_equal && equal_before < equal))
            selected[above_so_far + before.x + min(equal_before, equal)] = i;
        above_so_far += totals.x;
        equal_so_far += totals.y;
    }
}
