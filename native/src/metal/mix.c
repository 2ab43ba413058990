/* mix.c: embedding, hyper-connections and head on Metal. */
#include "metal.h"

#include <string.h>

ds4_status ds4_metal_embed(void *backend, const ds4_batch *batch, ds4_error *error)
{
    ds4_metal *metal = backend;
    (void)error;
    ds4_metal_begin_batch(metal, batch);
    ds4_gpu_embed arguments = {
        .embedding = ds4_metal_matrix(metal, &metal->weights->embedding),
        .rows = metal->buffers.rows.address,
        .streams = metal->buffers.streams.address,
    };
    ds4_metal_dispatch(metal, DS4_METAL_embed, &arguments, sizeof arguments,
                       (ds4_gpu_grid){ds4_divide_up(metal->shape->hidden / 8, 64), batch->count, 1}, 64, 0);
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* The input of a sub-layer, or of the head, for `rows` rows. */
static void mix(ds4_metal *metal, const ds4_mix_weights *weights, const float *norm, uint64_t index, uint32_t rows)
{
    const ds4_shape *shape = metal->shape;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_mix arguments = {
        .fn = ds4_metal_matrix(metal, &weights->fn),
        .streams = b->streams.address,
        .index = index,
        .sums = b->mix_sums.address,
        .scale = ds4_metal_address(metal, weights->scale),
        .base = ds4_metal_address(metal, weights->base),
        .norm = ds4_metal_address(metal, norm),
        .mix = weights->fn.rows == DS4_MIX_OUTPUTS ? b->mix.address : 0,
        .input = b->input.address,
        .hidden = shape->hidden,
        .splits = ds4_divide_up(shape->hidden, DS4_GPU_MIX_COLUMNS),
        .outputs = weights->fn.rows,
        .iterations = shape->sinkhorn_iterations,
        .mix_epsilon = (float)shape->mix_epsilon,
        .epsilon = (float)shape->rms_epsilon,
    };
    ds4_metal_dispatch(metal, DS4_METAL_mix_dots, &arguments, sizeof arguments, (ds4_gpu_grid){arguments.splits, rows, 1}, 128, 0);
    ds4_gpu_barrier(metal->gpu);
    ds4_metal_dispatch(metal, DS4_METAL_mix_apply, &arguments, sizeof arguments,
                       (ds4_gpu_grid){ds4_divide_up(shape->hidden, 1024), rows, 1}, 128,
                       (DS4_GPU_MIX_SUMS + DS4_GPU_MIX_VALUES + 1) * sizeof(float));
    ds4_gpu_barrier(metal->gpu);
}

ds4_status ds4_metal_mix_input(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error)
{
    enum { EARLY_LAYERS = 2 }; /* enough work to keep the device busy while the other layers are encoded */
    const ds4_layer_weights *w = step->weights;
    (void)error;
    if (sublayer == DS4_ATTENTION && step->layer == EARLY_LAYERS)
        ds4_gpu_flush(((ds4_metal *)backend)->gpu);
    if (sublayer == DS4_ATTENTION)
        mix(backend, &w->attention_mix, w->attention_norm, 0, step->batch->count);
    else
        mix(backend, &w->ffn_mix, w->ffn_norm, 0, step->batch->count);
    return DS4_OK;
}

void ds4_metal_mix_output(ds4_metal *metal, ds4_span span)
{
    uint32_t hidden = metal->shape->hidden;
    ds4_gpu_mix_output arguments = {
        .streams = ds4_metal_float(&metal->buffers.streams, (uint64_t)span.first * DS4_STREAMS * hidden),
        .output = ds4_metal_float(&metal->buffers.output, (uint64_t)span.first * hidden),
        .mix = ds4_metal_float(&metal->buffers.mix, (uint64_t)span.first * DS4_GPU_MIX_VALUES),
        .hidden = hidden,
    };
    ds4_metal_dispatch(metal, DS4_METAL_mix_output, &arguments, sizeof arguments,
                       (ds4_gpu_grid){ds4_divide_up(hidden / 4, 64), span.count, 1}, 64, 0);
    ds4_gpu_barrier(metal->gpu);
}

/* ---- head --------------------------------------------------------------------------------------------------- */

static ds4_status head_of(ds4_metal *metal, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    const ds4_weights *w = metal->weights;
    uint32_t vocabulary = metal->shape->vocabulary, hidden = metal->shape->hidden, *rows = metal->buffers.outputs.host;
    const float *logits = metal->buffers.logits.host;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = outputs[i].row;
    mix(metal, &w->head_mix, w->output_norm, metal->buffers.outputs.address, count);
    ds4_gpu_products products = {.count = 1};
    products.product[0] =
        ds4_metal_product(metal, &w->output, metal->buffers.input.address, hidden, metal->buffers.logits.address, vocabulary);
    ds4_metal_products(metal, mode, &products, count, true);
    ds4_status status = ds4_gpu_finish(metal->gpu, error);
    for (uint32_t i = 0; i < count && status == DS4_OK; i++)
        memcpy(outputs[i].logits, logits + (size_t)i * vocabulary, vocabulary * sizeof *logits);
    return status;
}

ds4_status ds4_metal_head(void *backend, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    ds4_status status = DS4_OK;
    for (uint32_t first = 0; first < count && status == DS4_OK; first += DS4_METAL_OUTPUTS)
        status = head_of(backend, mode, outputs + first, count - first < DS4_METAL_OUTPUTS ? count - first : DS4_METAL_OUTPUTS, error);
    return status;
}
