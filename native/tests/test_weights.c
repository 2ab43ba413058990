/* The tensor table. */
#include "harness.h"
#include "model_writer.h"
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ds4_status bind(const model_config *config, void (*change)(model_file *file), uint64_t *bytes_per_token, ds4_error *error)
{
    model_file *file = build_model(config, 1);
    ds4_gguf gguf;
    ds4_shape shape;
    ds4_weights weights;
    size_t size;
    if (change != NULL)
        change(file);
    uint8_t *bytes = model_bytes(file, &size);
    error->message[0] = '\0';
    ds4_status status = ds4_gguf_parse((ds4_bytes){bytes, size}, &gguf, error);
    if (status == DS4_OK) {
        status = ds4_shape_read(&gguf, &shape, error);
        if (status == DS4_OK)
            status = ds4_weights_bind(&gguf, &shape, &weights, error);
        if (status == DS4_OK) {
            *bytes_per_token = weights.bytes_per_token;
            ds4_weights_free(&weights);
        }
        ds4_gguf_free(&gguf);
    }
    free(bytes);
    free_model_file(file);
    return status;
}

static void expect_refusal(void (*change)(model_file *file), const char *tensor, const char *word)
{
    model_config config = small_config();
    ds4_error error;
    uint64_t bytes;
    ds4_status status = bind(&config, change, &bytes, &error);
    REQUIRE_MESSAGE(status == DS4_UNSUPPORTED, "%s: %s %s", tensor, ds4_status_name(status), error.message);
    REQUIRE_MESSAGE(strstr(error.message, tensor) && strstr(error.message, word), "\"%s\" does not name %s and %s", error.message, tensor,
                    word);
}

static const char *removed;

static void remove_one(model_file *file)
{
    remove_tensor(file, removed);
}

static void Every_tensor_but_the_router_bias_is_required(void)
{
    model_config config = small_config();
    model_file *all = build_model(&config, 1);
    for (size_t i = 0; i < all->tensor_count; i++) {
        ds4_error error;
        uint64_t bytes;
        removed = all->tensors[i].name;
        ds4_status status = bind(&config, remove_one, &bytes, &error);
        if (strstr(removed, "exp_probs_b.bias") != NULL)
            REQUIRE_MESSAGE(status == DS4_OK, "without %s: %s", removed, error.message);
        else
            REQUIRE_MESSAGE(status == DS4_UNSUPPORTED && strstr(error.message, removed) && strstr(error.message, "missing"),
                            "without %s: %s", removed, error.message);
    }
    free_model_file(all);
}

static void swap_dims(model_file *file)
{
    file_tensor *tensor = model_tensor(file, "blk.0.attn_q_a.weight");
    uint64_t first = tensor->dims[0];
    tensor->dims[0] = tensor->dims[1];
    tensor->dims[1] = first;
}

static void half_norm(model_file *file)
{
    file_tensor *tensor = model_tensor(file, "blk.2.attn_norm.weight");
    tensor->type = DS4_FORMAT_F16;
}

static void integer_matrix(model_file *file)
{
    file_tensor *tensor = model_tensor(file, "blk.1.ffn_gate_inp.weight");
    tensor->type = DS4_FORMAT_I32;
    tensor->size *= 2;
    tensor->data = realloc(tensor->data, tensor->size);
    memset(tensor->data, 0, tensor->size);
}

static void float_hash_table(model_file *file)
{
    model_tensor(file, "blk.0.ffn_gate_tid2eid.weight")->type = DS4_FORMAT_F32;
}

static void mixed_gate_and_up(model_file *file)
{
    model_tensor(file, "blk.3.ffn_up_exps.weight")->type = DS4_FORMAT_Q2_K;
}

static void Dimensions_and_types_are_checked(void)
{
    expect_refusal(swap_dims, "blk.0.attn_q_a.weight", "expected [256, 32, 1, 1]");
    expect_refusal(half_norm, "blk.2.attn_norm.weight", "expected F32");
    expect_refusal(integer_matrix, "blk.1.ffn_gate_inp.weight", "I32");
    expect_refusal(float_hash_table, "blk.0.ffn_gate_tid2eid.weight", "expected I32");
    expect_refusal(mixed_gate_and_up, "blk.3.ffn_up_exps.weight", "same type");
}

static void send_to_expert_8(model_file *file)
{
    int32_t expert = 8;
    memcpy(model_tensor(file, "blk.0.ffn_gate_tid2eid.weight")->data + 4 * (2 * 17 + 1), &expert, sizeof expert);
}

static void send_to_a_negative_expert(model_file *file)
{
    int32_t expert = -1;
    memcpy(model_tensor(file, "blk.0.ffn_gate_tid2eid.weight")->data, &expert, sizeof expert);
}

static void A_hash_table_may_only_name_experts_that_exist(void)
{
    expect_refusal(send_to_expert_8, "blk.0.ffn_gate_tid2eid.weight", "token 17 to expert 8; expected 0 to 7");
    expect_refusal(send_to_a_negative_expert, "blk.0.ffn_gate_tid2eid.weight", "token 0 to expert -1");
}

static void send_to_one_expert_twice(model_file *file)
{
    static const int32_t experts[] = {5, 5};
    memcpy(model_tensor(file, "blk.0.ffn_gate_tid2eid.weight")->data + 4 * 2 * 39, experts, sizeof experts);
}

static void A_hash_table_names_an_expert_once_per_token(void)
{
    expect_refusal(send_to_one_expert_twice, "blk.0.ffn_gate_tid2eid.weight", "token 39 to expert 5 twice");
}

static const char *spoilt;
static float spoilt_value;

static void spoil_one(model_file *file)
{
    memcpy(model_tensor(file, spoilt)->data + 4, &spoilt_value, sizeof spoilt_value);
}

static void Small_tensors_must_be_finite(void)
{
    static const char *const names[] = {"output_norm.weight",
                                        "output_hc_base.weight",
                                        "blk.0.attn_norm.weight",
                                        "blk.0.attn_q_a_norm.weight",
                                        "blk.1.attn_kv_a_norm.weight",
                                        "blk.1.attn_sinks.weight",
                                        "blk.2.hc_attn_scale.weight",
                                        "blk.2.hc_ffn_base.weight",
                                        "blk.2.ffn_norm.weight",
                                        "blk.2.attn_compressor_norm.weight",
                                        "blk.2.indexer_compressor_norm.weight",
                                        "blk.3.exp_probs_b.bias"};
    static const float values[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        spoilt = names[i];
        spoilt_value = values[i % 3];
        expect_refusal(spoil_one, spoilt, "index 1; expected a finite number");
    }
}

static void Bytes_per_token_leave_out_what_a_token_does_not_read(void)
{
    model_config config = small_config(), wider = small_config();
    ds4_error error;
    uint64_t bytes, more;
    REQUIRE(bind(&config, NULL, &bytes, &error) == DS4_OK);
    /* Twice the vocabulary adds rows to the output matrix (Q8_0), but none to what is read of embedding and hash table. */
    wider.vocabulary *= 2;
    REQUIRE(bind(&wider, NULL, &more, &error) == DS4_OK);
    REQUIRE(more - bytes == (uint64_t)config.vocabulary * config.hidden / 32 * 34);
    /* Twice the experts add rows to the router (F16) and its bias, but none to what is read of the experts. */
    wider = config;
    wider.experts *= 2;
    REQUIRE(bind(&wider, NULL, &more, &error) == DS4_OK);
    REQUIRE(more - bytes == (uint64_t)config.experts * (config.layers * config.hidden * 2 + (config.layers - config.hash_layers) * 4));
}

const test weights_tests[] = {
    TEST(Every_tensor_but_the_router_bias_is_required),
    TEST(Dimensions_and_types_are_checked),
    TEST(A_hash_table_may_only_name_experts_that_exist),
    TEST(A_hash_table_names_an_expert_once_per_token),
    TEST(Small_tensors_must_be_finite),
    TEST(Bytes_per_token_leave_out_what_a_token_does_not_read),
    {NULL, NULL},
};
