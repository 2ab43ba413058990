/* Rotation, Hadamard transform and rounding of many tokens' queries of the indexer, in place.
 * Grid: heads in x, tokens of the span in y; one simdgroup. */
#include "row.h"

kernel void index_query(constant ds4_gpu_index &a [[buffer(0)]],
                        uint2 place [[threadgroup_position_in_grid]],
                        uint lane [[thread_index_in_threadgroup]])
{
    device float4 *query = (device float4 *)(a.query + (ulong(place.y) * a.heads + place.x) * INDEX_DIM);
    float4 v = rotate_tail(query[lane], a.step.rotations + ulong(a.span_first + place.y) * 64, lane, INDEX_DIM);
    query[lane] = round_index(v, lane, a.step.half_rows != 0);
}
