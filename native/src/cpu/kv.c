/* kv.c: projections, KV rows and compressors on the CPU.
 *
 * DESIGN   The batch's raw rows and compressor projections stay in the backend's buffers until `keep`: its queries still see
 *          the sessions' old rows, and a row may be wanted from either side. Positions decide where it is.
 */
#include "compressor.h"
#include "cpu.h"
#include "dequantise.h"
#include "rounding.h"

#include <string.h>

ds4_status ds4_cpu_project(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    const ds4_layer_weights *w = step->weights;
    ds4_span all = {0, step->batch->count};
    uint32_t count = 0;
    ds4_product products[7];
    (void)error;
    products[count++] = ds4_cpu_whole_product(&w->query_a, &cpu->input, all, cpu->query_low.values);
    products[count++] = ds4_cpu_whole_product(&w->kv, &cpu->input, all, cpu->kv);
    if (step->ratio != 0) {
        products[count++] = ds4_cpu_whole_product(&w->compressor.kv, &cpu->input, all, cpu->projected.kv);
        products[count++] = ds4_cpu_whole_product(&w->compressor.gate, &cpu->input, all, cpu->projected.score);
    }
    if (step->ratio == DS4_RATIO_OVERLAPPING) {
        products[count++] = ds4_cpu_whole_product(&w->index_compressor.kv, &cpu->input, all, cpu->index_projected.kv);
        products[count++] = ds4_cpu_whole_product(&w->index_compressor.gate, &cpu->input, all, cpu->index_projected.score);
    }
    if (step->selects)
        products[count++] = ds4_cpu_whole_product(&w->index_weight, &cpu->input, all, cpu->index_weight);
    ds4_cpu_run_products(cpu, step->batch->mode, products, count);
    return DS4_OK;
}

/* ---- rows of tokens ----------------------------------------------------------------------------------------- */

typedef struct kv_run {
    ds4_cpu *cpu;
    const ds4_step *step;
    const ds4_tile *tile; /* for rows of windows */
    uint64_t first_row;   /* compressed rows that this tile completes: first and number */
    uint32_t rows;
} kv_run;

/* The roundings of a raw or compressed KV row: FP8 for all but the rotary tail, then F16. */
static void round_kv(const ds4_session *session, float *row, uint32_t dim)
{
    if (!session->rounds)
        return;
    ds4_fp8_round_trip(row, dim - DS4_ROTARY);
    ds4_f16_round_trip(row, dim);
}

static void add_position_term(const ds4_matrix *ape, uint64_t position, uint32_t ratio, float *score, float *scratch)
{
    ds4_dequantise_row(ape, (uint32_t)(position % ratio), scratch);
    for (uint32_t i = 0; i < ape->columns; i++)
        score[i] += scratch[i];
}

static void finish_token(void *context, uint32_t row, uint32_t worker)
{
    const kv_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_step *step = run->step;
    const ds4_tile *tile = ds4_tile_at(step->batch, row);
    const ds4_layer_state *state = ds4_state_at(step, tile);
    uint32_t dim = cpu->shape->head_dim;
    uint64_t position = ds4_position_at(step->batch, row);
    float *kv = cpu->kv + (size_t)row * dim;
    ds4_cpu_rms_norm(cpu, kv, step->weights->kv_norm, dim, kv);
    ds4_rotate(kv + dim - DS4_ROTARY, &step->batch->rotations[ds4_rope_kind_of(step->ratio)][row]);
    round_kv(tile->session, kv, dim);
    if (step->ratio != 0)
        add_position_term(&step->weights->compressor.ape, position, step->ratio, cpu->projected.score + (size_t)row * state->open.width,
                          cpu->row_scratch[worker]);
    if (step->ratio == DS4_RATIO_OVERLAPPING)
        add_position_term(&step->weights->index_compressor.ape, position, step->ratio,
                          cpu->index_projected.score + (size_t)row * state->index_open.width, cpu->row_scratch[worker]);
}

/* ---- compressed rows ---------------------------------------------------------------------------------------- */

/* Projections of positions before the tile are in the session, the others in the backend's buffers. */
typedef struct projections {
    uint64_t start;
    uint32_t first_row;
    const ds4_open_rows *before, *batch;
} projections;

static ds4_projection projection_at(const void *context, uint64_t position)
{
    const projections *p = context;
    size_t width = p->before->width;
    if (position < p->start) {
        size_t offset = (size_t)(position % p->before->span) * width;
        return (ds4_projection){p->before->kv + offset, p->before->score + offset};
    }
    size_t offset = (size_t)(p->first_row + (position - p->start)) * width;
    return (ds4_projection){p->batch->kv + offset, p->batch->score + offset};
}

static void finish_row(void *context, uint32_t item, uint32_t worker)
{
    const kv_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_step *step = run->step;
    const ds4_tile *tile = run->tile;
    ds4_layer_state *state = ds4_state_at(step, tile);
    bool is_index = item >= run->rows; /* the indexer's rows follow the attention's */
    uint32_t local = is_index ? item - run->rows : item;
    const ds4_rotation *rotations = step->ratio == DS4_RATIO_LONG ? tile->long_windows : tile->overlapping_windows;
    uint32_t dim = is_index ? DS4_INDEX_DIM : cpu->shape->head_dim;
    const float *norm = is_index ? step->weights->index_compressor.norm : step->weights->compressor.norm;
    projections source = {tile->start, tile->first_row, is_index ? &state->index_open : &state->open,
                          is_index ? &cpu->index_projected : &cpu->projected};
    float *row = cpu->row_scratch[worker];
    ds4_pooled pooled;
    ds4_collect_pooled(step->ratio, dim, run->first_row + local, projection_at, &source, &pooled);
    ds4_pool_rows(&pooled, dim, row);
    ds4_cpu_rms_norm(cpu, row, norm, dim, row);
    ds4_rotate(row + dim - DS4_ROTARY, &rotations[local]);
    if (is_index)
        ds4_cpu_round_index(tile->session, row);
    else
        round_kv(tile->session, row, dim);
    ds4_row_store(tile->session, ds4_rows_at(is_index ? &state->index : &state->compressed, run->first_row + local), row, dim);
}

void ds4_cpu_round_index(const ds4_session *session, float row[DS4_INDEX_DIM])
{
    ds4_hadamard(row);
    if (session->rounds)
        ds4_fp4_round_trip(row, DS4_INDEX_DIM);
}

static void finish_windows(ds4_cpu *cpu, const ds4_step *step, const ds4_tile *tile)
{
    kv_run run = {.cpu = cpu, .step = step, .tile = tile, .first_row = ds4_compressed_rows(step->ratio, tile->start)};
    run.rows = (uint32_t)(ds4_compressed_rows(step->ratio, tile->start + tile->count) - run.first_row);
    ds4_pool_run(cpu->pool, step->ratio == DS4_RATIO_OVERLAPPING ? 2 * run.rows : run.rows, finish_row, &run);
}

ds4_status ds4_cpu_finish_kv(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    kv_run run = {.cpu = cpu, .step = step};
    (void)error;
    ds4_pool_run(cpu->pool, step->batch->count, finish_token, &run);
    for (uint32_t i = 0; i < step->batch->tile_count && step->ratio != 0; i++)
        finish_windows(cpu, step, &step->batch->tiles[i]);
    return DS4_OK;
}

/* ---- into the sessions -------------------------------------------------------------------------------------- */

static void keep_open_rows(const ds4_tile *tile, const ds4_open_rows *from, ds4_open_rows *to)
{
    uint32_t first = tile->count > to->span ? tile->count - to->span : 0;
    for (uint32_t t = first; t < tile->count; t++) {
        size_t source = (size_t)(tile->first_row + t) * to->width, target = (size_t)((tile->start + t) % to->span) * to->width;
        memcpy(to->kv + target, from->kv + source, to->width * sizeof *to->kv);
        memcpy(to->score + target, from->score + source, to->width * sizeof *to->score);
    }
}

static void keep_tile(const ds4_cpu *cpu, const ds4_step *step, const ds4_tile *tile)
{
    ds4_layer_state *state = ds4_state_at(step, tile);
    uint32_t window = cpu->shape->window, dim = cpu->shape->head_dim;
    uint32_t first = tile->count > window ? tile->count - window : 0;
    for (uint32_t t = first; t < tile->count; t++) {
        uint8_t *row = state->window + (size_t)((tile->start + t) % window) * tile->session->row_bytes;
        ds4_row_store(tile->session, row, cpu->kv + (size_t)(tile->first_row + t) * dim, dim);
    }
    if (step->ratio != 0)
        keep_open_rows(tile, &cpu->projected, &state->open);
    if (step->ratio == DS4_RATIO_OVERLAPPING)
        keep_open_rows(tile, &cpu->index_projected, &state->index_open);
}

ds4_status ds4_cpu_keep(void *backend, const ds4_step *step, ds4_error *error)
{
    (void)error;
    for (uint32_t i = 0; i < step->batch->tile_count; i++)
        keep_tile(backend, step, &step->batch->tiles[i]);
    return DS4_OK;
}
