/* The chosen experts of few tokens: every token reads its own experts.
 *
 * DESIGN   expert_inner: a simdgroup takes one row of gate and up of one expert. expert_output: one takes two rows of the result, over
 *          all chosen experts and the shared one, so that the sum is finished where it is made, and mixed into the streams.
 *          Grid: threadgroups of 4 or 8 rows in x; (token, choice) or tokens in y.
 */
#include "formats.h"
#include "streams.h"
#include "swiglu.h"

/* Σ over the octets of this lane. */
template <uint FORMAT> static float part_of_row(device const uchar *row, device const float *x, uint columns, uint lane)
{
    float sum = 0;
    for (uint o = lane; o < columns / 8; o += 32)
        sum += dot_octet(octet_of<FORMAT>(row, o), x + 8 * o);
    return sum;
}

static float part_of_matrix_row(constant ds4_gpu_matrix &m, ulong row, device const float *x, uint lane)
{
    float sum = 0;
#define PART(FORMAT) sum = part_of_row<FORMAT>(m.data + row * m.row_bytes, x, m.columns, lane)
    DS4_FOR_FORMAT(m.format, PART)
#undef PART
    return sum;
}

kernel void expert_inner(constant ds4_gpu_expert_rows &a [[buffer(0)]],
                         uint2 place [[threadgroup_position_in_grid]],
                         uint tid [[thread_index_in_threadgroup]])
{
    uint lane = tid % 32, row = place.x * 4 + tid / 32, token = place.y / a.used;
    if (row >= a.gate.rows)
        return;
    ulong expert_row = ulong(a.chosen[place.y]) * a.gate.rows + row;
    device const float *x = a.input + ulong(token) * a.gate.columns;
    float gate = simd_sum(part_of_matrix_row(a.gate, expert_row, x, lane)), up = simd_sum(part_of_matrix_row(a.up, expert_row, x, lane));
    if (lane == 0)
        a.inner[ulong(place.y) * a.gate.rows + row] = gated(gate, up, a.limit) * a.weight[place.y];
}

kernel void expert_output(constant ds4_gpu_expert_rows &a [[buffer(0)]],
                          uint2 place [[threadgroup_position_in_grid]],
                          uint tid [[thread_index_in_threadgroup]])
{
    uint lane = tid % 32, first = place.x * 8 + tid / 32 * 2, width = a.down.columns;
    for (uint row = first; row < min(first + 2, a.down.rows); row++) {
        float sum = part_of_matrix_row(a.shared_down, row, a.shared_inner + ulong(place.y) * a.shared_down.columns, lane);
        for (uint k = 0; k < a.used; k++) {
            uint pair = place.y * a.used + k;
            sum += part_of_matrix_row(a.down, ulong(a.chosen[pair]) * a.down.rows + row, a.inner + ulong(pair) * width, lane);
        }
        sum = simd_sum(sum);
        if (lane == 0)
            mix_value(a.streams + ulong(place.y) * 4 * a.down.rows, a.mix + ulong(place.y) * DS4_GPU_MIX_VALUES, a.down.rows, row, sum);
    }
}
