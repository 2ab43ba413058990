/* experts.c: router, routed experts and shared expert on Metal.
 *
 * DESIGN   Few tokens: each reads its own experts, chosen where they are read first, and the down projections end in one sum. Many:
 *          their (token, expert) pairs are sorted by expert, so that a weight that was read serves up to 32 pairs.
 */
#include "metal.h"

static uint32_t pairs_of(const ds4_metal *metal, const ds4_batch *batch)
{
    return batch->count * metal->shape->experts_used;
}

/* Tiles of 32 pairs of one expert, at most. */
static uint32_t most_tiles(const ds4_metal *metal, const ds4_batch *batch)
{
    uint32_t pairs = pairs_of(metal, batch), experts = metal->shape->experts;
    return (pairs < experts ? pairs : experts) + pairs / DS4_GPU_TILE;
}

/* ---- router and shared expert ------------------------------------------------------------------------------- */

static void activate(ds4_metal *metal, const ds4_gpu_memory *gate, const ds4_gpu_memory *up, uint64_t weight, uint32_t rows, float limit)
{
    ds4_gpu_swiglu arguments = {gate->address, up->address, weight, metal->shape->expert_width, limit};
    ds4_metal_dispatch(metal, DS4_METAL_swiglu, &arguments, sizeof arguments,
                       (ds4_gpu_grid){ds4_divide_up(metal->shape->expert_width, 64), rows, 1}, 64, 0);
}

static void sort(ds4_metal *metal, const ds4_batch *batch)
{
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_pairs arguments = {
        .chosen = b->chosen.address,
        .weight = b->chosen_weight.address,
        .start = b->expert_start.address,
        .token = b->pair_token.address,
        .pair_weight = b->pair_weight.address,
        .place = b->pair_place.address,
        .tile_expert = b->tile_expert.address,
        .tile_first = b->tile_first.address,
        .experts = metal->shape->experts,
        .used = metal->shape->experts_used,
        .rows = batch->count,
        .most_tiles = most_tiles(metal, batch),
    };
    ds4_metal_dispatch(metal, DS4_METAL_sort_pairs, &arguments, sizeof arguments, (ds4_gpu_grid){1, 1, 1}, 256, 0);
    ds4_gpu_barrier(metal->gpu);
}

static ds4_gpu_route route_arguments(const ds4_metal *metal, const ds4_step *step)
{
    const ds4_metal_buffers *b = &metal->buffers;
    return (ds4_gpu_route){
        .rows = b->rows.address,
        .router = b->router.address,
        .bias = ds4_metal_address(metal, step->weights->router_bias),
        .hash = ds4_metal_address(metal, step->weights->hash_experts),
        .chosen = b->chosen.address,
        .weight = b->chosen_weight.address,
        .experts = metal->shape->experts,
        .used = metal->shape->experts_used,
        .scale = (float)metal->shape->expert_scale,
    };
}

/* Few tokens: the choice is left to the kernel that needs it first. */
static void route_few(ds4_metal *metal, const ds4_step *step)
{
    const ds4_shape *shape = metal->shape;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_mixed_products p = {
        .mix = ds4_metal_mix(metal, step, DS4_FFN),
        .products = {.count = 2},
        .gate = ds4_metal_matrix(metal, &step->weights->gate_shared),
        .gated = 1,
        .limit = shape->shared_clamp[step->layer],
    };
    p.products.product[0] = ds4_metal_product(metal, &step->weights->router, 0, 0, b->router.address, shape->experts);
    p.products.product[1] = ds4_metal_product(metal, &step->weights->up_shared, 0, 0, b->shared_inner.address, shape->expert_width);
    ds4_metal_mixed_products(metal, &p, step->batch->count);
    ds4_gpu_barrier(metal->gpu);
}

ds4_status ds4_metal_route(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_shape *shape = metal->shape;
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_products p = {.count = 3};
    (void)error;
    if (ds4_metal_is_few(step->batch)) {
        route_few(metal, step);
        return DS4_OK;
    }
    p.product[0] = ds4_metal_product(metal, &w->router, b->input.address, shape->hidden, b->router.address, shape->experts);
    p.product[1] = ds4_metal_product(metal, &w->gate_shared, b->input.address, shape->hidden, b->shared_gate.address, shape->expert_width);
    p.product[2] = ds4_metal_product(metal, &w->up_shared, b->input.address, shape->hidden, b->shared_inner.address, shape->expert_width);
    /* The choice of experts hangs on small differences: never with half tiles. */
    ds4_metal_products(metal, DS4_MODE_ROUNDED, &p, step->batch->count);
    ds4_gpu_barrier(metal->gpu);
    ds4_gpu_route route = route_arguments(metal, step);
    ds4_metal_dispatch(metal, DS4_METAL_route, &route, sizeof route, (ds4_gpu_grid){step->batch->count, 1, 1}, 32,
                       (shape->experts + 2 * DS4_GPU_MAX_EXPERTS_USED) * sizeof(uint32_t));
    activate(metal, &b->shared_gate, &b->shared_inner, 0, step->batch->count, shape->shared_clamp[step->layer]);
    ds4_gpu_barrier(metal->gpu);
    sort(metal, step->batch);
    return DS4_OK;
}

/* ---- routed experts ----------------------------------------------------------------------------------------- */

/* All experts as one matrix, whose rows are counted for one of them. */
static ds4_gpu_matrix experts_of(const ds4_metal *metal, const ds4_matrix *matrix)
{
    ds4_gpu_matrix m = ds4_metal_matrix(metal, matrix);
    m.rows /= metal->shape->experts;
    return m;
}

static ds4_gpu_expert_rows row_arguments(const ds4_metal *metal, const ds4_step *step)
{
    const ds4_layer_weights *w = step->weights;
    const ds4_metal_buffers *b = &metal->buffers;
    return (ds4_gpu_expert_rows){
        .gate = experts_of(metal, &w->gate_experts),
        .up = experts_of(metal, &w->up_experts),
        .down = experts_of(metal, &w->down_experts),
        .shared_down = ds4_metal_matrix(metal, &w->down_shared),
        .route = route_arguments(metal, step),
        .input = b->input.address,
        .inner = b->pair_inner.address,
        .shared_inner = b->shared_inner.address,
        .streams = b->streams.address,
        .mix = b->mix.address,
        .limit = metal->shape->routed_clamp[step->layer],
    };
}

/* The products of one expert matrix with the pairs, from rows of tokens (`token`) or of pairs. */
static void multiply_pairs(ds4_metal *metal, const ds4_step *step, const ds4_matrix *matrix, const ds4_gpu_memory *x, uint64_t token,
                           const ds4_gpu_memory *y)
{
    const ds4_metal_buffers *b = &metal->buffers;
    ds4_gpu_expert_product arguments = {
        .matrix = experts_of(metal, matrix),
        .x = x->address,
        .y = y->address,
        .token = token,
        .start = b->expert_start.address,
        .tile_expert = b->tile_expert.address,
        .tile_first = b->tile_first.address,
        .x_stride = matrix->columns,
        .experts = metal->shape->experts,
    };
    ds4_metal_kernel kernel = step->batch->mode == DS4_MODE_FAST ? DS4_METAL_expert_tiles_half : DS4_METAL_expert_tiles_float;
    ds4_gpu_grid grid = {ds4_divide_up(arguments.matrix.rows, DS4_GPU_TILE), most_tiles(metal, step->batch), 1};
    ds4_metal_dispatch(metal, kernel, &arguments, sizeof arguments, grid, 128, DS4_GPU_TILE * DS4_GPU_TILE * 2 * sizeof(float));
}

ds4_status ds4_metal_expert_inner(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t pairs = pairs_of(metal, step->batch);
    (void)error;
    if (ds4_metal_is_few(step->batch)) {
        ds4_gpu_expert_rows arguments = row_arguments(metal, step);
        ds4_metal_dispatch(metal, DS4_METAL_expert_inner, &arguments, sizeof arguments,
                           (ds4_gpu_grid){ds4_divide_up(arguments.gate.rows, DS4_GPU_GROUP_ROWS / 2), pairs, 1}, DS4_METAL_ROW_THREADS,
                           ds4_metal_row_memory(2 * DS4_GPU_MAX_EXPERTS_USED));
    } else {
        multiply_pairs(metal, step, &step->weights->gate_experts, &b->input, b->pair_token.address, &b->pair_gate);
        multiply_pairs(metal, step, &step->weights->up_experts, &b->input, b->pair_token.address, &b->pair_inner);
        ds4_gpu_barrier(metal->gpu);
        activate(metal, &b->pair_gate, &b->pair_inner, b->pair_weight.address, pairs, metal->shape->routed_clamp[step->layer]);
    }
    ds4_gpu_barrier(metal->gpu);
    return DS4_OK;
}

static void add_pairs(ds4_metal *metal, const ds4_batch *batch)
{
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t hidden = metal->shape->hidden;
    ds4_gpu_expert_sum arguments = {b->pair_output.address, b->pair_place.address, b->output.address, hidden, metal->shape->experts_used};
    ds4_metal_dispatch(metal, DS4_METAL_expert_sum, &arguments, sizeof arguments,
                       (ds4_gpu_grid){ds4_divide_up(hidden / 4, 64), batch->count, 1}, 64, 0);
}

ds4_status ds4_metal_expert_output(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_metal *metal = backend;
    const ds4_metal_buffers *b = &metal->buffers;
    uint32_t hidden = metal->shape->hidden;
    (void)error;
    if (ds4_metal_is_few(step->batch)) {
        ds4_gpu_expert_rows arguments = row_arguments(metal, step);
        ds4_metal_dispatch(metal, DS4_METAL_expert_output, &arguments, sizeof arguments,
                           (ds4_gpu_grid){ds4_divide_up(hidden, DS4_GPU_GROUP_ROWS), step->batch->count, 1}, DS4_METAL_ROW_THREADS,
                           ds4_metal_row_memory(0));
        ds4_gpu_barrier(metal->gpu);
    } else {
        ds4_gpu_products shared = {.count = 1};
        shared.product[0] = ds4_metal_product(metal, &step->weights->down_shared, b->shared_inner.address, metal->shape->expert_width,
                                              b->output.address, hidden);
        ds4_metal_products(metal, step->batch->mode, &shared, step->batch->count);
        multiply_pairs(metal, step, &step->weights->down_experts, &b->pair_inner, 0, &b->pair_output);
        ds4_gpu_barrier(metal->gpu);
        add_pairs(metal, step->batch);
        ds4_gpu_barrier(metal->gpu);
        ds4_metal_mix_output(metal, (ds4_span){0, step->batch->count});
    }
    return DS4_OK;
}
