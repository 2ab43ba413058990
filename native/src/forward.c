/* forward.c: the one description of the model.
 *
 * DESIGN   Prefill, decode and decoding of several sessions are this same code; they differ in how many tokens of how many
 *          sessions are in the batch. A batch goes through all layers, layer by layer; tokens meet only in attention and in the
 *          compressors, and there only those of one session. Queries of a large batch take much memory, and so do the
 *          indexer's scores at a long context: attention runs over spans of the batch, and scoring over parts of a span.
 */
#include "forward.h"
#include "layout.h"
#include "memory.h"

#include <string.h>

/* Ends the enclosing function with the first status that is not DS4_OK. */
#define TRY(call)                  \
    do {                           \
        ds4_status status_ = call; \
        if (status_ != DS4_OK)     \
            return status_;        \
    } while (0)

/* ---- the batch ---------------------------------------------------------------------------------------------- */

/* Writes the rotations of the windows that end in the tile, and returns how many there are. */
static uint32_t rotate_windows(const ds4_forward *f, uint32_t ratio, const ds4_tile *tile, ds4_rotation *table)
{
    uint64_t first = ds4_compressed_rows(ratio, tile->start), end = ds4_compressed_rows(ratio, tile->start + tile->count);
    for (uint64_t row = first; row < end; row++)
        ds4_rotation_at(&f->rope, DS4_ROPE_COMPRESSED, row * ratio, table++);
    return (uint32_t)(end - first);
}

static void add_tile(ds4_forward *f, ds4_batch *batch, const ds4_feed *feed, ds4_rotation **overlapping, ds4_rotation **longer)
{
    ds4_tile *tile = &f->tiles[batch->tile_count];
    *tile = (ds4_tile){feed->session, feed->tokens, feed->session->position, feed->count, batch->count, *overlapping, *longer};
    for (uint32_t t = 0; t < feed->count; t++) {
        f->tile_of_row[batch->count + t] = batch->tile_count;
        for (int kind = 0; kind < DS4_ROPE_KINDS; kind++)
            ds4_rotation_at(&f->rope, (ds4_rope_kind)kind, tile->start + t, &f->rotations[kind][batch->count + t]);
    }
    *overlapping += rotate_windows(f, DS4_RATIO_OVERLAPPING, tile, *overlapping);
    *longer += rotate_windows(f, DS4_RATIO_LONG, tile, *longer);
    batch->count += feed->count;
    batch->tile_count++;
}

static ds4_batch make_batch(ds4_forward *f, const ds4_feed *feeds, uint32_t feed_count)
{
    ds4_rotation *overlapping = f->overlapping_windows, *longer = f->long_windows;
    ds4_batch batch = {
        .tiles = f->tiles,
        .tile_of_row = f->tile_of_row,
        .rotations = {f->rotations[DS4_ROPE_PLAIN], f->rotations[DS4_ROPE_COMPRESSED]},
        .mode = feeds[0].session->mode,
    };
    for (uint32_t i = 0; i < feed_count; i++)
        add_tile(f, &batch, &feeds[i], &overlapping, &longer);
    return batch;
}

static uint32_t most_rows(const ds4_batch *batch, uint32_t ratio)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < batch->tile_count && ratio != 0; i++) {
        uint64_t rows = ds4_compressed_rows(ratio, batch->tiles[i].start + batch->tiles[i].count);
        most = rows > most ? rows : most;
    }
    return (uint32_t)most;
}

/* ---- layers ------------------------------------------------------------------------------------------------- */

/* The span of at most `most` rows at `first`, in a range that ends at `end`. */
static ds4_span span_at(uint32_t first, uint32_t end, uint64_t most)
{
    return (ds4_span){first, end - first < most ? end - first : (uint32_t)most};
}

/* Attention of a span whose index scores may not fit at once. */
static ds4_status attend_by_parts(const ds4_forward *f, const ds4_step *step, ds4_span span, ds4_error *error)
{
    uint64_t fit = f->backend->score_capacity(f->state) / step->most_rows;
    ds4_span part;
    for (uint32_t row = span.first, end = span.first + span.count; row < end; row += part.count) {
        part = span_at(row, end, fit < 1 ? 1 : fit);
        TRY(f->backend->index_scores(f->state, step, span, part, error));
        TRY(f->backend->index_select(f->state, step, span, part, error));
        TRY(f->backend->attend(f->state, step, span, part, error));
    }
    return DS4_OK;
}

static ds4_status attention(const ds4_forward *f, const ds4_step *step, ds4_error *error)
{
    const ds4_backend *b = f->backend;
    ds4_span span;
    TRY(b->mix_input(f->state, step, DS4_ATTENTION, error));
    TRY(b->project(f->state, step, error));
    TRY(b->finish_kv(f->state, step, error));
    for (uint32_t row = 0; row < step->batch->count; row += span.count) {
        span = span_at(row, step->batch->count, b->max_span(f->state));
        TRY(b->query(f->state, step, span, error));
        TRY(step->selects ? attend_by_parts(f, step, span, error) : b->attend(f->state, step, span, span, error));
        TRY(b->output(f->state, step, span, error));
    }
    return b->keep(f->state, step, error);
}

static ds4_status feed_forward(const ds4_forward *f, const ds4_step *step, ds4_error *error)
{
    const ds4_backend *b = f->backend;
    TRY(b->mix_input(f->state, step, DS4_FFN, error));
    TRY(b->route(f->state, step, error));
    TRY(b->expert_inner(f->state, step, error));
    return b->expert_output(f->state, step, error);
}

ds4_status ds4_forward_evaluate(ds4_forward *f, const ds4_feed *feeds, uint32_t feed_count, ds4_error *error)
{
    ds4_batch batch = make_batch(f, feeds, feed_count);
    TRY(f->backend->embed(f->state, &batch, error));
    for (uint32_t layer = 0; layer < f->shape->layers; layer++) {
        uint32_t ratio = f->shape->ratio[layer];
        ds4_step step = {
            .batch = &batch, .layer = layer, .ratio = ratio, .most_rows = most_rows(&batch, ratio), .weights = &f->weights->layers[layer]};
        step.selects = ratio == DS4_RATIO_OVERLAPPING && step.most_rows > f->shape->index_top_k;
        TRY(attention(f, &step, error));
        TRY(feed_forward(f, &step, error));
    }
    for (uint32_t i = 0; i < feed_count; i++)
        feeds[i].session->position += feeds[i].count;
    return DS4_OK;
}

ds4_status ds4_forward_head(ds4_forward *f, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error)
{
    return f->backend->head(f->state, mode, outputs, count, error);
}

ds4_status ds4_forward_finish(ds4_forward *f, ds4_error *error)
{
    return f->backend->finish(f->state, error);
}

/* ---- life --------------------------------------------------------------------------------------------------- */

static void place_tables(ds4_forward *f, ds4_layout *layout)
{
    f->tiles = ds4_place(layout, f->max_tile * sizeof *f->tiles);
    f->tile_of_row = ds4_place(layout, f->max_tile * sizeof *f->tile_of_row);
    for (int kind = 0; kind < DS4_ROPE_KINDS; kind++)
        f->rotations[kind] = ds4_place(layout, f->max_tile * sizeof(ds4_rotation));
    f->overlapping_windows = ds4_place(layout, f->max_tile * sizeof(ds4_rotation));
    f->long_windows = ds4_place(layout, f->max_tile * sizeof(ds4_rotation));
}

ds4_status ds4_forward_open(ds4_forward *f, const ds4_backend *backend, const ds4_backend_options *options, ds4_error *error)
{
    ds4_layout layout = {NULL, 0};
    memset(f, 0, sizeof *f);
    TRY(backend->open(options, &f->state, error));
    f->backend = backend;
    f->shape = options->shape;
    f->weights = options->weights;
    f->max_tile = backend->max_tile(f->state);
    ds4_rope_init(&f->rope, f->shape);
    place_tables(f, &layout);
    f->memory_bytes = layout.used;
    f->memory = ds4_allocate(layout.used);
    if (f->memory == NULL) {
        ds4_forward_close(f);
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the rotation tables of %u tokens", f->max_tile);
    }
    layout = (ds4_layout){f->memory, 0};
    place_tables(f, &layout);
    return DS4_OK;
}

void ds4_forward_close(ds4_forward *f)
{
    if (f->backend == NULL)
        return;
    ds4_release(f->memory);
    f->backend->close(f->state);
    f->backend = NULL;
}
