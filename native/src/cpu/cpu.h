/* cpu.h: what the files of the CPU backend share: its buffers and its matrix products. */
#ifndef DS4_CPU_H
#define DS4_CPU_H

#include "backend.h"
#include "hyper.h"
#include "integers.h"
#include "kernels.h"
#include "pool.h"

enum {
    DS4_CPU_ROW_BLOCK = 64,    /* most matrix rows of one work item */
    DS4_CPU_VECTOR_BLOCK = 96, /* most vectors a matrix row is multiplied with before the next row */
    DS4_CPU_HEAD_BLOCK = 16    /* most heads that share the loading of a KV row */
};

/* The int8 form of vectors, for weights whose activations have blocks of a certain length. */
typedef struct ds4_cpu_int8 {
    int8_t *q; /* NULL when no matrix needs this form */
    float *scale;
    int16_t *sums;
} ds4_cpu_int8;

enum { DS4_CPU_FORMS = 2 }; /* for blocks of 32 and of 256 */

/* Input of matrix products: rows of `columns` values, and in fast mode their int8 forms. */
typedef struct ds4_cpu_vectors {
    float *values;
    uint32_t columns;
    ds4_cpu_int8 forms[DS4_CPU_FORMS];
} ds4_cpu_vectors;

typedef struct ds4_cpu {
    const ds4_shape *shape;
    const ds4_weights *weights;
    const ds4_kernels *kernels;
    ds4_pool *pool;
    uint32_t tile; /* most tokens of a batch */
    uint32_t span; /* most tokens that are attended together */

    /* Per token of the batch. */
    ds4_cpu_vectors streams; /* [4·hidden] */
    float *raw_mix;          /* [24] */
    ds4_mix *mix;
    ds4_cpu_vectors input;         /* [hidden]: normalised input of the sub-layer */
    ds4_cpu_vectors query_low;     /* [query_rank] */
    float *kv;                     /* [head_dim] */
    ds4_open_rows projected;       /* compressor projections, a row per token: [2·head_dim] at most */
    ds4_open_rows index_projected; /* [256] */
    float *index_weight;           /* [index_heads] */
    float *output;                 /* [hidden]: result of the sub-layer */
    float *router;                 /* [experts] */
    uint32_t *chosen;              /* [experts_used] */
    float *chosen_weight;          /* [experts_used] */
    float *shared_gate;            /* [expert_width] */
    ds4_cpu_vectors shared_inner;  /* [expert_width] */

    /* The (token, expert) pairs of the batch, sorted by expert. */
    uint32_t *expert_start; /* [experts + 1]: first pair of each expert */
    uint32_t *active;       /* [experts]: those with pairs, ascending */
    uint32_t active_count;
    uint32_t *pair_token;       /* [tile·experts_used] */
    float *pair_weight;         /* [tile·experts_used] */
    ds4_cpu_vectors pair_inner; /* [tile·experts_used][expert_width] */

    /* Per token of the span. */
    ds4_cpu_vectors query; /* [heads·head_dim], a vector per output group; attention puts its result in place */
    uint32_t *group_index; /* [groups][span]: the vectors of each group */
    float *index_query;    /* [index_heads·128] */
    ds4_cpu_vectors low;   /* [groups·output_rank] */

    /* Wanted rows of logits. */
    uint32_t *output_row;  /* [tile] */
    float **output_logits; /* [tile] */

    /* The indexer, for a part of the span: [tokens][rows]. */
    uint64_t score_capacity;
    float *scores;
    uint32_t *selected; /* [tokens][index_top_k] */

    /* Per worker. */
    float **row_scratch;   /* ds4_kernel_scratch() of the longest row */
    float **score_scratch; /* attention scores of a head block */

    void *memory; /* everything above is in here */
    uint64_t memory_bytes;
} ds4_cpu;

/* ---- product.c ---------------------------------------------------------------------------------------------- */

/* y[i][r] = row first_row + r of the matrix times input i: vector number first_input + i, or index[i]. */
typedef struct ds4_product {
    const ds4_matrix *matrix;
    uint32_t first_row, rows;
    const ds4_cpu_vectors *inputs;
    const uint32_t *index; /* may be NULL */
    uint32_t first_input, count;
    float *y;
    size_t y_stride;
    float *const *destinations; /* when not NULL: where the rows of y are, instead of y and y_stride */
} ds4_product;

/* The whole matrix times vectors span.first … of `inputs`, to the same rows of `y`, which is NULL when it is set later. */
ds4_product ds4_cpu_whole_product(const ds4_matrix *matrix, const ds4_cpu_vectors *inputs, ds4_span span, float *y);

/* Runs independent products together, split over all threads. */
void ds4_cpu_run_products(ds4_cpu *cpu, ds4_mode mode, const ds4_product *products, uint32_t count);

/* A block of a product, on the calling thread: out[r·count + i], at most DS4_CPU_ROW_BLOCK rows and DS4_CPU_VECTOR_BLOCK inputs. */
void ds4_cpu_multiply(const ds4_cpu *cpu, ds4_mode mode, const ds4_product *block, float *out, uint32_t worker);

/* Makes the int8 forms of vectors that are complete. Does nothing unless the mode is fast. */
void ds4_cpu_quantise(ds4_cpu *cpu, ds4_mode mode, ds4_cpu_vectors *vectors, ds4_span span);

/* How many of `rows` rows, which are multiplied with so many vectors each, a work item should take: every thread should get
 * several items, and kernels for many vectors want many rows. */
uint32_t ds4_cpu_rows_per_item(const ds4_cpu *cpu, uint64_t rows, uint32_t vectors);

/* out = x / sqrt(mean(x²) + epsilon) ⊙ weight, where NULL stands for ones; in place if `out` is `x`. */
void ds4_cpu_rms_norm(const ds4_cpu *cpu, const float *x, const float *weight, uint32_t n, float *out);

/* Vector number `i`. */
static inline float *ds4_cpu_vector(const ds4_cpu_vectors *vectors, size_t i)
{
    return vectors->values + i * vectors->columns;
}

/* ---- stages ------------------------------------------------------------------------------------------------- */

ds4_status ds4_cpu_embed(void *backend, const ds4_batch *batch, ds4_error *error);
ds4_status ds4_cpu_mix_input(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error);
ds4_status ds4_cpu_head(void *backend, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error);
ds4_status ds4_cpu_project(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_finish_kv(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_keep(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_query(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_cpu_index_scores(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
ds4_status ds4_cpu_index_select(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
ds4_status ds4_cpu_attend(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
ds4_status ds4_cpu_output(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_cpu_route(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_expert_inner(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_expert_output(void *backend, const ds4_step *step, ds4_error *error);

/* What the indexer does to its queries and keys: Hadamard, and FP4 in sessions that round. */
void ds4_cpu_round_index(const ds4_session *session, float row[DS4_INDEX_DIM]);

/* Adds the sub-layer's output to the streams of the tokens. */
void ds4_cpu_mix_output(ds4_cpu *cpu, ds4_span span);

#endif
