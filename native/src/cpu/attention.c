/* attention.c: queries, the indexer and attention on the CPU.
 *
 * DESIGN   There is one KV vector per position for all heads, keys and values alike, so a work item takes a block of heads
 *          of one token and brings every visible row to float32 once for all of them, a few rows at a time. Rows are visited
 *          in a fixed order: window, oldest first, then compressed rows by ascending index.
 */
#include "cpu.h"
#include "rounding.h"
#include "select.h"

#include <math.h>
#include <string.h>

/* What the work items of a stage share. */
typedef struct attention_run {
    ds4_cpu *cpu;
    const ds4_step *step;
    ds4_span span;   /* whose queries are in the buffers */
    ds4_span part;   /* of it, whose scores are */
    uint32_t heads;  /* of a block */
    uint32_t blocks; /* per token */
} attention_run;

/* The most heads per block that still give every thread something to do. */
static uint32_t heads_per_block(const ds4_cpu *cpu, uint32_t heads, uint32_t tokens)
{
    uint32_t block = DS4_CPU_HEAD_BLOCK;
    while (block > 4 && ds4_divide_up(heads, block) * tokens < 2 * ds4_pool_threads(cpu->pool))
        block /= 2;
    return block;
}

/* ---- queries ------------------------------------------------------------------------------------------------ */

static float *query_at(const attention_run *run, uint32_t row)
{
    const ds4_shape *shape = run->cpu->shape;
    return run->cpu->query.values + (size_t)(row - run->span.first) * shape->heads * shape->head_dim;
}

static float *index_query_at(const attention_run *run, uint32_t row)
{
    return run->cpu->index_query + (size_t)(row - run->span.first) * run->cpu->shape->index_heads * DS4_INDEX_DIM;
}

static void normalise_low_query(void *context, uint32_t item, uint32_t worker)
{
    const attention_run *run = context;
    float *low = ds4_cpu_vector(&run->cpu->query_low, run->span.first + item);
    (void)worker;
    ds4_cpu_rms_norm(run->cpu, low, run->step->weights->query_a_norm, run->cpu->shape->query_rank, low);
}

static void finish_query(const attention_run *run, uint32_t row, uint32_t first, uint32_t heads)
{
    uint32_t dim = run->cpu->shape->head_dim;
    float *query = query_at(run, row) + (size_t)first * dim;
    for (uint32_t h = 0; h < heads; h++, query += dim) {
        ds4_cpu_rms_norm(run->cpu, query, NULL, dim, query);
        ds4_rotate(query + dim - DS4_ROTARY, &run->step->batch->rotations[ds4_rope_kind_of(run->step->ratio)][row]);
    }
}

static void finish_index_query(const attention_run *run, uint32_t row)
{
    float *query = index_query_at(run, row);
    for (uint32_t h = 0; h < run->cpu->shape->index_heads; h++, query += DS4_INDEX_DIM) {
        ds4_rotate(query + DS4_INDEX_DIM - DS4_ROTARY, &run->step->batch->rotations[ds4_rope_kind_of(run->step->ratio)][row]);
        ds4_cpu_round_index(ds4_tile_at(run->step->batch, row)->session, query);
    }
}

/* The blocks of heads of a token, and after them the indexer's heads. */
static void finish_queries(void *context, uint32_t item, uint32_t worker)
{
    const attention_run *run = context;
    uint32_t blocks = run->blocks + run->step->selects, row = run->span.first + item / blocks, first = item % blocks * run->heads;
    (void)worker;
    if (item % blocks == run->blocks)
        finish_index_query(run, row);
    else
        finish_query(run, row, first, ds4_least(run->cpu->shape->heads - first, run->heads));
}

ds4_status ds4_cpu_query(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    attention_run run = {.cpu = cpu, .step = step, .span = span, .heads = DS4_CPU_HEAD_BLOCK};
    ds4_product products[2] = {ds4_cpu_whole_product(&step->weights->query_b, &cpu->query_low, span, NULL)};
    (void)error;
    run.blocks = ds4_divide_up(cpu->shape->heads, run.heads);
    products[0].y = cpu->query.values;
    if (step->selects) {
        products[1] = ds4_cpu_whole_product(&step->weights->index_query_b, &cpu->query_low, span, NULL);
        products[1].y = cpu->index_query;
    }
    ds4_pool_run(cpu->pool, span.count, normalise_low_query, &run);
    ds4_cpu_quantise(cpu, step->batch->mode, &cpu->query_low, span);
    ds4_cpu_run_products(cpu, step->batch->mode, products, step->selects ? 2 : 1);
    ds4_pool_run(cpu->pool, span.count * (run.blocks + step->selects), finish_queries, &run);
    return DS4_OK;
}

/* ---- rows of the cache -------------------------------------------------------------------------------------- */

/* Rows brought to float32 at a time: few enough to stay in the first-level cache beside the queries. */
enum { CHUNK = 8 };

/* Stored rows: float32, or F16 that is written out into `scratch`. */
static const float *load(const ds4_cpu *cpu, const ds4_session *session, const uint8_t *row, uint32_t width, float *scratch)
{
    if (!session->rounds)
        return (const float *)(const void *)row;
    cpu->kernels->load_halves((const uint16_t *)(const void *)row, width, scratch);
    return scratch;
}

/* ---- indexer ------------------------------------------------------------------------------------------------ */

static float *scores_at(const attention_run *run, uint32_t row)
{
    return run->cpu->scores + (size_t)(row - run->part.first) * run->step->most_rows;
}

static uint32_t *selected_at(const attention_run *run, uint32_t row)
{
    return run->cpu->selected + (size_t)(row - run->part.first) * run->cpu->shape->index_top_k;
}

/* Whether the indexer chooses among what the token sees. */
static bool row_selects(const ds4_cpu *cpu, const ds4_step *step, uint32_t row)
{
    return step->selects && ds4_rows_seen(step, row) > cpu->shape->index_top_k;
}

/* Σ over heads of weight · max(match, 0), for CHUNK keys whose matches are [heads][CHUNK]: loops of a known length, which
 * compilers make one instruction of. */
static void sum_heads(const float *matches, const float *weight, uint32_t heads, float sums[CHUNK])
{
    float factor = (float)(1 / sqrt((double)DS4_INDEX_DIM * heads));
    for (uint32_t j = 0; j < CHUNK; j++)
        sums[j] = 0;
    for (uint32_t h = 0; h < heads; h++, matches += CHUNK) {
        float scaled = weight[h] * factor;
        for (uint32_t j = 0; j < CHUNK; j++)
            sums[j] += scaled * (matches[j] > 0 ? matches[j] : 0);
    }
}

/* Scores of one token against the keys of one page. */
static void score_page(void *context, uint32_t item, uint32_t worker)
{
    const attention_run *run = context;
    ds4_cpu *cpu = run->cpu;
    uint32_t row = run->part.first + item / run->blocks, heads = cpu->shape->index_heads;
    const ds4_tile *tile = ds4_tile_at(run->step->batch, row);
    const ds4_rows *index = &ds4_state_at(run->step, tile)->index;
    uint32_t first = item % run->blocks * DS4_PAGE_ROWS, end = ds4_least(ds4_rows_seen(run->step, row), first + DS4_PAGE_ROWS);
    float *scratch = cpu->row_scratch[worker], *matches = scratch + CHUNK * DS4_INDEX_DIM;
    const float *keys[CHUNK];
    float sums[CHUNK];
    if (!row_selects(cpu, run->step, row))
        return;
    for (uint32_t key = first; key < end; key += CHUNK) {
        uint32_t count = ds4_least(end - key, CHUNK);
        for (uint32_t j = 0; j < count; j++)
            keys[j] = load(cpu, tile->session, ds4_rows_at(index, key + j), DS4_INDEX_DIM, scratch + j * DS4_INDEX_DIM);
        cpu->kernels->score_rows(index_query_at(run, row), heads, keys, count, DS4_INDEX_DIM, matches, CHUNK);
        sum_heads(matches, cpu->index_weight + (size_t)row * heads, heads, sums);
        memcpy(scores_at(run, row) + key, sums, count * sizeof *sums);
    }
}

ds4_status ds4_cpu_index_scores(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    attention_run run = {.cpu = backend, .step = step, .span = span, .part = part, .blocks = ds4_divide_up(step->most_rows, DS4_PAGE_ROWS)};
    (void)error;
    ds4_pool_run(run.cpu->pool, part.count * run.blocks, score_page, &run);
    return DS4_OK;
}

static void select_rows(void *context, uint32_t item, uint32_t worker)
{
    const attention_run *run = context;
    uint32_t row = run->part.first + item;
    (void)worker;
    if (row_selects(run->cpu, run->step, row))
        ds4_select_rows(scores_at(run, row), ds4_rows_seen(run->step, row), run->cpu->shape->index_top_k, selected_at(run, row));
}

ds4_status ds4_cpu_index_select(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    attention_run run = {.cpu = backend, .step = step, .span = span, .part = part};
    (void)error;
    ds4_pool_run(run.cpu->pool, part.count, select_rows, &run);
    return DS4_OK;
}

/* ---- attention ---------------------------------------------------------------------------------------------- */

/* What one token attends to: positions window_start … its own, then compressed rows. */
typedef struct view {
    const ds4_cpu *cpu;
    const ds4_step *step;
    const ds4_tile *tile;
    const ds4_layer_state *state;
    uint64_t window_start;
    uint32_t window_rows;
    uint32_t rows;            /* in all */
    const uint32_t *selected; /* indices of the compressed rows; NULL: 0, 1, 2 … */
} view;

static view view_of(const attention_run *run, uint32_t row)
{
    const ds4_cpu *cpu = run->cpu;
    const ds4_tile *tile = ds4_tile_at(run->step->batch, row);
    uint64_t position = ds4_position_at(run->step->batch, row), window = cpu->shape->window;
    view v = {.cpu = cpu, .step = run->step, .tile = tile, .state = ds4_state_at(run->step, tile)};
    v.window_start = position + 1 > window ? position + 1 - window : 0;
    v.window_rows = (uint32_t)(position + 1 - v.window_start);
    if (row_selects(cpu, run->step, row)) {
        v.selected = selected_at(run, row);
        v.rows = v.window_rows + cpu->shape->index_top_k;
    } else {
        v.rows = v.window_rows + ds4_rows_seen(run->step, row);
    }
    return v;
}

static const float *load_row(const view *v, uint32_t index, float *scratch)
{
    const ds4_tile *tile = v->tile;
    uint32_t dim = v->cpu->shape->head_dim;
    if (index < v->window_rows) {
        uint64_t position = v->window_start + index;
        if (position >= tile->start)
            return v->cpu->kv + (size_t)(tile->first_row + (position - tile->start)) * dim;
        return load(v->cpu, tile->session, v->state->window + (size_t)(position % v->cpu->shape->window) * tile->session->row_bytes, dim,
                    scratch);
    }
    uint32_t row = index - v->window_rows;
    return load(v->cpu, tile->session, ds4_rows_at(&v->state->compressed, v->selected == NULL ? row : v->selected[row]), dim, scratch);
}

/* Rows first … of the view, at most CHUNK; returns how many. */
static uint32_t load_chunk(const view *v, uint32_t first, float *scratch, const float *rows[CHUNK])
{
    uint32_t count = ds4_least(v->rows - first, CHUNK), dim = v->cpu->shape->head_dim;
    for (uint32_t j = 0; j < count; j++)
        rows[j] = load_row(v, first + j, scratch + (size_t)j * dim);
    return count;
}

/* `query` [heads][head_dim] is replaced by the attention output; `scores` has room for [heads][rows of the view]. */
static void attend_heads(const view *v, float *query, const float *sinks, uint32_t heads, float *scores, float *scratch)
{
    const ds4_kernels *kernels = v->cpu->kernels;
    const float *rows[CHUNK];
    uint32_t dim = v->cpu->shape->head_dim;
    float scale = (float)(1 / sqrt(dim)), denominator[DS4_CPU_HEAD_BLOCK];
    for (uint32_t j = 0; j < v->rows; j += CHUNK) {
        uint32_t count = load_chunk(v, j, scratch, rows);
        kernels->score_rows(query, heads, rows, count, dim, scores + j, v->rows);
    }
    for (uint32_t h = 0; h < heads; h++)
        denominator[h] = kernels->softmax(scores + (size_t)h * v->rows, v->rows, scale, sinks[h]);
    memset(query, 0, (size_t)heads * dim * sizeof *query);
    for (uint32_t j = 0; j < v->rows; j += CHUNK) {
        uint32_t count = load_chunk(v, j, scratch, rows);
        kernels->add_rows(query, heads, scores + j, v->rows, rows, count, dim);
    }
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t i = 0; i < dim; i++)
            query[(size_t)h * dim + i] /= denominator[h];
}

static void attend_block(void *context, uint32_t item, uint32_t worker)
{
    const attention_run *run = context;
    ds4_cpu *cpu = run->cpu;
    uint32_t row = run->part.first + item / run->blocks, first = item % run->blocks * run->heads, dim = cpu->shape->head_dim;
    uint32_t heads = ds4_least(cpu->shape->heads - first, run->heads);
    float *query = query_at(run, row) + (size_t)first * dim;
    view v = view_of(run, row);
    attend_heads(&v, query, run->step->weights->sinks + first, heads, cpu->score_scratch[worker], cpu->row_scratch[worker]);
    /* Values carry the rotation of their own position; rotating back by the query's leaves the distance. */
    for (uint32_t h = 0; h < heads; h++)
        ds4_rotate_back(query + (size_t)(h + 1) * dim - DS4_ROTARY, &run->step->batch->rotations[ds4_rope_kind_of(run->step->ratio)][row]);
}

ds4_status ds4_cpu_attend(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    attention_run run = {.cpu = cpu, .step = step, .span = span, .part = part};
    (void)error;
    run.heads = heads_per_block(cpu, cpu->shape->heads, part.count);
    run.blocks = ds4_divide_up(cpu->shape->heads, run.heads);
    ds4_pool_run(cpu->pool, part.count * run.blocks, attend_block, &run);
    return DS4_OK;
}

/* ---- output ------------------------------------------------------------------------------------------------- */

ds4_status ds4_cpu_output(void *backend, const ds4_step *step, ds4_span span, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    const ds4_shape *shape = cpu->shape;
    const ds4_layer_weights *w = step->weights;
    ds4_product groups[DS4_MAX_GROUPS];
    (void)error;
    ds4_cpu_quantise(cpu, step->batch->mode, &cpu->query, (ds4_span){0, span.count * shape->output_groups});
    for (uint32_t g = 0; g < shape->output_groups; g++)
        groups[g] = (ds4_product){
            .matrix = &w->output_a,
            .first_row = g * shape->output_rank,
            .rows = shape->output_rank,
            .inputs = &cpu->query,
            .index = cpu->group_index + (size_t)g * cpu->span,
            .count = span.count,
            .y = cpu->low.values + (size_t)g * shape->output_rank,
            .y_stride = w->output_a.rows,
        };
    ds4_cpu_run_products(cpu, step->batch->mode, groups, shape->output_groups);
    ds4_cpu_quantise(cpu, step->batch->mode, &cpu->low, (ds4_span){0, span.count});
    ds4_product output =
        ds4_cpu_whole_product(&w->output_b, &cpu->low, (ds4_span){0, span.count}, cpu->output + (size_t)span.first * shape->hidden);
    ds4_cpu_run_products(cpu, step->batch->mode, &output, 1);
    ds4_cpu_mix_output(cpu, span);
    return DS4_OK;
}
