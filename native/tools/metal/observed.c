/* observed.c: the table of what can be seen, and how to read it on either side. */
#include "observed.h"
#include "activation.h"

#include <math.h>
#include <string.h>

const char *const observed_names[OBSERVED_COUNT] = {
#define NAME(name, rounded) #name,
    EACH_OBSERVED(NAME)
#undef NAME
};

const bool observed_is_rounded[OBSERVED_COUNT] = {
#define ROUNDED(name, rounded) rounded,
    EACH_OBSERVED(ROUNDED)
#undef ROUNDED
};

/* ---- sizes -------------------------------------------------------------------------------------------------- */

static uint64_t rows_of_tiles(const moment *m)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < m->batch->tile_count; i++)
        rows += ds4_compressed_rows(m->step->ratio, m->batch->tiles[i].start + m->batch->tiles[i].count);
    return rows;
}

uint64_t observed_rows(const moment *m, observed what)
{
    const ds4_shape *s = m->metal->shape;
    uint32_t ratio = m->step != NULL ? m->step->ratio : 0, count = m->batch != NULL ? m->batch->count : 0;
    bool overlaps = ratio == DS4_RATIO_OVERLAPPING, selects = m->step != NULL && m->step->selects;
    switch (what) {
    case SEEN_compressor_kv:
    case SEEN_compressor_score: return ratio != 0 ? count : 0;
    case SEEN_index_kv:
    case SEEN_index_score: return overlaps ? count : 0;
    case SEEN_index_weight: return selects ? count : 0;
    case SEEN_query:
    case SEEN_low: return m->span.count;
    case SEEN_index_query: return selects ? m->span.count : 0;
    case SEEN_scores:
    case SEEN_selected: return selects ? m->part.count : 0;
    case SEEN_attended: return m->part.count;
    case SEEN_pair_inner: return (uint64_t)count * s->experts_used;
    case SEEN_window: return (uint64_t)m->batch->tile_count * s->window;
    case SEEN_rows: return rows_of_tiles(m);
    case SEEN_keys: return overlaps ? rows_of_tiles(m) : 0;
    case SEEN_open: return ratio != 0 ? (uint64_t)m->batch->tile_count * ds4_compressor_span(ratio) : 0;
    case SEEN_index_open: return overlaps ? (uint64_t)m->batch->tile_count * ds4_compressor_span(ratio) : 0;
    case SEEN_logits: return m->logit_rows;
    default: return count;
    }
}

uint64_t observed_columns(const moment *m, observed what)
{
    const ds4_shape *s = m->metal->shape;
    uint32_t ratio = m->step != NULL ? m->step->ratio : 0;
    switch (what) {
    case SEEN_streams: return (uint64_t)DS4_STREAMS * s->hidden;
    case SEEN_mix: return DS4_MIX_OUTPUTS;
    case SEEN_input: return s->hidden;
    case SEEN_query_low: return s->query_rank;
    case SEEN_compressor_kv:
    case SEEN_compressor_score: return ds4_compressor_width(ratio, s->head_dim);
    case SEEN_index_kv:
    case SEEN_index_score: return ds4_compressor_width(ratio, DS4_INDEX_DIM);
    case SEEN_index_weight: return s->index_heads;
    case SEEN_query:
    case SEEN_attended: return (uint64_t)s->heads * s->head_dim;
    case SEEN_index_query: return (uint64_t)s->index_heads * DS4_INDEX_DIM;
    case SEEN_scores: return m->step->most_rows;
    case SEEN_selected: return s->index_top_k;
    case SEEN_shared_inner:
    case SEEN_pair_inner: return s->expert_width;
    case SEEN_low: return (uint64_t)s->output_groups * s->output_rank;
    case SEEN_router:
    case SEEN_experts: return s->experts;
    case SEEN_keys: return DS4_INDEX_DIM;
    case SEEN_open: return 2 * ds4_compressor_width(ratio, s->head_dim);
    case SEEN_index_open: return 2 * ds4_compressor_width(ratio, DS4_INDEX_DIM);
    case SEEN_logits: return s->vocabulary;
    default: return s->head_dim;
    }
}

/* ---- buffers that both backends lay out alike ---------------------------------------------------------------- */

/* Where the first row is; NULL for what has no such place. Rows follow each other without gaps. */
static float *place_of(const moment *m, observed what, side from)
{
    const ds4_cpu *c = m->cpu;
    const ds4_metal_buffers *b = &m->metal->buffers;
    float *cpu = NULL;
    const ds4_gpu_memory *metal = NULL;
    uint64_t first = 0;
    switch (what) {
    case SEEN_streams: cpu = c->streams.values, metal = &b->streams; break;
    case SEEN_mix: cpu = (float *)c->mix, metal = &b->mix; break;
    case SEEN_input: cpu = c->input.values, metal = &b->input; break;
    case SEEN_query_low: cpu = c->query_low.values, metal = &b->query_low; break;
    case SEEN_projected_kv:
    case SEEN_kv: cpu = c->kv, metal = &b->kv; break;
    case SEEN_compressor_kv: cpu = c->projected.kv, metal = &b->projected_kv; break;
    case SEEN_compressor_score: cpu = c->projected.score, metal = &b->projected_score; break;
    case SEEN_index_kv: cpu = c->index_projected.kv, metal = &b->index_projected_kv; break;
    case SEEN_index_score: cpu = c->index_projected.score, metal = &b->index_projected_score; break;
    case SEEN_index_weight: cpu = c->index_weight, metal = &b->index_weight; break;
    case SEEN_query: cpu = c->query.values, metal = &b->query; break;
    case SEEN_attended:
        first = (m->part.first - m->span.first) * observed_columns(m, what);
        cpu = c->query.values, metal = &b->query;
        break;
    case SEEN_index_query: cpu = c->index_query, metal = &b->index_query; break;
    case SEEN_scores: cpu = c->scores, metal = &b->scores; break;
    case SEEN_low: cpu = c->low.values, metal = &b->low; break;
    case SEEN_router: cpu = c->router, metal = &b->router; break;
    case SEEN_shared_inner: cpu = c->shared_inner.values, metal = &b->shared_inner; break;
    default: return NULL;
    }
    return (from == ON_CPU ? cpu : (float *)metal->host) + first;
}

/* ---- what needs more than copying ---------------------------------------------------------------------------- */

/* Metal normalises and rotates queries where they are used. */
static void finish_queries(const moment *m, float *values)
{
    const ds4_shape *s = m->metal->shape;
    const ds4_rotation *rotations = m->batch->rotations[ds4_rope_kind_of(m->step->ratio)];
    for (uint32_t i = 0; i < m->span.count * s->heads; i++) {
        float *query = values + (size_t)i * s->head_dim;
        ds4_cpu_rms_norm(m->cpu, query, NULL, s->head_dim, query);
        ds4_rotate(query + s->head_dim - DS4_ROTARY, &rotations[m->span.first + i / s->heads]);
    }
}

/* The CPU keeps affinities, Metal what they are made of. */
static void score_router(const moment *m, float *values)
{
    for (uint64_t i = 0; i < (uint64_t)m->batch->count * m->metal->shape->experts; i++)
        values[i] = ds4_router_score(values[i]);
}

/* Rows of the indexer for tokens that have nothing to choose are not made. */
static bool has_choice(const moment *m, uint64_t row)
{
    return ds4_rows_seen(m->step, m->part.first + (uint32_t)row) > m->metal->shape->index_top_k;
}

static void clear_unseen_scores(const moment *m, float *values)
{
    for (uint64_t i = 0; i < m->part.count; i++) {
        uint64_t seen = has_choice(m, i) ? ds4_rows_seen(m->step, m->part.first + (uint32_t)i) : 0;
        memset(values + i * m->step->most_rows + seen, 0, (size_t)(m->step->most_rows - seen) * sizeof *values);
    }
}

static void observe_selected(const moment *m, side from, float *values)
{
    const uint32_t *selected = from == ON_CPU ? m->cpu->selected : m->metal->buffers.selected.host;
    uint32_t top_k = m->metal->shape->index_top_k;
    for (uint64_t i = 0; i < (uint64_t)m->part.count * top_k; i++)
        values[i] = has_choice(m, i / top_k) ? (float)selected[i] : 0;
}

static const uint32_t *chosen_on(const moment *m, side from)
{
    return from == ON_CPU ? m->cpu->chosen : m->metal->buffers.chosen.host;
}

/* [tokens][experts]: how often each was chosen. Their weights are a part of what they make. */
static void observe_experts(const moment *m, side from, float *values)
{
    const ds4_shape *s = m->metal->shape;
    const uint32_t *chosen = chosen_on(m, from);
    memset(values, 0, (size_t)m->batch->count * s->experts * sizeof *values);
    for (uint32_t i = 0; i < m->batch->count * s->experts_used; i++)
        if (chosen[i] < s->experts)
            values[(size_t)(i / s->experts_used) * s->experts + chosen[i]]++;
}

/* The CPU's pair of this token and expert. */
static uint32_t cpu_pair(const ds4_cpu *cpu, uint32_t token, uint32_t expert)
{
    for (uint32_t pair = cpu->expert_start[expert]; pair < cpu->expert_start[expert + 1]; pair++)
        if (cpu->pair_token[pair] == token)
            return pair;
    return 0;
}

/* The place among Metal's choices of the token's `k`-th choice on the CPU; UINT32_MAX when it chose otherwise. */
static uint32_t metal_choice(const moment *m, uint32_t token, uint32_t k)
{
    uint32_t used = m->metal->shape->experts_used, expert = m->cpu->chosen[token * used + k];
    for (uint32_t i = 0; i < used; i++)
        if (chosen_on(m, ON_METAL)[token * used + i] == expert)
            return token * used + i;
    return UINT32_MAX;
}

/* [tokens][choices of the CPU][width]. */
static void observe_pairs(const moment *m, side from, float *values)
{
    const ds4_shape *s = m->metal->shape;
    const uint32_t *place = m->metal->buffers.pair_place.host;
    const float *metal = m->metal->buffers.pair_inner.host;
    for (uint32_t i = 0; i < m->batch->count * s->experts_used; i++) {
        float *row = values + (size_t)i * s->expert_width;
        uint32_t token = i / s->experts_used, choice = metal_choice(m, token, i % s->experts_used);
        const float *source = ds4_cpu_vector(&m->cpu->pair_inner, cpu_pair(m->cpu, token, m->cpu->chosen[i]));
        if (from == ON_METAL && choice != UINT32_MAX)
            source = metal + (size_t)(ds4_metal_is_few(m->batch) ? choice : place[choice]) * s->expert_width;
        if (from == ON_METAL && choice == UINT32_MAX)
            memset(row, 0, s->expert_width * sizeof *row);
        else
            memcpy(row, source, s->expert_width * sizeof *row);
    }
}

/* ---- the sessions' states, which are the same memory for both ------------------------------------------------- */

static void load_row(const ds4_session *session, const uint8_t *row, uint32_t width, float *values)
{
    const float *loaded = ds4_row_load(session, row, width, values);
    if (loaded != values)
        memcpy(values, loaded, width * sizeof *values);
}

static void observe_window(const moment *m, float *values)
{
    const ds4_shape *s = m->metal->shape;
    for (uint32_t i = 0; i < m->batch->tile_count; i++) {
        const ds4_tile *tile = &m->batch->tiles[i];
        for (uint32_t row = 0; row < s->window; row++, values += s->head_dim)
            load_row(tile->session, ds4_state_at(m->step, tile)->window + (size_t)row * tile->session->row_bytes, s->head_dim, values);
    }
}

static void observe_rows(const moment *m, bool keys, float *values)
{
    for (uint32_t i = 0; i < m->batch->tile_count; i++) {
        const ds4_tile *tile = &m->batch->tiles[i];
        const ds4_layer_state *state = ds4_state_at(m->step, tile);
        const ds4_rows *rows = keys ? &state->index : &state->compressed;
        uint64_t count = ds4_compressed_rows(m->step->ratio, tile->start + tile->count);
        for (uint64_t row = 0; row < count; row++, values += rows->width)
            load_row(tile->session, ds4_rows_at(rows, row), rows->width, values);
    }
}

/* Projections beside their scores. */
static void observe_open(const moment *m, bool index, float *values)
{
    for (uint32_t i = 0; i < m->batch->tile_count; i++) {
        const ds4_layer_state *state = ds4_state_at(m->step, &m->batch->tiles[i]);
        const ds4_open_rows *open = index ? &state->index_open : &state->open;
        for (uint32_t row = 0; row < open->span; row++, values += 2 * (size_t)open->width) {
            memcpy(values, open->kv + (size_t)row * open->width, open->width * sizeof *values);
            memcpy(values + open->width, open->score + (size_t)row * open->width, open->width * sizeof *values);
        }
    }
}

/* ---- reading and writing ------------------------------------------------------------------------------------- */

void observe(const moment *m, observed what, side from, float *values)
{
    const float *place = what == SEEN_logits ? m->logits[from] : place_of(m, what, from);
    if (place != NULL)
        memcpy(values, place, (size_t)(observed_rows(m, what) * observed_columns(m, what)) * sizeof *values);
    switch (what) {
    case SEEN_query:
        if (from == ON_METAL)
            finish_queries(m, values);
        break;
    case SEEN_scores: clear_unseen_scores(m, values); break;
    case SEEN_router:
        if (from == ON_METAL)
            score_router(m, values);
        break;
    case SEEN_selected: observe_selected(m, from, values); break;
    case SEEN_experts: observe_experts(m, from, values); break;
    case SEEN_pair_inner: observe_pairs(m, from, values); break;
    case SEEN_window: observe_window(m, values); break;
    case SEEN_rows: observe_rows(m, false, values); break;
    case SEEN_keys: observe_rows(m, true, values); break;
    case SEEN_open: observe_open(m, false, values); break;
    case SEEN_index_open: observe_open(m, true, values); break;
    default: break;
    }
}

void impose(const moment *m, observed what, const float *values)
{
    float *place = what == SEEN_query || what == SEEN_router ? NULL : place_of(m, what, ON_METAL);
    if (place != NULL)
        memcpy(place, values, (size_t)(observed_rows(m, what) * observed_columns(m, what)) * sizeof *values);
}

/* ---- comparing ----------------------------------------------------------------------------------------------- */

static double row_error(const float *expected, const float *found, uint64_t columns)
{
    double difference = 0, norm = 0;
    if (memcmp(expected, found, (size_t)columns * sizeof *found) == 0)
        return 0; /* also of what nobody has written yet */
    for (uint64_t i = 0; i < columns; i++) {
        double d = (double)found[i] - expected[i];
        difference += d * d;
        norm += (double)expected[i] * expected[i];
    }
    double error = sqrt(difference) / (norm > 0 ? sqrt(norm) : 1);
    return error == error ? error : INFINITY;
}

double largest_row_error(const float *expected, const float *found, uint64_t rows, uint64_t columns, uint64_t *worst_row)
{
    double largest = 0;
    *worst_row = 0;
    for (uint64_t i = 0; i < rows; i++) {
        double error = row_error(expected + i * columns, found + i * columns, columns);
        if (error > largest) {
            largest = error;
            *worst_row = i;
        }
    }
    return largest;
}
