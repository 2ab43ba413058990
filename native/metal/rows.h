/* rows.h: products of up to four vectors with rows of a matrix, by one threadgroup.
 *
 * DESIGN   The vectors come to threadgroup memory, as many columns at a time as fit. Where they come from is told by a SOURCE, which gives
 *          four values of one of them, and what becomes of the results by a RESULT. A simdgroup multiplies ROWS rows with all vectors:
 *          a weight is read once for up to four vectors, and a vector once for all rows of a threadgroup. Lanes take octets of the
 *          rows in turn, so the order of the additions depends neither on how many vectors there are nor on how many columns fit.
 */
#ifndef DS4_GPU_ROWS_H
#define DS4_GPU_ROWS_H

#include "formats.h"

/* Sums of one lane. */
template <uint ROWS, uint VECTORS> struct row_sums {
    float of[ROWS][VECTORS];
};

/* Columns first … of some vectors in threadgroup memory: [vectors][columns]. */
struct chunk {
    threadgroup float4 *values;
    uint first, columns, vectors;
};

inline chunk chunk_at(threadgroup float *memory, uint first, uint columns, uint vectors)
{
    uint fit = DS4_GPU_VECTOR_FLOATS / vectors / 256 * 256; /* an octet for every lane */
    return chunk{(threadgroup float4 *)memory, first, min(fit, columns - first), vectors};
}

template <typename SOURCE> static void load_chunk(chunk c, SOURCE source, uint tid, uint threads)
{
    uint quads = c.columns / 4;
    threadgroup_barrier(mem_flags::mem_threadgroup); /* what was there has been read, what the source needs is there */
    for (uint i = tid; i < c.vectors * quads; i += threads)
        c.values[i] = source(i / quads, c.first / 4 + i % quads);
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

/* How many rows there are from `row` on. */
inline uint rows_left(uint row, uint rows)
{
    return rows - min(row, rows);
}

/* Beyond the last of `rows`, at least one, the last is taken again: loops of a fixed length need no memory for their sums. */
template <uint FORMAT, uint ROWS, uint VECTORS>
static void add_octets(device const uchar *w, ulong row_bytes, uint rows, chunk c, uint lane, thread row_sums<ROWS, VECTORS> &sums)
{
    for (uint o = lane; o < c.columns / 8; o += 32) {
        octet weights[ROWS];
        for (uint r = 0; r < ROWS; r++)
            weights[r] = octet_of<FORMAT>(w + min(r, rows - 1) * row_bytes, c.first / 8 + o);
        for (uint v = 0; v < VECTORS; v++)
            if (v < c.vectors) {
                threadgroup const float4 *x = c.values + v * (c.columns / 4) + 2 * o;
                for (uint r = 0; r < ROWS; r++)
                    sums.of[r][v] += dot(weights[r].low, x[0]) + dot(weights[r].high, x[1]);
            }
    }
}

template <uint ROWS, uint VECTORS>
static void add_rows(constant ds4_gpu_matrix &m, ulong row, uint rows, chunk c, uint lane, thread row_sums<ROWS, VECTORS> &sums)
{
    device const uchar *w = m.data + row * m.row_bytes;
    if (rows == 0)
        return;
#define ADD_OCTETS(FORMAT) add_octets<FORMAT, ROWS, VECTORS>(w, m.row_bytes, rows, c, lane, sums)
    DS4_FOR_FORMAT(m.format, ADD_OCTETS)
#undef ADD_OCTETS
}

/* Adds the products with rows row … of the matrix, of which `rows` exist for this simdgroup. All threads of the threadgroup come. */
template <uint ROWS, uint VECTORS, typename SOURCE>
static void add_product(constant ds4_gpu_matrix &m, ulong row, uint rows, SOURCE source, uint vectors, threadgroup float *memory, uint tid,
                        uint threads, thread row_sums<ROWS, VECTORS> &sums)
{
    for (uint first = 0; first < m.columns;) {
        chunk c = chunk_at(memory, first, m.columns, vectors);
        load_chunk(c, source, tid, threads);
        add_rows<ROWS, VECTORS>(m, row, rows, c, tid % 32, sums);
        first += c.columns;
    }
}

/* The sums over all lanes. */
template <uint ROWS, uint VECTORS, typename RESULT>
static void give_results(thread const row_sums<ROWS, VECTORS> &sums, uint row, uint rows, uint vectors, uint lane, RESULT result)
{
    for (uint v = 0; v < VECTORS; v++)
        for (uint r = 0; r < ROWS; r++)
            if (v < vectors) {
                float sum = simd_sum(sums.of[r][v]);
                if (lane == 0 && r < rows)
                    result(v, row + r, sum);
            }
}

template <typename SOURCE, typename RESULT>
static void multiply_rows(constant ds4_gpu_matrix &m, ulong first_row, uint row, uint rows, SOURCE source, uint vectors,
                          threadgroup float *memory, uint tid, uint threads, RESULT result)
{
    row_sums<DS4_GPU_SIMDGROUP_ROWS, DS4_GPU_ROW_VECTORS> sums = {};
    add_product(m, first_row + row, rows, source, vectors, memory, tid, threads, sums);
    give_results(sums, row, rows, vectors, tid % 32, result);
}

/* ---- sources and results ------------------------------------------------------------------------------------ */

/* Vectors in device memory. */
struct plain_vectors {
    device const float *x;
    uint stride;
    float4 operator()(uint vector, uint i) const
    {
        return ((device const float4 *)(x + ulong(vector) * stride))[i];
    }
};

struct keep_result {
    device float *y;
    uint stride;
    void operator()(uint vector, uint row, float value) const
    {
        y[ulong(vector) * stride + row] = value;
    }
};

#endif
