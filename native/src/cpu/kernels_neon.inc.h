/* kernels_neon.inc.h: the kernels of kernels_neon.c and kernels_neon_dotprod.c, which differ in one instruction.
 *
 * DESIGN   Here: four float lanes. What is done with lanes is written once for all instruction sets (kernels_lanes_*.inc.h); the
 *          integer arithmetic of quantised blocks is that of NEON (kernels_neon_*.inc.h).
 */
#include "dequantise.h"
#include "iq2_tables.h"
#include "kernels.h"

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* ---- lanes -------------------------------------------------------------------------------------------------- */

/* Thirty-two registers: sixteen sums, and room for what is multiplied. */
enum { LANES = 4, TILE_VECTORS = 4, SCORE_ROWS = 4, ADD_GROUPS = 4 };
typedef float32x4_t lanes;

INLINE lanes lanes_load(const float *x)
{
    return vld1q_f32(x);
}

INLINE lanes lanes_load_halves(const uint16_t *halves)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}

INLINE void lanes_store(float *x, lanes a)
{
    vst1q_f32(x, a);
}

INLINE lanes lanes_all(float value)
{
    return vdupq_n_f32(value);
}

INLINE lanes lanes_add(lanes a, lanes b)
{
    return vaddq_f32(a, b);
}

INLINE lanes lanes_multiply(lanes a, lanes b)
{
    return vmulq_f32(a, b);
}

INLINE lanes lanes_divide(lanes a, lanes b)
{
    return vdivq_f32(a, b);
}

/* a · b + c, rounded once */
INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return vfmaq_f32(c, a, b);
}

/* c − a · b, rounded once */
INLINE lanes lanes_fnma(lanes a, lanes b, lanes c)
{
    return vfmsq_f32(c, a, b);
}

INLINE lanes lanes_least(lanes a, lanes b)
{
    return vminq_f32(a, b);
}

INLINE lanes lanes_most(lanes a, lanes b)
{
    return vmaxq_f32(a, b);
}

INLINE lanes lanes_magnitude(lanes a)
{
    return vabsq_f32(a);
}

INLINE lanes lanes_round(lanes a)
{
    return vrndnq_f32(a);
}

/* 2^n for whole n from -126 to 127 */
INLINE lanes lanes_power_of_two(lanes n)
{
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23));
}

INLINE float lanes_sum(lanes a)
{
    return vaddvq_f32(a);
}

INLINE float lanes_largest(lanes a)
{
    return vmaxvq_f32(a);
}

/* q = x · factor, rounded to nearest, ties to even, for 16 values; returns the sum of q. */
INLINE int quantise_sixteen(const float *x, float factor, int8_t *q)
{
    int16x4_t words[4];
    for (int i = 0; i < 4; i++)
        words[i] = vmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 4 * i), factor)));
    int8x16_t bytes = vcombine_s8(vmovn_s16(vcombine_s16(words[0], words[1])), vmovn_s16(vcombine_s16(words[2], words[3])));
    vst1q_s8(q, bytes);
    return vaddlvq_s8(bytes);
}

#include "kernels_lanes_float.inc.h"

#include "kernels_lanes_attention.inc.h"

#include "kernels_neon_int8.inc.h"

#include "kernels_neon_row.inc.h"

#include "kernels_neon_panel.inc.h"

#include "kernels_lanes_int8.inc.h"
