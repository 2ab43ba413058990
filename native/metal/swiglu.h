/* swiglu.h: the non-linearity of the experts. */
#ifndef DS4_GPU_SWIGLU_H
#define DS4_GPU_SWIGLU_H

#include "arguments.h"

/* silu(gate) · up; `limit` clamps the gate from above and `up` on both sides, before; 0 is none. */
inline float gated(float gate, float up, float limit)
{
    if (limit > 0.0f) {
        gate = min(gate, limit);
        up = clamp(up, -limit, limit);
    }
    return gate * (1.0f / (1.0f + exp(-gate))) * up;
}

#endif
