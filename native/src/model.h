/* model.h: an opened model. */
#ifndef DS4_MODEL_H
#define DS4_MODEL_H

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
    atomic_bool computing; /* a compute call runs; another gets DS4_BUSY */
};

#endif
