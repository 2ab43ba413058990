/* work.c: products of the weights, from the shape. */
#include "work.h"

static double layer_products(const ds4_shape *s, uint32_t ratio)
{
    double hidden = s->hidden, query = (double)s->heads * s->head_dim;
    double products = 2 * (DS4_STREAMS * hidden * DS4_MIX_OUTPUTS);
    products += hidden * s->query_rank + s->query_rank * query + hidden * s->head_dim;
    products += query * s->output_rank + (double)s->output_groups * s->output_rank * hidden;
    if (ratio != 0)
        products += 2 * hidden * ds4_compressor_width(ratio, s->head_dim);
    if (ratio == DS4_RATIO_OVERLAPPING)
        products += 2 * hidden * ds4_compressor_width(ratio, DS4_INDEX_DIM);
    products += hidden * s->experts;
    products += (s->experts_used + 1) * 3 * hidden * s->expert_width;
    return products;
}

/* Query and weights of the indexer, for a token that has to choose. */
static double index_products(const ds4_shape *s)
{
    return (double)s->query_rank * s->index_heads * DS4_INDEX_DIM + (double)s->hidden * s->index_heads;
}

static double head_products(const ds4_shape *s)
{
    return (double)DS4_STREAMS * s->hidden * DS4_STREAMS + (double)s->hidden * s->vocabulary;
}

double weight_products(const ds4_shape *shape, uint64_t start, uint64_t count)
{
    /* The first token that sees more compressed rows than the indexer lets through. */
    uint64_t first_choice = ((uint64_t)shape->index_top_k + 1) * DS4_RATIO_OVERLAPPING - 1, end = start + count;
    uint64_t choosing = end <= first_choice ? 0 : end - (start > first_choice ? start : first_choice);
    double products = head_products(shape);
    for (uint32_t layer = 0; layer < shape->layers; layer++) {
        products += (double)count * layer_products(shape, shape->ratio[layer]);
        if (shape->ratio[layer] == DS4_RATIO_OVERLAPPING)
            products += (double)choosing * index_products(shape);
    }
    return products;
}
