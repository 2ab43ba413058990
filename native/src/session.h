/* session.h: the state of one sequence that is being evaluated. */
#ifndef DS4_SESSION_H
#define DS4_SESSION_H

#include "state.h"

struct ds4_session {
    ds4_model *model;
    ds4_mode mode;
    bool rounds; /* the model's roundings are applied, and rows are kept as F16 */
    bool poisoned;
    uint64_t context;
    uint64_t position;  /* tokens evaluated: the number of compressed rows follows from it */
    uint32_t row_bytes; /* of a window row */
    float *logits;      /* [vocabulary], of the last token */
    ds4_layer_state *layers;
    ds4_state state; /* owns what `logits` and `layers` point into */
};

/* Bytes of a new session, and of one whose context is full. */
ds4_memory ds4_session_estimate(const ds4_state_store *store, uint64_t context);

/* NULL when there is no memory. */
ds4_session *ds4_session_allocate(ds4_model *model, ds4_state_store *store, uint64_t context, ds4_mode mode);

/* Makes the pages for the next `count` tokens. DS4_OUT_OF_MEMORY leaves the session as it was. */
ds4_status ds4_session_reserve(ds4_session *session, uint32_t count, ds4_error *error);

/* The stored row as float32: itself, or converted into `scratch` [width]. */
const float *ds4_row_load(const ds4_session *session, const uint8_t *row, uint32_t width, float *scratch);
void ds4_row_store(const ds4_session *session, uint8_t *row, const float *values, uint32_t width);

#endif
