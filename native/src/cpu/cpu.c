/* cpu.c: the CPU backend: its buffers and its table.
 *
 * DESIGN   All buffers are one allocation made when the model is opened, so that evaluation never allocates. The tile is as
 *          large as a budget allows: a large tile reads the experts' weights less often.
 */
#include "cpu.h"
#include "layout.h"
#include "memory.h"

#include <string.h>

enum {
    MAX_TILE = 512,
    TILE_BUDGET = 256 << 20, /* bytes for the buffers of a tile */
    SCORE_BUDGET = 1 << 20   /* index scores, where one token needs less */
};

/* ---- sizes -------------------------------------------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Floats that one matrix row, one compressor row or the scores of all experts need. */
static uint64_t row_scratch_floats(const ds4_shape *s)
{
    uint64_t floats = larger((uint64_t)DS4_STREAMS * s->hidden, (uint64_t)s->heads * s->head_dim / s->output_groups);
    floats = larger(floats, larger(s->query_rank, (uint64_t)s->output_groups * s->output_rank));
    floats = larger(floats, larger(s->expert_width, s->experts));
    return larger(floats, larger(2 * s->head_dim, 2 * DS4_INDEX_DIM));
}

/* The most rows that one token can attend to. */
static uint64_t visible_rows(const ds4_shape *s)
{
    return s->window + larger(smaller(s->index_top_k, s->context / DS4_RATIO_OVERLAPPING), s->context / DS4_RATIO_LONG);
}

static uint64_t score_capacity(const ds4_shape *s, uint32_t tile)
{
    uint64_t rows = s->context / DS4_RATIO_OVERLAPPING;
    return ds4_shape_can_select(s) ? larger(rows, smaller(SCORE_BUDGET, rows * tile)) : 0;
}

/* ---- buffers ------------------------------------------------------------------------------------------------ */

static float *floats(ds4_layout *layout, uint64_t count)
{
    return ds4_place(layout, count * sizeof(float));
}

static uint32_t *indices(ds4_layout *layout, uint64_t count)
{
    return ds4_place(layout, count * sizeof(uint32_t));
}

static void place_tile(ds4_cpu *cpu, ds4_layout *layout, uint64_t tile)
{
    const ds4_shape *s = cpu->shape;
    uint64_t pairs = tile * s->experts_used;
    cpu->streams = floats(layout, tile * DS4_STREAMS * s->hidden);
    cpu->raw_mix = floats(layout, tile * DS4_MIX_OUTPUTS);
    cpu->mix = ds4_place(layout, tile * sizeof *cpu->mix);
    cpu->input = floats(layout, tile * s->hidden);
    cpu->query_low = floats(layout, tile * s->query_rank);
    cpu->query = floats(layout, tile * s->heads * s->head_dim);
    cpu->kv = floats(layout, tile * s->head_dim);
    cpu->projected.kv = floats(layout, tile * 2 * s->head_dim);
    cpu->projected.score = floats(layout, tile * 2 * s->head_dim);
    cpu->index_projected.kv = floats(layout, tile * 2 * DS4_INDEX_DIM);
    cpu->index_projected.score = floats(layout, tile * 2 * DS4_INDEX_DIM);
    cpu->index_query = floats(layout, tile * s->index_heads * DS4_INDEX_DIM);
    cpu->index_weight = floats(layout, tile * s->index_heads);
    cpu->low = floats(layout, tile * s->output_groups * s->output_rank);
    cpu->output = floats(layout, tile * s->hidden);
    cpu->router = floats(layout, tile * s->experts);
    cpu->chosen = indices(layout, pairs);
    cpu->chosen_weight = floats(layout, pairs);
    cpu->shared_gate = floats(layout, tile * s->expert_width);
    cpu->shared_inner = floats(layout, tile * s->expert_width);
    cpu->pair_token = indices(layout, pairs);
    cpu->pair_weight = floats(layout, pairs);
    cpu->pair_inner = floats(layout, pairs * s->expert_width);
    cpu->output_token = indices(layout, tile);
    cpu->output_logits = ds4_place(layout, tile * sizeof *cpu->output_logits);
}

static void place_all(ds4_cpu *cpu, ds4_layout *layout, uint32_t threads)
{
    const ds4_shape *s = cpu->shape;
    place_tile(cpu, layout, cpu->tile);
    cpu->expert_start = indices(layout, s->experts + 1);
    cpu->active = indices(layout, s->experts);
    cpu->scores = floats(layout, cpu->score_capacity);
    cpu->selected = indices(layout, cpu->score_capacity);
    cpu->row_scratch = ds4_place(layout, threads * sizeof *cpu->row_scratch);
    cpu->score_scratch = ds4_place(layout, threads * sizeof *cpu->score_scratch);
    for (uint32_t i = 0; i < threads; i++) {
        float *row = floats(layout, row_scratch_floats(s)), *score = floats(layout, DS4_CPU_HEAD_BLOCK * visible_rows(s));
        if (layout->base != NULL)
            cpu->row_scratch[i] = row, cpu->score_scratch[i] = score;
    }
}

static ds4_status allocate_buffers(ds4_cpu *cpu, uint32_t threads, ds4_error *error)
{
    ds4_layout one = {NULL, 0}, all = {NULL, 0};
    place_tile(cpu, &one, 1);
    cpu->tile = (uint32_t)larger(1, smaller(MAX_TILE, TILE_BUDGET / one.used));
    cpu->score_capacity = score_capacity(cpu->shape, cpu->tile);
    place_all(cpu, &all, threads);
    cpu->memory = ds4_allocate(all.used);
    if (cpu->memory == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for %llu bytes of work buffers", (unsigned long long)all.used);
    all = (ds4_layout){cpu->memory, 0};
    place_all(cpu, &all, threads);
    return DS4_OK;
}

/* ---- the table ---------------------------------------------------------------------------------------------- */

static void close_backend(void *backend)
{
    ds4_cpu *cpu = backend;
    ds4_pool_free(cpu->pool);
    ds4_release(cpu->memory);
    ds4_release(cpu);
}

static ds4_status open_backend(const ds4_backend_options *options, void **backend, ds4_error *error)
{
    ds4_cpu *cpu = ds4_allocate(sizeof *cpu);
    if (cpu == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the CPU backend");
    memset(cpu, 0, sizeof *cpu);
    cpu->shape = options->shape;
    cpu->weights = options->weights;
    cpu->kernels = &ds4_kernels_scalar;
    ds4_status status = allocate_buffers(cpu, options->threads, error);
    if (status == DS4_OK)
        status = ds4_pool_create(options->threads, &cpu->pool, error);
    if (status != DS4_OK) {
        close_backend(cpu);
        return status;
    }
    *backend = cpu;
    return DS4_OK;
}

static void describe(const void *backend, ds4_model_info *info)
{
    const ds4_cpu *cpu = backend;
    strncpy(info->backend, ds4_backend_cpu.name, sizeof info->backend - 1);
    strncpy(info->kernels, cpu->kernels->name, sizeof info->kernels - 1);
    info->threads = ds4_pool_threads(cpu->pool);
}

static uint32_t max_tile(const void *backend)
{
    return ((const ds4_cpu *)backend)->tile;
}

static uint64_t max_scores(const void *backend)
{
    return ((const ds4_cpu *)backend)->score_capacity;
}

const ds4_backend ds4_backend_cpu = {
    .name = "cpu",
    .open = open_backend,
    .close = close_backend,
    .describe = describe,
    .max_tile = max_tile,
    .score_capacity = max_scores,
    .embed = ds4_cpu_embed,
    .mix_input = ds4_cpu_mix_input,
    .project = ds4_cpu_project,
    .finish_kv = ds4_cpu_finish_kv,
    .query = ds4_cpu_query,
    .index_scores = ds4_cpu_index_scores,
    .index_select = ds4_cpu_index_select,
    .attend = ds4_cpu_attend,
    .keep = ds4_cpu_keep,
    .output = ds4_cpu_output,
    .route = ds4_cpu_route,
    .expert_inner = ds4_cpu_expert_inner,
    .expert_output = ds4_cpu_expert_output,
    .head = ds4_cpu_head,
};
