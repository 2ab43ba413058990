/* rounding.h: the number formats that the model's state passes through, bit exact.
 *
 * Scales are powers of two found from exponent bits; no logarithm decides a rounding. All functions expect the default
 * rounding mode (nearest, ties to even).
 */
#ifndef DS4_ROUNDING_H
#define DS4_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

enum { DS4_FP8_BLOCK = 64, DS4_FP4_BLOCK = 32, DS4_HADAMARD_SIZE = 128 };

float ds4_f16_to_f32(uint16_t half);
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
