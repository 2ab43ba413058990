/* hyper.h: manifold-constrained hyper-connections, the only residual path of the model. */
#ifndef DS4_HYPER_H
#define DS4_HYPER_H

#include "shape.h"

/* How one sub-layer reads from and writes to the four residual streams of a token. */
typedef struct ds4_mix {
    float pre[DS4_STREAMS];                      /* weight of each stream in the sub-layer's input */
    float post[DS4_STREAMS];                     /* weight of the sub-layer's output in each stream */
    float combination[DS4_STREAMS][DS4_STREAMS]; /* [source][destination]: streams among themselves */
} ds4_mix;

/* From the raw mix (fn times the normalised streams): `scale` [3], `base` [24]. The combination is made doubly stochastic
 * by Sinkhorn's iteration, which ends on columns. */
void ds4_mix_split(const float raw[DS4_MIX_OUTPUTS], const float *scale, const float *base, double epsilon, uint32_t iterations,
                   ds4_mix *mix);

/* The head's mix has only the input weights: `scale` [1], `base` [4]. */
void ds4_mix_head(const float raw[DS4_STREAMS], const float *scale, const float *base, double epsilon, float pre[DS4_STREAMS]);

/* out[i] = Σ_s pre[s] · streams[s][i]; `streams` [4][width]. */
void ds4_mix_input(const float *streams, const float pre[DS4_STREAMS], uint32_t width, float *out);

/* streams[d][i] = post[d] · output[i] + Σ_s combination[s][d] · streams[s][i], in place. */
void ds4_mix_output(float *streams, const float *output, const ds4_mix *mix, uint32_t width);

#endif
