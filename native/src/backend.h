/* backend.h: the operations of a forward pass, as a table that each backend fills.
 *
 * DESIGN   An operation is a stage: between two of them data of all tokens must meet, inside one nothing must. A CPU composes
 *          a stage from kernels, a GPU fuses it into few dispatches. forward.c calls the stages in order; they communicate
 *          through buffers that the backend owns: one row per token of the batch (`max_tile` rows), and for what is large,
 *          one per token of a span (`max_span` rows). State that outlives the batch is in the sessions; only `finish_kv`
 *          (compressed rows), `keep` and `head` (logits) write it. Every stage returns a status: once one fails, the
 *          sessions are poisoned.
 */
#ifndef DS4_BACKEND_H
#define DS4_BACKEND_H

#include "rope.h"
#include "session.h"
#include "weights.h"

/* Consecutive tokens of one sequence that go through the layers together: rows first_row … of the batch. */
typedef struct ds4_tile {
    ds4_session *session;
    const int32_t *tokens; /* [count] */
    uint64_t start;        /* position of the first */
    uint32_t count;
    uint32_t first_row;
    const ds4_rotation *overlapping_windows; /* at the first position of each window of 4 that ends in the tile */
    const ds4_rotation *long_windows;        /* the same for windows of 128 */
} ds4_tile;

/* Tiles of different sessions, laid end to end, that share every reading of a weight: one tile of a prompt, or a token each of
 * several sessions. All sessions have the same mode. */
typedef struct ds4_batch {
    const ds4_tile *tiles;
    uint32_t tile_count;
    uint32_t count;                                /* rows */
    const uint32_t *tile_of_row;                   /* [count] */
    const ds4_rotation *rotations[DS4_ROPE_KINDS]; /* [count], at the tokens' positions */
    ds4_mode mode;
} ds4_batch;

static inline const ds4_tile *ds4_tile_at(const ds4_batch *batch, uint32_t row)
{
    return &batch->tiles[batch->tile_of_row[row]];
}

static inline uint64_t ds4_position_at(const ds4_batch *batch, uint32_t row)
{
    const ds4_tile *tile = ds4_tile_at(batch, row);
    return tile->start + (row - tile->first_row);
}

/* One layer of one batch. */
typedef struct ds4_step {
    const ds4_batch *batch;
    uint32_t layer;
    uint32_t ratio;
    uint32_t most_rows; /* compressed rows that the furthest token sees */
    bool selects;       /* that is more than the indexer lets through */
    const ds4_layer_weights *weights;
} ds4_step;

static inline ds4_layer_state *ds4_state_at(const ds4_step *step, const ds4_tile *tile)
{
    return &tile->session->layers[step->layer];
}

/* Compressed rows that a token of the batch sees. */
static inline uint32_t ds4_rows_seen(const ds4_step *step, uint32_t row)
{
    return (uint32_t)ds4_compressed_rows(step->ratio, ds4_position_at(step->batch, row) + 1);
}

/* Rows first … first + count − 1 of a batch. */
typedef struct ds4_span {
    uint32_t first, count;
} ds4_span;

/* A wanted row of logits. */
typedef struct ds4_output {
    uint32_t row;  /* of the batch */
    float *logits; /* [vocabulary] */
} ds4_output;

typedef enum ds4_sublayer { DS4_ATTENTION, DS4_FFN } ds4_sublayer;

/* The most sessions of one batch. */
enum { DS4_BATCH_SESSIONS = 32 };

typedef struct ds4_backend_options {
    const ds4_shape *shape; /* these, and the mapping, outlive the backend */
    const ds4_weights *weights;
    const uint8_t *mapping; /* the file that the weights are in: whole pages, the last of which may be longer than the file */
    uint64_t mapping_bytes;
    uint32_t threads;
    const char *kernels; /* a table of kernels by name; NULL for the fastest */
} ds4_backend_options;

typedef struct ds4_backend {
    const char *name;

    ds4_status (*open)(const ds4_backend_options *options, void **backend, ds4_error *error);
    void (*close)(void *backend);
    void (*describe)(const void *backend, ds4_model_info *info); /* fills backend, kernels, threads, work_bytes */
    uint32_t (*max_tile)(const void *backend);                   /* tokens of a batch */
    uint32_t (*max_span)(const void *backend);                   /* tokens of a span: of these, as many as are attended together */
    uint64_t (*score_capacity)(const void *backend);             /* index scores that fit: tokens of a span times compressed rows */
    const ds4_buffer_source *(*state_memory)(void *backend);     /* where sessions' states must be; NULL: anywhere */

    /* Waits for what the stages only began. Until then nobody but the backend touches the sessions' states. */
    ds4_status (*finish)(void *backend, ds4_error *error);

    /* Embedding rows into the four streams. */
    ds4_status (*embed)(void *backend, const ds4_batch *batch, ds4_error *error);

    /* Hyper-connection mix of the streams, and the norm: the input of a sub-layer. */
    ds4_status (*mix_input)(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error);

    /* Everything that is a matrix times that input: low-rank query, KV row, compressors', index weights. */
    ds4_status (*project)(void *backend, const ds4_step *step, ds4_error *error);

    /* Norm, rotation and roundings of the raw rows; compressed rows of the windows that end in the batch. */
    ds4_status (*finish_kv)(void *backend, const ds4_step *step, ds4_error *error);

    /* Queries of all heads of a span, and of the indexer when the step selects. */
    ds4_status (*query)(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);

    /* Steps that select only: index scores of `part` of the span, and the choice of rows from them. */
    ds4_status (*index_scores)(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
    ds4_status (*index_select)(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);

    /* Attention of a part of the span over window and compressed rows, rotated back. */
    ds4_status (*attend)(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);

    /* Grouped output projection of the span, mixed into the streams. */
    ds4_status (*output)(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);

    /* Moves raw rows and compressor projections into the sessions, now that no token needs the old ones. */
    ds4_status (*keep)(void *backend, const ds4_step *step, ds4_error *error);

    /* Router choice and weights; gate and up of the shared expert. */
    ds4_status (*route)(void *backend, const ds4_step *step, ds4_error *error);

    /* Gate and up of the chosen experts. */
    ds4_status (*expert_inner)(void *backend, const ds4_step *step, ds4_error *error);

    /* Down projections of chosen and shared experts, mixed into the streams. */
    ds4_status (*expert_output)(void *backend, const ds4_step *step, ds4_error *error);

    /* Head mix, norm and output matrix of the wanted rows of the batch last evaluated, whose sessions have `mode`. Finishes too. */
    ds4_status (*head)(void *backend, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error);
} ds4_backend;

extern const ds4_backend ds4_backend_cpu;
extern const ds4_backend ds4_backend_metal; /* in builds with DS4_METAL */

#endif
