/* The products of a hyper-connection with the streams, and the streams' dot products among themselves, for a part of the columns.
 *
 * DESIGN   The dot products give the root mean squares of the streams and of any mix of them in closed form, so that nothing has
 *          to pass over the streams again before they are mixed. Four simdgroups take the same columns and six of the 24
 *          products each; the first also takes the ten dot products. Grid: splits of the columns in x, tokens in y.
 */
#include "formats.h"

/* Σ over the columns of this lane, for products 6·group … of the matrix. */
template <uint FORMAT>
static void products_of_columns(constant ds4_gpu_mix &a, device const float *streams, uint o, uint group, thread float (&sums)[6])
{
    for (uint s = 0; s < 4; s++) {
        device const float *x = streams + s * a.hidden + 8 * o;
        for (uint j = 0; j < 6; j++) {
            uint row = 6 * group + j;
            if (row < a.outputs)
                sums[j] += dot_octet(octet_of<FORMAT>(a.fn.data + row * a.fn.row_bytes, s * a.hidden / 8 + o), x);
        }
    }
}

static void dots_of_columns(device const float *streams, uint hidden, uint o, thread float (&dots)[10])
{
    uint n = 0;
    for (uint s = 0; s < 4; s++) {
        device const float4 *x = (device const float4 *)(streams + s * hidden + 8 * o);
        octet values = octet{x[0], x[1]};
        for (uint r = s; r < 4; r++)
            dots[n++] += dot_octet(values, streams + r * hidden + 8 * o);
    }
}

kernel void mix_dots(constant ds4_gpu_mix &a [[buffer(0)]],
                     uint2 place [[threadgroup_position_in_grid]],
                     uint tid [[thread_index_in_threadgroup]])
{
    uint lane = tid % 32, group = tid / 32, row = a.index ? a.index[place.y] : place.y;
    device const float *streams = a.streams + ulong(row) * 4 * a.hidden;
    device float *sums = a.sums + (ulong(place.y) * a.splits + place.x) * DS4_GPU_MIX_SUMS;
    uint o = place.x * (DS4_GPU_MIX_COLUMNS / 8) + lane;
    float products[6] = {0, 0, 0, 0, 0, 0}, dots[10] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    if (8 * o < a.hidden) {
#define PRODUCTS(FORMAT) products_of_columns<FORMAT>(a, streams, o, group, products)
        DS4_FOR_FORMAT(a.fn.format, PRODUCTS)
#undef PRODUCTS
        if (group == 0)
            dots_of_columns(streams, a.hidden, o, dots);
    }
    for (uint j = 0; j < 6; j++) {
        float sum = simd_sum(products[j]);
        if (lane == 0)
            sums[6 * group + j] = sum;
    }
    for (uint j = 0; j < 10 && group == 0; j++) {
        float sum = simd_sum(dots[j]);
        if (lane == 0)
            sums[24 + j] = sum;
    }
}
