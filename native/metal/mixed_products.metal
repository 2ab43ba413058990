/* Everything that is a matrix times the mixed, normalised input of few tokens: low-rank query, KV row and compressors'; router and the
 * shared expert's gate and up; the head's output matrix.
 *
 * DESIGN   Every threadgroup mixes the streams itself, into threadgroup memory: its rows are many, so the streams are little beside
 *          their weights. Grid: threadgroups of 32 rows, 16 of the gated product, in x; tokens in steps of 4 in y; 256 threads.
 */
#include "mix.h"
#include "rows.h"
#include "swiglu.h"

/* Writes what later stages need of these tokens' mix. */
static void write_mix(constant ds4_gpu_mix &a, uint first, uint vectors, threadgroup float *work, uint tid, uint threads)
{
    mixed_streams source = mixed_streams{&a, work, first};
    uint quads = a.hidden / 4;
    finish_mix(a, first, vectors, work, tid);
    for (uint i = tid; i < vectors * quads && a.input; i += threads)
        ((device float4 *)a.input)[ulong(first) * quads + i] = source(i / quads, i % quads);
}

[[max_total_threads_per_threadgroup(256)]]
kernel void mixed_products(constant ds4_gpu_mixed_products &a [[buffer(0)]],
                           threadgroup float *shared [[threadgroup(0)]],
                           uint2 place [[threadgroup_position_in_grid]],
                           uint tid [[thread_index_in_threadgroup]],
                           uint2 size [[threads_per_threadgroup]])
{
    uint first = place.y * DS4_GPU_ROW_VECTORS, vectors = min(a.products.vectors - first, uint(DS4_GPU_ROW_VECTORS));
    threadgroup float *work = shared + DS4_GPU_VECTOR_FLOATS;
    weigh_streams(a.mix, first, vectors, work, tid);
    if (place.x < a.products.product[0].first_group) {
        write_mix(a.mix, first, vectors, work, tid, size.x);
        return;
    }
    uint n = a.products.count - 1;
    while (place.x < a.products.product[n].first_group)
        n--;
    constant ds4_gpu_product &p = a.products.product[n];
    uint simdgroup_rows = n == a.gated ? DS4_GPU_SIMDGROUP_ROWS / 2 : DS4_GPU_SIMDGROUP_ROWS;
    uint row = ((place.x - p.first_group) * (size.x / 32) + tid / 32) * simdgroup_rows, rows = rows_left(row, p.matrix.rows);
    mixed_streams source = mixed_streams{&a.mix, work, first};
    keep_result result = keep_result{p.y + ulong(first) * p.y_stride, p.y_stride};
    if (n == a.gated)
        multiply_gated<DS4_GPU_ROW_VECTORS>(a.gate, p.matrix, 0, row, rows, source, vectors, a.limit, shared, tid, size.x, result);
    else
        multiply_rows(p.matrix, 0, row, rows, source, vectors, shared, tid, size.x, result);
}
