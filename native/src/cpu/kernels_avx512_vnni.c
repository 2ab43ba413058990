/* kernels_avx512_vnni.c: kernels for x86-64 processors that have the instructions for int8 dot products (VNNI) and for
 * permutations of bytes (VBMI) too: Ice Lake, Zen 4 and later. */
#if defined(__x86_64__)
#define DS4_AVX512_VNNI 1
#include "kernels_avx512.inc.h"

static bool is_usable(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi");
}

const ds4_kernels ds4_kernels_avx512_vnni = DS4_AVX512_TABLE("avx512-vnni");
#else
typedef int ds4_nothing_for_this_processor;
#endif
