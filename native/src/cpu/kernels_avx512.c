/* kernels_avx512.c: kernels for x86-64 processors with AVX-512 F, BW, DQ and VL, as the first of them had. */
#if defined(__x86_64__)
#define DS4_AVX512_VNNI 0
#include "kernels_avx512.inc.h"

static bool is_usable(void)
{
    return has_avx512();
}

const ds4_kernels ds4_kernels_avx512 = DS4_AVX512_TABLE("avx512");
#else
typedef int ds4_nothing_for_this_processor;
#endif
