/* model_description.c: which keys and tensors a model of the architecture has, and what random weights of it look like.
 *
 * The deviations keep activations of a random model in the range of a trained one, so that no layer saturates.
 */
#include "model_file.h"
#include "model_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- keys --------------------------------------------------------------------------------------------------- */

static void set_hyper_parameters(model_file *f, const model_config *c)
{
    float clamps[DS4_MAX_LAYERS];
    uint32_t layers = c->layers < DS4_MAX_LAYERS ? c->layers : DS4_MAX_LAYERS;
    for (int i = 0; i < DS4_MAX_LAYERS; i++)
        clamps[i] = c->clamp;
    set_string(f, "general.architecture", "deepseek4");
    set_string(f, "general.name", "small");
    set_u32(f, "general.alignment", MODEL_ALIGNMENT);
    set_u32(f, "deepseek4.block_count", c->layers);
    set_u32(f, "deepseek4.embedding_length", c->hidden);
    set_u32(f, "deepseek4.vocab_size", c->vocabulary);
    set_u64(f, "deepseek4.context_length", c->context);
    set_u32(f, "deepseek4.attention.head_count", c->heads);
    set_u32(f, "deepseek4.attention.head_count_kv", 1);
    set_u32(f, "deepseek4.attention.key_length", c->head_dim);
    set_u32(f, "deepseek4.attention.value_length", c->head_dim);
    set_u32(f, "deepseek4.rope.dimension_count", 64);
    set_u32(f, "deepseek4.attention.q_lora_rank", c->query_rank);
    set_u32(f, "deepseek4.attention.output_lora_rank", c->output_rank);
    set_u32(f, "deepseek4.attention.output_group_count", c->groups);
    set_u32(f, "deepseek4.attention.sliding_window", c->window);
    set_u32(f, "deepseek4.attention.indexer.head_count", c->index_heads);
    set_u32(f, "deepseek4.attention.indexer.key_length", 128);
    set_u32(f, "deepseek4.attention.indexer.top_k", c->index_top_k);
    set_u32(f, "deepseek4.expert_count", c->experts);
    set_u32(f, "deepseek4.expert_used_count", c->experts_used);
    set_u32(f, "deepseek4.expert_feed_forward_length", c->expert_width);
    set_u32(f, "deepseek4.expert_shared_count", 1);
    set_u32(f, "deepseek4.hash_layer_count", c->hash_layers);
    set_u32(f, "deepseek4.hyper_connection.count", 4);
    set_u32(f, "deepseek4.hyper_connection.sinkhorn_iterations", 20);
    set_f32(f, "deepseek4.hyper_connection.epsilon", c->epsilon == 0 ? 1e-6f : c->epsilon);
    set_f32(f, "deepseek4.attention.layer_norm_rms_epsilon", c->epsilon == 0 ? 1e-6f : c->epsilon);
    set_f32(f, "deepseek4.expert_weights_scale", 1.5f);
    set_bool(f, "deepseek4.expert_weights_norm", 1);
    set_f32(f, "deepseek4.rope.freq_base", 10000);
    set_f32(f, "deepseek4.attention.compress_rope_freq_base", 160000);
    set_f32(f, "deepseek4.rope.scaling.factor", 16);
    set_u64(f, "deepseek4.rope.scaling.original_context_length", 65536);
    set_f32(f, "deepseek4.rope.scaling.yarn_beta_fast", 32);
    set_f32(f, "deepseek4.rope.scaling.yarn_beta_slow", 1);
    set_array(f, "deepseek4.attention.compress_ratios", DS4_GGUF_U32, c->ratios, layers, layers * sizeof c->ratios[0]);
    set_array(f, "deepseek4.swiglu_clamp_exp", DS4_GGUF_F32, clamps, layers, layers * sizeof clamps[0]);
    set_array(f, "tokenizer.ggml.merges", DS4_GGUF_STRING, "\3\0\0\0\0\0\0\0a b\1\0\0\0\0\0\0\0c", 2, 20);
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

/* `prefix` is in front of every name. */
typedef struct builder {
    model_file *file;
    const model_config *config;
    char prefix[16];
} builder;

static void tensor(builder *b, const char *name, ds4_format format, uint64_t d0, uint64_t d1, uint64_t d2, weight_recipe recipe)
{
    char full[96];
    snprintf(full, sizeof full, "%s%s", b->prefix, name);
    add_tensor(b->file, full, format, d0, d1, d2, recipe);
}

/* Keeps the deviation of its input. */
static void matrix(builder *b, const char *name, ds4_format format, uint64_t columns, uint64_t rows)
{
    tensor(b, name, format, columns, rows, 1, (weight_recipe){.deviation = 1 / sqrt((double)columns)});
}

static void experts(builder *b, const char *name, ds4_format format, uint64_t columns, uint64_t rows)
{
    tensor(b, name, format, columns, rows, b->config->experts, (weight_recipe){.deviation = 1 / sqrt((double)columns)});
}

static void vector(builder *b, const char *name, uint64_t size, double centre, double deviation)
{
    tensor(b, name, DS4_FORMAT_F32, size, 1, 1, (weight_recipe){.centre = centre, .deviation = deviation});
}

static void norm(builder *b, const char *name, uint64_t size)
{
    vector(b, name, size, 1, 0.2);
}

static void mix(builder *b, const char *fn, const char *scale, const char *base, uint64_t outputs, uint64_t scales)
{
    matrix(b, fn, b->config->mix, DS4_STREAMS * (uint64_t)b->config->hidden, outputs);
    vector(b, scale, scales, 1, 0.3);
    vector(b, base, outputs, 0, 0.7);
}

static void compressor(builder *b, const char *stem, uint32_t ratio, uint32_t dim)
{
    char name[64];
    uint64_t width = ds4_compressor_width(ratio, dim);
    snprintf(name, sizeof name, "%s_kv.weight", stem);
    matrix(b, name, b->config->compressor, b->config->hidden, width);
    snprintf(name, sizeof name, "%s_gate.weight", stem);
    matrix(b, name, b->config->compressor, b->config->hidden, width);
    snprintf(name, sizeof name, "%s_ape.weight", stem);
    tensor(b, name, b->config->compressor, width, ratio, 1,
           (weight_recipe){.centre = b->config->position_centre, .deviation = 0.5});
    snprintf(name, sizeof name, "%s_norm.weight", stem);
    norm(b, name, dim);
}

static void attention_tensors(builder *b, uint32_t ratio)
{
    const model_config *c = b->config;
    uint64_t query = (uint64_t)c->heads * c->head_dim, low = (uint64_t)c->groups * c->output_rank;
    mix(b, "hc_attn_fn.weight", "hc_attn_scale.weight", "hc_attn_base.weight", DS4_MIX_OUTPUTS, 3);
    norm(b, "attn_norm.weight", c->hidden);
    matrix(b, "attn_q_a.weight", c->attention, c->hidden, c->query_rank);
    norm(b, "attn_q_a_norm.weight", c->query_rank);
    matrix(b, "attn_q_b.weight", c->attention, c->query_rank, query);
    matrix(b, "attn_kv.weight", c->attention, c->hidden, c->head_dim);
    norm(b, "attn_kv_a_norm.weight", c->head_dim);
    vector(b, "attn_sinks.weight", c->heads, 0, 1);
    matrix(b, "attn_output_a.weight", c->attention, query / c->groups, low);
    matrix(b, "attn_output_b.weight", c->attention, low, c->hidden);
    if (ratio != 0)
        compressor(b, "attn_compressor", ratio, c->head_dim);
    if (ratio == DS4_RATIO_OVERLAPPING) {
        compressor(b, "indexer_compressor", ratio, DS4_INDEX_DIM);
        matrix(b, "indexer.attn_q_b.weight", c->compressor, c->query_rank, DS4_INDEX_DIM * (uint64_t)c->index_heads);
        matrix(b, "indexer.proj.weight", c->compressor, c->hidden, c->index_heads);
    }
}

static void ffn_tensors(builder *b, bool hashed)
{
    const model_config *c = b->config;
    mix(b, "hc_ffn_fn.weight", "hc_ffn_scale.weight", "hc_ffn_base.weight", DS4_MIX_OUTPUTS, 3);
    norm(b, "ffn_norm.weight", c->hidden);
    matrix(b, "ffn_gate_inp.weight", c->mix, c->hidden, c->experts);
    if (hashed)
        tensor(b, "ffn_gate_tid2eid.weight", DS4_FORMAT_I32, c->experts_used, c->vocabulary, 1, (weight_recipe){.experts = c->experts});
    else if (c->router_bias)
        vector(b, "exp_probs_b.bias", c->experts, 0, 0.3);
    experts(b, "ffn_gate_exps.weight", c->gate_up, c->hidden, c->expert_width);
    experts(b, "ffn_up_exps.weight", c->gate_up, c->hidden, c->expert_width);
    experts(b, "ffn_down_exps.weight", c->down, c->expert_width, c->hidden);
    matrix(b, "ffn_gate_shexp.weight", c->shared, c->hidden, c->expert_width);
    matrix(b, "ffn_up_shexp.weight", c->shared, c->hidden, c->expert_width);
    matrix(b, "ffn_down_shexp.weight", c->shared, c->expert_width, c->hidden);
}

model_file *describe_model(const model_config *config, uint64_t seed)
{
    builder b = {.file = calloc(1, sizeof(model_file)), .config = config};
    b.file->seed = seed;
    set_hyper_parameters(b.file, config);
    tensor(&b, "token_embd.weight", config->embedding, config->hidden, config->vocabulary, 1, (weight_recipe){.deviation = 0.5});
    matrix(&b, "output.weight", config->attention, config->hidden, config->vocabulary);
    norm(&b, "output_norm.weight", config->hidden);
    mix(&b, "output_hc_fn.weight", "output_hc_scale.weight", "output_hc_base.weight", DS4_STREAMS, 1);
    for (uint32_t layer = 0; layer < config->layers; layer++) {
        snprintf(b.prefix, sizeof b.prefix, "blk.%" PRIu32 ".", layer);
        attention_tensors(&b, config->ratios[layer]);
        ffn_tensors(&b, layer < config->hash_layers);
    }
    return b.file;
}

/* ---- checks ------------------------------------------------------------------------------------------------- */

/* The engine's own reader judges the keys, so that its ranges are not repeated here. */
static ds4_status check_keys(const model_config *config, ds4_error *error)
{
    model_file keys = {.values = NULL};
    ds4_gguf gguf;
    ds4_shape shape;
    size_t size;
    set_hyper_parameters(&keys, config);
    uint8_t *bytes = model_bytes(&keys, &size);
    ds4_status status = ds4_gguf_parse((ds4_bytes){bytes, size}, &gguf, error);
    if (status == DS4_OK) {
        status = ds4_shape_read(&gguf, &shape, error);
        ds4_gguf_free(&gguf);
    }
    free(bytes);
    for (size_t i = 0; i < keys.value_count; i++)
        free(keys.values[i].data);
    free(keys.values);
    return status;
}

ds4_status check_config(const model_config *config, ds4_error *error)
{
    ds4_status status = check_keys(config, error);
    if (status != DS4_OK)
        return status;
    model_file *file = describe_model(config, 0);
    for (size_t i = 0; status == DS4_OK && i < file->tensor_count; i++) {
        const file_tensor *t = &file->tensors[i];
        const ds4_format_info *format = ds4_format_find(t->type);
        if (t->dims[0] % format->block_values != 0)
            status = ds4_fail(error, DS4_UNSUPPORTED, "tensor %s: rows of %" PRIu64 " values are not whole %s blocks of %u", t->name,
                              t->dims[0], format->name, format->block_values);
    }
    free_model_file(file);
    return status;
}
