/* The number formats of the model's state. */
#include "harness.h"
#include "rounding.h"

#include <math.h>

static void E4M3_rounds_to_the_nearest_value_and_ties_to_even(void)
{
    static const float cases[][2] = {{0.3f, 0.3125f},
                                     {1.03f, 1},
                                     {1.0625f, 1},
                                     {1.1875f, 1.25f},
                                     {17, 16},
                                     {19, 20},
                                     {100, 96},
                                     {300, 288},
                                     {432, 448},
                                     {447, 448},
                                     {0.001f, 0.001953125f},
                                     {0.0146f, 0.013671875f},
                                     {0.0151f, 0.015625f},
                                     {-0.0029f, -0.001953125f},
                                     {-0.0009765625f, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        REQUIRE_NEAR(ds4_e4m3_round(cases[i][0]), cases[i][1], 0);
}

static void E4M3_leaves_its_own_values_alone(void)
{
    for (int e = 0; e < 16; e++)
        for (int m = 0; m < 8 && !(e == 15 && m == 7); m++) {
            float value = e == 0 ? (float)m * 0x1p-9f : ldexpf(1 + (float)m / 8, e - 7);
            REQUIRE_NEAR(ds4_e4m3_round(value), value, 0);
            REQUIRE_NEAR(ds4_e4m3_round(-value), -value, 0);
        }
}

static void FP8_round_trip_scales_a_block_by_a_power_of_two(void)
{
    static const float expected[][2] = {{0, -1.625f},        {1, -1.5f},    {5, -1.375f}, {20, -0.5625f},
                                        {31, -0.025390625f}, {40, 0.4375f}, {63, 1.625f}};
    float block[DS4_FP8_BLOCK];
    for (int i = 0; i < DS4_FP8_BLOCK; i++)
        block[i] = ((float)i - 31.5f) * 0.05f;
    ds4_fp8_round_trip(block, DS4_FP8_BLOCK);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        REQUIRE_NEAR(block[(int)expected[i][0]], expected[i][1], 0);
}

static void FP8_round_trip_clamps_nothing_right_above_a_power_of_two(void)
{
    /* 448 · (1 + ulp): a scale found by a rounded logarithm would be 1 and the value would clamp to 448. */
    float block[2 * DS4_FP8_BLOCK] = {0};
    block[0] = nextafterf(448, 1000);
    block[DS4_FP8_BLOCK] = 448;
    block[DS4_FP8_BLOCK + 1] = 3;
    block[1] = 17; /* with scale 2: 8.5, a tie, which goes to 8 */
    ds4_fp8_round_trip(block, 2 * DS4_FP8_BLOCK);
    REQUIRE_NEAR(block[0], 448, 0);
    REQUIRE_NEAR(block[1], 16, 0);
    REQUIRE_NEAR(block[DS4_FP8_BLOCK], 448, 0);
    REQUIRE_NEAR(block[DS4_FP8_BLOCK + 1], 3, 0);
}

static void FP8_round_trip_of_zeros_is_zeros(void)
{
    float block[DS4_FP8_BLOCK] = {0};
    ds4_fp8_round_trip(block, DS4_FP8_BLOCK);
    for (int i = 0; i < DS4_FP8_BLOCK; i++)
        REQUIRE_NEAR(block[i], 0, 0);
}

static void E2M1_rounds_ties_to_the_even_grid_index(void)
{
    static const float cases[][2] = {{0.25f, 0}, {0.75f, 1},   {1.25f, 1}, {1.75f, 2},  {2.5f, 2}, {3.5f, 4},
                                     {5, 4},     {0.3f, 0.5f}, {5.1f, 6},  {-2.6f, -3}, {6, 6},    {-0.1f, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        REQUIRE_NEAR(ds4_e2m1_round(cases[i][0]), cases[i][1], 0);
}

static void Hadamard_and_FP4_reproduce_the_reference_vector(void)
{
    static const int places[] = {0, 1, 2, 63, 64, 127};
    static const double transformed[] = {7.660302, -0.062542, -0.125518, -0.024185, -3.592029, -0.001440};
    static const double rounded[][2] = {{0, 8}, {1, 0}, {63, 0}, {64, -4}, {127, 0}};
    float x[DS4_HADAMARD_SIZE];
    for (int i = 0; i < DS4_HADAMARD_SIZE; i++)
        x[i] = sinf(0.37f * (float)i) + 0.01f * (float)i;
    ds4_hadamard(x);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        REQUIRE_NEAR(x[places[i]], transformed[i], 2e-6);
    ds4_fp4_round_trip(x, DS4_HADAMARD_SIZE);
    for (size_t i = 0; i < sizeof rounded / sizeof rounded[0]; i++)
        REQUIRE_NEAR(x[(int)rounded[i][0]], rounded[i][1], 0);
    for (int i = 0; i < DS4_HADAMARD_SIZE; i++) {
        static const float scales[] = {2, 0.5f, 1, 0.5f};
        float units = fabsf(x[i]) / scales[i / DS4_FP4_BLOCK];
        REQUIRE(units == 0 || units == 0.5f || units == 1 || units == 1.5f || units == 2 || units == 3 || units == 4 || units == 6);
    }
}

static void Hadamard_is_its_own_inverse(void)
{
    random_source random = {7};
    float x[DS4_HADAMARD_SIZE], y[DS4_HADAMARD_SIZE];
    for (int i = 0; i < DS4_HADAMARD_SIZE; i++)
        x[i] = y[i] = random_float(&random);
    ds4_hadamard(y);
    ds4_hadamard(y);
    for (int i = 0; i < DS4_HADAMARD_SIZE; i++)
        REQUIRE_NEAR(y[i], x[i], 1e-6);
}

static void FP4_round_trip_survives_tiny_and_huge_blocks(void)
{
    float block[3 * DS4_FP4_BLOCK] = {0};
    block[0] = 1e-45f;
    block[DS4_FP4_BLOCK] = 2e38f;
    block[2 * DS4_FP4_BLOCK] = 6 * 0x1p-126f;
    ds4_fp4_round_trip(block, 3 * DS4_FP4_BLOCK);
    REQUIRE_NEAR(block[0], 0, 0);
    REQUIRE(isfinite(block[DS4_FP4_BLOCK]) && block[DS4_FP4_BLOCK] > 1e38f);
    REQUIRE_NEAR(block[2 * DS4_FP4_BLOCK], 6 * 0x1p-126, 0);
}

/* The definition: sign, exponent and fraction in double arithmetic. */
static double half_value(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double magnitude = exponent == 0    ? ldexp(fraction, -24)
                       : exponent == 31 ? (fraction ? NAN : INFINITY)
                                        : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

static void F16_converts_every_value_exactly_and_back(void)
{
    for (uint32_t h = 0; h < 65536; h++) {
        float value = ds4_f16_to_f32((uint16_t)h);
        double expected = half_value((uint16_t)h);
        if (isnan(expected)) {
            REQUIRE(isnan(value));
            continue;
        }
        REQUIRE((double)value == expected && !signbit(value) == !signbit(expected));
        REQUIRE_MESSAGE(ds4_f32_to_f16(value) == h, "0x%04x came back as 0x%04x", h, ds4_f32_to_f16(value));
    }
}

static void F16_rounds_to_nearest_even_between_all_neighbours(void)
{
    for (uint16_t h = 0; h < 0x7bff; h++) {
        double low = half_value(h), high = half_value((uint16_t)(h + 1));
        float middle = (float)((low + high) / 2);
        REQUIRE(ds4_f32_to_f16(middle) == (h & 1 ? h + 1 : h));
        REQUIRE(ds4_f32_to_f16(nextafterf(middle, 0)) == h);
        REQUIRE(ds4_f32_to_f16(nextafterf(middle, INFINITY)) == h + 1);
    }
    REQUIRE(ds4_f32_to_f16(65519) == 0x7bff);
    REQUIRE(ds4_f32_to_f16(65520) == 0x7c00);
    REQUIRE(ds4_f32_to_f16(-1e30f) == 0xfc00);
    REQUIRE(ds4_f32_to_f16(1e-30f) == 0);
}

const test rounding_tests[] = {
    TEST(E4M3_rounds_to_the_nearest_value_and_ties_to_even),
    TEST(E4M3_leaves_its_own_values_alone),
    TEST(FP8_round_trip_scales_a_block_by_a_power_of_two),
    TEST(FP8_round_trip_clamps_nothing_right_above_a_power_of_two),
    TEST(FP8_round_trip_of_zeros_is_zeros),
    TEST(E2M1_rounds_ties_to_the_even_grid_index),
    TEST(Hadamard_and_FP4_reproduce_the_reference_vector),
    TEST(Hadamard_is_its_own_inverse),
    TEST(FP4_round_trip_survives_tiny_and_huge_blocks),
    TEST(F16_converts_every_value_exactly_and_back),
    TEST(F16_rounds_to_nearest_even_between_all_neighbours),
    {NULL, NULL},
};
