/* rounding.c: F16, E4M3, E2M1 and the Hadamard transform. */
#include "rounding.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* 2^exponent, for exponents of normal numbers. */
static float power_of_two(int exponent)
{
    return float_of((uint32_t)(exponent + 127) << 23);
}

uint16_t ds4_f32_to_f16(float value)
{
    uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u); /* NaN */
    if (magnitude >= 0x47800000u)
        return (uint16_t)(sign | 0x7c00u); /* 65536 and up */
    if (magnitude < 0x38800000u) {
        /* Below 2^-14 the step is 2^-24: adding 0.5 puts that step at the end of the mantissa, so the addition rounds. */
        uint32_t rounded = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
        return (uint16_t)(sign | rounded);
    }
    uint32_t rounded = magnitude - 0x38000000u + 0x0fffu + (magnitude >> 13 & 1u);
    return (uint16_t)(sign | rounded >> 13);
}

float ds4_e4m3_round(float value)
{
    uint32_t bits = bits_of(value), sign = bits & 0x80000000u, magnitude = bits & 0x7fffffffu;
    if (magnitude < 0x3c800000u) {
        /* Below 2^-6 the step is 2^-9 = the last bit of numbers from 2^14 on. */
        float shifted = float_of(magnitude) + 0x1p14f;
        return float_of(bits_of(shifted - 0x1p14f) | sign);
    }
    magnitude += 0x7ffffu + (magnitude >> 20 & 1u);
    magnitude &= ~0xfffffu;
    if (magnitude > 0x43e00000u)
        magnitude = 0x43e00000u; /* 448 */
    return float_of(magnitude | sign);
}

float ds4_e2m1_round(float value)
{
    /* The step is 0.5 below 2, 1 below 4, 2 from there; rintf sends ties to the even multiple of the step, which is the
     * even grid index. */
    float magnitude = fabsf(value);
    float rounded = magnitude < 2 ? rintf(magnitude * 2) * 0.5f : magnitude < 4 ? rintf(magnitude) : rintf(magnitude * 0.5f) * 2;
    return copysignf(rounded, value);
}

static float largest_magnitude(const float *values, size_t count, float at_least)
{
    float largest = at_least;
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(values[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

/* The smallest power of two s with limit · s >= largest, where limit = mantissa · 2^exponent and `largest` is normal. */
static float block_scale(float largest, uint32_t limit_mantissa, int limit_exponent)
{
    uint32_t bits = bits_of(largest);
    int exponent = (int)(bits >> 23) - 127 - limit_exponent + ((bits & 0x7fffffu) > limit_mantissa);
    return power_of_two(exponent < -126 ? -126 : exponent);
}

static float clamp(float value, float limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

void ds4_fp8_round_trip(float *values, size_t count)
{
    for (float *block = values; block < values + count; block += DS4_FP8_BLOCK) {
        float scale = block_scale(largest_magnitude(block, DS4_FP8_BLOCK, 1e-4f), 0x600000u, 8); /* 448 = 1.75 · 2^8 */
        for (int i = 0; i < DS4_FP8_BLOCK; i++)
            block[i] = ds4_e4m3_round(clamp(block[i] / scale, 448)) * scale;
    }
}

void ds4_fp4_round_trip(float *values, size_t count)
{
    for (float *block = values; block < values + count; block += DS4_FP4_BLOCK) {
        float scale = block_scale(largest_magnitude(block, DS4_FP4_BLOCK, 6 * 0x1p-126f), 0x400000u, 2); /* 6 = 1.5 · 2^2 */
        for (int i = 0; i < DS4_FP4_BLOCK; i++)
            block[i] = ds4_e2m1_round(clamp(block[i] / scale, 6)) * scale;
    }
}

void ds4_f16_round_trip(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = ds4_f16_to_f32(ds4_f32_to_f16(values[i]));
}

void ds4_hadamard(float values[DS4_HADAMARD_SIZE])
{
    for (int stride = 1; stride < DS4_HADAMARD_SIZE; stride *= 2)
        for (int start = 0; start < DS4_HADAMARD_SIZE; start += 2 * stride)
            for (int i = start; i < start + stride; i++) {
                float a = values[i], b = values[i + stride];
                values[i] = a + b;
                values[i + stride] = a - b;
            }
    for (int i = 0; i < DS4_HADAMARD_SIZE; i++)
        values[i] *= 0.08838834764831845f; /* 128^-0.5 */
}
