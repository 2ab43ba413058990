/* kv.c: projections, KV rows and compressors on Metal. */
#include "metal.h"

ds4_status ds4_metal_project(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_products p = {.count = 0};
    struct {
        const ds4_matrix *matrix;
        const ds4_gpu_memory *y;
        bool wanted;
    } products[] = {
        {&w->query_a, &b->query_low, true},
        {&w->kv, &b->kv, true},
        {&w->compressor.kv, &b->projected_kv, step->ratio != 0},
        {&w->compressor.gate, &b->projected_score, step->ratio != 0},
        {&w->index_compressor.kv, &b->index_projected_kv, step->ratio == DS4_RATIO_OVERLAPPING},
        {&w->index_compressor.gate, &b->index_projected_score, step->ratio == DS4_RATIO_OVERLAPPING},
        {&w->index_weight, &b->index_weight, step->selects},
    };
    (void)error;
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        if (products[i].wanted)
            p.product[p.count++] = ds4_metal_product(metal, products[i].matrix, b->input.address, metal->shape->hidden,
                                                     products[i].y->address, products[i].matrix->rows);
    if (ds4_metal_is_few(step->batch)) {
        ds4_gpu_mixed_products mixed = {.mix = ds4_metal_mix(metal, step, DS4_ATTENTION), .products = p, .gated = DS4_GPU_PRODUCTS};
        mixed.mix.input = 0;
        ds4_metal_mixed_products(metal, &mixed, step->batch->count);
    } else {
        ds4_metal_products(metal, step->batch->mode, &p, step->batch->count);
    }
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* Threads that hold a row of so many values, four each. */
static uint32_t threads_of_row(uint32_t dim)
{
    return ds4_divide_up(dim, 128) * 32;
}

/* The rows are not waited for: the queries come first, and wait. */
ds4_status ds4_metal_finish_kv(void *backend, const ds4_step *step, ds4_error *error)
{
    enum { SCRATCH = 32 * sizeof(float) };
    ds4_metal *metal = backend;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t kinds = ds4_metal_is_few(step->batch) ? 1 : 2, list = step->ratio == DS4_RATIO_LONG;
    ds4_gpu_finish_rows finish = {
        .step = ds4_metal_step(metal, step),
        .kv = b->kv.address,
        .kv_norm = ds4_metal_address(metal, w->kv_norm),
        .query_low = b->query_low.address,
        .query_norm = ds4_metal_address(metal, w->query_a_norm),
        .query_rank = metal->shape->query_rank,
    };
    ds4_gpu_compress compress = {
        .step = finish.step,
        .ape = ds4_metal_matrix(metal, &w->compressor.ape),
        .index_ape = ds4_metal_matrix(metal, &w->index_compressor.ape),
        .windows = b->windows[list].address,
        .kv = b->projected_kv.address,
        .score = b->projected_score.address,
        .index_kv = b->index_projected_kv.address,
        .index_score = b->index_projected_score.address,
        .norm = ds4_metal_address(metal, w->compressor.norm),
        .index_norm = ds4_metal_address(metal, w->index_compressor.norm),
    };
    (void)error;
    ds4_metal_dispatch(metal, DS4_METAL_finish_rows, &finish, sizeof finish, (ds4_gpu_grid){kinds, step->batch->count, 1},
                       threads_of_row(metal->shape->head_dim), SCRATCH);
    if (step->ratio != 0 && metal->window_count[list] > 0)
        ds4_metal_dispatch(metal, DS4_METAL_compress, &compress, sizeof compress, (ds4_gpu_grid){metal->window_count[list], 1, 1},
                           threads_of_row(metal->shape->head_dim), SCRATCH);
    /* The query's low rank is normalised here where its products do not do that. */
    if (kinds > 1)
        ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* Nothing is waited for: the next layer's rows come after many barriers. */
ds4_status ds4_metal_keep(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_keep arguments = {
        .step = ds4_metal_step(metal, step),
        .ape = ds4_metal_matrix(metal, &step->weights->compressor.ape),
        .index_ape = ds4_metal_matrix(metal, &step->weights->index_compressor.ape),
        .raw = b->kv.address,
        .kv = b->projected_kv.address,
        .score = b->projected_score.address,
        .index_kv = b->index_projected_kv.address,
        .index_score = b->index_projected_score.address,
    };
    (void)error;
    ds4_metal_dispatch(metal, DS4_METAL_keep, &arguments, sizeof arguments, (ds4_gpu_grid){step->batch->count, 1, 1}, 128, 0);
    return DS4_OK;
}
