/* model.h: an opened model. */
#ifndef DS4_MODEL_H
#define DS4_MODEL_H

#include "error.h"
#include "forward.h"
#include "mapping.h"

#include <stdatomic.h>

struct ds4_model {
    ds4_mapping mapping;
    ds4_gguf gguf;
    ds4_shape shape;
    ds4_weights weights;
    ds4_forward forward;
    ds4_model_info info;
    double pace;                    /* tokens per second of the last long tile; 0 before it */
    atomic_bool computing;          /* a compute call runs; another gets DS4_BUSY */
    ds4_state_store exact, rounded; /* layout and memory of session states: float32 rows, F16 rows */
};

static inline ds4_state_store *ds4_model_store(ds4_model *model, ds4_mode mode)
{
    return mode == DS4_MODE_EXACT ? &model->exact : &model->rounded;
}

/* Takes the model for a compute call; false when another has it. */
static inline bool ds4_model_begin(ds4_model *model)
{
    return !atomic_exchange(&model->computing, true);
}

static inline void ds4_model_end(ds4_model *model)
{
    atomic_store(&model->computing, false);
}

static inline ds4_status ds4_model_busy(ds4_error *error)
{
    return ds4_fail(error, DS4_BUSY, "another compute call runs on this model");
}

#endif
