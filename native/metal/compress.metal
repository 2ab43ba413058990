/* Compressed rows of the windows that a batch completes: softmax pooling of the projections, norm, rotation, roundings; into the pages.
 *
 * DESIGN   Projections of tokens before the batch are in the session's open rows, their position terms included; the others in the
 *          batch's. A row of an overlapping window is pooled from the first halves of the previous window's tokens and the second
 *          halves of its own.
 *          Grid: completed rows in x.
 */
#include "formats.h"
#include "row.h"

/* Four values of a token's projections, and their scores. */
struct projection {
    float4 value, score;
};

static projection projection_at(constant ds4_gpu_compress &a, device const ds4_gpu_tile &tile, bool is_index, uint position, uint offset)
{
    uint dim = is_index ? INDEX_DIM : a.step.head_dim, overlaps = a.step.ratio == 4 ? 1 : 0, width = dim << overlaps;
    uint span = a.step.ratio << overlaps;
    bool is_before = position < tile.start;
    ulong row = is_before ? position % span : tile.first_row + (position - tile.start);
    device const float *kv = is_before ? (is_index ? tile.index_open_kv : tile.open_kv) : (is_index ? a.index_kv : a.kv);
    device const float *score = is_before ? (is_index ? tile.index_open_score : tile.open_score) : (is_index ? a.index_score : a.score);
    projection p = projection{*(device const float4 *)(kv + row * width + offset), *(device const float4 *)(score + row * width + offset)};
    if (!is_before) {
        constant ds4_gpu_matrix &ape = is_index ? a.index_ape : a.ape;
        p.score += quad_at(ape.format, ape.data + (position % a.step.ratio) * ape.row_bytes, offset / 4);
    }
    return p;
}

/* Entry `n` of what row `row` is pooled from. */
static projection entry(constant ds4_gpu_compress &a, device const ds4_gpu_tile &tile, bool is_index, uint row, uint n, uint first)
{
    uint ratio = a.step.ratio;
    if (ratio != 4)
        return projection_at(a, tile, is_index, row * ratio + n, first);
    uint dim = is_index ? INDEX_DIM : a.step.head_dim;
    uint skipped = row == 0 ? ratio : 0; /* there is no window before the first */
    n += skipped;
    return projection_at(a, tile, is_index, row * ratio + n - ratio, n < ratio ? first : dim + first);
}

static float4 pool(constant ds4_gpu_compress &a, device const ds4_gpu_tile &tile, bool is_index, uint row, uint first)
{
    uint entries = a.step.ratio == 4 && row > 0 ? 8 : a.step.ratio;
    float4 largest = entry(a, tile, is_index, row, 0, first).score, total = float4(0.0f), sum = float4(0.0f);
    for (uint n = 1; n < entries; n++)
        largest = max(largest, entry(a, tile, is_index, row, n, first).score);
    for (uint n = 0; n < entries; n++) {
        projection p = entry(a, tile, is_index, row, n, first);
        float4 weight = exp(p.score - largest);
        total += weight;
        sum += weight * p.value;
    }
    return sum / total;
}

kernel void compress(constant ds4_gpu_compress &a [[buffer(0)]],
                     threadgroup float *scratch [[threadgroup(0)]],
                     uint place [[threadgroup_position_in_grid]],
                     uint tid [[thread_index_in_threadgroup]],
                     uint threads [[threads_per_threadgroup]])
{
    ds4_gpu_window window = a.windows[place];
    device const ds4_gpu_tile &tile = a.step.tiles[window.tile];
    bool is_index = window.is_index != 0, is_half = a.step.half_rows != 0;
    uint dim = is_index ? INDEX_DIM : a.step.head_dim;
    bool has_values = 4 * tid < dim;
    float4 v = has_values ? pool(a, tile, is_index, window.row, 4 * tid) : float4(0.0f);
    float scale = 1.0f / sqrt(sum_of_threads(sum_of_squares(v), scratch, tid, threads) / float(dim) + a.step.epsilon);
    if (has_values)
        v = scale * v * ((device const float4 *)(is_index ? a.index_norm : a.norm))[tid];
    v = rotate_tail(v, a.step.window_rotations + ulong(window.rotation) * 64, tid, dim);
    if (is_index) {
        v = round_index(v, tid % 32, is_half);
    } else {
        float4 rounded = round_kv(v, tid, dim);
        v = is_half ? rounded : v;
    }
    if (has_values)
        store_row(paged_row(tile, window.row, dim, is_half, is_index), tid, v, is_half);
}
