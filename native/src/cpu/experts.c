/* experts.c: router, routed experts and shared expert on the CPU.
 *
 * DESIGN   The (token, expert) pairs of a batch are sorted by expert, so that every expert's weights are read once per batch.
 *          A work item of the down projection owns rows of the output and visits the experts in ascending order: the
 *          terms of an output are added in that order whatever the batch or the number of threads.
 */
#include "activation.h"
#include "cpu.h"
#include "select.h"

#include <string.h>

/* ---- router and shared expert ------------------------------------------------------------------------------- */

typedef struct expert_run {
    ds4_cpu *cpu;
    const ds4_step *step;
    uint32_t rows_per_item;
    uint32_t row_blocks;
} expert_run;

/* Weights of the chosen experts: their affinities, scaled to a fixed sum. */
static void weigh_chosen(const ds4_shape *shape, const float *affinity, const uint32_t *chosen, float *weights)
{
    float sum = 0;
    for (uint32_t k = 0; k < shape->experts_used; k++)
        sum += affinity[chosen[k]];
    sum = sum > 0x1p-14f ? sum : 0x1p-14f;
    for (uint32_t k = 0; k < shape->experts_used; k++)
        weights[k] = affinity[chosen[k]] / sum * (float)shape->expert_scale;
}

/* The bias takes part in the choice only, never in the weights. */
static void choose_by_score(const ds4_cpu *cpu, const float *affinity, const float *bias, uint32_t *chosen, float *scratch)
{
    uint32_t experts = cpu->shape->experts;
    for (uint32_t e = 0; e < experts; e++)
        scratch[e] = bias == NULL ? affinity[e] : affinity[e] + bias[e];
    ds4_select_experts(scratch, experts, cpu->shape->experts_used, chosen);
}

static void choose_by_token(const ds4_cpu *cpu, const int32_t *table, int32_t token, uint32_t *chosen)
{
    uint32_t used = cpu->shape->experts_used;
    for (uint32_t k = 0; k < used; k++)
        chosen[k] = (uint32_t)table[(size_t)token * used + k];
}

static void route_token(void *context, uint32_t token, uint32_t worker)
{
    const expert_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_shape *shape = cpu->shape;
    const ds4_layer_weights *w = run->step->weights;
    const ds4_batch *batch = run->step->batch;
    const ds4_tile *tile = ds4_tile_at(batch, token);
    float *affinity = cpu->router + (size_t)token * shape->experts;
    uint32_t *chosen = cpu->chosen + (size_t)token * shape->experts_used;
    for (uint32_t e = 0; e < shape->experts; e++)
        affinity[e] = ds4_router_score(affinity[e]);
    if (w->hash_experts != NULL)
        choose_by_token(cpu, w->hash_experts, tile->tokens[token - tile->first_row], chosen);
    else
        choose_by_score(cpu, affinity, w->router_bias, chosen, cpu->row_scratch[worker]);
    weigh_chosen(shape, affinity, chosen, cpu->chosen_weight + (size_t)token * shape->experts_used);

    float limit = shape->shared_clamp[run->step->layer];
    cpu->kernels->swiglu(cpu->shared_gate + (size_t)token * shape->expert_width, ds4_cpu_vector(&cpu->shared_inner, token),
                         shape->expert_width, limit);
}

/* Counting sort of the batch's pairs by expert; within an expert they keep the order of tokens. */
static void sort_pairs(ds4_cpu *cpu, uint32_t tokens)
{
    uint32_t experts = cpu->shape->experts, used = cpu->shape->experts_used, *start = cpu->expert_start;
    memset(start, 0, (experts + 1) * sizeof *start);
    for (uint32_t i = 0; i < tokens * used; i++)
        start[cpu->chosen[i] + 1]++;
    cpu->active_count = 0;
    for (uint32_t e = 0; e < experts; e++) {
        if (start[e + 1] > 0)
            cpu->active[cpu->active_count++] = e;
        start[e + 1] += start[e];
    }
    for (uint32_t i = 0; i < tokens * used; i++) {
        uint32_t pair = start[cpu->chosen[i]]++;
        cpu->pair_token[pair] = i / used;
        cpu->pair_weight[pair] = cpu->chosen_weight[i];
    }
    /* Filling moved every start to the next expert's: move them back. */
    memmove(start + 1, start, experts * sizeof *start);
    start[0] = 0;
}

ds4_status ds4_cpu_route(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    const ds4_layer_weights *w = step->weights;
    ds4_span all = {0, step->batch->count};
    expert_run run = {.cpu = cpu, .step = step};
    ds4_product products[3] = {
        ds4_cpu_whole_product(&w->router, &cpu->input, all, cpu->router),
        ds4_cpu_whole_product(&w->gate_shared, &cpu->input, all, cpu->shared_gate),
        ds4_cpu_whole_product(&w->up_shared, &cpu->input, all, cpu->shared_inner.values),
    };
    (void)error;
    ds4_cpu_run_products(cpu, step->batch->mode, products, 3);
    ds4_pool_run(cpu->pool, all.count, route_token, &run);
    ds4_cpu_quantise(cpu, step->batch->mode, &cpu->shared_inner, all);
    sort_pairs(cpu, all.count);
    return DS4_OK;
}

/* ---- gate and up -------------------------------------------------------------------------------------------- */

/* Rows [row, row + rows) of gate and up of one expert, for pairs [pair, pair + pairs). */
static void inner_block(const expert_run *run, uint32_t expert, uint32_t row, uint32_t rows, uint32_t pair, uint32_t pairs, uint32_t worker)
{
    ds4_cpu *cpu = run->cpu;
    uint32_t width = cpu->shape->expert_width;
    float limit = cpu->shape->routed_clamp[run->step->layer];
    float gate[DS4_CPU_ROW_BLOCK * DS4_CPU_VECTOR_BLOCK], up[DS4_CPU_ROW_BLOCK * DS4_CPU_VECTOR_BLOCK];
    ds4_product block = {
        .matrix = &run->step->weights->gate_experts,
        .first_row = expert * width + row,
        .rows = rows,
        .inputs = &cpu->input,
        .index = cpu->pair_token + pair,
        .count = pairs,
    };
    ds4_cpu_multiply(cpu, run->step->batch->mode, &block, gate, worker);
    block.matrix = &run->step->weights->up_experts;
    ds4_cpu_multiply(cpu, run->step->batch->mode, &block, up, worker);
    cpu->kernels->swiglu(gate, up, rows * pairs, limit);
    for (uint32_t i = 0; i < pairs; i++) {
        float *inner = ds4_cpu_vector(&cpu->pair_inner, pair + i) + row;
        for (uint32_t r = 0; r < rows; r++)
            inner[r] = up[r * pairs + i] * cpu->pair_weight[pair + i];
    }
}

static void inner_item(void *context, uint32_t item, uint32_t worker)
{
    const expert_run *run = context;
    ds4_cpu *cpu = run->cpu;
    uint32_t expert = cpu->active[item / run->row_blocks], row = item % run->row_blocks * run->rows_per_item;
    uint32_t rows = ds4_least(cpu->shape->expert_width - row, run->rows_per_item), end = cpu->expert_start[expert + 1];
    for (uint32_t pair = cpu->expert_start[expert]; pair < end; pair += DS4_CPU_VECTOR_BLOCK)
        inner_block(run, expert, row, rows, pair, ds4_least(end - pair, DS4_CPU_VECTOR_BLOCK), worker);
}

ds4_status ds4_cpu_expert_inner(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    uint32_t width = cpu->shape->expert_width;
    uint32_t pairs = step->batch->count * cpu->shape->experts_used / cpu->active_count; /* per expert, on average */
    expert_run run = {.cpu = cpu, .step = step};
    (void)error;
    run.rows_per_item = ds4_cpu_rows_per_item(cpu, (uint64_t)width * cpu->active_count, pairs);
    run.row_blocks = (width + run.rows_per_item - 1) / run.rows_per_item;
    ds4_pool_run(cpu->pool, cpu->active_count * run.row_blocks, inner_item, &run);
    ds4_cpu_quantise(cpu, step->batch->mode, &cpu->pair_inner, (ds4_span){0, step->batch->count * cpu->shape->experts_used});
    return DS4_OK;
}

/* ---- down --------------------------------------------------------------------------------------------------- */

static void shared_rows(const expert_run *run, uint32_t row, uint32_t rows, uint32_t worker)
{
    ds4_cpu *cpu = run->cpu;
    uint32_t hidden = cpu->shape->hidden, tokens = run->step->batch->count;
    float out[DS4_CPU_ROW_BLOCK * DS4_CPU_VECTOR_BLOCK];
    for (uint32_t first = 0; first < tokens; first += DS4_CPU_VECTOR_BLOCK) {
        uint32_t count = ds4_least(tokens - first, DS4_CPU_VECTOR_BLOCK);
        ds4_product block = {
            .matrix = &run->step->weights->down_shared,
            .first_row = row,
            .rows = rows,
            .inputs = &cpu->shared_inner,
            .first_input = first,
            .count = count,
        };
        ds4_cpu_multiply(cpu, run->step->batch->mode, &block, out, worker);
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t r = 0; r < rows; r++)
                cpu->output[(size_t)(first + i) * hidden + row + r] = out[r * count + i];
    }
}

static void add_expert_rows(const expert_run *run, uint32_t expert, uint32_t row, uint32_t rows, uint32_t worker)
{
    ds4_cpu *cpu = run->cpu;
    uint32_t hidden = cpu->shape->hidden, end = cpu->expert_start[expert + 1];
    float out[DS4_CPU_ROW_BLOCK * DS4_CPU_VECTOR_BLOCK];
    for (uint32_t first = cpu->expert_start[expert]; first < end; first += DS4_CPU_VECTOR_BLOCK) {
        uint32_t count = ds4_least(end - first, DS4_CPU_VECTOR_BLOCK);
        ds4_product block = {
            .matrix = &run->step->weights->down_experts,
            .first_row = expert * hidden + row,
            .rows = rows,
            .inputs = &cpu->pair_inner,
            .first_input = first,
            .count = count,
        };
        ds4_cpu_multiply(cpu, run->step->batch->mode, &block, out, worker);
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t r = 0; r < rows; r++)
                cpu->output[(size_t)cpu->pair_token[first + i] * hidden + row + r] += out[r * count + i];
    }
}

static void output_item(void *context, uint32_t item, uint32_t worker)
{
    const expert_run *run = context;
    ds4_cpu *cpu = run->cpu;
    uint32_t row = item * run->rows_per_item, rows = ds4_least(cpu->shape->hidden - row, run->rows_per_item);
    shared_rows(run, row, rows, worker);
    for (uint32_t i = 0; i < cpu->active_count; i++)
        add_expert_rows(run, cpu->active[i], row, rows, worker);
}

ds4_status ds4_cpu_expert_output(void *backend, const ds4_step *step, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    uint32_t hidden = cpu->shape->hidden;
    expert_run run = {.cpu = cpu, .step = step, .rows_per_item = ds4_cpu_rows_per_item(cpu, hidden, step->batch->count)};
    (void)error;
    ds4_pool_run(cpu->pool, (hidden + run.rows_per_item - 1) / run.rows_per_item, output_item, &run);
    ds4_cpu_mix_output(cpu, (ds4_span){0, step->batch->count});
    return DS4_OK;
}
