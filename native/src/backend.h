/* backend.h: the operations of a forward pass, as a table that each backend fills.
 *
 * DESIGN   An operation is a stage: between two of them data of all rows must meet, inside one nothing must. A CPU composes
 *          a stage from kernels, a GPU fuses it into few dispatches. forward.c calls the stages in order; they
 *          communicate through buffers that the backend owns and that hold one tile (`max_tile` tokens). State that
 *          outlives the tile is in the session; only `finish_kv` (compressed rows), `keep` and `head` (logits) write it.
 *          Every stage returns a status: once one fails, the session is poisoned.
 */
#ifndef DS4_BACKEND_H
#define DS4_BACKEND_H

#include "rope.h"
#include "session.h"
#include "weights.h"

/* Consecutive tokens of one sequence that go through the layers together. */
typedef struct ds4_tile {
    ds4_session *session;
    const int32_t *tokens; /* [count] */
    uint64_t start;        /* position of the first */
    uint32_t count;
    const ds4_rotation *rotations[DS4_ROPE_KINDS]; /* [count], at the tokens' positions */
    const ds4_rotation *overlapping_windows;       /* at the first position of each window of 4 that ends in the tile */
    const ds4_rotation *long_windows;              /* the same for windows of 128 */
} ds4_tile;

/* One layer of one tile. */
typedef struct ds4_step {
    const ds4_tile *tile;
    uint32_t layer;
    uint32_t ratio;
    bool selects; /* some token of the tile sees more compressed rows than the indexer lets through */
    const ds4_layer_weights *weights;
    ds4_layer_state *state;
} ds4_step;

/* Tokens first … first + count − 1 of a tile. */
typedef struct ds4_span {
    uint32_t first, count;
} ds4_span;

/* A wanted row of logits. */
typedef struct ds4_output {
    uint32_t token; /* of the tile */
    float *logits;  /* [vocabulary] */
} ds4_output;

typedef enum ds4_sublayer { DS4_ATTENTION, DS4_FFN } ds4_sublayer;

typedef struct ds4_backend_options {
    const ds4_shape *shape; /* these two outlive the backend */
    const ds4_weights *weights;
    uint32_t threads;
} ds4_backend_options;

typedef struct ds4_backend {
    const char *name;

    ds4_status (*open)(const ds4_backend_options *options, void **backend, ds4_error *error);
    void (*close)(void *backend);
    void (*describe)(const void *backend, ds4_model_info *info); /* fills backend, kernels, threads */
    uint32_t (*max_tile)(const void *backend);
    uint64_t (*score_capacity)(const void *backend); /* index scores that fit: tokens of a span times compressed rows */

    /* Embedding rows into the four streams. */
    ds4_status (*embed)(void *backend, const ds4_tile *tile, ds4_error *error);

    /* Hyper-connection mix of the streams, and the norm: the input of a sub-layer. */
    ds4_status (*mix_input)(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error);

    /* Everything that is a matrix times that input: low-rank query, KV row, compressors', index weights. */
    ds4_status (*project)(void *backend, const ds4_step *step, ds4_error *error);

    /* Norm, rotation and roundings of the raw rows; compressed rows of the windows that end in the tile. */
    ds4_status (*finish_kv)(void *backend, const ds4_step *step, ds4_error *error);

    /* Queries of all heads, and of the indexer when the step selects. */
    ds4_status (*query)(void *backend, const ds4_step *step, ds4_error *error);

    /* Steps that select only: index scores of a span, and the choice of rows from them. */
    ds4_status (*index_scores)(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
    ds4_status (*index_select)(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);

    /* Attention of a span over window and compressed rows, rotated back. */
    ds4_status (*attend)(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);

    /* Moves the tile's raw rows and compressor projections into the session, now that no token needs the old ones. */
    ds4_status (*keep)(void *backend, const ds4_step *step, ds4_error *error);

    /* Grouped output projection, mixed into the streams. */
    ds4_status (*output)(void *backend, const ds4_step *step, ds4_error *error);

    /* Router choice and weights; gate and up of the shared expert. */
    ds4_status (*route)(void *backend, const ds4_step *step, ds4_error *error);

    /* Gate and up of the chosen experts. */
    ds4_status (*expert_inner)(void *backend, const ds4_step *step, ds4_error *error);

    /* Down projections of chosen and shared experts, mixed into the streams. */
    ds4_status (*expert_output)(void *backend, const ds4_step *step, ds4_error *error);

    /* Head mix, norm and output matrix of the wanted rows of the tile last evaluated. */
    ds4_status (*head)(void *backend, const ds4_tile *tile, const ds4_output *outputs, uint32_t count, ds4_error *error);
} ds4_backend;

extern const ds4_backend ds4_backend_cpu;

#endif
