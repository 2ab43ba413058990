/* mix.c: embedding, hyper-connections and head on the CPU.
 *
 * DESIGN   The mix is a product with the normalised streams. Since the norm has no weight it is one factor per token, which
 *          is applied to the 24 results instead of the 4·hidden inputs.
 */
#include "cpu.h"
#include "dequantise.h"

#include <math.h>
#include <string.h>

static uint32_t stream_width(const ds4_cpu *cpu)
{
    return DS4_STREAMS * cpu->shape->hidden;
}

static float *streams_of(const ds4_cpu *cpu, uint32_t row)
{
    return ds4_cpu_vector(&cpu->streams, row);
}

/* ---- embedding ---------------------------------------------------------------------------------------------- */

typedef struct embed_run {
    ds4_cpu *cpu;
    const ds4_batch *batch;
} embed_run;

static void embed_row(void *context, uint32_t row, uint32_t worker)
{
    const embed_run *run = context;
    const ds4_tile *tile = ds4_tile_at(run->batch, row);
    uint32_t hidden = run->cpu->shape->hidden;
    float *streams = streams_of(run->cpu, row);
    (void)worker;
    ds4_dequantise_row(&run->cpu->weights->embedding, (uint32_t)tile->tokens[row - tile->first_row], streams);
    for (uint32_t s = 1; s < DS4_STREAMS; s++)
        memcpy(streams + s * hidden, streams, hidden * sizeof *streams);
}

ds4_status ds4_cpu_embed(void *backend, const ds4_batch *batch, ds4_error *error)
{
    embed_run run = {backend, batch};
    (void)error;
    ds4_pool_run(run.cpu->pool, batch->count, embed_row, &run);
    return DS4_OK;
}

/* ---- input and output of a sub-layer ------------------------------------------------------------------------ */

/* Divides raw mix values by the root mean square of the streams they were computed from. */
static void normalise_raw_mix(const ds4_cpu *cpu, const float *streams, float *raw, uint32_t count)
{
    uint32_t width = stream_width(cpu);
    float scale = (float)(1 / sqrt(cpu->kernels->sum_squares(streams, width) / width + cpu->shape->rms_epsilon));
    for (uint32_t i = 0; i < count; i++)
        raw[i] *= scale;
}

typedef struct mix_run {
    ds4_cpu *cpu;
    const ds4_mix_weights *weights;
    const float *norm;
} mix_run;

static void mix_token(void *context, uint32_t token, uint32_t worker)
{
    const mix_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_shape *shape = cpu->shape;
    const float *streams = streams_of(cpu, token);
    float *raw = cpu->raw_mix + (size_t)token * DS4_MIX_OUTPUTS, *input = ds4_cpu_vector(&cpu->input, token);
    (void)worker;
    normalise_raw_mix(cpu, streams, raw, DS4_MIX_OUTPUTS);
    ds4_mix_split(raw, run->weights->scale, run->weights->base, shape->mix_epsilon, shape->sinkhorn_iterations, &cpu->mix[token]);
    ds4_mix_input(streams, cpu->mix[token].pre, shape->hidden, input);
    ds4_cpu_rms_norm(cpu, input, run->norm, shape->hidden, input);
}

ds4_status ds4_cpu_mix_input(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    bool attention = sublayer == DS4_ATTENTION;
    mix_run run = {
        .cpu = cpu,
        .weights = attention ? &step->weights->attention_mix : &step->weights->ffn_mix,
        .norm = attention ? step->weights->attention_norm : step->weights->ffn_norm,
    };
    ds4_span all = {0, step->batch->count};
    ds4_product product = ds4_cpu_whole_product(&run.weights->fn, &cpu->streams, all, cpu->raw_mix);
    (void)error;
    ds4_cpu_run_products(cpu, step->batch->mode, &product, 1);
    ds4_pool_run(cpu->pool, all.count, mix_token, &run);
    ds4_cpu_quantise(cpu, step->batch->mode, &cpu->input, all);
    return DS4_OK;
}

typedef struct mix_output_run {
    ds4_cpu *cpu;
    uint32_t first;
} mix_output_run;

static void mix_output_row(void *context, uint32_t item, uint32_t worker)
{
    const mix_output_run *run = context;
    ds4_cpu *cpu = run->cpu;
    uint32_t hidden = cpu->shape->hidden, row = run->first + item;
    (void)worker;
    ds4_mix_output(streams_of(cpu, row), cpu->output + (size_t)row * hidden, &cpu->mix[row], hidden);
}

void ds4_cpu_mix_output(ds4_cpu *cpu, ds4_span span)
{
    mix_output_run run = {cpu, span.first};
    ds4_pool_run(cpu->pool, span.count, mix_output_row, &run);
}

/* ---- head --------------------------------------------------------------------------------------------------- */

typedef struct head_run {
    ds4_cpu *cpu;
    const ds4_output *outputs;
} head_run;

static void mix_head(void *context, uint32_t output, uint32_t worker)
{
    const head_run *run = context;
    ds4_cpu *cpu = run->cpu;
    const ds4_shape *shape = cpu->shape;
    const ds4_mix_weights *weights = &cpu->weights->head_mix;
    const float *streams = streams_of(cpu, run->outputs[output].row);
    float *raw = cpu->raw_mix + (size_t)output * DS4_STREAMS, *input = ds4_cpu_vector(&cpu->input, output);
    float pre[DS4_STREAMS];
    (void)worker;
    normalise_raw_mix(cpu, streams, raw, DS4_STREAMS);
    ds4_mix_head(raw, weights->scale, weights->base, shape->mix_epsilon, pre);
    ds4_mix_input(streams, pre, shape->hidden, input);
    ds4_cpu_rms_norm(cpu, input, cpu->weights->output_norm, shape->hidden, input);
}

ds4_status ds4_cpu_head(void *backend, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    ds4_cpu *cpu = backend;
    head_run run = {cpu, outputs};
    ds4_span all = {0, count};
    (void)error;
    for (uint32_t i = 0; i < count; i++) {
        cpu->output_row[i] = outputs[i].row;
        cpu->output_logits[i] = outputs[i].logits;
    }
    ds4_product mix = ds4_cpu_whole_product(&cpu->weights->head_mix.fn, &cpu->streams, all, cpu->raw_mix);
    mix.index = cpu->output_row;
    ds4_cpu_run_products(cpu, mode, &mix, 1);
    ds4_pool_run(cpu->pool, count, mix_head, &run);
    ds4_cpu_quantise(cpu, mode, &cpu->input, all);
    ds4_product logits = ds4_cpu_whole_product(&cpu->weights->output, &cpu->input, all, NULL);
    logits.destinations = cpu->output_logits;
    ds4_cpu_run_products(cpu, mode, &logits, 1);
    return DS4_OK;
}
