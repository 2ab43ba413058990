/* compressor.h: pooling of token projections into one compressed row. */
#ifndef DS4_COMPRESSOR_H
#define DS4_COMPRESSOR_H

#include "shape.h"

/* The most entries that one row is pooled from. */
enum { DS4_MAX_POOLED = DS4_RATIO_LONG };

/* What one row is pooled from: `count` pairs of vectors. */
typedef struct ds4_pooled {
    const float *values[DS4_MAX_POOLED];
    const float *scores[DS4_MAX_POOLED];
    uint32_t count;
} ds4_pooled;

/* out[j] = Σ_t softmax_t(scores[t][j]) · values[t][j], for j < dim, a multiple of 64. */
void ds4_pool_rows(const ds4_pooled *pooled, uint32_t dim, float *out);

/* Where the projections of a position are: value and score, [width] each. */
typedef struct ds4_projection {
    const float *value, *score;
} ds4_projection;
typedef ds4_projection (*ds4_projection_at)(const void *context, uint64_t position);

/* Collects the entries of row `row`: of a long window its own tokens; of an overlapping one the first halves of the
 * previous window's tokens (none before the first window) and the second halves of its own. */
void ds4_collect_pooled(uint32_t ratio, uint32_t dim, uint64_t row, ds4_projection_at at, const void *context, ds4_pooled *pooled);

#endif
