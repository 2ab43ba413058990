/* int8_peak.c: the ceiling of a matrix product.
 *
 * DESIGN   A loop over registers only, with enough independent sums to hide the latency of the instruction. A sum that
 *          feeds itself cannot be hoisted or left out; where the product is an instruction of its own, its input goes
 *          through an empty asm, which the compiler has to believe changes it.
 */
#include "int8_peak.h"
#include "clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

enum { SUMS = 16, ROUNDS = 1 << 12, REPEATS = 256 };

typedef struct int8_loop {
    const char *name;
    uint32_t products; /* multiply-adds of one instruction (or group) */
    uint64_t (*run)(uint32_t rounds);
} int8_loop;

/* ---- loops: SUMS instructions a round; the result depends on all of them --------------------------------------- */

static uint64_t run_portable(uint32_t rounds)
{
    int32_t sums[SUMS] = {0};
    int8_t a = 3, b = 5;
    for (uint32_t i = 0; i < rounds; i++) {
        __asm__ volatile("" : "+r"(a), "+r"(b));
        for (int s = 0; s < SUMS; s++)
            sums[s] += (int32_t)(int8_t)(a + s) * b;
    }
    uint64_t total = 0;
    for (int s = 0; s < SUMS; s++)
        total += (uint32_t)sums[s];
    return total;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vnni"))) static uint64_t run_vnni512(uint32_t rounds)
{
    __m512i sums[SUMS], a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(5);
    for (int s = 0; s < SUMS; s++)
        sums[s] = _mm512_set1_epi32(s);
    for (uint32_t i = 0; i < rounds; i++)
        for (int s = 0; s < SUMS; s++)
            sums[s] = _mm512_dpbusd_epi32(sums[s], a, b);
    for (int s = 1; s < SUMS; s++)
        sums[0] = _mm512_add_epi32(sums[0], sums[s]);
    return (uint64_t)(uint32_t)_mm512_reduce_add_epi32(sums[0]);
}

/* Products of bytes summed in pairs to 16 bits, those in pairs to 32. */
__attribute__((target("avx2"))) static uint64_t run_avx2(uint32_t rounds)
{
    enum { CHAINS = 8 };
    __m256i sums[CHAINS], ones = _mm256_set1_epi16(1), a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(5);
    for (int s = 0; s < CHAINS; s++)
        sums[s] = _mm256_set1_epi32(s);
    for (uint32_t i = 0; i < rounds; i++)
        for (int s = 0; s < SUMS; s++) {
            __asm__ volatile("" : "+x"(a));
            sums[s % CHAINS] = _mm256_add_epi32(sums[s % CHAINS], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
        }
    for (int s = 1; s < CHAINS; s++)
        sums[0] = _mm256_add_epi32(sums[0], sums[s]);
    return (uint64_t)(uint32_t)_mm256_extract_epi32(sums[0], 0);
}
#elif defined(__aarch64__)
#if defined(__clang__)
#define WITH_DOTPROD __attribute__((target("dotprod")))
#define WITH_I8MM __attribute__((target("i8mm")))
#else
#define WITH_DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#define WITH_I8MM __attribute__((target("arch=armv8.2-a+i8mm")))
#endif

#define DEFINE_NEON_LOOP(name, attribute, instruction)  \
    attribute static uint64_t name(uint32_t rounds)     \
    {                                                   \
        int32x4_t sums[SUMS];                           \
        int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(5); \
        for (int s = 0; s < SUMS; s++)                  \
            sums[s] = vdupq_n_s32(s);                   \
        for (uint32_t i = 0; i < rounds; i++)           \
            for (int s = 0; s < SUMS; s++)              \
                sums[s] = instruction(sums[s], a, b);   \
        for (int s = 1; s < SUMS; s++)                  \
            sums[0] = vaddq_s32(sums[0], sums[s]);      \
        return (uint64_t)(uint32_t)vaddvq_s32(sums[0]); \
    }

DEFINE_NEON_LOOP(run_sdot, WITH_DOTPROD, vdotq_s32)
DEFINE_NEON_LOOP(run_smmla, WITH_I8MM, vmmlaq_s32)

static uint64_t run_neon(uint32_t rounds)
{
    int32x4_t sums[SUMS];
    int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(5);
    for (int s = 0; s < SUMS; s++)
        sums[s] = vdupq_n_s32(s);
    for (uint32_t i = 0; i < rounds; i++)
        for (int s = 0; s < SUMS; s++) {
            __asm__ volatile("" : "+w"(a));
            int16x8_t products = vmull_s8(vget_low_s8(a), vget_low_s8(b));
            sums[s] = vpadalq_s16(sums[s], vmlal_s8(products, vget_high_s8(a), vget_high_s8(b)));
        }
    for (int s = 1; s < SUMS; s++)
        sums[0] = vaddq_s32(sums[0], sums[s]);
    return (uint64_t)(uint32_t)vaddvq_s32(sums[0]);
}
#endif

/* ---- choice ------------------------------------------------------------------------------------------------- */

static int8_loop best_loop(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512vnni"))
        return (int8_loop){"vpdpbusd zmm", 64, run_vnni512};
    if (__builtin_cpu_supports("avx2"))
        return (int8_loop){"vpmaddubsw ymm", 32, run_avx2};
#elif defined(__aarch64__)
    bool smmla = false, sdot = false;
#if defined(__linux__)
    smmla = (getauxval(AT_HWCAP2) >> 13 & 1) != 0; /* HWCAP2_I8MM, which older headers do not name */
    sdot = (getauxval(AT_HWCAP) >> 20 & 1) != 0;   /* HWCAP_ASIMDDP */
#elif defined(__APPLE__)
    sdot = true; /* every Apple silicon */
#endif
    if (smmla)
        return (int8_loop){"smmla", 32, run_smmla};
    if (sdot)
        return (int8_loop){"sdot", 16, run_sdot};
    return (int8_loop){"smlal", 16, run_neon};
#endif
    return (int8_loop){"C", 1, run_portable};
}

const char *int8_instruction(void)
{
    return best_loop().name;
}

/* ---- measuring ---------------------------------------------------------------------------------------------- */

typedef struct int8_run {
    int8_loop loop;
    uint64_t results[REPEATS];
} int8_run;

static void run_loop(void *context, uint32_t item, uint32_t worker)
{
    int8_run *run = context;
    (void)worker;
    run->results[item % REPEATS] = run->loop.run(ROUNDS);
}

double measure_int8_peak(ds4_pool *pool)
{
    int8_run run = {.loop = best_loop()};
    uint32_t items = REPEATS * ds4_pool_threads(pool);
    double start = seconds_now();
    ds4_pool_run(pool, items, run_loop, &run);
    return (double)items * ROUNDS * SUMS * run.loop.products / (seconds_now() - start);
}
