/* kernels_avx512.inc.h: the kernels of both AVX-512 tables, compiled twice.
 *
 * DESIGN   DS4_AVX512_VNNI says whether VNNI and VBMI may be used. What differs is in few places: the dot product of bytes
 *          (…_int8), and how IQ2_XXS is expanded (…_iq2).
 *
 *          Products with int8 activations take one of two ways, which give the same bits because sums are exact integers
 *          until the one multiplication and addition per block:
 *
 *              row     one vector (decoding): lanes over the columns of a row. Memory is the limit, so each row is read
 *                      once, front to back.
 *              panel   several vectors: lanes over 16 rows, which are expanded to bytes once for all vectors.
 */
#include "dequantise.h"
#include "iq2_tables.h"
#include "kernels.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* For short loops over an array that has to be in registers. A sanitizer's checks, unrolled, would take minutes to compile. */
#if defined(__SANITIZE_ADDRESS__)
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#include "kernels_avx512_attention.inc.h"
#include "kernels_avx512_float.inc.h"
#include "kernels_avx512_int8.inc.h"
#include "kernels_avx512_quantise.inc.h"

#include "kernels_avx512_iq2.inc.h" /* uses …_int8 */

#include "kernels_avx512_row.inc.h" /* uses …_iq2 */

#include "kernels_avx512_expand.inc.h" /* uses …_iq2 */

#include "kernels_avx512_panel.inc.h" /* uses …_expand */

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

/* With fewer rows than this, too many lanes of a panel are idle. */
enum { LEAST_PANEL_ROWS = 4 };

static void quantised_rows(const ds4_matrix *matrix, uint32_t first_row, uint32_t rows, const ds4_quantised *inputs, uint32_t count,
                           float *out, void *scratch)
{
    uint32_t r = 0;
    while (count > 1 && rows - r >= LEAST_PANEL_ROWS) {
        uint32_t n = at_most(rows - r, MOST_PANELS * PANEL_ROWS);
        panel_products(matrix, first_row + r, n, inputs, count, out + (size_t)r * count, scratch);
        r += n;
    }
    for (uint32_t i = 0; i < count && r < rows; i++)
        row_products(matrix, first_row + r, rows - r, inputs, ds4_quantised_vector(inputs, i), out + (size_t)r * count + i, count, scratch);
}

#define DS4_AVX512_TABLE(NAME)                                                                                                    \
    {                                                                                                                             \
        .name = NAME, .is_usable = is_usable, .matrix_rows = matrix_rows, .quantised_rows = quantised_rows, .quantise = quantise, \
        .score_rows = score_rows, .add_rows = add_rows, .softmax = softmax, .swiglu = swiglu, .load_halves = load_half_row,       \
        .sum_squares = sum_squares,                                                                                               \
    }
