/* forward.c: the one description of the model.
 *
 * DESIGN   Prefill and decode are this same code; they differ in the number of tokens in the tile. A tile goes through all
 *          layers, layer by layer; tokens of a tile meet only in attention and in the compressors. When the indexer has
 *          to choose rows, its scores for a whole tile may not fit, so scoring, selection and attention run over spans
 *          of the tile.
 */
#include "forward.h"
#include "memory.h"

#include <string.h>

/* Ends the enclosing function with the first status that is not DS4_OK. */
#define TRY(call)                  \
    do {                           \
        ds4_status status_ = call; \
        if (status_ != DS4_OK)     \
            return status_;        \
    } while (0)

/* ---- rotation tables ---------------------------------------------------------------------------------------- */

static void rotate_window_starts(const ds4_forward *f, uint32_t ratio, uint64_t start, uint32_t count, ds4_rotation *table)
{
    for (uint64_t row = start / ratio; row < (start + count) / ratio; row++)
        ds4_rotation_at(&f->rope, DS4_ROPE_COMPRESSED, row * ratio, table++);
}

static ds4_tile make_tile(const ds4_forward *f, ds4_session *session, uint64_t start, const int32_t *tokens, uint32_t count)
{
    return (ds4_tile){
        .session = session,
        .tokens = tokens,
        .start = start,
        .count = count,
        .rotations = {f->rotations[DS4_ROPE_PLAIN], f->rotations[DS4_ROPE_COMPRESSED]},
        .overlapping_windows = f->overlapping_windows,
        .long_windows = f->long_windows,
    };
}

static void fill_rotations(const ds4_forward *f, const ds4_tile *tile)
{
    for (uint32_t t = 0; t < tile->count; t++)
        for (int kind = 0; kind < DS4_ROPE_KINDS; kind++)
            ds4_rotation_at(&f->rope, (ds4_rope_kind)kind, tile->start + t, &f->rotations[kind][t]);
    rotate_window_starts(f, DS4_RATIO_OVERLAPPING, tile->start, tile->count, f->overlapping_windows);
    rotate_window_starts(f, DS4_RATIO_LONG, tile->start, tile->count, f->long_windows);
}

/* ---- layers ------------------------------------------------------------------------------------------------- */

/* Tokens that can be scored at once against the rows the last of them sees. */
static uint32_t span_tokens(const ds4_forward *f, const ds4_step *step)
{
    uint64_t rows = ds4_compressed_rows(step->ratio, step->tile->start + step->tile->count);
    uint64_t fit = f->backend->score_capacity(f->state) / rows;
    return fit < 1 ? 1 : fit < step->tile->count ? (uint32_t)fit : step->tile->count;
}

static ds4_status attention(const ds4_forward *f, const ds4_step *step, ds4_error *error)
{
    const ds4_backend *b = f->backend;
    uint32_t count = step->tile->count;
    TRY(b->mix_input(f->state, step, DS4_ATTENTION, error));
    TRY(b->project(f->state, step, error));
    TRY(b->finish_kv(f->state, step, error));
    TRY(b->query(f->state, step, error));
    if (step->selects) {
        uint32_t fit = span_tokens(f, step);
        for (ds4_span span = {0, 0}; span.first < count; span.first += span.count) {
            span.count = count - span.first < fit ? count - span.first : fit;
            TRY(b->index_scores(f->state, step, span, error));
            TRY(b->index_select(f->state, step, span, error));
            TRY(b->attend(f->state, step, span, error));
        }
    } else {
        TRY(b->attend(f->state, step, (ds4_span){0, count}, error));
    }
    TRY(b->keep(f->state, step, error));
    return b->output(f->state, step, error);
}

static ds4_status feed_forward(const ds4_forward *f, const ds4_step *step, ds4_error *error)
{
    const ds4_backend *b = f->backend;
    TRY(b->mix_input(f->state, step, DS4_FFN, error));
    TRY(b->route(f->state, step, error));
    TRY(b->expert_inner(f->state, step, error));
    return b->expert_output(f->state, step, error);
}

ds4_status ds4_forward_tile(ds4_forward *f, ds4_session *session, const int32_t *tokens, uint32_t count, ds4_error *error)
{
    ds4_tile tile = make_tile(f, session, session->position, tokens, count);
    fill_rotations(f, &tile);
    TRY(f->backend->embed(f->state, &tile, error));
    for (uint32_t layer = 0; layer < f->shape->layers; layer++) {
        uint32_t ratio = f->shape->ratio[layer];
        ds4_step step = {
            .tile = &tile,
            .layer = layer,
            .ratio = ratio,
            .selects = ratio == DS4_RATIO_OVERLAPPING && ds4_compressed_rows(ratio, tile.start + count) > f->shape->index_top_k,
            .weights = &f->weights->layers[layer],
            .state = &session->layers[layer],
        };
        TRY(attention(f, &step, error));
        TRY(feed_forward(f, &step, error));
    }
    session->position += count;
    return DS4_OK;
}

ds4_status ds4_forward_head(ds4_forward *f, ds4_session *session, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    ds4_tile tile = make_tile(f, session, session->position, NULL, 0);
    return f->backend->head(f->state, &tile, outputs, count, error);
}

/* ---- life --------------------------------------------------------------------------------------------------- */

ds4_status ds4_forward_open(ds4_forward *f, const ds4_backend *backend, const ds4_backend_options *options, ds4_error *error)
{
    memset(f, 0, sizeof *f);
    TRY(backend->open(options, &f->state, error));
    f->backend = backend;
    f->shape = options->shape;
    f->weights = options->weights;
    f->max_tile = backend->max_tile(f->state);
    ds4_rope_init(&f->rope, f->shape);
    for (int kind = 0; kind < DS4_ROPE_KINDS; kind++)
        f->rotations[kind] = ds4_allocate(f->max_tile * sizeof(ds4_rotation));
    f->overlapping_windows = ds4_allocate((f->max_tile / DS4_RATIO_OVERLAPPING + 1) * sizeof(ds4_rotation));
    f->long_windows = ds4_allocate((f->max_tile / DS4_RATIO_LONG + 1) * sizeof(ds4_rotation));
    if (f->rotations[0] == NULL || f->rotations[1] == NULL || f->overlapping_windows == NULL || f->long_windows == NULL) {
        ds4_forward_close(f);
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the rotation tables of %u tokens", f->max_tile);
    }
    return DS4_OK;
}

void ds4_forward_close(ds4_forward *f)
{
    if (f->backend == NULL)
        return;
    for (int kind = 0; kind < DS4_ROPE_KINDS; kind++)
        ds4_release(f->rotations[kind]);
    ds4_release(f->overlapping_windows);
    ds4_release(f->long_windows);
    f->backend->close(f->state);
    f->backend = NULL;
}
