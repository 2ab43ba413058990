/* rounding.h: the number formats that the model's state passes through, bit exact.
 *
 * Scales are powers of two found from exponent bits; no logarithm decides a rounding. All functions expect the default
 * rounding mode (nearest, ties to even).
 */
#ifndef DS4_ROUNDING_H
#define DS4_ROUNDING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DS4_FP8_BLOCK = 64, DS4_FP4_BLOCK = 32, DS4_HADAMARD_SIZE = 128 };

/* Inline and branch-free, so that loops over it vectorise: moving the bits up leaves the exponent 112 too small, which one
 * exact multiplication mends, subnormals included; only infinity and NaN need their exponent filled. */
static inline float ds4_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, magnitude = half & 0x7fffu, bits = magnitude << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    bits |= (magnitude >= 0x7c00u ? 0x7f800000u : 0) | sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t ds4_f32_to_f16(float value); /* nearest, ties to even; overflow gives infinity */

/* Nearest value of the finite E4M3 grid, for |value| <= 448. */
float ds4_e4m3_round(float value);

/* Nearest of 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives, for |value| <= 6. */
float ds4_e2m1_round(float value);

/* Rounds in place to what the model's quantised caches hold: `count` values in blocks with a power-of-two scale each. */
void ds4_fp8_round_trip(float *values, size_t count); /* a multiple of DS4_FP8_BLOCK */
void ds4_fp4_round_trip(float *values, size_t count); /* a multiple of DS4_FP4_BLOCK */
void ds4_f16_round_trip(float *values, size_t count);

/* Orthonormal Walsh–Hadamard transform, natural order, in place. */
void ds4_hadamard(float values[DS4_HADAMARD_SIZE]);

#endif
