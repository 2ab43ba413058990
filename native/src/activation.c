/* activation.c: the scalar non-linearities of the model, in forms that do not overflow. */
#include "activation.h"

#include <math.h>

float ds4_sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

float ds4_swiglu(float gate, float up, float limit)
{
    if (limit > 0) {
        gate = gate > limit ? limit : gate;
        up = up > limit ? limit : up < -limit ? -limit : up;
    }
    return gate * ds4_sigmoid(gate) * up;
}

float ds4_router_score(float x)
{
    float softplus = x > 20 ? x : x < -20 ? expf(x) : log1pf(expf(x));
    return sqrtf(softplus);
}
