/* weights.h: the tensors of a model, found by name and checked. */
#ifndef DS4_WEIGHTS_H
#define DS4_WEIGHTS_H

#include "shape.h"

/* `rows` rows of `columns` values: maps a vector of `columns` to one of `rows`. The experts of a layer are one matrix;
 * expert e is its rows e·n … (e+1)·n − 1. */
typedef struct ds4_matrix {
    const uint8_t *data;
    const ds4_format_info *format;
    uint32_t columns;
    uint32_t rows;
    uint64_t row_bytes;
} ds4_matrix;

/* A hyper-connection: `fn` maps the four streams, flattened, to the raw mix. */
typedef struct ds4_mix_weights {
    ds4_matrix fn;      /* [4·hidden → 24], the head's [4·hidden → 4] */
    const float *scale; /* [3], the head's [1] */
    const float *base;  /* [24], the head's [4] */
} ds4_mix_weights;

typedef struct ds4_compressor_weights {
    ds4_matrix kv;     /* [hidden → width] */
    ds4_matrix gate;   /* [hidden → width] */
    ds4_matrix ape;    /* row j is added to the scores of positions ≡ j */
    const float *norm; /* [dim] */
} ds4_compressor_weights;

typedef struct ds4_layer_weights {
    ds4_mix_weights attention_mix, ffn_mix;

    const float *attention_norm; /* [hidden] */
    ds4_matrix query_a;          /* [hidden → query_rank] */
    const float *query_a_norm;   /* [query_rank] */
    ds4_matrix query_b;          /* [query_rank → heads·head_dim] */
    ds4_matrix kv;               /* [hidden → head_dim] */
    const float *kv_norm;        /* [head_dim] */
    const float *sinks;          /* [heads] */
    ds4_matrix output_a;         /* groups stacked: [heads·head_dim/groups → groups·output_rank] */
    ds4_matrix output_b;         /* [groups·output_rank → hidden] */

    ds4_compressor_weights compressor;       /* ratio 4 and 128 */
    ds4_compressor_weights index_compressor; /* ratio 4 */
    ds4_matrix index_query_b;                /* ratio 4: [query_rank → index_heads·128] */
    ds4_matrix index_weight;                 /* ratio 4: [hidden → index_heads] */

    const float *ffn_norm;       /* [hidden] */
    ds4_matrix router;           /* [hidden → experts] */
    const float *router_bias;    /* [experts], NULL when the file has none */
    const int32_t *hash_experts; /* hash layers: [vocabulary][experts_used], else NULL */
    ds4_matrix gate_experts, up_experts, down_experts;
    ds4_matrix gate_shared, up_shared, down_shared;
} ds4_layer_weights;

typedef struct ds4_weights {
    ds4_matrix embedding; /* row = token */
    ds4_mix_weights head_mix;
    const float *output_norm; /* [hidden] */
    ds4_matrix output;        /* [hidden → vocabulary] */
    ds4_layer_weights *layers;
    uint64_t bytes_per_token; /* weight bytes that one decoded token reads */
} ds4_weights;

/* Finds every tensor the shape asks for and checks its dimensions, type and, for hash tables, contents. */
ds4_status ds4_weights_bind(const ds4_gguf *gguf, const ds4_shape *shape, ds4_weights *weights, ds4_error *error);
void ds4_weights_free(ds4_weights *weights);

static inline const uint8_t *ds4_matrix_row(const ds4_matrix *matrix, uint32_t row)
{
    return matrix->data + row * matrix->row_bytes;
}

#endif
