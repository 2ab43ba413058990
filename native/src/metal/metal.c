/* metal.c: the Metal backend's life, its buffers and its table.
 *
 * DESIGN   Stages encode and do not wait; ds4_gpu_finish does, once per tile or token. All memory is taken when the model is opened, each
 *          array as a buffer of its own: a kernel that leaves one is found by the simulator. The model's file is not copied: the
 *          device sees the mapping through views that overlap by the largest tensor, so every tensor is whole in one of them.
 */
#include "metal.h"
#include "memory.h"

#include <string.h>

enum {
    MAX_TILE = 512,
    MAX_SPAN = 256,
    TILE_BUDGET = 512 << 20 /* bytes for the buffers of a batch */
};

/* ---- the model's file --------------------------------------------------------------------------------------- */

static uint64_t matrix_bytes(const ds4_matrix *matrix)
{
    return matrix->rows * matrix->row_bytes;
}

static uint64_t largest_tensor(const ds4_metal *metal)
{
    uint64_t largest = ds4_larger(matrix_bytes(&metal->weights->embedding), matrix_bytes(&metal->weights->output));
    for (uint32_t i = 0; i < metal->shape->layers; i++) {
        const ds4_layer_weights *w = &metal->weights->layers[i];
        largest = ds4_larger(largest, ds4_larger(matrix_bytes(&w->gate_experts), ds4_larger(matrix_bytes(&w->up_experts), matrix_bytes(&w->down_experts))));
        largest = ds4_larger(largest, ds4_larger(matrix_bytes(&w->query_b), ds4_larger(matrix_bytes(&w->output_a), matrix_bytes(&w->output_b))));
        largest = ds4_larger(largest, w->hash_experts == NULL ? 0 : (uint64_t)metal->shape->vocabulary * metal->shape->experts_used * sizeof(int32_t));
    }
    return largest;
}

static ds4_status map_model(ds4_metal *metal, const ds4_backend_options *options, ds4_error *error)
{
    uint64_t page = metal->info.page_bytes, end = (options->mapping_bytes + page - 1) / page * page;
    uint64_t most = metal->info.buffer_bytes / page * page, overlap = (largest_tensor(metal) + 2 * page - 1) / page * page;
    if (end > most && overlap >= most)
        return ds4_fail(error, DS4_UNSUPPORTED, "a tensor of %llu bytes does not fit in a buffer of %s, %llu bytes",
                        (unsigned long long)overlap, metal->info.name, (unsigned long long)most);
    for (uint64_t first = 0; first < end; first += most - overlap) {
        uint64_t bytes = ds4_smaller(most, end - first);
        if (metal->view_count == DS4_METAL_VIEWS)
            return ds4_fail(error, DS4_UNSUPPORTED, "the model needs more than %d buffers of %s", DS4_METAL_VIEWS, metal->info.name);
        /* Kernels never write there; the interface has no way to say so. */
        ds4_status status = ds4_gpu_wrap(metal->gpu, (void *)(uintptr_t)(options->mapping + first), bytes, &metal->views[metal->view_count], error);
        if (status != DS4_OK)
            return status;
        metal->view_count++;
        if (first + bytes == end)
            break;
    }
    return DS4_OK;
}

/* ---- buffers ------------------------------------------------------------------------------------------------ */

/* One buffer of the backend, and how many bytes it has. */
typedef struct placement {
    ds4_gpu_memory *memory;
    uint64_t bytes;
} placement;

enum { MOST_BUFFERS = sizeof(ds4_metal_buffers) / sizeof(ds4_gpu_memory) };

static uint32_t list_tile(ds4_metal *metal, placement *list, uint64_t tile)
{
    const ds4_shape *s = metal->shape;
    ds4_metal_buffers *b = &metal->buffers;
    uint64_t pairs = tile * s->experts_used, splits = ds4_divide_up(s->hidden, DS4_GPU_MIX_COLUMNS), value = sizeof(float);
    uint64_t pages = ds4_larger(1, DS4_BATCH_SESSIONS * (s->context / (DS4_RATIO_OVERLAPPING * DS4_PAGE_ROWS) +
                                                     s->context / (DS4_RATIO_LONG * DS4_PAGE_ROWS) + 2));
    const placement all[] = {
        {&b->rows, tile * sizeof(ds4_gpu_row)},
        {&b->rotations[0], tile * sizeof(ds4_rotation)},
        {&b->rotations[1], tile * sizeof(ds4_rotation)},
        {&b->window_rotations[0], tile * sizeof(ds4_rotation)},
        {&b->window_rotations[1], tile * sizeof(ds4_rotation)},
        {&b->windows[0], 2 * tile * sizeof(ds4_gpu_window)},
        {&b->windows[1], tile * sizeof(ds4_gpu_window)},
        {&b->tiles, (uint64_t)s->layers * DS4_BATCH_SESSIONS * sizeof(ds4_gpu_tile)},
        {&b->pages, pages * sizeof(uint64_t)},
        {&b->outputs, DS4_METAL_OUTPUTS * sizeof(uint32_t)},
        {&b->streams, tile * DS4_STREAMS * s->hidden * value},
        {&b->mix_sums, ds4_larger(tile, DS4_METAL_OUTPUTS) * splits * DS4_GPU_MIX_SUMS * value},
        {&b->mix, tile * DS4_GPU_MIX_VALUES * value},
        {&b->input, ds4_larger(tile, DS4_METAL_OUTPUTS) * s->hidden * value},
        {&b->query_low, tile * s->query_rank * value},
        {&b->kv, tile * s->head_dim * value},
        {&b->output, tile * s->hidden * value},
        {&b->projected_kv, tile * 2 * s->head_dim * value},
        {&b->projected_score, tile * 2 * s->head_dim * value},
        {&b->index_projected_kv, tile * 2 * DS4_INDEX_DIM * value},
        {&b->index_projected_score, tile * 2 * DS4_INDEX_DIM * value},
        {&b->index_weight, ds4_larger(1, tile * s->index_heads * value)},
        {&b->router, tile * s->experts * value},
        {&b->chosen, pairs * value},
        {&b->chosen_weight, pairs * value},
        {&b->shared_gate, tile * s->expert_width * value},
        {&b->shared_inner, tile * s->expert_width * value},
        {&b->expert_start, (s->experts + 1) * value},
        {&b->pair_token, pairs * value},
        {&b->pair_weight, pairs * value},
        {&b->pair_place, pairs * value},
        {&b->tile_expert, (s->experts + pairs / DS4_GPU_TILE) * value},
        {&b->tile_first, (s->experts + pairs / DS4_GPU_TILE) * value},
        {&b->pair_gate, pairs * s->expert_width * value},
        {&b->pair_inner, pairs * s->expert_width * value},
        {&b->pair_output, pairs * s->hidden * value},
    };
    if (list != NULL)
        memcpy(list, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static uint32_t list_span(ds4_metal *metal, placement *list)
{
    const ds4_shape *s = metal->shape;
    ds4_metal_buffers *b = &metal->buffers;
    uint64_t heads = (uint64_t)s->heads * s->head_dim, value = sizeof(float);
    const placement all[] = {
        {&b->query, metal->span * heads * value},
        /* Products of eight heads at a time read beyond the last of them. */
        {&b->index_query, ((uint64_t)metal->span * s->index_heads + DS4_GPU_HEADS) * DS4_INDEX_DIM * value},
        {&b->low, (uint64_t)metal->span * s->output_groups * s->output_rank * value},
        {&b->partial, metal->parts * heads * value},
        {&b->extreme, (uint64_t)metal->parts * s->heads * 2 * value},
        {&b->scores, ds4_larger(1, metal->score_capacity) * value},
        {&b->selected, ds4_larger(1, (uint64_t)metal->span * s->index_top_k) * value},
        {&b->logits, (uint64_t)DS4_METAL_OUTPUTS * s->vocabulary * value},
    };
    memcpy(list, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static uint64_t sum_of(const placement *list, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += list[i].bytes;
    return bytes;
}

static void choose_sizes(ds4_metal *metal)
{
    placement one[MOST_BUFFERS], two[MOST_BUFFERS];
    const ds4_shape *s = metal->shape;
    uint64_t per_token = sum_of(two, list_tile(metal, two, 2)) - sum_of(one, list_tile(metal, one, 1));
    metal->tile = (uint32_t)ds4_larger(DS4_BATCH_SESSIONS, ds4_smaller(MAX_TILE, TILE_BUDGET / per_token));
    metal->span = (uint32_t)ds4_smaller(MAX_SPAN, metal->tile);
    metal->parts = (uint32_t)ds4_larger(metal->span, DS4_BATCH_SESSIONS * DS4_GPU_PARTS);
    /* Those of few tokens fit at any context. */
    metal->score_capacity = ds4_shape_can_select(s) ? (uint64_t)DS4_BATCH_SESSIONS * (s->context / DS4_RATIO_OVERLAPPING) : 0;
}

static ds4_status allocate_buffers(ds4_metal *metal, ds4_error *error)
{
    placement list[MOST_BUFFERS];
    choose_sizes(metal);
    uint32_t count = list_tile(metal, list, metal->tile);
    count += list_span(metal, list + count);
    for (uint32_t i = 0; i < count; i++) {
        ds4_status status = ds4_gpu_allocate(metal->gpu, list[i].bytes, list[i].memory, error);
        if (status != DS4_OK)
            return status;
        metal->memory_bytes += list[i].bytes;
    }
    return DS4_OK;
}

/* ---- sessions' states --------------------------------------------------------------------------------------- */

/* A handle is a small allocation: what the device knows of the memory. */
static void *take_state(void *context, uint64_t bytes, uint64_t *address, void **handle)
{
    ds4_metal *metal = context;
    ds4_gpu_memory *memory = ds4_allocate(sizeof *memory);
    if (memory == NULL || ds4_gpu_allocate(metal->gpu, bytes, memory, NULL) != DS4_OK) {
        ds4_release(memory);
        return NULL;
    }
    *address = memory->address;
    *handle = memory;
    return memory->host;
}

static void give_state(void *context, void *memory, void *handle)
{
    ds4_metal *metal = context;
    (void)memory;
    ds4_gpu_release(metal->gpu, handle);
    ds4_release(handle);
}

static const ds4_buffer_source *state_memory(void *backend)
{
    ds4_metal *metal = backend;
    return &metal->state_memory;
}

/* ---- life --------------------------------------------------------------------------------------------------- */

static ds4_status find_kernels(ds4_metal *metal, ds4_error *error)
{
    static const char *const names[] = {
#define NAME(name) #name,
        DS4_METAL_KERNELS(NAME)
#undef NAME
    };
    for (int i = 0; i < DS4_METAL_KERNEL_COUNT; i++) {
        ds4_status status = ds4_gpu_find_pipeline(metal->gpu, names[i], &metal->kernels[i], error);
        if (status != DS4_OK)
            return status;
    }
    return DS4_OK;
}

/* What the kernels count on beyond what the architecture fixes. */
static ds4_status check_shape(const ds4_shape *s, ds4_error *error)
{
    if (s->head_dim > DS4_GPU_MAX_HEAD_DIM)
        return ds4_fail(error, DS4_UNSUPPORTED, "heads of %u values; the Metal kernels take at most %d: use the backend cpu", s->head_dim,
                        DS4_GPU_MAX_HEAD_DIM);
    if (s->output_rank % DS4_GPU_TILE != 0)
        return ds4_fail(error, DS4_UNSUPPORTED, "an output rank of %u; the Metal kernels take multiples of %d: use the backend cpu",
                        s->output_rank, DS4_GPU_TILE);
    if (s->experts_used > DS4_GPU_MAX_EXPERTS_USED)
        return ds4_fail(error, DS4_UNSUPPORTED, "%u experts per token; the Metal kernels take at most %d: use the backend cpu",
                        s->experts_used, DS4_GPU_MAX_EXPERTS_USED);
    if (s->heads / s->output_groups > DS4_GPU_GROUP_HEADS)
        return ds4_fail(error, DS4_UNSUPPORTED, "%u heads of an output group; the Metal kernels take at most %d: use the backend cpu",
                        s->heads / s->output_groups, DS4_GPU_GROUP_HEADS);
    if (s->hidden % 8 != 0 || s->query_rank % 8 != 0 || s->expert_width % 8 != 0)
        return ds4_fail(error, DS4_UNSUPPORTED, "widths of %u, %u and %u values; the Metal kernels take multiples of 8: use the backend cpu",
                        s->hidden, s->query_rank, s->expert_width);
    return DS4_OK;
}

static void close_backend(void *backend)
{
    ds4_metal *metal = backend;
    ds4_gpu_memory *buffers = (ds4_gpu_memory *)&metal->buffers;
    for (int i = 0; i < MOST_BUFFERS && metal->gpu != NULL; i++)
        ds4_gpu_release(metal->gpu, &buffers[i]);
    for (uint32_t i = 0; i < metal->view_count; i++)
        ds4_gpu_release(metal->gpu, &metal->views[i]);
    ds4_gpu_close(metal->gpu);
    ds4_release(metal);
}

static ds4_status open_backend(const ds4_backend_options *options, void **backend, ds4_error *error)
{
    ds4_metal *metal = ds4_allocate(sizeof *metal);
    if (metal == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the Metal backend");
    memset(metal, 0, sizeof *metal);
    metal->shape = options->shape;
    metal->weights = options->weights;
    metal->state_memory = (ds4_buffer_source){metal, take_state, give_state};
    ds4_status status = check_shape(options->shape, error);
    if (status == DS4_OK)
        status = ds4_gpu_open(&metal->gpu, error);
    if (status == DS4_OK) {
        ds4_gpu_get_info(metal->gpu, &metal->info);
        status = find_kernels(metal, error);
    }
    if (status == DS4_OK)
        status = map_model(metal, options, error);
    if (status == DS4_OK)
        status = allocate_buffers(metal, error);
    if (status != DS4_OK) {
        close_backend(metal);
        return status;
    }
    *backend = metal;
    return DS4_OK;
}

static void describe(const void *backend, ds4_model_info *info)
{
    const ds4_metal *metal = backend;
    strncpy(info->backend, ds4_backend_metal.name, sizeof info->backend - 1);
    memcpy(info->kernels, metal->info.name, sizeof info->kernels); /* both end with a NUL */
    info->threads = 1;
    info->work_bytes = metal->memory_bytes;
}

static uint32_t max_tile(const void *backend)
{
    return ((const ds4_metal *)backend)->tile;
}

static uint32_t max_span(const void *backend)
{
    return ((const ds4_metal *)backend)->span;
}

static uint64_t max_scores(const void *backend)
{
    return ((const ds4_metal *)backend)->score_capacity;
}

static ds4_status finish(void *backend, ds4_error *error)
{
    return ds4_gpu_finish(((ds4_metal *)backend)->gpu, error);
}

const ds4_backend ds4_backend_metal = {
    .name = "metal",
    .open = open_backend,
    .close = close_backend,
    .describe = describe,
    .max_tile = max_tile,
    .max_span = max_span,
    .score_capacity = max_scores,
    .state_memory = state_memory,
    .finish = finish,
    .embed = ds4_metal_embed,
    .mix_input = ds4_metal_mix_input,
    .project = ds4_metal_project,
    .finish_kv = ds4_metal_finish_kv,
    .query = ds4_metal_query,
    .index_scores = ds4_metal_index_scores,
    .index_select = ds4_metal_index_select,
    .attend = ds4_metal_attend,
    .output = ds4_metal_output,
    .keep = ds4_metal_keep,
    .route = ds4_metal_route,
    .expert_inner = ds4_metal_expert_inner,
    .expert_output = ds4_metal_expert_output,
    .head = ds4_metal_head,
};
