/* attention.c: queries, the indexer and attention on the CPU.
 *
 * DESIGN   There is one KV vector per position for all heads, keys and values alike, so a work item takes a block of heads
 *          of one token and loads every visible row once for all of them. Rows are visited in a fixed order: window,
 *          oldest first, then compressed rows by ascending index.
 */
#include "cpu.h"
#include "rounding.h"
#include "select.h"

#include <math.h>
#include <string.h>

/* ---- queries ------------------------------------------------------------------------------------------------ */

typedef struct query_run {
    ds4_cpu *cpu;
    const ds4_step *step;
    uint32_t blocks; /* head blocks per token, the indexer's last */
} query_run;

static uint32_t head_blocks(uint32_t heads)
{
    return (heads + DS4_CPU_HEAD_BLOCK - 1) / DS4_CPU_HEAD_BLOCK;
}

static void normalise_low_query(void *context, uint32_t token, uint32_t worker)
{
    const query_run *run = context;
    uint32_t rank = run->cpu->shape->query_rank;
    float *low = run->cpu->query_low + (size_t)token * rank;
    (void)worker;
    ds4_cpu_rms_norm(run->cpu, low, run->step->weights->query_a_norm, rank, low);
}

static void finish_heads(void *context, uint32_t item, uint32_t worker)
{
    const query_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_shape *shape = cpu->shape;
    const ds4_tile *tile = run->step->tile;
    uint32_t token = item / run->blocks, block = item % run->blocks, attention_blocks = head_blocks(shape->heads);
    const ds4_rotation *rotation = &tile->rotations[ds4_rope_kind_of(run->step->ratio)][token];
    bool is_index = block >= attention_blocks;
    uint32_t heads = is_index ? shape->index_heads : shape->heads, dim = is_index ? DS4_INDEX_DIM : shape->head_dim;
    uint32_t first = (is_index ? block - attention_blocks : block) * DS4_CPU_HEAD_BLOCK;
    float *query = (is_index ? cpu->index_query : cpu->query) + (size_t)token * heads * dim;
    (void)worker;
    for (uint32_t h = first; h < heads && h < first + DS4_CPU_HEAD_BLOCK; h++) {
        float *head = query + (size_t)h * dim;
        if (!is_index)
            ds4_cpu_rms_norm(cpu, head, NULL, dim, head);
        ds4_rotate(head + dim - DS4_ROTARY, rotation);
        if (is_index)
            ds4_cpu_round_index(tile->session, head);
    }
}

ds4_status ds4_cpu_query(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    uint32_t tokens = step->tile->count;
    query_run run = {cpu, step, head_blocks(cpu->shape->heads) + (step->selects ? head_blocks(cpu->shape->index_heads) : 0)};
    ds4_product products[2] = {ds4_cpu_whole_product(&step->weights->query_b, cpu->query_low, tokens, cpu->query)};
    (void)error;
    if (step->selects)
        products[1] = ds4_cpu_whole_product(&step->weights->index_query_b, cpu->query_low, tokens, cpu->index_query);
    ds4_pool_run(cpu->pool, tokens, normalise_low_query, &run);
    ds4_cpu_run_products(cpu, products, step->selects ? 2 : 1);
    ds4_pool_run(cpu->pool, tokens * run.blocks, finish_heads, &run);
    return DS4_OK;
}

/* ---- indexer ------------------------------------------------------------------------------------------------ */

typedef struct index_run {
    ds4_cpu *cpu;
    const ds4_step *step;
    ds4_span span;
    uint32_t rows;  /* of the score matrix: what the last token of the tile sees */
    uint32_t pages; /* that hold them */
} index_run;

static index_run make_index_run(ds4_cpu *cpu, const ds4_step *step, ds4_span span)
{
    uint32_t rows = (uint32_t)ds4_compressed_rows(step->ratio, step->tile->start + step->tile->count);
    return (index_run){cpu, step, span, rows, (rows + DS4_PAGE_ROWS - 1) / DS4_PAGE_ROWS};
}

/* Compressed rows that a token of the tile sees. */
static uint32_t visible_rows(const ds4_step *step, uint32_t token)
{
    return (uint32_t)ds4_compressed_rows(step->ratio, step->tile->start + token + 1);
}

static void score_page(void *context, uint32_t item, uint32_t worker)
{
    const index_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_session *session = run->step->tile->session;
    uint32_t heads = cpu->shape->index_heads, local = item / run->pages, token = run->span.first + local;
    uint32_t first = item % run->pages * DS4_PAGE_ROWS, visible = visible_rows(run->step, token);
    const float *query = cpu->index_query + (size_t)token * heads * DS4_INDEX_DIM;
    const float *weight = cpu->index_weight + (size_t)token * heads;
    float *scores = cpu->scores + (size_t)local * run->rows;
    float factor = (float)(1 / sqrt((double)DS4_INDEX_DIM * heads));
    for (uint32_t row = first; row < visible && row < first + DS4_PAGE_ROWS; row++) {
        const float *key = ds4_row_load(session, ds4_rows_at(&run->step->state->index, row), DS4_INDEX_DIM, cpu->row_scratch[worker]);
        float score = 0;
        for (uint32_t h = 0; h < heads; h++) {
            float match = cpu->kernels->dot(query + (size_t)h * DS4_INDEX_DIM, key, DS4_INDEX_DIM);
            if (match > 0)
                score += weight[h] * factor * match;
        }
        scores[row] = score;
    }
}

ds4_status ds4_cpu_index_scores(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    index_run run = make_index_run(backend, step, span);
    (void)error;
    ds4_pool_run(run.cpu->pool, span.count * run.pages, score_page, &run);
    return DS4_OK;
}

static void select_token(void *context, uint32_t local, uint32_t worker)
{
    const index_run *run = context;
    uint32_t k = run->cpu->shape->index_top_k, visible = visible_rows(run->step, run->span.first + local);
    (void)worker;
    ds4_select_rows(run->cpu->scores + (size_t)local * run->rows, visible, visible < k ? visible : k,
                    run->cpu->selected + (size_t)local * k);
}

ds4_status ds4_cpu_index_select(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    index_run run = make_index_run(backend, step, span);
    (void)error;
    ds4_pool_run(run.cpu->pool, span.count, select_token, &run);
    return DS4_OK;
}

/* ---- attention ---------------------------------------------------------------------------------------------- */

/* What one token attends to: positions window_start … its own, then compressed rows. */
typedef struct view {
    const ds4_cpu *cpu;
    const ds4_step *step;
    uint64_t window_start;
    uint32_t window_rows;
    uint32_t compressed_rows;
    const uint32_t *selected; /* indices of the compressed rows; NULL: 0, 1, 2 … */
} view;

static view view_of(const ds4_cpu *cpu, const ds4_step *step, ds4_span span, uint32_t token)
{
    uint64_t position = step->tile->start + token, window = cpu->shape->window;
    view v = {.cpu = cpu, .step = step, .compressed_rows = visible_rows(step, token)};
    v.window_start = position + 1 > window ? position + 1 - window : 0;
    v.window_rows = (uint32_t)(position + 1 - v.window_start);
    if (step->selects) {
        uint32_t k = cpu->shape->index_top_k;
        v.selected = cpu->selected + (size_t)(token - span.first) * k;
        v.compressed_rows = v.compressed_rows < k ? v.compressed_rows : k;
    }
    return v;
}

static const float *load_row(const view *v, uint32_t index, float *scratch)
{
    const ds4_tile *tile = v->step->tile;
    uint32_t dim = v->cpu->shape->head_dim;
    if (index < v->window_rows) {
        uint64_t position = v->window_start + index;
        if (position >= tile->start)
            return v->cpu->kv + (size_t)(position - tile->start) * dim;
        return ds4_row_load(tile->session, v->step->state->window + (size_t)(position % v->cpu->shape->window) * tile->session->row_bytes,
                            dim, scratch);
    }
    uint32_t row = index - v->window_rows;
    return ds4_row_load(tile->session, ds4_rows_at(&v->step->state->compressed, v->selected == NULL ? row : v->selected[row]), dim,
                        scratch);
}

/* Turns scores into exp(score − largest) in place and returns the denominator, to which the sink contributes. */
static float softmax_with_sink(float *scores, uint32_t count, float sink)
{
    float largest = sink, sum;
    for (uint32_t i = 0; i < count; i++)
        largest = scores[i] > largest ? scores[i] : largest;
    sum = expf(sink - largest);
    for (uint32_t i = 0; i < count; i++)
        sum += scores[i] = expf(scores[i] - largest);
    return sum;
}

/* `query` [heads][head_dim] is replaced by the attention output; `scores` [heads][rows of the view]. */
static void attend_heads(const view *v, float *query, const float *sinks, uint32_t heads, float *scores, float *scratch)
{
    const ds4_kernels *kernels = v->cpu->kernels;
    uint32_t dim = v->cpu->shape->head_dim, rows = v->window_rows + v->compressed_rows;
    float scale = (float)(1 / sqrt(dim)), denominator[DS4_CPU_HEAD_BLOCK];
    for (uint32_t j = 0; j < rows; j++) {
        const float *row = load_row(v, j, scratch);
        for (uint32_t h = 0; h < heads; h++)
            scores[(size_t)h * rows + j] = kernels->dot(query + (size_t)h * dim, row, dim) * scale;
    }
    for (uint32_t h = 0; h < heads; h++)
        denominator[h] = softmax_with_sink(scores + (size_t)h * rows, rows, sinks[h]);
    memset(query, 0, (size_t)heads * dim * sizeof *query);
    for (uint32_t j = 0; j < rows; j++) {
        const float *row = load_row(v, j, scratch);
        for (uint32_t h = 0; h < heads; h++)
            kernels->add_scaled(query + (size_t)h * dim, row, scores[(size_t)h * rows + j], dim);
    }
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t i = 0; i < dim; i++)
            query[(size_t)h * dim + i] /= denominator[h];
}

typedef struct attend_run {
    ds4_cpu *cpu;
    const ds4_step *step;
    ds4_span span;
    uint32_t blocks;
} attend_run;

static void attend_block(void *context, uint32_t item, uint32_t worker)
{
    const attend_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_shape *shape = cpu->shape;
    uint32_t token = run->span.first + item / run->blocks, first = item % run->blocks * DS4_CPU_HEAD_BLOCK;
    uint32_t heads = shape->heads - first < DS4_CPU_HEAD_BLOCK ? shape->heads - first : DS4_CPU_HEAD_BLOCK;
    float *query = cpu->query + ((size_t)token * shape->heads + first) * shape->head_dim;
    view v = view_of(cpu, run->step, run->span, token);
    attend_heads(&v, query, run->step->weights->sinks + first, heads, cpu->score_scratch[worker], cpu->row_scratch[worker]);
    /* Values carry the rotation of their own position; rotating back by the query's leaves the distance. */
    for (uint32_t h = 0; h < heads; h++)
        ds4_rotate_back(query + (size_t)(h + 1) * shape->head_dim - DS4_ROTARY,
                        &run->step->tile->rotations[ds4_rope_kind_of(run->step->ratio)][token]);
}

ds4_status ds4_cpu_attend(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    attend_run run = {cpu, step, span, head_blocks(cpu->shape->heads)};
    (void)error;
    ds4_pool_run(cpu->pool, span.count * run.blocks, attend_block, &run);
    return DS4_OK;
}

/* ---- output ------------------------------------------------------------------------------------------------- */

ds4_status ds4_cpu_output(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    const ds4_shape *shape = cpu->shape;
    const ds4_layer_weights *w = step->weights;
    uint32_t tokens = step->tile->count;
    ds4_product groups[DS4_MAX_GROUPS];
    (void)error;
    for (uint32_t g = 0; g < shape->output_groups; g++)
        groups[g] = (ds4_product){
            .matrix = &w->output_a,
            .first_row = g * shape->output_rank,
            .rows = shape->output_rank,
            .inputs = {cpu->query + (size_t)g * w->output_a.columns, (size_t)shape->heads * shape->head_dim, NULL},
            .count = tokens,
            .y = cpu->low + (size_t)g * shape->output_rank,
            .y_stride = w->output_a.rows,
        };
    ds4_cpu_run_products(cpu, groups, shape->output_groups);
    ds4_product output = ds4_cpu_whole_product(&w->output_b, cpu->low, tokens, cpu->output);
    ds4_cpu_run_products(cpu, &output, 1);
    ds4_cpu_mix_output(cpu, tokens);
    return DS4_OK;
}
