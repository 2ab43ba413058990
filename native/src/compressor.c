/* compressor.c: softmax pooling, per dimension, over the tokens of a window. */
#include "compressor.h"

#include <math.h>

enum { BLOCK = 64 }; /* dimensions pooled at once, so that the running sums stay in registers or L1 */

static void pool_block(const ds4_pooled *pooled, uint32_t first, float *out)
{
    float largest[BLOCK], total[BLOCK];
    for (int j = 0; j < BLOCK; j++)
        largest[j] = pooled->scores[0][first + j], total[j] = 0, out[j] = 0;
    for (uint32_t t = 1; t < pooled->count; t++)
        for (int j = 0; j < BLOCK; j++) {
            float score = pooled->scores[t][first + j];
            largest[j] = score > largest[j] ? score : largest[j];
        }
    for (uint32_t t = 0; t < pooled->count; t++)
        for (int j = 0; j < BLOCK; j++) {
            float weight = expf(pooled->scores[t][first + j] - largest[j]);
            total[j] += weight;
            out[j] += weight * pooled->values[t][first + j];
        }
    for (int j = 0; j < BLOCK; j++)
        out[j] /= total[j];
}

void ds4_pool_rows(const ds4_pooled *pooled, uint32_t dim, float *out)
{
    for (uint32_t first = 0; first < dim; first += BLOCK)
        pool_block(pooled, first, out + first);
}

static void collect(ds4_pooled *pooled, ds4_projection projection, uint32_t offset)
{
    pooled->values[pooled->count] = projection.value + offset;
    pooled->scores[pooled->count] = projection.score + offset;
    pooled->count++;
}

void ds4_collect_pooled(uint32_t ratio, uint32_t dim, uint64_t row, ds4_projection_at at, const void *context, ds4_pooled *pooled)
{
    bool overlaps = ratio == DS4_RATIO_OVERLAPPING;
    uint64_t first = row * ratio;
    pooled->count = 0;
    if (overlaps && row > 0)
        for (uint64_t position = first - ratio; position < first; position++)
            collect(pooled, at(context, position), 0);
    for (uint64_t position = first; position < first + ratio; position++)
        collect(pooled, at(context, position), overlaps ? dim : 0);
}
