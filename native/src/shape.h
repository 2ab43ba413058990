/* shape.h: the hyper-parameters of a model, as its file states them. */
#ifndef DS4_SHAPE_H
#define DS4_SHAPE_H

#include "gguf.h"

/* What the architecture fixes; a file that says otherwise is refused. */
enum {
    DS4_STREAMS = 4,                                               /* residual streams of the hyper-connections */
    DS4_MIX_OUTPUTS = 2 * DS4_STREAMS + DS4_STREAMS * DS4_STREAMS, /* pre, post and the 4x4 combination */
    DS4_ROTARY = 64,                                               /* rotary dims: the tail of every head */
    DS4_ROTARY_PAIRS = DS4_ROTARY / 2,
    DS4_INDEX_DIM = 128,       /* indexer head dim */
    DS4_RATIO_OVERLAPPING = 4, /* compressed row per 4 tokens, pooled over 8, chosen by the indexer */
    DS4_RATIO_LONG = 128,      /* compressed row per 128 tokens, all visible */
    DS4_MAX_LAYERS = 256,
    DS4_MAX_GROUPS = 64
};

typedef struct ds4_shape {
    uint32_t layers;
    uint32_t hidden; /* width of one stream */
    uint32_t vocabulary;
    uint32_t heads;
    uint32_t head_dim; /* key = value length; the last DS4_ROTARY are rotary */
    uint32_t query_rank;
    uint32_t output_rank; /* per group */
    uint32_t output_groups;
    uint32_t window; /* raw rows a token sees, itself included */
    uint32_t index_heads;
    uint32_t index_top_k;
    uint32_t experts;
    uint32_t experts_used;
    uint32_t expert_width;
    uint32_t hash_layers; /* the first layers, whose experts are chosen by token id */
    uint32_t sinkhorn_iterations;
    uint64_t context; /* trained context, tokens */
    double rms_epsilon;
    double mix_epsilon;
    double expert_scale;
    double rope_base;            /* layers of ratio 0 */
    double compressed_rope_base; /* the other layers, with YaRN: */
    double yarn_factor;
    double yarn_context;
    double yarn_beta_fast;
    double yarn_beta_slow;
    uint32_t ratio[DS4_MAX_LAYERS];     /* 0, 4 or 128 */
    float routed_clamp[DS4_MAX_LAYERS]; /* SwiGLU limit; 0 = none */
    float shared_clamp[DS4_MAX_LAYERS];
} ds4_shape;

/* Reads and checks every hyper-parameter; the sentence of a refusal names key, found and expected. */
ds4_status ds4_shape_read(const ds4_gguf *gguf, ds4_shape *shape, ds4_error *error);

/* Width of a layer's compressor projections of rows `dim` wide: the overlapping kind has two halves. */
static inline uint32_t ds4_compressor_width(uint32_t ratio, uint32_t dim)
{
    return ratio == DS4_RATIO_OVERLAPPING ? 2 * dim : dim;
}

/* Tokens whose compressor projections one compressed row is pooled from. */
static inline uint32_t ds4_compressor_span(uint32_t ratio)
{
    return ratio == DS4_RATIO_OVERLAPPING ? 2 * ratio : ratio;
}

/* Compressed rows visible once `tokens` tokens are evaluated. */
static inline uint64_t ds4_compressed_rows(uint32_t ratio, uint64_t tokens)
{
    return ratio == 0 ? 0 : tokens / ratio;
}

/* True when a full context has more compressed rows than the indexer lets through, so that it may have to choose. */
static inline bool ds4_shape_can_select(const ds4_shape *shape)
{
    return shape->context / DS4_RATIO_OVERLAPPING > shape->index_top_k;
}

#endif
