/* forward.h: the model, evaluated tile by tile. */
#ifndef DS4_FORWARD_H
#define DS4_FORWARD_H

#include "backend.h"

/* A model bound to a backend, with the rotation tables of one tile. */
typedef struct ds4_forward {
    const ds4_backend *backend;
    void *state; /* of the backend */
    const ds4_shape *shape;
    const ds4_weights *weights;
    ds4_rope rope;
    uint32_t max_tile;
    ds4_rotation *rotations[DS4_ROPE_KINDS];
    ds4_rotation *overlapping_windows;
    ds4_rotation *long_windows;
} ds4_forward;

ds4_status ds4_forward_open(ds4_forward *forward, const ds4_backend *backend, const ds4_backend_options *options, ds4_error *error);
void ds4_forward_close(ds4_forward *forward);

/* Evaluates the next `count` <= max_tile tokens of a session through all layers and advances its position. */
ds4_status ds4_forward_tile(ds4_forward *forward, ds4_session *session, const int32_t *tokens, uint32_t count, ds4_error *error);

/* Logits of tokens of the tile last evaluated, which was one of `session`. At most max_tile outputs. */
ds4_status ds4_forward_head(ds4_forward *forward, ds4_session *session, const ds4_output *outputs, uint32_t count, ds4_error *error);

#endif
