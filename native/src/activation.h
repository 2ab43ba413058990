/* activation.h: the scalar non-linearities of the model. */
#ifndef DS4_ACTIVATION_H
#define DS4_ACTIVATION_H

float ds4_sigmoid(float x);

/* silu(gate) · up. `limit` clamps the gate from above and `up` on both sides, before silu; 0 means no limit. */
float ds4_swiglu(float gate, float up, float limit);

/* sqrt(softplus(x)): the affinity of a token to an expert. */
float ds4_router_score(float x);

#endif
