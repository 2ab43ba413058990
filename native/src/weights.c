/* weights.c: binds tensors by name.
 *
 * DESIGN   A binder carries the first error; after it every further call does nothing, so that the list of tensors reads
 *          as a list. The binder also sums what one decoded token reads: everything but the rows of embeddings, hash
 *          tables and experts that are not used.
 */
#include "weights.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct binder {
    const ds4_gguf *gguf;
    const ds4_shape *shape;
    char prefix[16]; /* "", "blk.7." */
    uint64_t bytes_per_token;
    ds4_error *error;
    ds4_status status;
} binder;

typedef struct tensor_name {
    char text[64];
} tensor_name;

static tensor_name full_name(const binder *b, const char *name)
{
    tensor_name full;
    snprintf(full.text, sizeof full.text, "%s%s", b->prefix, name);
    return full;
}

/* The tensor of that name and dimensions (`c` is 1 for matrices, b and c are 1 for vectors), or NULL with the error set. */
static const ds4_gguf_tensor *find(binder *b, const char *name, uint64_t d0, uint64_t d1, uint64_t d2)
{
    tensor_name full = full_name(b, name);
    if (b->status != DS4_OK)
        return NULL;
    const ds4_gguf_tensor *tensor = ds4_gguf_find_tensor(b->gguf, full.text);
    if (tensor == NULL) {
        b->status = ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s is missing", full.text);
        return NULL;
    }
    if (tensor->dims[0] != d0 || tensor->dims[1] != d1 || tensor->dims[2] != d2 || tensor->dims[3] != 1) {
        b->status = ds4_fail(b->error, DS4_UNSUPPORTED,
                             "tensor %s has dimensions [%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "]; expected [%" PRIu64
                             ", %" PRIu64 ", %" PRIu64 ", 1]",
                             full.text, tensor->dims[0], tensor->dims[1], tensor->dims[2], tensor->dims[3], d0, d1, d2);
        return NULL;
    }
    return tensor;
}

static void refuse_type(binder *b, const char *name, const ds4_gguf_tensor *tensor, const char *expected)
{
    b->status =
        ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s has type %s; expected %s", full_name(b, name).text, tensor->format->name, expected);
}

/* Norms, scales, sinks and biases are few and steer everything: one NaN among them would silently end in NaN logits. */
static bool check_finite(binder *b, const char *name, const float *values, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (!isfinite(values[i])) {
            b->status = ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s has the value %g at index %" PRIu64 "; expected a finite number",
                                 full_name(b, name).text, (double)values[i], i);
            return false;
        }
    return true;
}

static const float *vector(binder *b, const char *name, uint64_t size)
{
    const ds4_gguf_tensor *tensor = find(b, name, size, 1, 1);
    if (tensor == NULL)
        return NULL;
    if (tensor->format->format != DS4_FORMAT_F32) {
        refuse_type(b, name, tensor, "F32");
        return NULL;
    }
    b->bytes_per_token += tensor->data.size;
    const float *values = (const float *)(const void *)tensor->data.data;
    return check_finite(b, name, values, size) ? values : NULL;
}

/* `slabs` matrices of `rows` rows each; one token reads `rows_read` rows of all. */
static ds4_matrix stacked(binder *b, const char *name, uint64_t columns, uint64_t rows, uint64_t slabs, uint64_t rows_read)
{
    const ds4_gguf_tensor *tensor = find(b, name, columns, rows, slabs);
    ds4_matrix matrix = {NULL, NULL, 0, 0, 0};
    if (tensor == NULL)
        return matrix;
    if (tensor->format->format == DS4_FORMAT_I32) {
        refuse_type(b, name, tensor, "F32, F16, Q8_0, Q2_K, Q4_K or IQ2_XXS");
        return matrix;
    }
    if (columns > UINT32_MAX || rows * slabs > UINT32_MAX) {
        b->status = ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s has more than 2^32 rows or columns", full_name(b, name).text);
        return matrix;
    }
    matrix.data = tensor->data.data;
    matrix.format = tensor->format;
    matrix.columns = (uint32_t)columns;
    matrix.rows = (uint32_t)(rows * slabs);
    matrix.row_bytes = columns / tensor->format->block_values * tensor->format->block_bytes;
    b->bytes_per_token += rows_read * matrix.row_bytes;
    return matrix;
}

static ds4_matrix matrix(binder *b, const char *name, uint64_t columns, uint64_t rows)
{
    return stacked(b, name, columns, rows, 1, rows);
}

/* A table of which one token reads one row. */
static ds4_matrix table(binder *b, const char *name, uint64_t columns, uint64_t rows)
{
    return stacked(b, name, columns, rows, 1, 1);
}

static ds4_matrix experts(binder *b, const char *name, uint64_t columns, uint64_t rows)
{
    return stacked(b, name, columns, rows, b->shape->experts, rows * b->shape->experts_used);
}

static ds4_mix_weights mix(binder *b, const char *fn, const char *scale, const char *base, uint64_t outputs, uint64_t scales)
{
    return (ds4_mix_weights){
        .fn = matrix(b, fn, (uint64_t)DS4_STREAMS * b->shape->hidden, outputs),
        .scale = vector(b, scale, scales),
        .base = vector(b, base, outputs),
    };
}

static ds4_compressor_weights compressor(binder *b, const char *kv, const char *gate, const char *ape, const char *norm, uint32_t ratio,
                                         uint32_t dim)
{
    uint32_t width = ds4_compressor_width(ratio, dim);
    return (ds4_compressor_weights){
        .kv = matrix(b, kv, b->shape->hidden, width),
        .gate = matrix(b, gate, b->shape->hidden, width),
        .ape = table(b, ape, width, ratio),
        .norm = vector(b, norm, dim),
    };
}

/* A row must name distinct experts that exist: it is used without further checks. */
static bool check_hash_row(binder *b, const char *name, uint64_t token, const int32_t *row)
{
    const ds4_shape *shape = b->shape;
    for (uint32_t k = 0; k < shape->experts_used; k++) {
        if (row[k] < 0 || (uint32_t)row[k] >= shape->experts) {
            b->status = ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s sends token %" PRIu64 " to expert %d; expected 0 to %u",
                                 full_name(b, name).text, token, (int)row[k], shape->experts - 1);
            return false;
        }
        for (uint32_t i = 0; i < k; i++)
            if (row[i] == row[k]) {
                b->status = ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s sends token %" PRIu64 " to expert %d twice",
                                     full_name(b, name).text, token, (int)row[k]);
                return false;
            }
    }
    return true;
}

static const int32_t *hash_table(binder *b, const char *name)
{
    const ds4_shape *shape = b->shape;
    const ds4_gguf_tensor *tensor = find(b, name, shape->experts_used, shape->vocabulary, 1);
    if (tensor == NULL)
        return NULL;
    if (tensor->format->format != DS4_FORMAT_I32) {
        refuse_type(b, name, tensor, "I32");
        return NULL;
    }
    const int32_t *ids = (const int32_t *)(const void *)tensor->data.data;
    for (uint64_t token = 0; token < shape->vocabulary; token++)
        if (!check_hash_row(b, name, token, ids + token * shape->experts_used))
            return NULL;
    b->bytes_per_token += (uint64_t)shape->experts_used * sizeof *ids;
    return ids;
}

/* ---- the inventory ------------------------------------------------------------------------------------------ */

static void bind_attention(binder *b, ds4_layer_weights *w, uint32_t ratio)
{
    const ds4_shape *s = b->shape;
    uint64_t query = (uint64_t)s->heads * s->head_dim, low = (uint64_t)s->output_groups * s->output_rank;
    w->attention_mix = mix(b, "hc_attn_fn.weight", "hc_attn_scale.weight", "hc_attn_base.weight", DS4_MIX_OUTPUTS, 3);
    w->attention_norm = vector(b, "attn_norm.weight", s->hidden);
    w->query_a = matrix(b, "attn_q_a.weight", s->hidden, s->query_rank);
    w->query_a_norm = vector(b, "attn_q_a_norm.weight", s->query_rank);
    w->query_b = matrix(b, "attn_q_b.weight", s->query_rank, query);
    w->kv = matrix(b, "attn_kv.weight", s->hidden, s->head_dim);
    w->kv_norm = vector(b, "attn_kv_a_norm.weight", s->head_dim);
    w->sinks = vector(b, "attn_sinks.weight", s->heads);
    w->output_a = matrix(b, "attn_output_a.weight", query / s->output_groups, low);
    w->output_b = matrix(b, "attn_output_b.weight", low, s->hidden);
    if (ratio != 0)
        w->compressor = compressor(b, "attn_compressor_kv.weight", "attn_compressor_gate.weight", "attn_compressor_ape.weight",
                                   "attn_compressor_norm.weight", ratio, s->head_dim);
    if (ratio == DS4_RATIO_OVERLAPPING) {
        w->index_compressor = compressor(b, "indexer_compressor_kv.weight", "indexer_compressor_gate.weight",
                                         "indexer_compressor_ape.weight", "indexer_compressor_norm.weight", ratio, DS4_INDEX_DIM);
        w->index_query_b = matrix(b, "indexer.attn_q_b.weight", s->query_rank, (uint64_t)s->index_heads * DS4_INDEX_DIM);
        w->index_weight = matrix(b, "indexer.proj.weight", s->hidden, s->index_heads);
    }
}

static void bind_ffn(binder *b, ds4_layer_weights *w, bool hashed)
{
    const ds4_shape *s = b->shape;
    w->ffn_mix = mix(b, "hc_ffn_fn.weight", "hc_ffn_scale.weight", "hc_ffn_base.weight", DS4_MIX_OUTPUTS, 3);
    w->ffn_norm = vector(b, "ffn_norm.weight", s->hidden);
    w->router = matrix(b, "ffn_gate_inp.weight", s->hidden, s->experts);
    if (ds4_gguf_find_tensor(b->gguf, full_name(b, "exp_probs_b.bias").text) != NULL)
        w->router_bias = vector(b, "exp_probs_b.bias", s->experts);
    if (hashed)
        w->hash_experts = hash_table(b, "ffn_gate_tid2eid.weight");
    w->gate_experts = experts(b, "ffn_gate_exps.weight", s->hidden, s->expert_width);
    w->up_experts = experts(b, "ffn_up_exps.weight", s->hidden, s->expert_width);
    w->down_experts = experts(b, "ffn_down_exps.weight", s->expert_width, s->hidden);
    w->gate_shared = matrix(b, "ffn_gate_shexp.weight", s->hidden, s->expert_width);
    w->up_shared = matrix(b, "ffn_up_shexp.weight", s->hidden, s->expert_width);
    w->down_shared = matrix(b, "ffn_down_shexp.weight", s->expert_width, s->hidden);
    /* Kernels fuse the two, in a GPU at least. */
    if (b->status == DS4_OK && w->gate_experts.format != w->up_experts.format)
        b->status =
            ds4_fail(b->error, DS4_UNSUPPORTED, "tensor %s has type %s but %sffn_up_exps.weight has type %s; expected the same type",
                     full_name(b, "ffn_gate_exps.weight").text, w->gate_experts.format->name, b->prefix, w->up_experts.format->name);
}

ds4_status ds4_weights_bind(const ds4_gguf *gguf, const ds4_shape *shape, ds4_weights *weights, ds4_error *error)
{
    binder b = {.gguf = gguf, .shape = shape, .prefix = "", .error = error, .status = DS4_OK};
    memset(weights, 0, sizeof *weights);
    weights->layers = ds4_allocate(shape->layers * sizeof *weights->layers);
    if (weights->layers == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the tensor table of %u layers", shape->layers);
    memset(weights->layers, 0, shape->layers * sizeof *weights->layers);

    weights->embedding = table(&b, "token_embd.weight", shape->hidden, shape->vocabulary);
    weights->head_mix = mix(&b, "output_hc_fn.weight", "output_hc_scale.weight", "output_hc_base.weight", DS4_STREAMS, 1);
    weights->output_norm = vector(&b, "output_norm.weight", shape->hidden);
    weights->output = matrix(&b, "output.weight", shape->hidden, shape->vocabulary);
    for (uint32_t layer = 0; layer < shape->layers; layer++) {
        snprintf(b.prefix, sizeof b.prefix, "blk.%u.", layer);
        bind_attention(&b, &weights->layers[layer], shape->ratio[layer]);
        bind_ffn(&b, &weights->layers[layer], layer < shape->hash_layers);
    }
    weights->bytes_per_token = b.bytes_per_token;
    if (b.status != DS4_OK)
        ds4_weights_free(weights);
    return b.status;
}

void ds4_weights_free(ds4_weights *weights)
{
    ds4_release(weights->layers);
    weights->layers = NULL;
}
