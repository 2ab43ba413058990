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

/* ---- mix ---------------------------------------------------------------------------------------------------- */

static ds4_gpu_mix mix_arguments(const ds4_metal *metal, const ds4_mix_weights *weights, const float *norm)
{
    const ds4_shape *shape = metal->shape;
    const ds4_metal_buffers *b = &metal->buffers;
    return (ds4_gpu_mix){
        .fn = ds4_metal_matrix(metal, &weights->fn),
        .streams = b->streams.address,
        .sums = b->mix_sums.address,
        .scale = ds4_metal_address(metal, weights->scale),
        .base = ds4_metal_address(metal, weights->base),
        .norm = ds4_metal_address(metal, norm),
        .mix = b->mix.address,
        .input = b->input.address,
        .hidden = shape->hidden,
        .splits = ds4_divide_up(shape->hidden, DS4_GPU_MIX_COLUMNS),
        .outputs = weights->fn.rows,
        .iterations = shape->sinkhorn_iterations,
        .mix_epsilon = (float)shape->mix_epsilon,
        .epsilon = (float)shape->rms_epsilon,
    };
}

ds4_gpu_mix ds4_metal_mix(const ds4_metal *metal, const ds4_step *step, ds4_sublayer sublayer)
{
    const ds4_layer_weights *w = step->weights;
    return sublayer == DS4_ATTENTION ? mix_arguments(metal, &w->attention_mix, w->attention_norm)
                                     : mix_arguments(metal, &w->ffn_mix, w->ffn_norm);
}

static void make_sums(ds4_metal *metal, const ds4_gpu_mix *mix, uint32_t rows)
{
    ds4_metal_dispatch(metal, DS4_METAL_mix_dots, mix, sizeof *mix, (ds4_gpu_grid){mix->splits, rows, 1}, 128, 0);
    ds4_gpu_barrier(metal->gpu);
}

/* Lets the device begin while the rest is encoded. A batch of many tokens goes layer by layer, because the system ends work that keeps
 * the device, and with it the screen, for seconds. */
static void begin_early(ds4_metal *metal, const ds4_step *step)
{
    enum { EARLY_LAYERS = 2 }; /* enough work to keep the device busy while the other layers of few tokens are encoded */
    if (step->layer > 0 && (step->layer == EARLY_LAYERS || !ds4_metal_is_few(step->batch)))
        ds4_gpu_flush(metal->gpu);
}

/* For few tokens the sums are enough: who needs the input mixes it. */
ds4_status ds4_metal_mix_input(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error)
{
    ds4_metal *metal = backend;
    uint32_t rows = step->batch->count;
    ds4_gpu_mix mix = ds4_metal_mix(metal, step, sublayer);
    (void)error;
    if (sublayer == DS4_ATTENTION)
        begin_early(metal, step);
    make_sums(metal, &mix, rows);
    if (ds4_metal_is_few(step->batch))
        return DS4_OK;
    ds4_metal_dispatch(metal, DS4_METAL_mix_apply, &mix, sizeof mix, (ds4_gpu_grid){ds4_divide_up(mix.hidden, 1024), rows, 1}, 256,
                       DS4_GPU_MIX_WORK * sizeof(float));
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

void ds4_metal_mixed_products(ds4_metal *metal, ds4_gpu_mixed_products *p, uint32_t vectors)
{
    uint32_t groups = p->mix.mix == 0 ? 0 : 1;
    for (uint32_t i = 0; i < p->products.count; i++) {
        p->products.product[i].first_group = groups;
        groups += ds4_divide_up(p->products.product[i].matrix.rows, i == p->gated ? DS4_GPU_GROUP_ROWS / 2 : DS4_GPU_GROUP_ROWS);
    }
    p->products.vectors = vectors;
    ds4_metal_dispatch(metal, DS4_METAL_mixed_products, p, sizeof *p, ds4_metal_row_grid(groups, vectors), DS4_METAL_ROW_THREADS,
                       ds4_metal_row_memory(DS4_GPU_ROW_VECTORS * DS4_GPU_MIX_WORK));
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

static ds4_status head_of(ds4_metal *metal, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    const ds4_weights *w = metal->weights;
    uint32_t vocabulary = metal->shape->vocabulary, *rows = metal->buffers.outputs.host;
    const float *logits = metal->buffers.logits.host;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = outputs[i].row;
    ds4_gpu_mixed_products p = {.products = {.count = 1}, .gated = DS4_GPU_PRODUCTS};
    p.mix = mix_arguments(metal, &w->head_mix, w->output_norm);
    p.mix.index = metal->buffers.outputs.address;
    p.mix.mix = p.mix.input = 0;
    p.products.product[0] = ds4_metal_product(metal, &w->output, 0, 0, metal->buffers.logits.address, vocabulary);
    make_sums(metal, &p.mix, count);
    ds4_metal_mixed_products(metal, &p, count);
    ds4_status status = ds4_gpu_finish(metal->gpu, error);
    for (uint32_t i = 0; i < count && status == DS4_OK; i++)
        memcpy(outputs[i].logits, logits + (size_t)i * vocabulary, vocabulary * sizeof *logits);
    return status;
}

ds4_status ds4_metal_head(void *backend, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    ds4_status status = DS4_OK;
    (void)mode;
    for (uint32_t first = 0; first < count && status == DS4_OK; first += DS4_METAL_OUTPUTS)
        status = head_of(backend, outputs + first, count - first < DS4_METAL_OUTPUTS ? count - first : DS4_METAL_OUTPUTS, error);
    return status;
}
