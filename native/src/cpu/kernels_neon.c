/* kernels_neon.c: kernels for every 64-bit Arm processor. */
#ifdef __aarch64__

#include "kernels_neon.inc.h"

static bool is_usable(void)
{
    return true; /* part of the architecture */
}

const ds4_kernels ds4_kernels_neon = {
    .name = "neon",
    .is_usable = is_usable,
    .matrix_rows = matrix_rows,
    .quantised_rows = quantised_rows,
    .quantise = quantise,
    .score_rows = score_rows,
    .add_rows = add_rows,
    .softmax = softmax,
    .swiglu = swiglu,
    .load_halves = load_halves,
    .sum_squares = sum_squares,
};

#else
typedef int nothing; /* a translation unit must declare something */
#endif
