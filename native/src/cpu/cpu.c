/* cpu.c: the CPU backend: its buffers and its table.
 *
 * DESIGN   All buffers are one allocation made when the model is opened, so that evaluation never allocates. The tile is as
 *          large as a budget allows: a large tile reads the experts' weights less often. Queries are the largest part per
 *          token and gain nothing from that, so they are held for a span of the tile only.
 */
#include "cpu.h"
#include "layout.h"
#include "memory.h"

#include <string.h>

enum {
    MAX_TILE = 2048,
    MAX_SPAN = 256,
    TILE_BUDGET = 512 << 20, /* bytes for the buffers of a batch */
    SCORE_BUDGET = 1 << 20   /* index scores, where one token needs less */
};

/* ---- sizes -------------------------------------------------------------------------------------------------- */

/* The longest row of a matrix, row of a compressor or list of experts' scores. */
static uint64_t longest_row(const ds4_shape *s)
{
    uint64_t columns = ds4_larger((uint64_t)DS4_STREAMS * s->hidden, (uint64_t)s->heads * s->head_dim / s->output_groups);
    columns = ds4_larger(columns, ds4_larger(s->query_rank, (uint64_t)s->output_groups * s->output_rank));
    columns = ds4_larger(columns, ds4_larger(s->expert_width, ds4_larger(s->experts, s->index_heads)));
    return ds4_larger(columns, ds4_larger(2 * s->head_dim, 2 * DS4_INDEX_DIM));
}

/* The most rows that one token can attend to. */
static uint64_t visible_rows(const ds4_shape *s)
{
    return s->window + ds4_larger(ds4_smaller(s->index_top_k, s->context / DS4_RATIO_OVERLAPPING), s->context / DS4_RATIO_LONG);
}

static uint64_t score_capacity(const ds4_shape *s, uint32_t span)
{
    uint64_t rows = s->context / DS4_RATIO_OVERLAPPING;
    return ds4_shape_can_select(s) ? ds4_larger(rows, ds4_smaller(SCORE_BUDGET, rows * span)) : 0;
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

/* Bit 0: some of these matrices needs int8 activations in blocks of 32; bit 1: in blocks of 256. */
static uint32_t forms_of(const ds4_matrix *const *matrices, uint32_t count)
{
    uint32_t forms = 0;
    for (uint32_t i = 0; i < count; i++)
        if (matrices[i]->format != NULL && ds4_activation_block(matrices[i]->format) != 0)
            forms |= ds4_activation_block(matrices[i]->format) == 32 ? 1 : 2;
    return forms;
}

/* Which int8 forms the inputs of the products need, in any layer. */
typedef struct form_masks {
    uint32_t input, query_low, query, low, shared_inner, pair_inner;
} form_masks;

static form_masks find_forms(const ds4_shape *shape, const ds4_weights *weights)
{
    const ds4_matrix *output = &weights->output;
    form_masks m = {.input = forms_of(&output, 1)};
    for (uint32_t i = 0; i < shape->layers; i++) {
        const ds4_layer_weights *w = &weights->layers[i];
        const ds4_matrix *input[] = {
            &w->query_a,      &w->kv,     &w->compressor.kv, &w->compressor.gate, &w->index_compressor.kv, &w->index_compressor.gate,
            &w->index_weight, &w->router, &w->gate_shared,   &w->up_shared,       &w->gate_experts,        &w->up_experts};
        const ds4_matrix *query_low[] = {&w->query_b, &w->index_query_b}, *query = &w->output_a, *low = &w->output_b;
        const ds4_matrix *shared = &w->down_shared, *pair = &w->down_experts;
        m.input |= forms_of(input, sizeof input / sizeof input[0]);
        m.query_low |= forms_of(query_low, 2);
        m.query |= forms_of(&query, 1);
        m.low |= forms_of(&low, 1);
        m.shared_inner |= forms_of(&shared, 1);
        m.pair_inner |= forms_of(&pair, 1);
    }
    return m;
}

static ds4_cpu_vectors vectors(ds4_layout *layout, uint64_t count, uint64_t columns, uint32_t forms)
{
    ds4_cpu_vectors v = {.values = floats(layout, count * columns), .columns = (uint32_t)columns};
    for (uint32_t f = 0; f < DS4_CPU_FORMS; f++) {
        if ((forms >> f & 1) == 0)
            continue;
        v.forms[f].q = ds4_place(layout, count * columns);
        v.forms[f].scale = floats(layout, count * columns / (f == 0 ? 32 : 256));
        v.forms[f].sums = ds4_place(layout, count * columns / DS4_SUM_VALUES * sizeof(int16_t));
    }
    return v;
}

static void place_tile(ds4_cpu *cpu, ds4_layout *layout, const form_masks *forms, uint64_t tile)
{
    const ds4_shape *s = cpu->shape;
    uint64_t pairs = tile * s->experts_used;
    cpu->streams = vectors(layout, tile, (uint64_t)DS4_STREAMS * s->hidden, 0);
    cpu->raw_mix = floats(layout, tile * DS4_MIX_OUTPUTS);
    cpu->mix = ds4_place(layout, tile * sizeof *cpu->mix);
    cpu->input = vectors(layout, tile, s->hidden, forms->input);
    cpu->query_low = vectors(layout, tile, s->query_rank, forms->query_low);
    cpu->kv = floats(layout, tile * s->head_dim);
    cpu->projected.kv = floats(layout, tile * 2 * s->head_dim);
    cpu->projected.score = floats(layout, tile * 2 * s->head_dim);
    cpu->index_projected.kv = floats(layout, tile * 2 * DS4_INDEX_DIM);
    cpu->index_projected.score = floats(layout, tile * 2 * DS4_INDEX_DIM);
    cpu->index_weight = floats(layout, tile * s->index_heads);
    cpu->output = floats(layout, tile * s->hidden);
    cpu->router = floats(layout, tile * s->experts);
    cpu->chosen = indices(layout, pairs);
    cpu->chosen_weight = floats(layout, pairs);
    cpu->shared_gate = floats(layout, tile * s->expert_width);
    cpu->shared_inner = vectors(layout, tile, s->expert_width, forms->shared_inner);
    cpu->pair_token = indices(layout, pairs);
    cpu->pair_weight = floats(layout, pairs);
    cpu->pair_inner = vectors(layout, pairs, s->expert_width, forms->pair_inner);
    cpu->output_row = indices(layout, tile);
    cpu->output_logits = ds4_place(layout, tile * sizeof *cpu->output_logits);
}

static void place_span(ds4_cpu *cpu, ds4_layout *layout, const form_masks *forms, uint64_t span)
{
    const ds4_shape *s = cpu->shape;
    cpu->query = vectors(layout, span * s->output_groups, (uint64_t)s->heads * s->head_dim / s->output_groups, forms->query);
    cpu->group_index = indices(layout, span * s->output_groups);
    cpu->index_query = floats(layout, span * s->index_heads * DS4_INDEX_DIM);
    cpu->low = vectors(layout, span, (uint64_t)s->output_groups * s->output_rank, forms->low);
}

static void place_all(ds4_cpu *cpu, ds4_layout *layout, const form_masks *forms, uint32_t threads)
{
    const ds4_shape *s = cpu->shape;
    place_tile(cpu, layout, forms, cpu->tile);
    place_span(cpu, layout, forms, cpu->span);
    cpu->expert_start = indices(layout, s->experts + 1);
    cpu->active = indices(layout, s->experts);
    cpu->scores = floats(layout, cpu->score_capacity);
    cpu->selected = indices(layout, cpu->score_capacity); /* fewer are chosen than scored */
    cpu->row_scratch = ds4_place(layout, threads * sizeof *cpu->row_scratch);
    cpu->score_scratch = ds4_place(layout, threads * sizeof *cpu->score_scratch);
    for (uint32_t i = 0; i < threads; i++) {
        float *row = ds4_place(layout, ds4_kernel_scratch(longest_row(s))), *score = floats(layout, DS4_CPU_HEAD_BLOCK * visible_rows(s));
        if (layout->base != NULL)
            cpu->row_scratch[i] = row, cpu->score_scratch[i] = score;
    }
}

static void fill_group_index(ds4_cpu *cpu)
{
    uint32_t groups = cpu->shape->output_groups;
    for (uint32_t g = 0; g < groups; g++)
        for (uint32_t t = 0; t < cpu->span; t++)
            cpu->group_index[(size_t)g * cpu->span + t] = t * groups + g;
}

static ds4_status allocate_buffers(ds4_cpu *cpu, uint32_t threads, ds4_error *error)
{
    ds4_layout one = {NULL, 0}, all = {NULL, 0};
    form_masks forms = find_forms(cpu->shape, cpu->weights);
    place_tile(cpu, &one, &forms, 1);
    cpu->tile = (uint32_t)ds4_larger(1, ds4_smaller(MAX_TILE, TILE_BUDGET / one.used));
    cpu->span = (uint32_t)ds4_smaller(MAX_SPAN, cpu->tile);
    cpu->score_capacity = score_capacity(cpu->shape, cpu->span);
    place_all(cpu, &all, &forms, threads);
    cpu->memory_bytes = all.used;
    cpu->memory = ds4_allocate(all.used);
    if (cpu->memory == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for %llu bytes of work buffers", (unsigned long long)all.used);
    all = (ds4_layout){cpu->memory, 0};
    place_all(cpu, &all, &forms, threads);
    fill_group_index(cpu);
    return DS4_OK;
}

/* ---- the table ---------------------------------------------------------------------------------------------- */

static ds4_status choose_kernels(const char *name, const ds4_kernels **kernels, ds4_error *error)
{
    *kernels = ds4_kernels_best();
    if (name == NULL)
        return DS4_OK;
    for (const ds4_kernels *const *next = ds4_kernels_all; *next != NULL; next++)
        if (strcmp((*next)->name, name) == 0 && (*next)->is_usable()) {
            *kernels = *next;
            return DS4_OK;
        }
    return ds4_fail(error, DS4_INVALID_ARGUMENT, "there are no kernels cpu:%.32s for this machine; use cpu, or cpu:%s", name,
                    (*kernels)->name);
}

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
    ds4_status status = choose_kernels(options->kernels, &cpu->kernels, error);
    if (status == DS4_OK)
        status = allocate_buffers(cpu, options->threads, error);
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
    info->work_bytes = cpu->memory_bytes;
}

static uint32_t max_tile(const void *backend)
{
    return ((const ds4_cpu *)backend)->tile;
}

static uint32_t max_span(const void *backend)
{
    return ((const ds4_cpu *)backend)->span;
}

static uint64_t max_scores(const void *backend)
{
    return ((const ds4_cpu *)backend)->score_capacity;
}

static const ds4_buffer_source *state_memory(void *backend)
{
    (void)backend;
    return NULL;
}

static ds4_status finish(void *backend, ds4_error *error)
{
    (void)backend, (void)error; /* every stage is complete when it returns */
    return DS4_OK;
}

const ds4_backend ds4_backend_cpu = {
    .name = "cpu",
    .open = open_backend,
    .close = close_backend,
    .describe = describe,
    .max_tile = max_tile,
    .max_span = max_span,
    .score_capacity = max_scores,
    .state_memory = state_memory,
    .finish = finish,
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
