/* kernels_neon_dotprod.c: the kernels of kernels_neon.c for Arm processors that have an instruction for products of bytes:
 * Apple's, and most others since 2018. */
#ifdef __aarch64__

#define DS4_NEON_DOTPROD 1
#include "kernels_neon.inc.h"

#ifdef __APPLE__
#include <sys/sysctl.h>

static bool is_usable(void)
{
    int has_it = 0;
    size_t size = sizeof has_it;
    return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has_it, &size, NULL, 0) == 0 && has_it != 0;
}
#else
#include <asm/hwcap.h>
#include <sys/auxv.h>

static bool is_usable(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}
#endif

const ds4_kernels ds4_kernels_neon_dotprod = {
    .name = "neon-dotprod",
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
