/* Rotary embedding. */
#include "harness.h"
#include "rope.h"

#include <math.h>

static const ds4_shape flash = {
    .rope_base = 10000,
    .compressed_rope_base = 160000,
    .yarn_factor = 16,
    .yarn_context = 65536,
    .yarn_beta_fast = 32,
    .yarn_beta_slow = 1,
};

static void Plain_layers_use_the_base_frequency(void)
{
    ds4_rope rope;
    ds4_rope_init(&rope, &flash);
    for (int i = 0; i < DS4_ROTARY_PAIRS; i++)
        REQUIRE_NEAR(rope.frequency[DS4_ROPE_PLAIN][i], pow(10000, -2.0 * i / 64), 1e-12);
}

static void Compressed_layers_use_YaRN(void)
{
    static const double expected[][2] = {{0, 1},
                                         {1, 0.687656022},
                                         {8, 0.05},
                                         {15, 0.00363553858},
                                         {16, 0.002265625},
                                         {20, 0.000296977778},
                                         {24, 1.953125e-05},
                                         {25, 5.37231267e-06},
                                         {31, 5.68052904e-07}};
    ds4_rope rope;
    ds4_rope_init(&rope, &flash);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        REQUIRE_NEAR(rope.frequency[DS4_ROPE_COMPRESSED][(int)expected[i][0]], expected[i][1], 2e-9 * expected[i][1]);
}

static void A_scaling_factor_of_one_is_plain_rotation_with_the_other_base(void)
{
    ds4_shape shape = flash;
    ds4_rope rope;
    shape.yarn_factor = 1;
    ds4_rope_init(&rope, &shape);
    for (int i = 0; i < DS4_ROTARY_PAIRS; i++)
        REQUIRE_NEAR(rope.frequency[DS4_ROPE_COMPRESSED][i], pow(160000, -2.0 * i / 64), 1e-12);
}

static void Rotations_are_right_up_to_a_million_positions(void)
{
    static const struct {
        uint64_t position;
        int pair;
        double cosine, sine;
    } cases[] = {{1000, 0, 0.5623791, 0.8268795},      {1000, 15, -0.8804689, -0.4741038},  {1000, 20, 0.9562253, 0.2926316},
                 {1000, 31, 0.9999998, 0.0005681},     {1000000, 0, 0.9367521, -0.3499935}, {1000000, 15, -0.7545138, -0.6562842},
                 {1000000, 20, -0.0971192, 0.9952728}, {1000000, 31, 0.8429501, 0.5379918}};
    ds4_rope rope;
    ds4_rotation rotation;
    ds4_rope_init(&rope, &flash);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ds4_rotation_at(&rope, DS4_ROPE_COMPRESSED, cases[i].position, &rotation);
        REQUIRE_NEAR(rotation.cosine[cases[i].pair], cases[i].cosine, 1e-7);
        REQUIRE_NEAR(rotation.sine[cases[i].pair], cases[i].sine, 1e-7);
    }
}

static void Rotating_back_undoes_a_rotation_of_neighbouring_pairs(void)
{
    float tail[DS4_ROTARY];
    ds4_rope rope;
    ds4_rotation rotation;
    for (int i = 0; i < DS4_ROTARY; i++)
        tail[i] = (float)(i + 1);
    ds4_rope_init(&rope, &flash);
    ds4_rotation_at(&rope, DS4_ROPE_PLAIN, 3, &rotation);
    ds4_rotate(tail, &rotation);
    REQUIRE_NEAR(tail[0], cos(3) - 2 * sin(3), 1e-6);
    REQUIRE_NEAR(tail[1], sin(3) + 2 * cos(3), 1e-6);
    ds4_rotate_back(tail, &rotation);
    for (int i = 0; i < DS4_ROTARY; i++)
        REQUIRE_NEAR(tail[i], i + 1, 1e-5);
}

const test rope_tests[] = {
    TEST(Plain_layers_use_the_base_frequency),
    TEST(Compressed_layers_use_YaRN),
    TEST(A_scaling_factor_of_one_is_plain_rotation_with_the_other_base),
    TEST(Rotations_are_right_up_to_a_million_positions),
    TEST(Rotating_back_undoes_a_rotation_of_neighbouring_pairs),
    {NULL, NULL},
};
