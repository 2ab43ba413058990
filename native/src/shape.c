/* shape.c: hyper-parameters from metadata.
 *
 * DESIGN   Two tables name every scalar with its range; what cannot be said by a range (per-layer arrays, relations
 *          between values) has a function of its own. Limits are chosen so that later products of two of these values
 *          cannot overflow 64 bits, and a product of a width and a count fits in 32.
 */
#include "shape.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "deepseek4."
#define FIELD(name) offsetof(ds4_shape, name), sizeof(((ds4_shape *)0)->name)
#define CHECKED_ONLY 0, 0 /* the value is fixed by the architecture: checked, not stored */

typedef struct integer_field {
    const char *key;
    size_t offset, size; /* a uint32_t or uint64_t of ds4_shape */
    int64_t low, high;
    bool optional;
} integer_field;

static const integer_field integer_fields[] = {
    {PREFIX "block_count", FIELD(layers), 1, DS4_MAX_LAYERS, false},
    {PREFIX "embedding_length", FIELD(hidden), 32, 65536, false},
    {PREFIX "vocab_size", FIELD(vocabulary), 1, 1 << 24, false},
    {PREFIX "context_length", FIELD(context), 1, 1 << 26, false},
    {PREFIX "attention.head_count", FIELD(heads), 1, 1024, false},
    {PREFIX "attention.head_count_kv", CHECKED_ONLY, 1, 1, false},
    {PREFIX "attention.key_length", FIELD(head_dim), 192, 4096, false},
    {PREFIX "rope.dimension_count", CHECKED_ONLY, DS4_ROTARY, DS4_ROTARY, false},
    {PREFIX "attention.q_lora_rank", FIELD(query_rank), 1, 65536, false},
    {PREFIX "attention.output_lora_rank", FIELD(output_rank), 1, 65536, false},
    {PREFIX "attention.output_group_count", FIELD(output_groups), 1, DS4_MAX_GROUPS, false},
    {PREFIX "attention.sliding_window", FIELD(window), 1, 65536, false},
    {PREFIX "attention.indexer.head_count", FIELD(index_heads), 1, 1024, false},
    {PREFIX "attention.indexer.key_length", CHECKED_ONLY, DS4_INDEX_DIM, DS4_INDEX_DIM, false},
    {PREFIX "attention.indexer.top_k", FIELD(index_top_k), 1, 1 << 30, false},
    {PREFIX "expert_count", FIELD(experts), 1, 4096, false},
    {PREFIX "expert_used_count", FIELD(experts_used), 1, 64, false},
    {PREFIX "expert_feed_forward_length", FIELD(expert_width), 1, 65536, false},
    {PREFIX "expert_shared_count", CHECKED_ONLY, 1, 1, false},
    {PREFIX "expert_group_count", CHECKED_ONLY, 0, 0, true},
    {PREFIX "expert_group_used_count", CHECKED_ONLY, 0, 0, true},
    {PREFIX "expert_gating_func", CHECKED_ONLY, 4, 4, true}, /* square root of softplus */
    {PREFIX "hash_layer_count", FIELD(hash_layers), 0, DS4_MAX_LAYERS, false},
    {PREFIX "hyper_connection.count", CHECKED_ONLY, DS4_STREAMS, DS4_STREAMS, false},
    {PREFIX "hyper_connection.sinkhorn_iterations", FIELD(sinkhorn_iterations), 1, 1000, false},
};

typedef struct number_field {
    const char *key;
    size_t offset; /* a double of ds4_shape */
    double low, high;
} number_field;

static const number_field number_fields[] = {
    {PREFIX "attention.layer_norm_rms_epsilon", offsetof(ds4_shape, rms_epsilon), 1e-12, 1e-2},
    {PREFIX "hyper_connection.epsilon", offsetof(ds4_shape, mix_epsilon), 0, 1e-2},
    {PREFIX "expert_weights_scale", offsetof(ds4_shape, expert_scale), 1e-3, 1e3},
    {PREFIX "rope.freq_base", offsetof(ds4_shape, rope_base), 1.5, 1e12},
    {PREFIX "attention.compress_rope_freq_base", offsetof(ds4_shape, compressed_rope_base), 1.5, 1e12},
    {PREFIX "rope.scaling.factor", offsetof(ds4_shape, yarn_factor), 1, 1e6},
    {PREFIX "rope.scaling.original_context_length", offsetof(ds4_shape, yarn_context), 1, 1e12},
    {PREFIX "rope.scaling.yarn_beta_fast", offsetof(ds4_shape, yarn_beta_fast), 1e-3, 1e6},
    {PREFIX "rope.scaling.yarn_beta_slow", offsetof(ds4_shape, yarn_beta_slow), 1e-3, 1e6},
};

/* ---- messages ----------------------------------------------------------------------------------------------- */

static ds4_status refuse(ds4_error *error, const char *key, const char *found, const char *expected)
{
    return ds4_fail(error, DS4_UNSUPPORTED, "metadata key %s is %s; expected %s", key, found, expected);
}

/* What a value looks like in a message: a scalar number as such, anything else by its type. */
static void describe(const ds4_gguf_value *value, char text[64])
{
    double number;
    int64_t integer;
    if (value == NULL)
        snprintf(text, 64, "missing");
    else if (value->type != DS4_GGUF_ARRAY && ds4_gguf_integer(value, 0, &integer))
        snprintf(text, 64, "%lld", (long long)integer);
    else if (value->type != DS4_GGUF_ARRAY && ds4_gguf_number(value, 0, &number))
        snprintf(text, 64, "%g", number);
    else if (value->type == DS4_GGUF_BOOL)
        snprintf(text, 64, "%s", value->data.data[0] ? "true" : "false");
    else
        snprintf(text, 64, "of type %s", ds4_gguf_type_name(value->type));
}

/* ---- scalars ------------------------------------------------------------------------------------------------ */

static ds4_status read_integer(const ds4_gguf *gguf, const integer_field *field, ds4_shape *shape, ds4_error *error)
{
    const ds4_gguf_value *value = ds4_gguf_find_value(gguf, field->key);
    int64_t integer;
    if (value == NULL && field->optional)
        return DS4_OK;
    if (value == NULL || value->type == DS4_GGUF_ARRAY || !ds4_gguf_integer(value, 0, &integer) || integer < field->low ||
        integer > field->high) {
        char found[64], expected[64];
        describe(value, found);
        if (field->low == field->high)
            snprintf(expected, sizeof expected, "%lld", (long long)field->low);
        else
            snprintf(expected, sizeof expected, "an integer from %lld to %lld", (long long)field->low, (long long)field->high);
        return refuse(error, field->key, found, expected);
    }
    if (field->size == sizeof(uint32_t))
        *(uint32_t *)(void *)((char *)shape + field->offset) = (uint32_t)integer;
    else if (field->size == sizeof(uint64_t))
        *(uint64_t *)(void *)((char *)shape + field->offset) = (uint64_t)integer;
    return DS4_OK;
}

static ds4_status read_number(const ds4_gguf *gguf, const number_field *field, ds4_shape *shape, ds4_error *error)
{
    const ds4_gguf_value *value = ds4_gguf_find_value(gguf, field->key);
    double number;
    /* Written so that NaN is refused too. */
    if (value == NULL || value->type == DS4_GGUF_ARRAY || !ds4_gguf_number(value, 0, &number) ||
        !(number >= field->low && number <= field->high)) {
        char found[64], expected[64];
        describe(value, found);
        snprintf(expected, sizeof expected, "a number from %g to %g", field->low, field->high);
        return refuse(error, field->key, found, expected);
    }
    *(double *)(void *)((char *)shape + field->offset) = number;
    return DS4_OK;
}

/* ---- arrays per layer --------------------------------------------------------------------------------------- */

/* Files may carry more entries than layers: those of prediction stages, which are not part of this model. */
static ds4_status find_layer_array(const ds4_gguf *gguf, const char *key, uint32_t layers, const ds4_gguf_value **array, ds4_error *error)
{
    const ds4_gguf_value *value = ds4_gguf_find_value(gguf, key);
    char found[64], expected[64];
    if (value != NULL && value->type == DS4_GGUF_ARRAY && value->count >= layers) {
        *array = value;
        return DS4_OK;
    }
    describe(value, found);
    if (value != NULL && value->type == DS4_GGUF_ARRAY)
        snprintf(found, sizeof found, "an array of %llu", (unsigned long long)value->count);
    snprintf(expected, sizeof expected, "an array of at least %u entries", layers);
    return refuse(error, key, found, expected);
}

static ds4_status read_ratios(const ds4_gguf *gguf, ds4_shape *shape, ds4_error *error)
{
    static const char key[] = PREFIX "attention.compress_ratios";
    const ds4_gguf_value *array;
    ds4_status status = find_layer_array(gguf, key, shape->layers, &array, error);
    for (uint32_t layer = 0; status == DS4_OK && layer < shape->layers; layer++) {
        int64_t ratio;
        if (!ds4_gguf_integer(array, layer, &ratio))
            status = refuse(error, key, "not an array of integers", "an array of 0, 4 or 128");
        else if (ratio != 0 && ratio != DS4_RATIO_OVERLAPPING && ratio != DS4_RATIO_LONG)
            status = ds4_fail(error, DS4_UNSUPPORTED, "metadata key %s is %lld for layer %u; expected 0, 4 or 128", key, (long long)ratio,
                              layer);
        else
            shape->ratio[layer] = (uint32_t)ratio;
    }
    return status;
}

static ds4_status read_clamps(const ds4_gguf *gguf, const char *key, uint32_t layers, float *clamps, ds4_error *error)
{
    const ds4_gguf_value *array;
    ds4_status status = find_layer_array(gguf, key, layers, &array, error);
    for (uint32_t layer = 0; status == DS4_OK && layer < layers; layer++) {
        double clamp;
        if (!ds4_gguf_number(array, layer, &clamp))
            status = refuse(error, key, "not an array of numbers", "an array of limits");
        else if (!(clamp >= 0 && clamp <= 1e6))
            status =
                ds4_fail(error, DS4_UNSUPPORTED, "metadata key %s is %g for layer %u; expected 0 (no limit) to 1e6", key, clamp, layer);
        else
            clamps[layer] = clamp > 1e-6 ? (float)clamp : 0;
    }
    return status;
}

/* ---- relations ---------------------------------------------------------------------------------------------- */

static ds4_status check_architecture(const ds4_gguf *gguf, ds4_error *error)
{
    static const char key[] = "general.architecture", expected[] = "deepseek4";
    const ds4_gguf_value *value = ds4_gguf_find_value(gguf, key);
    if (value == NULL || value->type != DS4_GGUF_STRING)
        return refuse(error, key, value == NULL ? "missing" : "not a string", expected);
    if (value->data.size != sizeof expected - 1 || memcmp(value->data.data, expected, sizeof expected - 1) != 0)
        return refuse(error, key, ds4_bytes_printable(value->data).text, expected);
    return DS4_OK;
}

static ds4_status check_heads(const ds4_gguf *gguf, const ds4_shape *shape, ds4_error *error)
{
    static const char value_key[] = PREFIX "attention.value_length";
    const ds4_gguf_value *value = ds4_gguf_find_value(gguf, value_key);
    int64_t value_length = 0;
    char found[64], expected[64];
    if (value == NULL || value->type == DS4_GGUF_ARRAY || !ds4_gguf_integer(value, 0, &value_length) || value_length != shape->head_dim) {
        describe(value, found);
        snprintf(expected, sizeof expected, "%u, the key length", shape->head_dim);
        return refuse(error, value_key, found, expected);
    }
    if (shape->head_dim % DS4_ROTARY != 0)
        return ds4_fail(error, DS4_UNSUPPORTED,
                        "metadata key " PREFIX "attention.key_length is %u; expected a multiple of 64, at least 192", shape->head_dim);
    if (shape->heads % shape->output_groups != 0)
        return ds4_fail(error, DS4_UNSUPPORTED,
                        "metadata key " PREFIX "attention.output_group_count is %u; expected a divisor of the %u heads",
                        shape->output_groups, shape->heads);
    return DS4_OK;
}

static ds4_status check_experts(const ds4_gguf *gguf, const ds4_shape *shape, ds4_error *error)
{
    static const char norm_key[] = PREFIX "expert_weights_norm";
    const ds4_gguf_value *norm = ds4_gguf_find_value(gguf, norm_key);
    if (norm == NULL || norm->type != DS4_GGUF_BOOL || norm->data.data[0] != 1) {
        char found[64];
        describe(norm, found);
        return refuse(error, norm_key, found, "true");
    }
    if (shape->experts_used > shape->experts)
        return ds4_fail(error, DS4_UNSUPPORTED, "metadata key " PREFIX "expert_used_count is %u; expected at most the %u experts",
                        shape->experts_used, shape->experts);
    if (shape->hash_layers > shape->layers)
        return ds4_fail(error, DS4_UNSUPPORTED, "metadata key " PREFIX "hash_layer_count is %u; expected at most the %u layers",
                        shape->hash_layers, shape->layers);
    if (shape->yarn_beta_fast < shape->yarn_beta_slow)
        return ds4_fail(error, DS4_UNSUPPORTED,
                        "metadata key " PREFIX "rope.scaling.yarn_beta_fast is %g; expected at least yarn_beta_slow, %g",
                        shape->yarn_beta_fast, shape->yarn_beta_slow);
    return DS4_OK;
}

ds4_status ds4_shape_read(const ds4_gguf *gguf, ds4_shape *shape, ds4_error *error)
{
    static const char shared_key[] = PREFIX "swiglu_clamp_shexp";
    memset(shape, 0, sizeof *shape);
    ds4_status status = check_architecture(gguf, error);
    for (size_t i = 0; status == DS4_OK && i < sizeof integer_fields / sizeof integer_fields[0]; i++)
        status = read_integer(gguf, &integer_fields[i], shape, error);
    for (size_t i = 0; status == DS4_OK && i < sizeof number_fields / sizeof number_fields[0]; i++)
        status = read_number(gguf, &number_fields[i], shape, error);
    if (status == DS4_OK)
        status = check_heads(gguf, shape, error);
    if (status == DS4_OK)
        status = check_experts(gguf, shape, error);
    if (status == DS4_OK)
        status = read_ratios(gguf, shape, error);
    if (status == DS4_OK)
        status = read_clamps(gguf, PREFIX "swiglu_clamp_exp", shape->layers, shape->routed_clamp, error);
    if (status == DS4_OK && ds4_gguf_find_value(gguf, shared_key) != NULL)
        status = read_clamps(gguf, shared_key, shape->layers, shape->shared_clamp, error);
    else
        memcpy(shape->shared_clamp, shape->routed_clamp, sizeof shape->shared_clamp);
    return status;
}
