/* Moves raw rows and compressor projections of a batch into the sessions, where they are still wanted. Grid: tokens in x. */
#include "formats.h"
#include "row.h"

static void keep_open(device const float *source, device float *target, uint width, uint tid, uint threads)
{
    for (uint i = tid; i < width / 4; i += threads)
        ((device float4 *)target)[i] = ((device const float4 *)source)[i];
}

/* Scores are kept with the term of their position. */
static void keep_scores(device const float *source, device float *target, constant ds4_gpu_matrix &ape, uint term, uint tid, uint threads)
{
    for (uint i = tid; i < ape.columns / 4; i += threads)
        ((device float4 *)target)[i] = ((device const float4 *)source)[i] + quad_at(ape.format, ape.data + term * ape.row_bytes, i);
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
        if (4 * tid < dim)
            store_row(kept, tid, raw[tid], is_half);
    }
    uint overlaps = a.step.ratio == 4 ? 1 : 0, span = a.step.ratio << overlaps, width = dim << overlaps;
    if (a.step.ratio == 0 || later >= span)
        return;
    uint term = position % a.step.ratio;
    ulong from = ulong(row) * width, to = ulong(position % span) * width;
    keep_open(a.kv + from, tile.open_kv + to, width, tid, threads);
    keep_scores(a.score + from, tile.open_score + to, a.ape, term, tid, threads);
    if (overlaps) {
        from = ulong(row) * 2 * INDEX_DIM;
        to = ulong(position % span) * 2 * INDEX_DIM;
        keep_open(a.index_kv + from, tile.index_open_kv + to, 2 * INDEX_DIM, tid, threads);
        keep_scores(a.index_score + from, tile.index_open_score + to, a.index_ape, term, tid, threads);
    }
}
