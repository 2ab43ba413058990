/* checkpoint.h: a state that was, to go back to. */
#ifndef DS4_CHECKPOINT_H
#define DS4_CHECKPOINT_H

#include "state.h"

struct ds4_checkpoint {
    ds4_model *model;
    ds4_mode mode;
    uint64_t position;
    ds4_state state; /* never written once the checkpoint is complete */
};

/* A checkpoint at `position` with a fixed part that is not filled yet, and no pages; NULL when there is no memory. */
ds4_checkpoint *ds4_checkpoint_allocate(ds4_model *model, ds4_mode mode, uint64_t position);

#endif
