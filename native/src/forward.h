/* forward.h: the model, evaluated batch by batch. */
#ifndef DS4_FORWARD_H
#define DS4_FORWARD_H

#include "backend.h"

/* A model bound to a backend, with the tables of one batch. */
typedef struct ds4_forward {
    const ds4_backend *backend;
    void *state; /* of the backend */
    const ds4_shape *shape;
    const ds4_weights *weights;
    ds4_rope rope;
    uint32_t max_tile;

    /* [max_tile] each */
    ds4_tile *tiles;
    uint32_t *tile_of_row;
    ds4_rotation *rotations[DS4_ROPE_KINDS];
    ds4_rotation *overlapping_windows;
    ds4_rotation *long_windows;
    void *memory; /* that holds them */
    uint64_t memory_bytes;
} ds4_forward;

/* The next tokens of one session. */
typedef struct ds4_feed {
    ds4_session *session;
    const int32_t *tokens;
    uint32_t count;
} ds4_feed;

ds4_status ds4_forward_open(ds4_forward *forward, const ds4_backend *backend, const ds4_backend_options *options, ds4_error *error);
void ds4_forward_close(ds4_forward *forward);

/* Evaluates the tokens, at most max_tile in all, through all layers and advances the sessions' positions. The sessions are
 * different ones of the same mode. Their states are not to be touched before ds4_forward_finish or ds4_forward_head. */
ds4_status ds4_forward_evaluate(ds4_forward *forward, const ds4_feed *feeds, uint32_t feed_count, ds4_error *error);

/* Waits until the tokens have been evaluated. */
ds4_status ds4_forward_finish(ds4_forward *forward, ds4_error *error);

/* Waits too. Logits of tokens of the batch last evaluated, whose sessions had that mode. At most max_tile outputs. */
ds4_status ds4_forward_head(ds4_forward *forward, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error);

#endif
