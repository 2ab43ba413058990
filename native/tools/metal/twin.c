/* twin.c: both backends, stage by stage. */
#include "twin.h"
#include "../clock.h"
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const stage_names[STAGE_COUNT] = {"embed",        "mix_input",    "project",       "finish_kv", "query",
                                              "index_scores", "index_select", "attend",        "output",    "keep",
                                              "route",        "expert_inner", "expert_output", "head"};
const char *const mode_names[3] = {"exact", "rounded", "fast"};

/* ---- the rules ----------------------------------------------------------------------------------------------- */

/* What project makes of the compressors', when the layer has some. */
#define COMPRESSORS (SEEN(compressor_kv) | SEEN(compressor_score) | SEEN(index_kv) | SEEN(index_score))

/* What a stage begins with, and what can be compared after it: in batches of many tokens, and in those of few, whose stages are fused.
 * Where there is nothing to compare, the next stage that leaves something answers for its kernels too. */
static const struct {
    uint32_t reads, leaves, leaves_when_few;
} rules[STAGE_COUNT] = {
    [STAGE_embed] = {0, SEEN(streams), SEEN(streams)},
    [STAGE_mix_input] = {SEEN(streams), SEEN(mix) | SEEN(input), 0},
    [STAGE_project] = {SEEN(streams) | SEEN(input), SEEN(query_low) | SEEN(projected_kv) | COMPRESSORS | SEEN(index_weight),
                       SEEN(mix) | SEEN(query_low) | SEEN(projected_kv) | COMPRESSORS | SEEN(index_weight)},
    [STAGE_finish_kv] = {SEEN(projected_kv) | COMPRESSORS | SEEN(open) | SEEN(index_open), SEEN(kv) | SEEN(rows) | SEEN(keys),
                         SEEN(kv) | SEEN(rows) | SEEN(keys)},
    [STAGE_query] = {SEEN(query_low), SEEN(query) | SEEN(index_query), SEEN(query) | SEEN(index_query)},
    [STAGE_index_scores] = {SEEN(index_query) | SEEN(index_weight) | SEEN(keys), SEEN(scores), SEEN(scores)},
    [STAGE_index_select] = {SEEN(scores), SEEN(selected), SEEN(selected)},
    [STAGE_attend] = {SEEN(query) | SEEN(kv) | SEEN(window) | SEEN(rows) | SEEN(selected), SEEN(attended), 0},
    [STAGE_output] = {SEEN(attended) | SEEN(streams) | SEEN(mix), SEEN(low) | SEEN(streams), SEEN(low) | SEEN(streams)},
    [STAGE_keep] = {SEEN(kv) | COMPRESSORS, SEEN(window) | SEEN(open) | SEEN(index_open), SEEN(window) | SEEN(open) | SEEN(index_open)},
    [STAGE_route] = {SEEN(streams) | SEEN(input), SEEN(router) | SEEN(shared_inner) | SEEN(experts),
                     SEEN(mix) | SEEN(input) | SEEN(router) | SEEN(shared_inner)},
    [STAGE_expert_inner] = {SEEN(input) | SEEN(router), SEEN(pair_inner), SEEN(experts) | SEEN(pair_inner)},
    [STAGE_expert_output] = {SEEN(pair_inner) | SEEN(shared_inner) | SEEN(streams) | SEEN(mix), SEEN(streams), SEEN(streams)},
    [STAGE_head] = {SEEN(streams), SEEN(logits), SEEN(logits)},
};

/* Errors that a right kernel stays well below: another order of additions; half tiles; a rounding that goes the other way. */
static double limit_of(ds4_mode mode, observed what)
{
    if (mode == DS4_MODE_EXACT || what == SEEN_selected || what == SEEN_experts)
        return 2e-5;
    return observed_is_rounded[what] ? 1e-1 : mode == DS4_MODE_FAST ? 1e-2 : 1e-4;
}

/* ---- one call ------------------------------------------------------------------------------------------------ */

typedef struct call {
    stage stage;
    ds4_sublayer sublayer;
    const ds4_batch *batch;
    const ds4_step *step;
    ds4_span span, part;
    ds4_mode mode;
    const ds4_output *outputs;
    uint32_t output_count;
} call;

static ds4_status invoke(const ds4_backend *b, void *state, const call *c, ds4_error *error)
{
    switch (c->stage) {
    case STAGE_embed: return b->embed(state, c->batch, error);
    case STAGE_mix_input: return b->mix_input(state, c->step, c->sublayer, error);
    case STAGE_project: return b->project(state, c->step, error);
    case STAGE_finish_kv: return b->finish_kv(state, c->step, error);
    case STAGE_query: return b->query(state, c->step, c->span, error);
    case STAGE_index_scores: return b->index_scores(state, c->step, c->span, c->part, error);
    case STAGE_index_select: return b->index_select(state, c->step, c->span, c->part, error);
    case STAGE_attend: return b->attend(state, c->step, c->span, c->part, error);
    case STAGE_output: return b->output(state, c->step, c->span, error);
    case STAGE_keep: return b->keep(state, c->step, error);
    case STAGE_route: return b->route(state, c->step, error);
    case STAGE_expert_inner: return b->expert_inner(state, c->step, error);
    case STAGE_expert_output: return b->expert_output(state, c->step, error);
    default: return b->head(state, c->mode, c->outputs, c->output_count, error);
    }
}

/* As invoke, but a fast session's stages are rounded ones. */
static ds4_status invoke_cpu(twin *t, call c, ds4_error *error)
{
    ds4_batch batch;
    ds4_step step;
    if (c.mode != DS4_MODE_FAST)
        return invoke(&ds4_backend_cpu, t->cpu, &c, error);
    if (c.batch != NULL) {
        batch = *c.batch;
        batch.mode = DS4_MODE_ROUNDED;
        c.batch = &batch;
    }
    if (c.step != NULL) {
        step = *c.step;
        step.batch = &batch;
        c.step = &step;
    }
    c.mode = DS4_MODE_ROUNDED;
    return invoke(&ds4_backend_cpu, t->cpu, &c, error);
}

static uint64_t dispatched_by(const ds4_metal *metal, const uint64_t *before)
{
    uint64_t kernels = 0;
    for (int i = 0; i < DS4_METAL_KERNEL_COUNT; i++)
        kernels |= (uint64_t)(metal->dispatches[i] != before[i]) << i;
    return kernels;
}

static ds4_status invoke_metal(twin *t, const call *c, ds4_error *error)
{
    ds4_metal *metal = t->metal;
    uint64_t before[DS4_METAL_KERNEL_COUNT];
    memcpy(before, metal->dispatches, sizeof before);
    finding *f = &t->findings[t->mode][c->stage];
    double start = seconds_now();
    ds4_status status = invoke(&ds4_backend_metal, metal, c, error);
    if (status == DS4_OK)
        status = ds4_backend_metal.finish(metal, error);
    f->seconds += seconds_now() - start;
    f->calls++;
    uint64_t kernels = dispatched_by(metal, before);
    f->kernels |= kernels;
    t->pending |= kernels;
    t->kernels |= kernels;
    return status;
}

/* ---- the sessions' states ------------------------------------------------------------------------------------ */

/* Copies every byte that a stage could write of them, to `image` or back; returns how many there are. */
static size_t copy_states(const ds4_batch *batch, uint8_t *image, bool back)
{
    size_t used = 0;
    for (uint32_t i = 0; i < batch->tile_count; i++) {
        const ds4_state *state = &batch->tiles[i].session->state;
        for (int kind = -1; kind < DS4_PAGE_KINDS; kind++)
            for (uint64_t n = 0; n < (kind < 0 ? 1 : state->pages[kind].capacity); n++) {
                ds4_buffer *buffer = kind < 0 ? state->fixed : state->pages[kind].pages[n];
                size_t size = buffer == NULL ? 0 : (size_t)buffer->pool->size;
                if (image != NULL && size > 0)
                    memcpy(back ? buffer->data : image + used, back ? image + used : buffer->data, size);
                used += size;
            }
    }
    return used;
}

/* ---- comparing ----------------------------------------------------------------------------------------------- */

/* What one call began with and made. */
typedef struct comparison {
    record_array arrays[3 * OBSERVED_COUNT];
    uint32_t count;
} comparison;

static void free_comparison(comparison *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        free((void *)(uintptr_t)c->arrays[i].values);
}

/* False when there is no memory. */
static bool collect(comparison *c, const moment *m, uint32_t set, const char *role, side from)
{
    for (int what = 0; what < OBSERVED_COUNT; what++) {
        uint64_t rows = (set >> what & 1) != 0 ? observed_rows(m, (observed)what) : 0,
                 columns = rows > 0 ? observed_columns(m, (observed)what) : 0;
        if (rows == 0)
            continue;
        float *values = malloc((size_t)(rows * columns) * sizeof *values);
        if (values == NULL)
            return false;
        observe(m, (observed)what, from, values);
        c->arrays[c->count++] = (record_array){role, (observed)what, rows, columns, values};
    }
    return true;
}

static const float *find_array(const comparison *c, const char *role, observed what)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (c->arrays[i].what == what && strcmp(c->arrays[i].role, role) == 0)
            return c->arrays[i].values;
    return NULL;
}

/* The first wrong result is kept, and saved. */
static void note_fault(twin *t, const call *c, const comparison *compared, observed what, double error, double limit)
{
    if (t->fault.found)
        return;
    t->fault = (fault){
        .found = true,
        .stage = c->stage,
        .what = what,
        .layer = c->step != NULL ? c->step->layer : 0,
        .mode = t->mode,
        .tokens = c->batch != NULL ? c->batch->count : c->output_count,
        .position = c->batch != NULL ? c->batch->tiles[0].start : 0,
        .kernels = t->pending,
        .error = error,
        .limit = limit,
    };
    if (t->record_path == NULL)
        return;
    t->saved = save_record(t->record_path, t, compared->arrays, compared->count);
    if (!t->saved)
        fprintf(stderr, "%s cannot be written: %s\n", t->record_path, strerror(errno));
}

static void judge(twin *t, const call *c, const moment *m, const comparison *compared)
{
    finding *f = &t->findings[t->mode][c->stage];
    bool wrong = false;
    for (uint32_t i = 0; i < compared->count; i++) {
        const record_array *cpu = &compared->arrays[i];
        uint64_t row;
        if (strcmp(cpu->role, "cpu") != 0)
            continue;
        double error = largest_row_error(cpu->values, find_array(compared, "metal", cpu->what), cpu->rows, cpu->columns, &row);
        double limit = limit_of(t->mode, cpu->what);
        if (f->limit == 0 || error / limit > f->error / f->limit)
            f->error = error, f->limit = limit, f->what = cpu->what;
        if (error > limit) {
            note_fault(t, c, compared, cpu->what, error, limit);
            wrong = true;
        }
        impose(m, cpu->what, cpu->values);
    }
    f->wrong += wrong;
}

/* ---- a stage on both ----------------------------------------------------------------------------------------- */

static ds4_status run_both(twin *t, const call *c, moment *m, comparison *compared, uint8_t *before, uint8_t *after, ds4_error *error)
{
    uint32_t leaves = m->batch == NULL || !ds4_metal_is_few(m->batch) ? rules[c->stage].leaves : rules[c->stage].leaves_when_few;
    bool fits = collect(compared, m, rules[c->stage].reads, "input", ON_CPU);
    if (m->batch != NULL)
        copy_states(m->batch, before, false);
    ds4_status status = invoke_cpu(t, *c, error);
    if (status != DS4_OK)
        return status;
    fits = fits && collect(compared, m, leaves, "cpu", ON_CPU);
    if (m->batch != NULL) {
        copy_states(m->batch, after, false);
        copy_states(m->batch, before, true);
    }
    call metal = *c;
    ds4_output output = {c->output_count > 0 ? c->outputs[0].row : 0, (float *)(uintptr_t)m->logits[ON_METAL]};
    metal.outputs = &output;
    status = invoke_metal(t, &metal, error);
    if (status == DS4_OK && !(fits && collect(compared, m, leaves, "metal", ON_METAL)))
        status = ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory to compare a stage");
    if (status == DS4_OK) {
        judge(t, c, m, compared);
        if (leaves != 0)
            t->pending = 0;
        if (m->batch != NULL)
            copy_states(m->batch, after, true);
    }
    return status;
}

static ds4_status run(void *state, const call *c, ds4_error *error)
{
    twin *t = state;
    moment m = {.cpu = t->cpu,
                .metal = t->metal,
                .batch = c->batch,
                .step = c->step,
                .span = c->span,
                .part = c->part,
                .logit_rows = c->output_count};
    comparison compared = {.count = 0};
    size_t bytes = c->batch != NULL ? copy_states(c->batch, NULL, false) : 0;
    uint8_t *before = malloc(bytes + 1), *after = malloc(bytes + 1);
    float *logits = malloc((size_t)c->output_count * m.metal->shape->vocabulary * sizeof *logits + 1);
    ds4_status status = DS4_OK;
    t->mode = c->mode;
    t->running = c->stage;
    m.logits[ON_CPU] = c->output_count > 0 ? c->outputs[0].logits : NULL;
    m.logits[ON_METAL] = logits;
    if (before == NULL || after == NULL || logits == NULL)
        status = ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a copy of the sessions' states");
    else
        status = run_both(t, c, &m, &compared, before, after, error);
    free_comparison(&compared);
    free(before);
    free(after);
    free(logits);
    return status;
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

static call of_step(stage stage, const ds4_step *step)
{
    return (call){.stage = stage, .batch = step->batch, .step = step, .mode = step->batch->mode};
}

static ds4_status embed(void *state, const ds4_batch *batch, ds4_error *error)
{
    return run(state, &(call){.stage = STAGE_embed, .batch = batch, .mode = batch->mode}, error);
}

static ds4_status mix_input(void *state, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error)
{
    call c = of_step(STAGE_mix_input, step);
    c.sublayer = sublayer;
    return run(state, &c, error);
}

#define STAGE_OF_STEP(name)                                                     \
    static ds4_status name(void *state, const ds4_step *step, ds4_error *error) \
    {                                                                           \
        call c = of_step(STAGE_##name, step);                                   \
        return run(state, &c, error);                                           \
    }
STAGE_OF_STEP(project)
STAGE_OF_STEP(finish_kv)
STAGE_OF_STEP(keep)
STAGE_OF_STEP(route)
STAGE_OF_STEP(expert_inner)
STAGE_OF_STEP(expert_output)

#define STAGE_OF_SPAN(name)                                                                    \
    static ds4_status name(void *state, const ds4_step *step, ds4_span span, ds4_error *error) \
    {                                                                                          \
        call c = of_step(STAGE_##name, step);                                                  \
        c.span = c.part = span;                                                                \
        return run(state, &c, error);                                                          \
    }
STAGE_OF_SPAN(query)
STAGE_OF_SPAN(output)

#define STAGE_OF_PART(name)                                                                                   \
    static ds4_status name(void *state, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error) \
    {                                                                                                         \
        call c = of_step(STAGE_##name, step);                                                                 \
        c.span = span;                                                                                        \
        c.part = part;                                                                                        \
        return run(state, &c, error);                                                                         \
    }
STAGE_OF_PART(index_scores)
STAGE_OF_PART(index_select)
STAGE_OF_PART(attend)

static ds4_status head(void *state, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    if (count != 1)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%u rows of logits; one at a time is compared", count);
    return run(state, &(call){.stage = STAGE_head, .mode = mode, .outputs = outputs, .output_count = count}, error);
}

static void close_twin(void *state)
{
    twin *t = state;
    if (t->metal != NULL)
        ds4_backend_metal.close(t->metal);
    if (t->cpu != NULL)
        ds4_backend_cpu.close(t->cpu);
    t->metal = t->cpu = NULL;
}

/* The caller's twin, which it wants to look into afterwards. */
static twin the_twin;

static ds4_status open_twin(const ds4_backend_options *options, void **state, ds4_error *error)
{
    memset(&the_twin, 0, sizeof the_twin);
    ds4_status status = ds4_backend_cpu.open(options, &the_twin.cpu, error);
    if (status == DS4_OK)
        status = ds4_backend_metal.open(options, &the_twin.metal, error);
    if (status != DS4_OK)
        close_twin(&the_twin);
    else
        *state = &the_twin;
    return status;
}

static void describe(const void *state, ds4_model_info *info)
{
    ds4_backend_metal.describe(((const twin *)state)->metal, info);
}

static uint32_t max_tile(const void *state)
{
    const twin *t = state;
    return ds4_least(ds4_backend_cpu.max_tile(t->cpu), ds4_backend_metal.max_tile(t->metal));
}

static uint32_t max_span(const void *state)
{
    const twin *t = state;
    return ds4_least(ds4_backend_cpu.max_span(t->cpu), ds4_backend_metal.max_span(t->metal));
}

static uint64_t max_scores(const void *state)
{
    const twin *t = state;
    return ds4_smaller(ds4_backend_cpu.score_capacity(t->cpu), ds4_backend_metal.score_capacity(t->metal));
}

static const ds4_buffer_source *state_memory(void *state)
{
    return ds4_backend_metal.state_memory(((twin *)state)->metal);
}

static ds4_status finish(void *state, ds4_error *error)
{
    (void)state, (void)error; /* every stage was waited for */
    return DS4_OK;
}

const ds4_backend twin_backend = {
    .name = "twin",
    .open = open_twin,
    .close = close_twin,
    .describe = describe,
    .max_tile = max_tile,
    .max_span = max_span,
    .score_capacity = max_scores,
    .state_memory = state_memory,
    .finish = finish,
    .embed = embed,
    .mix_input = mix_input,
    .project = project,
    .finish_kv = finish_kv,
    .query = query,
    .index_scores = index_scores,
    .index_select = index_select,
    .attend = attend,
    .output = output,
    .keep = keep,
    .route = route,
    .expert_inner = expert_inner,
    .expert_output = expert_output,
    .head = head,
};

void kernel_names(uint64_t kernels, char *text, size_t size)
{
    static const char *const names[] = {
#define NAME(name) #name,
        DS4_METAL_KERNELS(NAME)
#undef NAME
    };
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < DS4_METAL_KERNEL_COUNT && used + 2 < size; i++)
        if ((kernels >> i & 1) != 0)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? " " : "", names[i]);
}
