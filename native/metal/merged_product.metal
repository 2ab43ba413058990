/* The first half of the output projection of few tokens: every group of heads has rows of its own.
 *
 * DESIGN   A threadgroup puts the parts of its group's attention together itself. Since it reads all of them, up to 16 times the
 *          vector, it has twice the rows that others have. Grid: threadgroups of 64 rows by groups of heads in x, tokens in
 *          steps of 4 in y; 512 threads.
 */
#include "rows.h"
#include "view.h"

struct merged_heads {
    constant ds4_gpu_attend *attend;
    threadgroup const float *work; /* [tokens][heads][DS4_GPU_PART_WORK] */
    uint first, first_head, heads;
    float4 operator()(uint vector, uint i) const
    {
        uint quads = attend->step.head_dim / 4, head = i / quads;
        return merge_parts(*attend, first + vector, first_head + head, work + (vector * heads + head) * DS4_GPU_PART_WORK, i % quads);
    }
};

[[max_total_threads_per_threadgroup(512)]]
kernel void merged_product(constant ds4_gpu_merged_product &a [[buffer(0)]],
                           threadgroup float *shared [[threadgroup(0)]],
                           uint2 place [[threadgroup_position_in_grid]],
                           uint tid [[thread_index_in_threadgroup]],
                           uint2 size [[threads_per_threadgroup]])
{
    uint first = place.y * DS4_GPU_ROW_VECTORS, vectors = min(a.vectors - first, uint(DS4_GPU_ROW_VECTORS)), heads = a.slice_heads;
    uint group_rows = size.x / 32 * DS4_GPU_SIMDGROUP_ROWS, groups = (a.slice_rows + group_rows - 1) / group_rows, slice = place.x / groups;
    uint row = place.x % groups * group_rows + tid / 32 * DS4_GPU_SIMDGROUP_ROWS, first_row = slice * a.slice_rows;
    threadgroup float *work = shared + DS4_GPU_VECTOR_FLOATS;
    if (tid < vectors * heads)
        weigh_parts(a.attend, first + tid / heads, slice * heads + tid % heads, work + tid * DS4_GPU_PART_WORK);
    multiply_rows(a.matrix, first_row, row, rows_left(row, a.slice_rows), merged_heads{&a.attend, work, first, slice * heads, heads},
                  vectors, shared, tid, size.x, keep_result{a.low + ulong(first) * a.matrix.rows + first_row, a.matrix.rows});
}
