/* A product of few vectors whose results are mixed into the streams, which only the thread that has one touches there: the end of
 * attention. Grid: threadgroups of 32 rows in x, vectors in steps of 4 in y; 256 threads. */
#include "rows.h"
#include "streams.h"

[[max_total_threads_per_threadgroup(256)]]
kernel void product_mix(constant ds4_gpu_product_mix &a [[buffer(0)]],
                        threadgroup float *shared [[threadgroup(0)]],
                        uint2 place [[threadgroup_position_in_grid]],
                        uint tid [[thread_index_in_threadgroup]],
                        uint2 size [[threads_per_threadgroup]])
{
    uint first = place.y * DS4_GPU_ROW_VECTORS, vectors = min(a.vectors - first, uint(DS4_GPU_ROW_VECTORS));
    uint row = place.x * DS4_GPU_GROUP_ROWS + tid / 32 * DS4_GPU_SIMDGROUP_ROWS;
    multiply_rows(a.matrix, 0, row, rows_left(row, a.matrix.rows), plain_vectors{a.x + ulong(first) * a.x_stride, a.x_stride}, vectors,
                  shared, tid, size.x, mix_result{a.streams, a.mix, a.matrix.rows, first});
}
