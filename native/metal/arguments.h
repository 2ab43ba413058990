/* arguments.h: what the backend and the kernels tell each other, in one layout.
 *
 * DESIGN   A kernel takes one structure, in buffer 0. Memory is named by its address on the device: a pointer for kernels, a
 *          number for the backend. Eight-byte members come first, so both compilers lay the structures out alike.
 *          Rows, vectors and tokens of a batch are numbered as in backend.h.
 */
#ifndef DS4_GPU_ARGUMENTS_H
#define DS4_GPU_ARGUMENTS_H

#ifdef __METAL_VERSION__
#include <metal_stdlib>
using namespace metal;
#define DS4_DEVICE(type) device type *
#else
#include <stdint.h>
#define DS4_DEVICE(type) uint64_t
#endif

/* Where a page of a session's rows is. A structure, because the language knows no pointers to pointers. */
typedef struct ds4_gpu_page {
    DS4_DEVICE(uchar) bytes;
} ds4_gpu_page;

enum {
    DS4_GPU_PRODUCTS = 8,         /* most products of one dispatch */
    DS4_GPU_ROW_VECTORS = 4,      /* vectors that rows.h multiplies a row with at a time */
    DS4_GPU_VECTOR_FLOATS = 4096, /* so many of their values are in threadgroup memory at a time */
    DS4_GPU_SIMDGROUP_ROWS = 4,   /* rows of a simdgroup; half as many where it has them of two matrices */
    DS4_GPU_GROUP_ROWS = 32,      /* rows of a threadgroup of 256 threads */
    DS4_GPU_TILE = 32,            /* rows and vectors of a tile of product_tiles */
    DS4_GPU_MIX_COLUMNS = 256,    /* hidden values of one threadgroup of mix_dots */
    DS4_GPU_MIX_SUMS = 34,        /* 24 products and the 10 different dot products of the four streams */
    DS4_GPU_MIX_VALUES = 24,      /* pre, post, combination */
    DS4_GPU_MIX_WORK = 60,        /* floats in threadgroup memory for one token's mix: both, and the scale of the input */
    DS4_GPU_HEADS = 8,            /* heads that share the loading of KV rows */
    DS4_GPU_CHUNK = 8,            /* KV rows that are brought to threadgroup memory at a time */
    DS4_GPU_PART_ROWS = 64,       /* KV rows of a part of attention, at least */
    DS4_GPU_PARTS = 16,           /* most parts of a token's rows */
    DS4_GPU_PART_WORK = 17,       /* floats in threadgroup memory for putting a head's parts together */
    DS4_GPU_GROUP_HEADS = 32,     /* most heads of one group of the output projection */
    DS4_GPU_KEYS = 32,            /* indexer keys of one threadgroup */
    DS4_GPU_PAGE_ROWS = 256,
    DS4_GPU_MAX_HEAD_DIM = 512,
    DS4_GPU_MAX_EXPERTS_USED = 32
};

typedef struct ds4_gpu_matrix {
    DS4_DEVICE(const uchar) data;
    uint64_t row_bytes;
    uint32_t format; /* a type id of GGUF */
    uint32_t columns, rows;
    uint32_t reserved;
} ds4_gpu_matrix;

/* y[i] = matrix · x[i] for the vectors of a batch. */
typedef struct ds4_gpu_product {
    ds4_gpu_matrix matrix;
    DS4_DEVICE(const float) x;
    DS4_DEVICE(float) y;
    uint32_t x_stride, y_stride;
    uint32_t slice_rows;  /* so many rows have a slice of x of their own, `columns` values long; 0: all have the same */
    uint32_t first_group; /* of the dispatch's threadgroups in x */
} ds4_gpu_product;

typedef struct ds4_gpu_products {
    ds4_gpu_product product[DS4_GPU_PRODUCTS];
    uint32_t count, vectors;
} ds4_gpu_products;

/* A product of few vectors that is not kept but mixed into the streams. */
typedef struct ds4_gpu_product_mix {
    ds4_gpu_matrix matrix;
    DS4_DEVICE(const float) x;
    DS4_DEVICE(float) streams;
    DS4_DEVICE(const float) mix;
    uint32_t x_stride, vectors;
} ds4_gpu_product_mix;

/* A token of the batch. */
typedef struct ds4_gpu_row {
    uint32_t position, tile;
    int32_t token;
} ds4_gpu_row;

/* The state of a tile's session in one layer. */
typedef struct ds4_gpu_tile {
    DS4_DEVICE(uchar) window;
    DS4_DEVICE(float) open_kv;
    DS4_DEVICE(float) open_score;
    DS4_DEVICE(float) index_open_kv;
    DS4_DEVICE(float) index_open_score;
    DS4_DEVICE(const ds4_gpu_page) pages;
    uint64_t rows_offset, index_offset; /* in every page */
    uint32_t start, count, first_row;
    uint32_t reserved;
} ds4_gpu_tile;

/* A compressed row that a batch completes. */
typedef struct ds4_gpu_window {
    uint32_t tile, row;
    uint32_t rotation; /* number in the table of window rotations */
    uint32_t is_index;
} ds4_gpu_window;

/* What the kernels of a layer know of it: a part of their arguments. */
typedef struct ds4_gpu_step {
    DS4_DEVICE(const ds4_gpu_row) rows;
    DS4_DEVICE(const ds4_gpu_tile) tiles;
    DS4_DEVICE(const float) rotations;        /* [rows][2][32]: cosines, sines */
    DS4_DEVICE(const float) window_rotations; /* the same, of completed windows */
    uint32_t ratio, half_rows;                /* half_rows: the state's rows are F16, and the model's roundings apply */
    uint32_t head_dim, window;
    float epsilon;
    uint32_t reserved;
} ds4_gpu_step;

typedef struct ds4_gpu_embed {
    ds4_gpu_matrix embedding;
    DS4_DEVICE(const ds4_gpu_row) rows;
    DS4_DEVICE(float) streams;
} ds4_gpu_embed;

typedef struct ds4_gpu_mix {
    ds4_gpu_matrix fn;
    DS4_DEVICE(const float) streams;
    DS4_DEVICE(const uint32_t) index; /* rows of the batch; null: all */
    DS4_DEVICE(float) sums;           /* [rows][splits][34] */
    DS4_DEVICE(const float) scale;
    DS4_DEVICE(const float) base;
    DS4_DEVICE(const float) norm;
    DS4_DEVICE(float) mix;   /* [rows][24]; null for the head */
    DS4_DEVICE(float) input; /* [rows][hidden]; null: nobody reads it */
    uint32_t hidden, splits, outputs, iterations;
    float mix_epsilon, epsilon;
} ds4_gpu_mix;

/* Products of few tokens' mixed, normalised input: x of the products is not used. Threadgroups before those of the first product write
 * the mix and the input. */
typedef struct ds4_gpu_mixed_products {
    ds4_gpu_mix mix;
    ds4_gpu_products products;
    ds4_gpu_matrix gate; /* of product `gated`, whose y is silu(gate) · up */
    uint32_t gated;      /* DS4_GPU_PRODUCTS: none */
    float limit;         /* of the gated product, see swiglu.h */
} ds4_gpu_mixed_products;

typedef struct ds4_gpu_mix_output {
    DS4_DEVICE(float) streams;
    DS4_DEVICE(const float) output;
    DS4_DEVICE(const float) mix;
    uint32_t hidden, reserved;
} ds4_gpu_mix_output;

typedef struct ds4_gpu_finish_rows {
    ds4_gpu_step step;
    DS4_DEVICE(float) kv;
    DS4_DEVICE(const float) kv_norm;
    DS4_DEVICE(float) query_low;
    DS4_DEVICE(const float) query_norm;
    uint32_t query_rank, reserved;
} ds4_gpu_finish_rows;

/* Scores of the batch lack the position terms (`ape`), those of the sessions' open rows have them. */
typedef struct ds4_gpu_compress {
    ds4_gpu_step step;
    ds4_gpu_matrix ape, index_ape;
    DS4_DEVICE(const ds4_gpu_window) windows;
    DS4_DEVICE(const float) kv; /* compressor projections of the batch */
    DS4_DEVICE(const float) score;
    DS4_DEVICE(const float) index_kv;
    DS4_DEVICE(const float) index_score;
    DS4_DEVICE(const float) norm;
    DS4_DEVICE(const float) index_norm;
} ds4_gpu_compress;

typedef struct ds4_gpu_keep {
    ds4_gpu_step step;
    ds4_gpu_matrix ape, index_ape;
    DS4_DEVICE(const float) raw; /* KV rows of the batch */
    DS4_DEVICE(const float) kv;
    DS4_DEVICE(const float) score;
    DS4_DEVICE(const float) index_kv;
    DS4_DEVICE(const float) index_score;
} ds4_gpu_keep;

typedef struct ds4_gpu_index {
    ds4_gpu_step step;
    DS4_DEVICE(float) query;        /* [rows of the span][heads][128] */
    DS4_DEVICE(const float) weight; /* [rows of the batch][heads] */
    DS4_DEVICE(float) scores;       /* [rows of the part][most_rows] */
    DS4_DEVICE(uint32_t) selected;  /* [rows of the part][top_k] */
    uint32_t heads, top_k, most_rows;
    uint32_t span_first, part_first;
    float factor; /* of the weights */
} ds4_gpu_index;

/* Queries of few tokens, from their low-rank queries: of all heads, and of the indexer's in the threadgroups after `groups`. */
typedef struct ds4_gpu_query {
    ds4_gpu_step step;
    ds4_gpu_matrix query_b, index_query_b;
    DS4_DEVICE(const float) low; /* [rows][columns], not normalised */
    DS4_DEVICE(const float) norm;
    DS4_DEVICE(float) query;       /* [rows][heads][head_dim] */
    DS4_DEVICE(float) index_query; /* [rows][index heads][128] */
    uint32_t vectors, groups;
} ds4_gpu_query;

typedef struct ds4_gpu_attend {
    ds4_gpu_step step;
    DS4_DEVICE(float) query;       /* [rows of the span][heads][head_dim]; the result takes its place, where it is merged apart */
    DS4_DEVICE(const float) raw;   /* KV rows of the batch */
    DS4_DEVICE(const uint32_t) selected;
    DS4_DEVICE(float) partial; /* [rows of the part][parts][heads][head_dim] */
    DS4_DEVICE(float) extreme; /* [rows of the part][parts][heads][2]: largest score, sum of weights */
    DS4_DEVICE(const float) sinks;
    uint32_t heads, top_k, selects;
    uint32_t most_parts; /* of one token's rows; into how many they are cut depends on nothing else of the batch */
    uint32_t parts;      /* of any token of the batch, at most */
    uint32_t span_first, part_first;
    float scale;
} ds4_gpu_attend;

/* The first half of the output projection of few tokens: parts of their attention are put together on the way. */
typedef struct ds4_gpu_merged_product {
    ds4_gpu_attend attend;
    ds4_gpu_matrix matrix;
    DS4_DEVICE(float) low; /* [rows][rows of the matrix] */
    uint32_t vectors;
    uint32_t slice_rows, slice_heads; /* of one group of heads */
    uint32_t reserved;
} ds4_gpu_merged_product;

typedef struct ds4_gpu_route {
    DS4_DEVICE(const ds4_gpu_row) rows;
    DS4_DEVICE(const float) router; /* [rows][experts] */
    DS4_DEVICE(const float) bias;   /* may be null */
    DS4_DEVICE(const int32_t) hash; /* [vocabulary][used]; null: by score */
    DS4_DEVICE(uint32_t) chosen;
    DS4_DEVICE(float) weight;
    uint32_t experts, used;
    float scale;
    uint32_t reserved;
} ds4_gpu_route;

/* The (token, expert) pairs of a batch by expert, and the tiles that cover them. */
typedef struct ds4_gpu_pairs {
    DS4_DEVICE(const uint32_t) chosen;
    DS4_DEVICE(const float) weight;
    DS4_DEVICE(uint32_t) start;      /* [experts + 1]: first pair */
    DS4_DEVICE(uint32_t) token;      /* [pairs] */
    DS4_DEVICE(float) pair_weight;   /* [pairs] */
    DS4_DEVICE(uint32_t) place;      /* [rows][used]: pair of each choice */
    DS4_DEVICE(uint32_t) tile_expert; /* [most tiles]: `experts` when there is none */
    DS4_DEVICE(uint32_t) tile_first; /* [most tiles]: first pair */
    uint32_t experts, used, rows, most_tiles;
} ds4_gpu_pairs;

/* Tiles of products with experts: y[p] = expert of pair p · x[token of p], or x[p] when `token` is null. */
typedef struct ds4_gpu_expert_product {
    ds4_gpu_matrix matrix; /* of all experts; `rows` are those of one */
    DS4_DEVICE(const float) x;
    DS4_DEVICE(float) y;
    DS4_DEVICE(const uint32_t) token;
    DS4_DEVICE(const uint32_t) start;
    DS4_DEVICE(const uint32_t) tile_expert;
    DS4_DEVICE(const uint32_t) tile_first;
    uint32_t x_stride, experts;
} ds4_gpu_expert_product;

typedef struct ds4_gpu_swiglu {
    DS4_DEVICE(const float) gate;
    DS4_DEVICE(float) up;
    DS4_DEVICE(const float) weight; /* of each row; null: 1 */
    uint32_t width;
    float limit;
} ds4_gpu_swiglu;

typedef struct ds4_gpu_expert_rows {
    ds4_gpu_matrix gate, up, down, shared_down; /* `rows` of the experts' are those of one */
    ds4_gpu_route route;
    DS4_DEVICE(const float) input;
    DS4_DEVICE(float) inner; /* [rows][used][width] */
    DS4_DEVICE(const float) shared_inner;
    DS4_DEVICE(float) streams; /* the result is mixed into them */
    DS4_DEVICE(const float) mix;
    float limit;
    uint32_t reserved;
} ds4_gpu_expert_rows;

typedef struct ds4_gpu_expert_sum {
    DS4_DEVICE(const float) pairs;    /* [pairs][hidden] */
    DS4_DEVICE(const uint32_t) place; /* [rows][used] */
    DS4_DEVICE(float) output;         /* [rows][hidden]: the shared expert's, to which they are added */
    uint32_t hidden, used;
} ds4_gpu_expert_sum;

/* Memory that is read for the time it takes. */
typedef struct ds4_gpu_read_memory {
    DS4_DEVICE(const uint32_t) words; /* four at a time */
    DS4_DEVICE(uint32_t) sums;        /* [threads] */
    uint64_t quads;
    uint32_t threads, reserved;
} ds4_gpu_read_memory;

#endif
