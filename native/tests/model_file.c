/* model_file.c: a GGUF writer and a generator of random weights that behave. */
#include "model_file.h"
#include "dequantise.h"
#include "harness.h"
#include "rounding.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 32 };

model_config small_config(void)
{
    return (model_config){
        .layers = 4,
        .ratios = {0, 0, 4, 128},
        .hidden = 256,
        .vocabulary = 40,
        .heads = 4,
        .head_dim = 192,
        .query_rank = 32,
        .output_rank = 32,
        .groups = 2,
        .window = 16,
        .index_heads = 2,
        .index_top_k = 3,
        .experts = 8,
        .experts_used = 2,
        .expert_width = 256,
        .hash_layers = 1,
        .context = 4096,
        .clamp = 10,
        .router_bias = true,
        .attention = DS4_FORMAT_Q8_0,
        .mix = DS4_FORMAT_F16,
        .compressor = DS4_FORMAT_F16,
        .gate_up = DS4_FORMAT_Q4_K,
        .down = DS4_FORMAT_Q4_K,
        .shared = DS4_FORMAT_Q8_0,
        .embedding = DS4_FORMAT_F16,
    };
}

/* ---- metadata ----------------------------------------------------------------------------------------------- */

file_value *model_value(model_file *file, const char *key)
{
    for (size_t i = 0; i < file->value_count; i++)
        if (strcmp(file->values[i].key, key) == 0)
            return &file->values[i];
    return NULL;
}

static void set_value(model_file *file, const char *key, uint32_t type, uint32_t element_type, uint64_t count, const void *data,
                      size_t size)
{
    file_value *value = model_value(file, key);
    if (value == NULL) {
        file->values = realloc(file->values, (file->value_count + 1) * sizeof *file->values);
        value = &file->values[file->value_count++];
        value->data = NULL;
        snprintf(value->key, sizeof value->key, "%s", key);
    }
    free(value->data);
    value->type = type;
    value->element_type = element_type;
    value->count = count;
    value->size = size;
    value->data = malloc(size + 1);
    memcpy(value->data, data, size);
}

void set_u32(model_file *file, const char *key, uint32_t value)
{
    set_value(file, key, DS4_GGUF_U32, 0, 1, &value, sizeof value);
}

void set_u64(model_file *file, const char *key, uint64_t value)
{
    set_value(file, key, DS4_GGUF_U64, 0, 1, &value, sizeof value);
}

void set_f32(model_file *file, const char *key, float value)
{
    set_value(file, key, DS4_GGUF_F32, 0, 1, &value, sizeof value);
}

void set_bool(model_file *file, const char *key, uint8_t value)
{
    set_value(file, key, DS4_GGUF_BOOL, 0, 1, &value, sizeof value);
}

void set_string(model_file *file, const char *key, const char *value)
{
    set_value(file, key, DS4_GGUF_STRING, 0, 1, value, strlen(value));
}

void set_array(model_file *file, const char *key, ds4_gguf_type element_type, const void *elements, uint64_t count, size_t size)
{
    set_value(file, key, DS4_GGUF_ARRAY, element_type, count, elements, size);
}

void remove_value(model_file *file, const char *key)
{
    file_value *value = model_value(file, key);
    free(value->data);
    *value = file->values[--file->value_count];
}

void duplicate_value(model_file *file, const char *key)
{
    file_value copy = *model_value(file, key);
    file->values = realloc(file->values, (file->value_count + 1) * sizeof *file->values);
    copy.data = memcpy(malloc(copy.size + 1), copy.data, copy.size);
    file->values[file->value_count++] = copy;
}

static void set_hyper_parameters(model_file *f, const model_config *c)
{
    float clamps[8];
    for (int i = 0; i < 8; i++)
        clamps[i] = c->clamp;
    set_string(f, "general.architecture", "deepseek4");
    set_string(f, "general.name", "small");
    set_u32(f, "general.alignment", ALIGNMENT);
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
    set_f32(f, "deepseek4.hyper_connection.epsilon", 1e-6f);
    set_f32(f, "deepseek4.attention.layer_norm_rms_epsilon", 1e-6f);
    set_f32(f, "deepseek4.expert_weights_scale", 1.5f);
    set_bool(f, "deepseek4.expert_weights_norm", 1);
    set_f32(f, "deepseek4.rope.freq_base", 10000);
    set_f32(f, "deepseek4.attention.compress_rope_freq_base", 160000);
    set_f32(f, "deepseek4.rope.scaling.factor", 16);
    set_u64(f, "deepseek4.rope.scaling.original_context_length", 65536);
    set_f32(f, "deepseek4.rope.scaling.yarn_beta_fast", 32);
    set_f32(f, "deepseek4.rope.scaling.yarn_beta_slow", 1);
    set_array(f, "deepseek4.attention.compress_ratios", DS4_GGUF_U32, c->ratios, c->layers, c->layers * sizeof c->ratios[0]);
    set_array(f, "deepseek4.swiglu_clamp_exp", DS4_GGUF_F32, clamps, c->layers, c->layers * sizeof clamps[0]);
    set_array(f, "tokenizer.ggml.merges", DS4_GGUF_STRING, "\3\0\0\0\0\0\0\0a b\1\0\0\0\0\0\0\0c", 2, 20);
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

file_tensor *model_tensor(model_file *file, const char *name)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

void remove_tensor(model_file *file, const char *name)
{
    file_tensor *tensor = model_tensor(file, name);
    free(tensor->data);
    *tensor = file->tensors[--file->tensor_count];
}

void duplicate_tensor(model_file *file, const char *name)
{
    file_tensor copy = *model_tensor(file, name);
    file->tensors = realloc(file->tensors, (file->tensor_count + 1) * sizeof *file->tensors);
    copy.data = memcpy(malloc(copy.size + 1), copy.data, copy.size);
    file->tensors[file->tensor_count++] = copy;
}

static void put_half(uint8_t *place, double value)
{
    uint16_t half = ds4_f32_to_f16((float)value);
    memcpy(place, &half, sizeof half);
}

/* Random values of a deviation around 1/sqrt(columns) in a block format: random bytes under fitting scales. */
static void fill_blocks(const ds4_format_info *info, uint8_t *data, size_t size, double columns, random_source *random)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)random_bits(random);
    for (uint8_t *block = data; block < data + size; block += info->block_bytes) {
        double unit = 1 / sqrt(columns);
        switch (info->format) {
        case DS4_FORMAT_Q8_0: put_half(block, unit / 73); break;
        case DS4_FORMAT_IQ2_XXS: put_half(block, unit / 45); break;
        case DS4_FORMAT_Q2_K: put_half(block + 80, unit / 12), put_half(block + 82, unit / 8); break;
        case DS4_FORMAT_Q4_K: put_half(block, unit / 150), put_half(block + 2, unit / 20); break;
        default: break;
        }
    }
}

static file_tensor *add_tensor(model_file *file, const char *name, ds4_format format, uint64_t d0, uint64_t d1, uint64_t d2)
{
    const ds4_format_info *info = ds4_format_find(format);
    file->tensors = realloc(file->tensors, (file->tensor_count + 1) * sizeof *file->tensors);
    file_tensor *tensor = &file->tensors[file->tensor_count++];
    *tensor = (file_tensor){.dim_count = d2 > 1 ? 3 : d1 > 1 ? 2 : 1, .dims = {d0, d1, d2, 1}, .type = format, .offset = -1};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->size = (size_t)(d0 / info->block_values * info->block_bytes * d1 * d2);
    tensor->data = malloc(tensor->size + 1);
    return tensor;
}

static void add_matrix(model_file *file, random_source *random, const char *name, ds4_format format, uint64_t columns, uint64_t rows,
                       uint64_t slabs, double deviation)
{
    file_tensor *tensor = add_tensor(file, name, format, columns, rows, slabs);
    if (format != DS4_FORMAT_F32 && format != DS4_FORMAT_F16) {
        fill_blocks(ds4_format_find(format), tensor->data, tensor->size, (double)columns, random);
        return;
    }
    for (uint64_t i = 0; i < columns * rows * slabs; i++) {
        float value = (float)(random_float(random) * 1.7 * deviation);
        if (format == DS4_FORMAT_F32)
            memcpy(tensor->data + 4 * i, &value, sizeof value);
        else
            put_half(tensor->data + 2 * i, value);
    }
}

static void add_vector(model_file *file, random_source *random, const char *name, uint64_t size, double centre, double deviation)
{
    file_tensor *tensor = add_tensor(file, name, DS4_FORMAT_F32, size, 1, 1);
    for (uint64_t i = 0; i < size; i++) {
        float value = (float)(centre + random_float(random) * 1.7 * deviation);
        memcpy(tensor->data + 4 * i, &value, sizeof value);
    }
}

/* What the generator of one layer needs; `prefix` is in front of every name. */
typedef struct builder {
    model_file *file;
    const model_config *config;
    random_source random;
    char prefix[16];
    char name[96];
} builder;

static const char *prefixed(builder *b, const char *name)
{
    snprintf(b->name, sizeof b->name, "%s%s", b->prefix, name);
    return b->name;
}

static void matrix(builder *b, const char *name, ds4_format format, uint64_t columns, uint64_t rows)
{
    add_matrix(b->file, &b->random, prefixed(b, name), format, columns, rows, 1, 1 / sqrt((double)columns));
}

static void vector(builder *b, const char *name, uint64_t size, double centre, double deviation)
{
    add_vector(b->file, &b->random, prefixed(b, name), size, centre, deviation);
}

static void mix(builder *b, const char *fn, const char *scale, const char *base, uint64_t outputs, uint64_t scales)
{
    matrix(b, fn, b->config->mix, 4 * (uint64_t)b->config->hidden, outputs);
    vector(b, scale, scales, 1, 0.3);
    vector(b, base, outputs, 0, 0.7);
}

static void compressor(builder *b, const char *stem, uint32_t ratio, uint64_t dim)
{
    char name[64];
    uint64_t width = ratio == 4 ? 2 * dim : dim;
    snprintf(name, sizeof name, "%s_kv.weight", stem);
    matrix(b, name, b->config->compressor, b->config->hidden, width);
    snprintf(name, sizeof name, "%s_gate.weight", stem);
    matrix(b, name, b->config->compressor, b->config->hidden, width);
    snprintf(name, sizeof name, "%s_ape.weight", stem);
    add_matrix(b->file, &b->random, prefixed(b, name), b->config->compressor, width, ratio, 1, 0.5);
    snprintf(name, sizeof name, "%s_norm.weight", stem);
    vector(b, name, dim, 1, 0.2);
}

static void attention_tensors(builder *b, uint32_t ratio)
{
    const model_config *c = b->config;
    uint64_t query = (uint64_t)c->heads * c->head_dim, low = (uint64_t)c->groups * c->output_rank;
    mix(b, "hc_attn_fn.weight", "hc_attn_scale.weight", "hc_attn_base.weight", 24, 3);
    vector(b, "attn_norm.weight", c->hidden, 1, 0.2);
    matrix(b, "attn_q_a.weight", c->attention, c->hidden, c->query_rank);
    vector(b, "attn_q_a_norm.weight", c->query_rank, 1, 0.2);
    matrix(b, "attn_q_b.weight", c->attention, c->query_rank, query);
    matrix(b, "attn_kv.weight", c->attention, c->hidden, c->head_dim);
    vector(b, "attn_kv_a_norm.weight", c->head_dim, 1, 0.2);
    vector(b, "attn_sinks.weight", c->heads, 0, 1);
    matrix(b, "attn_output_a.weight", c->attention, query / c->groups, low);
    matrix(b, "attn_output_b.weight", c->attention, low, c->hidden);
    if (ratio != 0)
        compressor(b, "attn_compressor", ratio, c->head_dim);
    if (ratio == 4) {
        compressor(b, "indexer_compressor", ratio, 128);
        matrix(b, "indexer.attn_q_b.weight", c->compressor, c->query_rank, 128 * (uint64_t)c->index_heads);
        matrix(b, "indexer.proj.weight", c->compressor, c->hidden, c->index_heads);
    }
}

static void hash_table(builder *b)
{
    const model_config *c = b->config;
    file_tensor *tensor = add_tensor(b->file, prefixed(b, "ffn_gate_tid2eid.weight"), DS4_FORMAT_I32, c->experts_used, c->vocabulary, 1);
    for (uint32_t token = 0; token < c->vocabulary; token++)
        for (uint32_t k = 0; k < c->experts_used; k++) {
            int32_t expert = (int32_t)((token * 3 + k) % c->experts);
            memcpy(tensor->data + 4 * (token * c->experts_used + k), &expert, sizeof expert);
        }
}

static void ffn_tensors(builder *b, bool hashed)
{
    const model_config *c = b->config;
    double in = 1 / sqrt(c->hidden), out = 1 / sqrt(c->expert_width);
    mix(b, "hc_ffn_fn.weight", "hc_ffn_scale.weight", "hc_ffn_base.weight", 24, 3);
    vector(b, "ffn_norm.weight", c->hidden, 1, 0.2);
    matrix(b, "ffn_gate_inp.weight", c->mix, c->hidden, c->experts);
    if (hashed)
        hash_table(b);
    else if (c->router_bias)
        vector(b, "exp_probs_b.bias", c->experts, 0, 0.3);
    add_matrix(b->file, &b->random, prefixed(b, "ffn_gate_exps.weight"), c->gate_up, c->hidden, c->expert_width, c->experts, in);
    add_matrix(b->file, &b->random, prefixed(b, "ffn_up_exps.weight"), c->gate_up, c->hidden, c->expert_width, c->experts, in);
    add_matrix(b->file, &b->random, prefixed(b, "ffn_down_exps.weight"), c->down, c->expert_width, c->hidden, c->experts, out);
    matrix(b, "ffn_gate_shexp.weight", c->shared, c->hidden, c->expert_width);
    matrix(b, "ffn_up_shexp.weight", c->shared, c->hidden, c->expert_width);
    matrix(b, "ffn_down_shexp.weight", c->shared, c->expert_width, c->hidden);
}

model_file *build_model(const model_config *config, uint64_t seed)
{
    builder b = {.file = calloc(1, sizeof(model_file)), .config = config, .random = {seed}};
    set_hyper_parameters(b.file, config);
    add_matrix(b.file, &b.random, "token_embd.weight", config->embedding, config->hidden, config->vocabulary, 1, 0.5);
    matrix(&b, "output.weight", config->attention, config->hidden, config->vocabulary);
    vector(&b, "output_norm.weight", config->hidden, 1, 0.2);
    mix(&b, "output_hc_fn.weight", "output_hc_scale.weight", "output_hc_base.weight", 4, 1);
    for (uint32_t layer = 0; layer < config->layers; layer++) {
        snprintf(b.prefix, sizeof b.prefix, "blk.%" PRIu32 ".", layer);
        attention_tensors(&b, config->ratios[layer]);
        ffn_tensors(&b, layer < config->hash_layers);
    }
    return b.file;
}

void free_model_file(model_file *file)
{
    for (size_t i = 0; i < file->value_count; i++)
        free(file->values[i].data);
    for (size_t i = 0; i < file->tensor_count; i++)
        free(file->tensors[i].data);
    free(file->values);
    free(file->tensors);
    free(file);
}

void expand_to_f32(model_file *file)
{
    for (size_t i = 0; i < file->tensor_count; i++) {
        file_tensor *tensor = &file->tensors[i];
        const ds4_format_info *info = ds4_format_find(tensor->type);
        if (tensor->type == DS4_FORMAT_F32 || tensor->type == DS4_FORMAT_I32)
            continue;
        uint32_t columns = (uint32_t)tensor->dims[0], rows = (uint32_t)(tensor->dims[1] * tensor->dims[2]);
        ds4_matrix source = {tensor->data, info, columns, rows, columns / info->block_values * info->block_bytes};
        float *values = malloc((size_t)columns * rows * sizeof *values + 1);
        for (uint32_t r = 0; r < rows; r++)
            ds4_dequantise_row(&source, r, values + (size_t)r * columns);
        free(tensor->data);
        tensor->data = (uint8_t *)values;
        tensor->size = (size_t)columns * rows * sizeof *values;
        tensor->type = DS4_FORMAT_F32;
    }
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* A buffer that grows. */
typedef struct sink {
    uint8_t *data;
    size_t size, room;
} sink;

static void put(sink *s, const void *data, size_t size)
{
    if (s->size + size > s->room) {
        s->room = 2 * s->room + size + 4096;
        s->data = realloc(s->data, s->room);
    }
    memcpy(s->data + s->size, data, size);
    s->size += size;
}

static void put_u32(sink *s, uint32_t value)
{
    put(s, &value, sizeof value);
}

static void put_u64(sink *s, uint64_t value)
{
    put(s, &value, sizeof value);
}

static void put_string(sink *s, const char *text)
{
    put_u64(s, strlen(text));
    put(s, text, strlen(text));
}

static void pad(sink *s)
{
    static const uint8_t zeros[ALIGNMENT];
    put(s, zeros, (ALIGNMENT - s->size % ALIGNMENT) % ALIGNMENT);
}

static void put_value(sink *s, const file_value *value)
{
    put_string(s, value->key);
    put_u32(s, value->type);
    if (value->type == DS4_GGUF_STRING)
        put_u64(s, value->size);
    if (value->type == DS4_GGUF_ARRAY) {
        put_u32(s, value->element_type);
        put_u64(s, value->count);
    }
    put(s, value->data, value->size);
}

uint8_t *model_bytes(const model_file *file, size_t *size)
{
    sink s = {NULL, 0, 0};
    uint64_t offset = 0;
    put(&s, "GGUF", 4);
    put_u32(&s, 3);
    put_u64(&s, file->claimed_tensors != 0 ? file->claimed_tensors : file->tensor_count);
    put_u64(&s, file->claimed_values != 0 ? file->claimed_values : file->value_count);
    for (size_t i = 0; i < file->value_count; i++)
        put_value(&s, &file->values[i]);
    for (size_t i = 0; i < file->tensor_count; i++) {
        const file_tensor *tensor = &file->tensors[i];
        put_string(&s, tensor->name);
        put_u32(&s, tensor->dim_count);
        for (uint32_t d = 0; d < tensor->dim_count; d++)
            put_u64(&s, d < 4 ? tensor->dims[d] : 1);
        put_u32(&s, tensor->type);
        put_u64(&s, tensor->offset >= 0 ? (uint64_t)tensor->offset : offset);
        offset += (tensor->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    for (size_t i = 0; i < file->tensor_count; i++) {
        pad(&s);
        put(&s, file->tensors[i].data, file->tensors[i].size);
    }
    *size = s.size;
    return realloc(s.data, s.size);
}

const char *save_model(const model_file *file, const char *name)
{
    size_t size;
    const char *path = scratch_path(name);
    uint8_t *bytes = model_bytes(file, &size);
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(bytes, 1, size, out) != size)
        report_failure(path, 0, "cannot be written");
    if (out != NULL)
        fclose(out);
    free(bytes);
    return path;
}
