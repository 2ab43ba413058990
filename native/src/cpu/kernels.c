/* kernels.c: the tables of kernels, and the choice among them. */
#include "kernels.h"

#include <stddef.h>

const ds4_kernels *const ds4_kernels_all[] = {
    &ds4_kernels_scalar,
#if defined(__x86_64__)
    &ds4_kernels_avx2,
    &ds4_kernels_avx512,
    &ds4_kernels_avx512_vnni,
#endif
#ifdef __aarch64__
    &ds4_kernels_neon,
    &ds4_kernels_neon_dotprod,
#endif
    NULL,
};

const ds4_kernels *ds4_kernels_best(void)
{
    const ds4_kernels *best = &ds4_kernels_scalar;
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        if ((*next)->is_usable())
            best = *next;
    return best;
}
