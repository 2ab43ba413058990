/* Any format in any matrix, and shapes far from the published ones. */
#include "engine.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS = 140 };

/* Every row length is a multiple of 256, so that every matrix can have every format. */
static model_config block_config(ds4_format format)
{
    model_config config = small_config();
    config.head_dim = 256;
    config.query_rank = 256;
    config.output_rank = 128;
    config.attention = config.mix = config.compressor = config.gate_up = config.down = config.shared = config.embedding = format;
    return config;
}

static void check_format(ds4_format format)
{
    model_config config = block_config(format);
    model_file *file = build_model(&config, 5);
    int32_t tokens[TOKENS];
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *found = all_logits_of_file(save_model(file, "format.gguf"), 2, DS4_MODE_EXACT, tokens, TOKENS, 70);
    expand_to_f32(file);
    float *expected = all_logits_of_file(save_model(file, "expanded.gguf"), 2, DS4_MODE_EXACT, tokens, TOKENS, 70);
    free_model_file(file);
    REQUIRE(found != NULL && expected != NULL);
    REQUIRE(memcmp(found, expected, TOKENS * config.vocabulary * sizeof *found) == 0);
    REQUIRE(expected[0] == expected[0] && expected[0] != expected[1]);
    free(found);
    free(expected);
}

static void A_model_all_in_F16_equals_the_same_weights_in_F32(void)
{
    check_format(DS4_FORMAT_F16);
}

static void A_model_all_in_Q8_0_equals_the_same_weights_in_F32(void)
{
    check_format(DS4_FORMAT_Q8_0);
}

static void A_model_all_in_Q2_K_equals_the_same_weights_in_F32(void)
{
    check_format(DS4_FORMAT_Q2_K);
}

static void A_model_all_in_Q4_K_equals_the_same_weights_in_F32(void)
{
    check_format(DS4_FORMAT_Q4_K);
}

static void A_model_all_in_IQ2_XXS_equals_the_same_weights_in_F32(void)
{
    check_format(DS4_FORMAT_IQ2_XXS);
}

/* Decoding and prefill must agree for a shape, which crosses every limit that is derived from it. */
static void check_shape(const model_config *config, const char *name)
{
    int32_t tokens[TOKENS];
    ds4_model *model = open_small(config, name, 2);
    REQUIRE(model != NULL);
    make_tokens(tokens, TOKENS, config->vocabulary);
    float *decoded = all_logits(model, DS4_MODE_ROUNDED, tokens, TOKENS, 1),
          *prefilled = all_logits(model, DS4_MODE_ROUNDED, tokens, TOKENS, TOKENS);
    REQUIRE(decoded != NULL && prefilled != NULL && decoded[0] == decoded[0]);
    REQUIRE(memcmp(decoded, prefilled, TOKENS * config->vocabulary * sizeof *decoded) == 0);
    free(decoded);
    free(prefilled);
    ds4_model_close(model);
}

static void One_layer_without_compression_runs(void)
{
    model_config config = small_config();
    config.layers = 1;
    config.hash_layers = 0;
    check_shape(&config, "one_layer.gguf");
}

static void Compressed_layers_may_come_first_and_all_layers_may_be_hashed(void)
{
    model_config config = small_config();
    config.ratios[0] = 128, config.ratios[1] = 4, config.ratios[2] = 4, config.ratios[3] = 0;
    config.hash_layers = 4;
    check_shape(&config, "compressed_first.gguf");
}

static void Every_expert_may_be_used_and_the_router_bias_may_be_absent(void)
{
    model_config config = small_config();
    config.experts = config.experts_used = 3;
    config.router_bias = false;
    config.hash_layers = 0;
    check_shape(&config, "all_experts.gguf");
}

static void Odd_widths_run(void)
{
    model_config config = small_config();
    config.attention = config.mix = config.compressor = config.gate_up = config.down = config.shared = DS4_FORMAT_F32;
    config.hidden = 36, config.expert_width = 21, config.query_rank = 13, config.output_rank = 7;
    config.heads = 3, config.groups = 3, config.head_dim = 320, config.window = 1, config.index_heads = 5, config.vocabulary = 23;
    check_shape(&config, "odd.gguf");
}

static void A_context_shorter_than_any_window_runs(void)
{
    model_config config = small_config();
    int32_t tokens[3];
    config.context = 3;
    ds4_model *model = open_small(&config, "short.gguf", 1);
    make_tokens(tokens, 3, config.vocabulary);
    REQUIRE(model != NULL);
    float *logits = all_logits(model, DS4_MODE_EXACT, tokens, 3, 2);
    REQUIRE(logits != NULL);
    free(logits);
    ds4_model_close(model);
}

const test formats_tests[] = {
    TEST(A_model_all_in_F16_equals_the_same_weights_in_F32),
    TEST(A_model_all_in_Q8_0_equals_the_same_weights_in_F32),
    TEST(A_model_all_in_Q2_K_equals_the_same_weights_in_F32),
    TEST(A_model_all_in_Q4_K_equals_the_same_weights_in_F32),
    TEST(A_model_all_in_IQ2_XXS_equals_the_same_weights_in_F32),
    TEST(One_layer_without_compression_runs),
    TEST(Compressed_layers_may_come_first_and_all_layers_may_be_hashed),
    TEST(Every_expert_may_be_used_and_the_router_bias_may_be_absent),
    TEST(Odd_widths_run),
    TEST(A_context_shorter_than_any_window_runs),
    {NULL, NULL},
};
