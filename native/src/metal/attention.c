/* attention.c: queries, the indexer, attention and its output on Metal. */
#include "metal.h"

#include <math.h>

/* ---- queries ------------------------------------------------------------------------------------------------ */

static ds4_gpu_index index_arguments(const ds4_metal *metal, const ds4_step *step, ds4_span span, ds4_span part)
{
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t heads = metal->shape->index_heads;
    return (ds4_gpu_index){
        .step = ds4_metal_step(metal, step),
        .query = b->index_query.address,
        .weight = b->index_weight.address,
        .scores = b->scores.address,
        .selected = b->selected.address,
        .heads = heads,
        .top_k = metal->shape->index_top_k,
        .most_rows = step->most_rows,
        .span_first = span.first,
        .part_first = part.first,
        .factor = (float)(1 / sqrt((double)DS4_INDEX_DIM * heads)),
    };
}

ds4_status ds4_metal_query(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t rank = metal->shape->query_rank;
    uint64_t low = ds4_metal_float(&b->query_low, (uint64_t)span.first * rank);
    ds4_gpu_products p = {.count = 1};
    bool few = ds4_metal_is_few(step->batch);
    (void)error;
    p.product[0] = ds4_metal_product(metal, &w->query_b, low, rank, b->query.address, w->query_b.rows);
    if (step->selects)
        p.product[p.count++] = ds4_metal_product(metal, &w->index_query_b, low, rank, b->index_query.address, w->index_query_b.rows);
    for (uint32_t i = 0; i < p.count && few; i++) {
        p.product[i].norm = ds4_metal_address(metal, w->query_a_norm);
        p.product[i].epsilon = (float)metal->shape->rms_epsilon;
    }
    ds4_metal_products(metal, step->batch->mode, &p, span.count, few);
    ds4_gpu_barrier(metal->gpu);
    if (!step->selects)
        return DS4_OK;
    ds4_gpu_index arguments = index_arguments(metal, step, span, span);
    ds4_metal_dispatch(metal, DS4_METAL_index_query, &arguments, sizeof arguments, (ds4_gpu_grid){arguments.heads, span.count, 1}, 32, 0);
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* ---- indexer ------------------------------------------------------------------------------------------------ */

ds4_status ds4_metal_index_scores(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    ds4_metal *metal = backend;
    ds4_gpu_index arguments = index_arguments(metal, step, span, part);
    (void)error;
    ds4_metal_dispatch(metal, DS4_METAL_index_scores, &arguments, sizeof arguments,
                       (ds4_gpu_grid){ds4_divide_up(step->most_rows, DS4_GPU_KEYS), part.count, 1}, 128,
                       (DS4_GPU_KEYS * DS4_INDEX_DIM + 4 * 64) * sizeof(float));
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

ds4_status ds4_metal_index_select(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    ds4_metal *metal = backend;
    ds4_gpu_index arguments = index_arguments(metal, step, span, part);
    (void)error;
    ds4_metal_dispatch(metal, DS4_METAL_index_select, &arguments, sizeof arguments, (ds4_gpu_grid){part.count, 1, 1}, 256,
                       (256 + 16 + 2) * sizeof(uint32_t));
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* ---- attention ---------------------------------------------------------------------------------------------- */

/* Into how many parts a token's rows are cut, so that a few tokens keep the device busy. */
static uint32_t splits_of(const ds4_metal *metal, const ds4_step *step, uint32_t tokens)
{
    enum { ROWS_PER_PART = 64 };
    uint32_t rows = metal->shape->window + (step->selects ? metal->shape->index_top_k : step->most_rows);
    return ds4_least(ds4_divide_up(rows, ROWS_PER_PART), metal->parts / tokens);
}

ds4_status ds4_metal_attend(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_shape *shape = metal->shape;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_attend arguments = {
        .step = ds4_metal_step(metal, step),
        .query = b->query.address,
        .raw = b->kv.address,
        .selected = b->selected.address,
        .partial = b->partial.address,
        .extreme = b->extreme.address,
        .sinks = ds4_metal_address(metal, step->weights->sinks),
        .heads = shape->heads,
        .splits = splits_of(metal, step, part.count),
        .top_k = shape->index_top_k,
        .selects = step->selects,
        .span_first = span.first,
        .part_first = part.first,
        .scale = (float)(1 / sqrt(shape->head_dim)),
    };
    (void)error;
    ds4_metal_dispatch(metal, DS4_METAL_attend, &arguments, sizeof arguments,
                       (ds4_gpu_grid){arguments.splits, ds4_divide_up(shape->heads, DS4_GPU_HEADS), part.count}, 128,
                       (DS4_GPU_CHUNK * shape->head_dim + 4 * 64 + 64 + 64 + 16) * sizeof(float));
    ds4_gpu_barrier(metal->gpu);
    ds4_metal_dispatch(metal, DS4_METAL_attend_merge, &arguments, sizeof arguments, (ds4_gpu_grid){shape->heads, part.count, 1},
                       ds4_divide_up(shape->head_dim, 128) * 32, 0);
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* ---- output ------------------------------------------------------------------------------------------------- */

ds4_status ds4_metal_output(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    bool few = ds4_metal_is_few(step->batch);
    ds4_gpu_products low = {.count = 1}, output = {.count = 1};
    (void)error;
    low.product[0] = ds4_metal_product(metal, &w->output_a, b->query.address, metal->shape->heads * metal->shape->head_dim, b->low.address,
                                       w->output_a.rows);
    low.product[0].slice_rows = metal->shape->output_rank;
    output.product[0] = ds4_metal_product(metal, &w->output_b, b->low.address, w->output_b.columns,
                                          ds4_metal_float(&b->output, (uint64_t)span.first * metal->shape->hidden), metal->shape->hidden);
    ds4_metal_products(metal, step->batch->mode, &low, span.count, few);
    ds4_gpu_barrier(metal->gpu);
    if (few) {
        ds4_metal_product_mix(metal, &output.product[0], span);
        return DS4_OK;
    }
    ds4_metal_products(metal, step->batch->mode, &output, span.count, few);
    ds4_gpu_barrier(metal->gpu);
    ds4_metal_mix_output(metal, span);
    return DS4_OK;
}
