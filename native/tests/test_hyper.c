/* Hyper-connections. */
#include "harness.h"
#include "hyper.h"

#include <math.h>

static void The_mix_split_reproduces_the_reference_vector(void)
{
    static const double pre[] = {0.616136383, 0.666708703, 0.631899612, 0.533267914},
                        post[] = {0.739061946, 0.404259510, 0.477281665, 0.779362627};
    static const double combination[4][4] = {{0.221348846, 0.307389823, 0.237255395, 0.234004935},
                                             {0.323266423, 0.247766082, 0.246191832, 0.182774663},
                                             {0.130319793, 0.194760598, 0.301621148, 0.373297461},
                                             {0.325063939, 0.250082497, 0.214930624, 0.209921941}};
    const float scale[] = {0.8f, 1.2f, 0.5f};
    float raw[DS4_MIX_OUTPUTS], base[DS4_MIX_OUTPUTS];
    ds4_mix mix;
    for (int i = 0; i < DS4_MIX_OUTPUTS; i++) {
        raw[i] = (float)sin(1 + 0.7 * i);
        base[i] = 0.1f * (float)(i % 5) - 0.2f;
    }
    ds4_mix_split(raw, scale, base, 1e-6, 20, &mix);
    for (int s = 0; s < 4; s++) {
        REQUIRE_NEAR(mix.pre[s], pre[s], 5e-7);
        REQUIRE_NEAR(mix.post[s], post[s], 5e-7);
        double column = 0;
        for (int d = 0; d < 4; d++) {
            REQUIRE_NEAR(mix.combination[s][d], combination[s][d], 5e-7);
            column += mix.combination[d][s];
        }
        REQUIRE_NEAR(column, 1, 2e-6);
    }
}

static void The_number_of_Sinkhorn_iterations_comes_from_the_caller(void)
{
    const float scale[] = {1, 1, 4};
    float raw[DS4_MIX_OUTPUTS], base[DS4_MIX_OUTPUTS] = {0};
    ds4_mix one, many;
    for (int i = 0; i < DS4_MIX_OUTPUTS; i++)
        raw[i] = sinf((float)i);
    ds4_mix_split(raw, scale, base, 1e-6, 1, &one);
    ds4_mix_split(raw, scale, base, 1e-6, 20, &many);
    REQUIRE(fabsf(one.combination[0][0] - many.combination[0][0]) > 1e-3f);
}

static void The_first_index_of_the_combination_is_the_source_stream(void)
{
    /* Stream 1 goes to stream 2 and nowhere else. */
    ds4_mix mix = {.pre = {0, 1, 0, 0}, .post = {0, 0, 0, 5}, .combination = {{0}}};
    float streams[] = {1, 2, 3, 4}, output[] = {10}, input[1];
    mix.combination[1][2] = 1;
    ds4_mix_input(streams, mix.pre, 1, input);
    REQUIRE_NEAR(input[0], 2, 0);
    ds4_mix_output(streams, output, &mix, 1);
    REQUIRE(streams[0] == 0 && streams[1] == 0 && streams[2] == 2 && streams[3] == 50);
}

static void The_head_mix_is_a_sigmoid_with_epsilon(void)
{
    const float raw[] = {0, 1, -1, 2}, scale[] = {2}, base[] = {0, 0.5f, 0, -4};
    float pre[4];
    ds4_mix_head(raw, scale, base, 1e-6, pre);
    REQUIRE_NEAR(pre[0], 0.5 + 1e-6, 1e-7);
    REQUIRE_NEAR(pre[1], 1 / (1 + exp(-2.5)) + 1e-6, 1e-7);
    REQUIRE_NEAR(pre[2], 1 / (1 + exp(2)) + 1e-6, 1e-7);
    REQUIRE_NEAR(pre[3], 0.5 + 1e-6, 1e-7);
}

const test hyper_tests[] = {
    TEST(The_mix_split_reproduces_the_reference_vector),
    TEST(The_number_of_Sinkhorn_iterations_comes_from_the_caller),
    TEST(The_first_index_of_the_combination_is_the_source_stream),
    TEST(The_head_mix_is_a_sigmoid_with_epsilon),
    {NULL, NULL},
};
