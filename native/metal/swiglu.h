/* swiglu.h: the non-linearity of the experts, also as the end of the products that it gates. */
#ifndef DS4_GPU_SWIGLU_H
#define DS4_GPU_SWIGLU_H

#include "rows.h"

/* silu(gate) · up; `limit` clamps the gate from above and `up` on both sides, before; 0 is none. */
inline float gated(float gate, float up, float limit)
{
    if (limit > 0.0f) {
        gate = min(gate, limit);
        up = clamp(up, -limit, limit);
    }
    return gate * (1.0f / (1.0f + exp(-gate))) * up;
}

/* Rows of two matrices, of each half as many as a simdgroup has otherwise: see multiply_rows. */
template <uint VECTORS, typename SOURCE, typename RESULT>
static void multiply_gated(constant ds4_gpu_matrix &gate, constant ds4_gpu_matrix &up, ulong first_row, uint row, uint rows, SOURCE source,
                           uint vectors, float limit, threadgroup float *memory, uint tid, uint threads, RESULT result)
{
    constexpr uint ROWS = DS4_GPU_SIMDGROUP_ROWS / 2;
    row_sums<ROWS, VECTORS> gates = {}, ups = {};
    for (uint first = 0; first < gate.columns;) {
        chunk c = chunk_at(memory, first, gate.columns, vectors);
        load_chunk(c, source, tid, threads);
        add_rows<ROWS, VECTORS>(gate, first_row + row, rows, c, tid % 32, gates);
        add_rows<ROWS, VECTORS>(up, first_row + row, rows, c, tid % 32, ups);
        first += c.columns;
    }
    for (uint v = 0; v < VECTORS; v++)
        for (uint r = 0; r < ROWS; r++)
            if (v < vectors) {
                float g = simd_sum(gates.of[r][v]), u = simd_sum(ups.of[r][v]);
                if (tid % 32 == 0 && r < rows)
                    result(v, row + r, gated(g, u, limit));
            }
}

#endif
