/* cpu.h: what the files of the CPU backend share: its buffers and its matrix products. */
#ifndef DS4_CPU_H
#define DS4_CPU_H

#include "backend.h"
#include "hyper.h"
#include "kernels.h"
#include "pool.h"

enum {
    DS4_CPU_ROW_BLOCK = 16,   /* most matrix rows of one work item */
    DS4_CPU_TOKEN_BLOCK = 64, /* most vectors a matrix row is multiplied with before the next row */
    DS4_CPU_HEAD_BLOCK = 4    /* heads that share the loading of a KV row */
};

typedef struct ds4_cpu {
    const ds4_shape *shape;
    const ds4_weights *weights;
    const ds4_kernels *kernels;
    ds4_pool *pool;
    uint32_t tile; /* most tokens at once */

    /* Per token of the tile. */
    float *streams; /* [4·hidden] */
    float *raw_mix; /* [24] */
    ds4_mix *mix;
    float *input;                  /* [hidden]: normalised input of the sub-layer */
    float *query_low;              /* [query_rank] */
    float *query;                  /* [heads·head_dim]; attention puts its result in place */
    float *kv;                     /* [head_dim] */
    ds4_open_rows projected;       /* compressor projections, a row per token: [2·head_dim] at most */
    ds4_open_rows index_projected; /* [256] */
    float *index_query;            /* [index_heads·128] */
    float *index_weight;           /* [index_heads] */
    float *low;                    /* [groups·output_rank] */
    float *output;                 /* [hidden]: result of the sub-layer */
    float *router;                 /* [experts] */
    uint32_t *chosen;              /* [experts_used] */
    float *chosen_weight;          /* [experts_used] */
    float *shared_gate;            /* [expert_width] */
    float *shared_inner;           /* [expert_width] */

    /* The (token, expert) pairs of the tile, sorted by expert. */
    uint32_t *expert_start; /* [experts + 1]: first pair of each expert */
    uint32_t *active;       /* [experts]: those with pairs, ascending */
    uint32_t active_count;
    uint32_t *pair_token; /* [tile·experts_used] */
    float *pair_weight;   /* [tile·experts_used] */
    float *pair_inner;    /* [tile·experts_used][expert_width] */

    /* Wanted rows of logits. */
    uint32_t *output_token; /* [tile] */
    float **output_logits;  /* [tile] */

    /* The indexer, for one span: [span tokens][rows]. */
    uint64_t score_capacity;
    float *scores;
    uint32_t *selected; /* [span tokens][index_top_k] */

    /* Per worker. */
    float **row_scratch;   /* one matrix row, or one state row */
    float **score_scratch; /* attention scores of a head block */

    void *memory; /* everything above is in here */
} ds4_cpu;

/* ---- product.c ---------------------------------------------------------------------------------------------- */

/* y[i][r] = row first_row + r of the matrix times input i. */
typedef struct ds4_product {
    const ds4_matrix *matrix;
    uint32_t first_row, rows;
    ds4_vectors inputs;
    uint32_t count;
    float *y;
    size_t y_stride;
    float *const *destinations; /* when not NULL: where the rows of y are, instead of y and y_stride */
} ds4_product;

/* The whole matrix times `count` consecutive inputs of `matrix->columns` values, to consecutive outputs. */
ds4_product ds4_cpu_whole_product(const ds4_matrix *matrix, const float *inputs, uint32_t count, float *y);

/* Runs independent products together, split over all threads. */
void ds4_cpu_run_products(ds4_cpu *cpu, const ds4_product *products, uint32_t count);

/* How many of `rows` rows a work item should take, so that every thread gets several. */
uint32_t ds4_cpu_rows_per_item(const ds4_cpu *cpu, uint64_t rows);

/* out = x / sqrt(mean(x²) + epsilon) ⊙ weight, where NULL stands for ones; in place if `out` is `x`. */
void ds4_cpu_rms_norm(const ds4_cpu *cpu, const float *x, const float *weight, uint32_t n, float *out);

/* ---- stages ------------------------------------------------------------------------------------------------- */

ds4_status ds4_cpu_embed(void *backend, const ds4_tile *tile, ds4_error *error);
ds4_status ds4_cpu_mix_input(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error);
ds4_status ds4_cpu_head(void *backend, const ds4_tile *tile, const ds4_output *outputs, uint32_t count, ds4_error *error);
ds4_status ds4_cpu_project(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_finish_kv(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_keep(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_query(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_index_scores(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_cpu_index_select(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_cpu_attend(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_cpu_output(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_route(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_expert_inner(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_cpu_expert_output(void *backend, const ds4_step *step, ds4_error *error);

/* What the indexer does to its queries and keys: Hadamard, and FP4 in sessions that round. */
void ds4_cpu_round_index(const ds4_session *session, float row[DS4_INDEX_DIM]);

/* Adds the sub-layer's output to the streams of every token of the tile. */
void ds4_cpu_mix_output(ds4_cpu *cpu, uint32_t tokens);

#endif
