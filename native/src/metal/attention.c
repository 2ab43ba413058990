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

/* Of few tokens, in one dispatch. */
static void query_few(ds4_metal *metal, const ds4_step *step, uint32_t tokens)
{
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_query arguments = {
        .step = ds4_metal_step(metal, step),
        .query_b = ds4_metal_matrix(metal, &step->weights->query_b),
        .index_query_b = ds4_metal_matrix(metal, &step->weights->index_query_b),
        .low = b->query_low.address,
        .norm = ds4_metal_address(metal, step->weights->query_a_norm),
        .query = b->query.address,
        .index_query = b->index_query.address,
        .vectors = tokens,
        .groups = ds4_divide_up(step->weights->query_b.rows, DS4_GPU_GROUP_ROWS),
    };
    uint32_t heads = step->selects ? metal->shape->index_heads : 0;
    ds4_metal_dispatch(metal, DS4_METAL_query_products, &arguments, sizeof arguments, ds4_metal_row_grid(arguments.groups + heads, tokens),
                       DS4_METAL_ROW_THREADS, ds4_metal_row_memory(DS4_GPU_ROW_VECTORS * (DS4_INDEX_DIM + 1)));
    ds4_gpu_barrier(metal->gpu);
}

ds4_status ds4_metal_query(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t rank = metal->shape->query_rank;
    uint64_t low = ds4_metal_float(&b->query_low, (uint64_t)span.first * rank);
    ds4_gpu_products p = {.count = 1};
    (void)error;
    if (ds4_metal_is_few(step->batch)) {
        query_few(metal, step, span.count);
        return DS4_OK;
    }
    p.product[0] = ds4_metal_product(metal, &w->query_b, low, rank, b->query.address, w->query_b.rows);
    if (step->selects)
        p.product[p.count++] = ds4_metal_product(metal, &w->index_query_b, low, rank, b->index_query.address, w->index_query_b.rows);
    ds4_metal_products(metal, step->batch->mode, &p, span.count);
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

/* Into how many parts the rows of one token are cut at most, so that a few tokens keep the device busy: of few always into as many, so that
 * what a token gets does not depend on how many there are. */
static uint32_t most_parts(const ds4_metal *metal, const ds4_step *step, ds4_span part)
{
    uint32_t share = metal->parts / part.count;
    return ds4_metal_is_few(step->batch) || share > DS4_GPU_PARTS ? DS4_GPU_PARTS : share;
}

static ds4_gpu_attend attend_arguments(const ds4_metal *metal, const ds4_step *step, ds4_span span, ds4_span part)
{
    const ds4_shape *shape = metal->shape;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t rows = shape->window + (step->selects ? shape->index_top_k : step->most_rows), most = most_parts(metal, step, part);
    return (ds4_gpu_attend){
        .step = ds4_metal_step(metal, step),
        .query = b->query.address,
        .raw = b->kv.address,
        .selected = b->selected.address,
        .partial = b->partial.address,
        .extreme = b->extreme.address,
        .sinks = ds4_metal_address(metal, step->weights->sinks),
        .heads = shape->heads,
        .top_k = shape->index_top_k,
        .selects = step->selects,
        .most_parts = most,
        .parts = ds4_least(ds4_divide_up(rows, DS4_GPU_PART_ROWS), most),
        .span_first = span.first,
        .part_first = part.first,
        .scale = (float)(1 / sqrt(shape->head_dim)),
    };
}

ds4_status ds4_metal_attend(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_shape *shape = metal->shape;
    ds4_gpu_attend arguments = attend_arguments(metal, step, span, part);
    (void)error;
    ds4_metal_dispatch(metal, DS4_METAL_attend, &arguments, sizeof arguments,
                       (ds4_gpu_grid){arguments.parts, ds4_divide_up(shape->heads, DS4_GPU_HEADS), part.count}, 128,
                       (DS4_GPU_CHUNK * shape->head_dim + 4 * 64 + 64 + 64 + 16) * sizeof(float));
    ds4_gpu_barrier(metal->gpu);
    if (ds4_metal_is_few(step->batch))
        return DS4_OK;
    ds4_metal_dispatch(metal, DS4_METAL_attend_merge, &arguments, sizeof arguments, (ds4_gpu_grid){shape->heads, part.count, 1},
                       ds4_divide_up(shape->head_dim, 128) * 32, DS4_GPU_PART_WORK * sizeof(float));
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

/* ---- output ------------------------------------------------------------------------------------------------- */

static void output_few(ds4_metal *metal, const ds4_step *step, ds4_span span)
{
    enum { THREADS = 512, ROWS = THREADS / 32 * DS4_GPU_SIMDGROUP_ROWS };
    const ds4_shape *shape = metal->shape;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t heads = shape->heads / shape->output_groups;
    ds4_gpu_merged_product merged = {
        .attend = attend_arguments(metal, step, span, span),
        .matrix = ds4_metal_matrix(metal, &step->weights->output_a),
        .low = b->low.address,
        .vectors = span.count,
        .slice_rows = shape->output_rank,
        .slice_heads = heads,
    };
    ds4_gpu_product_mix mix = {
        .matrix = ds4_metal_matrix(metal, &step->weights->output_b),
        .x = b->low.address,
        .streams = b->streams.address,
        .mix = b->mix.address,
        .x_stride = step->weights->output_b.columns,
        .vectors = span.count,
    };
    ds4_metal_dispatch(metal, DS4_METAL_merged_product, &merged, sizeof merged,
                       ds4_metal_row_grid(shape->output_groups * ds4_divide_up(shape->output_rank, ROWS), span.count), THREADS,
                       ds4_metal_row_memory(DS4_GPU_ROW_VECTORS * heads * DS4_GPU_PART_WORK));
    ds4_gpu_barrier(metal->gpu);
    ds4_metal_dispatch(metal, DS4_METAL_product_mix, &mix, sizeof mix,
                       ds4_metal_row_grid(ds4_divide_up(mix.matrix.rows, DS4_GPU_GROUP_ROWS), span.count), DS4_METAL_ROW_THREADS,
                       ds4_metal_row_memory(0));
    ds4_gpu_barrier(metal->gpu);
}

ds4_status ds4_metal_output(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_products low = {.count = 1}, output = {.count = 1};
    (void)error;
    if (ds4_metal_is_few(step->batch)) {
        output_few(metal, step, span);
        return DS4_OK;
    }
    low.product[0] = ds4_metal_product(metal, &w->output_a, b->query.address, metal->shape->heads * metal->shape->head_dim, b->low.address,
                                       w->output_a.rows);
    low.product[0].slice_rows = metal->shape->output_rank;
    output.product[0] = ds4_metal_product(metal, &w->output_b, b->low.address, w->output_b.columns,
                                          ds4_metal_float(&b->output, (uint64_t)span.first * metal->shape->hidden), metal->shape->hidden);
    ds4_metal_products(metal, step->batch->mode, &low, span.count);
    ds4_gpu_barrier(metal->gpu);
    ds4_metal_products(metal, step->batch->mode, &output, span.count);
    ds4_gpu_barrier(metal->gpu);
    ds4_metal_mix_output(metal, span);
    return DS4_OK;
}
