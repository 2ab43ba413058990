/* Hyper-parameters. */
#include "harness.h"
#include "model_writer.h"
#include "shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reads the shape of a small model after `change`. */
static ds4_status read_shape(void (*change)(model_file *file), ds4_shape *shape, ds4_error *error)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    ds4_gguf gguf;
    size_t size;
    if (change != NULL)
        change(file);
    uint8_t *bytes = model_bytes(file, &size);
    error->message[0] = '\0';
    ds4_status status = ds4_gguf_parse((ds4_bytes){bytes, size}, &gguf, error);
    if (status == DS4_OK) {
        status = ds4_shape_read(&gguf, shape, error);
        ds4_gguf_free(&gguf);
    }
    free(bytes);
    free_model_file(file);
    return status;
}

/* Refused, in a sentence that holds all three words: the key, what was found, what was expected. */
static void expect_refusal(void (*change)(model_file *file), const char *key, const char *found, const char *expected)
{
    ds4_shape shape;
    ds4_error error;
    ds4_status status = read_shape(change, &shape, &error);
    REQUIRE_MESSAGE(status == DS4_UNSUPPORTED, "%s: %s %s", key, ds4_status_name(status), error.message);
    REQUIRE_MESSAGE(strstr(error.message, key) && strstr(error.message, found) && strstr(error.message, expected),
                    "\"%s\" does not name %s, %s and %s", error.message, key, found, expected);
}

static void add_prediction_stage(model_file *file)
{
    set_array(file, "deepseek4.attention.compress_ratios", DS4_GGUF_I32, (int32_t[]){0, 0, 4, 128, 0}, 5, 20);
    set_array(file, "deepseek4.swiglu_clamp_exp", DS4_GGUF_F64, (double[]){10, 7.5, 1e-7, 0, 3}, 5, 40);
    set_array(file, "deepseek4.swiglu_clamp_shexp", DS4_GGUF_F32, (float[]){1, 2, 3, 4}, 4, 16);
    set_u32(file, "deepseek4.context_length", 1234);
    set_u32(file, "deepseek4.expert_group_count", 0);
}

static void The_shape_is_what_the_metadata_says(void)
{
    ds4_shape shape;
    ds4_error error;
    REQUIRE(read_shape(NULL, &shape, &error) == DS4_OK);
    REQUIRE(shape.layers == 4 && shape.hidden == 256 && shape.head_dim == 192 && shape.experts == 8 && shape.window == 16);
    REQUIRE(shape.context == 4096 && shape.yarn_context == 65536 && shape.compressed_rope_base == 160000);
    REQUIRE(shape.ratio[2] == 4 && shape.ratio[3] == 128 && shape.routed_clamp[3] == 10 && shape.shared_clamp[3] == 10);
}

static void Arrays_may_be_longer_than_the_layers_and_of_other_types(void)
{
    ds4_shape shape;
    ds4_error error;
    REQUIRE(read_shape(add_prediction_stage, &shape, &error) == DS4_OK);
    REQUIRE(shape.ratio[3] == 128 && shape.context == 1234);
    REQUIRE(shape.routed_clamp[1] == 7.5f && shape.routed_clamp[2] == 0 && shape.shared_clamp[2] == 3);
}

static void other_architecture(model_file *file)
{
    set_string(file, "general.architecture", "llama");
}

static void no_architecture(model_file *file)
{
    remove_value(file, "general.architecture");
}

static void Another_architecture_is_refused_by_name(void)
{
    expect_refusal(other_architecture, "general.architecture", "llama", "deepseek4");
    expect_refusal(no_architecture, "general.architecture", "missing", "deepseek4");
}

static void head_dim_128(model_file *file)
{
    set_u32(file, "deepseek4.attention.key_length", 128);
}

static void head_dim_200(model_file *file)
{
    set_u32(file, "deepseek4.attention.key_length", 200);
    set_u32(file, "deepseek4.attention.value_length", 200);
}

static void value_length_256(model_file *file)
{
    set_u32(file, "deepseek4.attention.value_length", 256);
}

static void rotary_32(model_file *file)
{
    set_u32(file, "deepseek4.rope.dimension_count", 32);
}

static void index_dim_64(model_file *file)
{
    set_u32(file, "deepseek4.attention.indexer.key_length", 64);
}

static void streams_2(model_file *file)
{
    set_u32(file, "deepseek4.hyper_connection.count", 2);
}

static void kv_heads_2(model_file *file)
{
    set_u32(file, "deepseek4.attention.head_count_kv", 2);
}

static void ratio_8(model_file *file)
{
    set_array(file, "deepseek4.attention.compress_ratios", DS4_GGUF_U32, (uint32_t[]){0, 0, 8, 128}, 4, 16);
}

static void What_the_kernels_cannot_do_is_refused(void)
{
    expect_refusal(head_dim_128, "attention.key_length", "128", "192");
    expect_refusal(head_dim_200, "attention.key_length", "200", "multiple of 64");
    expect_refusal(value_length_256, "attention.value_length", "256", "192");
    expect_refusal(rotary_32, "rope.dimension_count", "32", "64");
    expect_refusal(index_dim_64, "indexer.key_length", "64", "128");
    expect_refusal(streams_2, "hyper_connection.count", "2", "4");
    expect_refusal(kv_heads_2, "attention.head_count_kv", "2", "1");
    expect_refusal(ratio_8, "compress_ratios", "8 for layer 2", "0, 4 or 128");
}

static void three_groups(model_file *file)
{
    set_u32(file, "deepseek4.attention.output_group_count", 3);
}

static void used_9(model_file *file)
{
    set_u32(file, "deepseek4.expert_used_count", 9);
}

static void hash_layers_5(model_file *file)
{
    set_u32(file, "deepseek4.hash_layer_count", 5);
}

static void no_normalisation(model_file *file)
{
    set_bool(file, "deepseek4.expert_weights_norm", 0);
}

static void betas_swapped(model_file *file)
{
    set_f32(file, "deepseek4.rope.scaling.yarn_beta_fast", 0.5f);
}

static void Values_that_contradict_each_other_are_refused(void)
{
    expect_refusal(three_groups, "output_group_count", "3", "4 heads");
    expect_refusal(used_9, "expert_used_count", "9", "8 experts");
    expect_refusal(hash_layers_5, "hash_layer_count", "5", "4 layers");
    expect_refusal(no_normalisation, "expert_weights_norm", "false", "true");
    expect_refusal(betas_swapped, "yarn_beta_fast", "0.5", "yarn_beta_slow, 1");
}

static void no_block_count(model_file *file)
{
    remove_value(file, "deepseek4.block_count");
}

static void text_block_count(model_file *file)
{
    set_string(file, "deepseek4.block_count", "four");
}

static void huge_context(model_file *file)
{
    set_u64(file, "deepseek4.context_length", UINT64_MAX);
}

static void nan_epsilon(model_file *file)
{
    set_f32(file, "deepseek4.attention.layer_norm_rms_epsilon", NAN);
}

static void short_clamps(model_file *file)
{
    set_array(file, "deepseek4.swiglu_clamp_exp", DS4_GGUF_F32, (float[]){10, 10, 10}, 3, 12);
}

static void negative_clamp(model_file *file)
{
    set_array(file, "deepseek4.swiglu_clamp_exp", DS4_GGUF_F32, (float[]){10, -1, 10, 10}, 4, 16);
}

static void text_ratios(model_file *file)
{
    set_array(file, "deepseek4.attention.compress_ratios", DS4_GGUF_F32, (float[]){0, 0, 4, 128}, 4, 16);
}

static void Missing_and_senseless_values_are_refused(void)
{
    expect_refusal(no_block_count, "block_count", "missing", "1 to 256");
    expect_refusal(text_block_count, "block_count", "string", "integer");
    expect_refusal(huge_context, "context_length", "context_length", "67108864");
    expect_refusal(nan_epsilon, "layer_norm_rms_epsilon", "nan", "number");
    expect_refusal(short_clamps, "swiglu_clamp_exp", "array of 3", "at least 4");
    expect_refusal(negative_clamp, "swiglu_clamp_exp", "-1 for layer 1", "limit");
    expect_refusal(text_ratios, "compress_ratios", "not an array of integers", "0, 4 or 128");
}

const test shape_tests[] = {
    TEST(The_shape_is_what_the_metadata_says),
    TEST(Arrays_may_be_longer_than_the_layers_and_of_other_types),
    TEST(Another_architecture_is_refused_by_name),
    TEST(What_the_kernels_cannot_do_is_refused),
    TEST(Values_that_contradict_each_other_are_refused),
    TEST(Missing_and_senseless_values_are_refused),
    {NULL, NULL},
};
