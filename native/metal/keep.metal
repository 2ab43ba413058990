/* Moves raw rows and compressor projections of a batch into the sessions, where they are still wanted. Grid: tokens in x. */
#include "row.h"

static void keep_open(device const float *source, device float *target, uint width, uint row, uint place, uint tid, uint threads)
{
    for (uint i = tid; i < width / 4; i += threads)
        ((device float4 *)(target + ulong(place) * width))[i] = ((device const float4 *)(source + ulong(row) * width))[i];
}

kernel void keep(constant ds4_gpu_keep &a [[buffer(0)]],
                 uint row [[threadgroup_position_in_grid]],
                 uint tid [[thread_index_in_threadgroup]],
                 uint threads [[threads_per_threadgroup]])
{
    device const ds4_gpu_tile &tile = a.step.tiles[a.step.rows[row].tile];
    uint position = a.step.rows[row].position, dim = a.step.head_dim, later = tile.start + tile.count - 1 - position;
    bool is_half = a.step.half_rows != 0;
    if (later < a.step.window) {
        device const float4 *raw = (device const float4 *)(a.raw + ulong(row) * dim);
        device uchar *kept = tile.window + ulong(position % a.step.window) * stored_bytes(dim, is_half);
        for (uint i = tid; i < dim / 4; i += threads)
            store_row(kept, i, raw[i], is_half);
    }
    uint overlaps = a.step.ratio == 4 ? 1 : 0, span = a.step.ratio << overlaps, width = dim << overlaps;
    if (a.step.ratio == 0 || later >= span)
        return;
    uint place = position % span;
    keep_open(a.kv, tile.open_kv, width, row, place, tid, threads);
    keep_open(a.score, tile.open_score, width, row, place, tid, threads);
    if (overlaps) {
        keep_open(a.index_kv, tile.index_open_kv, 2 * INDEX_DIM, row, place, tid, threads);
        keep_open(a.index_score, tile.index_open_score, 2 * INDEX_DIM, row, place, tid, threads);
    }
}
