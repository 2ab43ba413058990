/* encode.c: from the engine's structures to those of the kernels, and the products that all stages use. */
#include "metal.h"

uint64_t ds4_metal_address(const ds4_metal *metal, const void *weights)
{
    const uint8_t *place = weights;
    for (uint32_t i = metal->view_count; place != NULL && i-- > 0;) {
        const uint8_t *begin = metal->views[i].host;
        /* The later view: a tensor that reaches beyond a view begins in the next one too. */
        if (place >= begin && place < begin + metal->views[i].bytes)
            return metal->views[i].address + (uint64_t)(place - begin);
    }
    return 0;
}

ds4_gpu_matrix ds4_metal_matrix(const ds4_metal *metal, const ds4_matrix *matrix)
{
    if (matrix->format == NULL)
        return (ds4_gpu_matrix){0};
    return (ds4_gpu_matrix){
        .data = ds4_metal_address(metal, matrix->data),
        .row_bytes = matrix->row_bytes,
        .format = (uint32_t)matrix->format->format,
        .columns = matrix->columns,
        .rows = matrix->rows,
    };
}

ds4_gpu_step ds4_metal_step(const ds4_metal *metal, const ds4_step *step)
{
    const ds4_metal_buffers *b = &metal->buffers;
    uint64_t tiles = (uint64_t)step->layer * DS4_BATCH_SESSIONS * sizeof(ds4_gpu_tile);
    return (ds4_gpu_step){
        .rows = b->rows.address,
        .tiles = b->tiles.address + tiles,
        .rotations = b->rotations[ds4_rope_kind_of(step->ratio)].address,
        .window_rotations = b->window_rotations[step->ratio == DS4_RATIO_LONG].address,
        .ratio = step->ratio,
        .half_rows = step->batch->mode != DS4_MODE_EXACT,
        .head_dim = metal->shape->head_dim,
        .window = metal->shape->window,
        .epsilon = (float)metal->shape->rms_epsilon,
    };
}

void ds4_metal_dispatch(ds4_metal *metal, ds4_metal_kernel kernel, const void *arguments, size_t argument_bytes, ds4_gpu_grid grid,
                        uint32_t threads, uint32_t shared_bytes)
{
    metal->dispatches[kernel]++;
    ds4_gpu_dispatch(metal->gpu, metal->kernels[kernel], arguments, (uint32_t)argument_bytes, grid, threads, (shared_bytes + 15) / 16 * 16);
}

ds4_gpu_product ds4_metal_product(const ds4_metal *metal, const ds4_matrix *matrix, uint64_t x, uint32_t x_stride, uint64_t y,
                                  uint32_t y_stride)
{
    return (ds4_gpu_product){.matrix = ds4_metal_matrix(metal, matrix), .x = x, .y = y, .x_stride = x_stride, .y_stride = y_stride};
}

void ds4_metal_products(ds4_metal *metal, ds4_mode mode, ds4_gpu_products *products, uint32_t vectors)
{
    uint32_t groups = 0;
    for (uint32_t i = 0; i < products->count; i++) {
        products->product[i].first_group = groups;
        groups += ds4_divide_up(products->product[i].matrix.rows, DS4_GPU_TILE);
    }
    products->vectors = vectors;
    ds4_metal_kernel kernel = mode == DS4_MODE_FAST ? DS4_METAL_product_tiles_half : DS4_METAL_product_tiles_float;
    ds4_metal_dispatch(metal, kernel, products, sizeof *products, (ds4_gpu_grid){groups, ds4_divide_up(vectors, DS4_GPU_TILE), 1}, 128,
                       DS4_GPU_TILE * DS4_GPU_TILE * 2 * sizeof(float));
}

ds4_gpu_grid ds4_metal_row_grid(uint32_t groups, uint32_t vectors)
{
    return (ds4_gpu_grid){groups, ds4_divide_up(vectors, DS4_GPU_ROW_VECTORS), 1};
}

uint32_t ds4_metal_row_memory(uint32_t floats)
{
    return (uint32_t)((DS4_GPU_VECTOR_FLOATS + floats) * sizeof(float));
}

bool ds4_metal_is_few(const ds4_batch *batch)
{
    return batch->tile_count == batch->count || batch->count <= 2 * DS4_GPU_ROW_VECTORS;
}
