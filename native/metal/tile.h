/* tile.h: a tile of 32 rows of a matrix times 32 vectors, by four simdgroups of a threadgroup.
 *
 * DESIGN   32 columns at a time, weights and vectors are brought to threadgroup memory, an octet of each per thread, as numbers of
 *          type T: float where results must be exact, half where speed matters. Simdgroup g makes the 16x16 outputs at
 *          (g / 2, g % 2). Sums are float. What lies beyond the matrix or the vectors counts as zero.
 */
#ifndef DS4_GPU_TILE_H
#define DS4_GPU_TILE_H

#include "formats.h"

/* Bytes of threadgroup memory for numbers of `bytes` bytes: both operands, and at least the result. */
#define DS4_GPU_TILE_BYTES 8192

template <typename T> inline void store_octet(threadgroup T *place, octet values)
{
    place[0] = T(values.low.x), place[1] = T(values.low.y), place[2] = T(values.low.z), place[3] = T(values.low.w);
    place[4] = T(values.high.x), place[5] = T(values.high.y), place[6] = T(values.high.z), place[7] = T(values.high.w);
}

/* `weights`: row of the matrix that this thread brings, `vector`: its vector; null for none. The result is left in `shared` as
 * float [vector][row], after a barrier. */
template <typename T>
inline void multiply_tile(device const uchar *weights, uint format, uint columns, device const float *vector, threadgroup uchar *shared,
                          uint tid)
{
    threadgroup T *w = (threadgroup T *)shared, *x = w + DS4_GPU_TILE * DS4_GPU_TILE;
    threadgroup T *w_place = w + tid / 4 * DS4_GPU_TILE + tid % 4 * 8, *x_place = x + tid / 4 * DS4_GPU_TILE + tid % 4 * 8;
    uint group = tid / 32;
    threadgroup const T *rows = w + group / 2 * 16 * DS4_GPU_TILE, *vectors = x + group % 2 * 16 * DS4_GPU_TILE;
    simdgroup_float8x8 sums[2][2];
    for (uint i = 0; i < 2; i++)
        for (uint j = 0; j < 2; j++)
            sums[i][j] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    for (uint first = 0; first < columns; first += DS4_GPU_TILE) {
        uint o = first / 8 + tid % 4;
        octet row = octet{float4(0.0f), float4(0.0f)}, values = row;
        bool inside = o < columns / 8;
        if (inside && weights)
            row = octet_at(format, weights, o);
        if (inside && vector)
            values = octet_f32((device const uchar *)vector, o);
        store_octet(w_place, row);
        store_octet(x_place, values);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint k = 0; k < DS4_GPU_TILE; k += 8) {
            simdgroup_matrix<T, 8, 8> a[2], b[2];
            for (uint i = 0; i < 2; i++) {
                simdgroup_load(a[i], vectors + i * 8 * DS4_GPU_TILE + k, DS4_GPU_TILE);
                simdgroup_load(b[i], rows + i * 8 * DS4_GPU_TILE + k, DS4_GPU_TILE, ulong2(0, 0), true);
            }
            for (uint i = 0; i < 2; i++)
                for (uint j = 0; j < 2; j++)
                    simdgroup_multiply_accumulate(sums[i][j], a[i], b[j], sums[i][j]);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    threadgroup float *out = (threadgroup float *)shared + group % 2 * 16 * DS4_GPU_TILE + group / 2 * 16;
    for (uint i = 0; i < 2; i++)
        for (uint j = 0; j < 2; j++)
            simdgroup_store(sums[i][j], out + i * 8 * DS4_GPU_TILE + j * 8, DS4_GPU_TILE);
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

#endif
