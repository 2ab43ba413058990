/* up = silu(gate) · up · weight, after gate is limited from above and up on both sides. Grid: width threads of 64 in x, rows in y. */
#include "swiglu.h"

kernel void swiglu(constant ds4_gpu_swiglu &a [[buffer(0)]],
                   uint2 place [[thread_position_in_grid]])
{
    if (place.x >= a.width)
        return;
    ulong i = ulong(place.y) * a.width + place.x;
    a.up[i] = gated(a.gate[i], a.up[i], a.limit) * (a.weight ? a.weight[place.y] : 1.0f);
}
