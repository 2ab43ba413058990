/* metal.h: what the files of the Metal backend share: its buffers, its kernels and how they are dispatched. */
#ifndef DS4_METAL_H
#define DS4_METAL_H

#include "../../metal/arguments.h"
#include "backend.h"
#include "integers.h"
#include "metal/gpu.h"

/* Every kernel by its name. */
#define DS4_METAL_KERNELS(K)                                                                                              \
    K(attend) K(attend_merge) K(compress) K(embed) K(expert_inner) K(expert_output) K(expert_sum) K(expert_tiles_float)    \
    K(expert_tiles_half) K(finish_rows) K(index_query) K(index_scores) K(index_select) K(keep) K(merged_product)           \
    K(mix_apply) K(mix_dots) K(mix_output) K(mixed_products) K(product_mix) K(product_tiles_float) K(product_tiles_half)   \
    K(query_products) K(route) K(sort_pairs) K(swiglu)

typedef enum ds4_metal_kernel {
#define DS4_METAL_NUMBER(name) DS4_METAL_##name,
    DS4_METAL_KERNELS(DS4_METAL_NUMBER)
#undef DS4_METAL_NUMBER
        DS4_METAL_KERNEL_COUNT
} ds4_metal_kernel;

enum {
    DS4_METAL_VIEWS = 64,  /* most buffers over the model's file */
    DS4_METAL_OUTPUTS = 64 /* rows of logits made at a time */
};

/* What the kernels' numbers say once more. */
_Static_assert((int)DS4_GPU_PAGE_ROWS == (int)DS4_PAGE_ROWS, "rows of a page");
_Static_assert((int)DS4_GPU_MIX_VALUES == (int)DS4_MIX_OUTPUTS, "values of a mix");
_Static_assert(DS4_GPU_MIX_SUMS == DS4_MIX_OUTPUTS + DS4_STREAMS * (DS4_STREAMS + 1) / 2, "products, and dot products of the streams");
_Static_assert(sizeof(ds4_gpu_page) == sizeof(uint64_t), "an address");
_Static_assert(sizeof(ds4_rotation) == 2 * DS4_ROTARY_PAIRS * sizeof(float), "cosines, then sines");

/* Device memory of the backend. Unless it says otherwise: float32, a row per token of the batch. */
typedef struct ds4_metal_buffers {
    /* Written by the backend before a batch. */
    ds4_gpu_memory rows;                      /* ds4_gpu_row */
    ds4_gpu_memory rotations[DS4_ROPE_KINDS]; /* ds4_rotation */
    ds4_gpu_memory window_rotations[2];       /* of windows of 4 and of 128 that the batch completes: ds4_rotation */
    ds4_gpu_memory windows[2];                /* the same: ds4_gpu_window */
    ds4_gpu_memory tiles;                     /* [layers][sessions]: ds4_gpu_tile */
    ds4_gpu_memory pages;                     /* addresses of the sessions' pages */
    ds4_gpu_memory outputs;                   /* rows whose logits are wanted: uint32_t */

    ds4_gpu_memory streams, mix_sums, mix, input, query_low, kv, output;
    ds4_gpu_memory projected_kv, projected_score, index_projected_kv, index_projected_score, index_weight;
    ds4_gpu_memory router, chosen, chosen_weight, shared_gate, shared_inner;
    ds4_gpu_memory expert_start, pair_token, pair_weight, pair_place, tile_expert, tile_first; /* see ds4_gpu_pairs */
    ds4_gpu_memory pair_gate, pair_inner, pair_output;

    /* A row per token of the span. */
    ds4_gpu_memory query, index_query, low;

    ds4_gpu_memory partial, extreme; /* parts of tokens' attention */
    ds4_gpu_memory scores, selected; /* of the indexer, for a part of the span */
    ds4_gpu_memory logits;           /* [DS4_METAL_OUTPUTS][vocabulary] */
} ds4_metal_buffers;

typedef struct ds4_metal {
    const ds4_shape *shape;
    const ds4_weights *weights;
    ds4_gpu *gpu;
    ds4_gpu_info info;
    const ds4_gpu_pipeline *kernels[DS4_METAL_KERNEL_COUNT];
    ds4_gpu_memory views[DS4_METAL_VIEWS]; /* of the model's file; they overlap by the largest tensor */
    uint32_t view_count;
    ds4_buffer_source state_memory;
    ds4_metal_buffers buffers;
    uint32_t tile, span; /* most tokens of a batch, and attended together */
    uint32_t parts;      /* of tokens' attention: rows of `partial` */
    uint64_t score_capacity;
    uint64_t memory_bytes;
    uint32_t window_count[2]; /* entries of buffers.windows */
    uint64_t dispatches[DS4_METAL_KERNEL_COUNT];
} ds4_metal;

/* ---- encode.c ----------------------------------------------------------------------------------------------- */

/* The address on the device of a byte of the model's file; 0 for NULL. */
uint64_t ds4_metal_address(const ds4_metal *metal, const void *weights);

ds4_gpu_matrix ds4_metal_matrix(const ds4_metal *metal, const ds4_matrix *matrix);

/* What the kernels of a layer know of it. */
ds4_gpu_step ds4_metal_step(const ds4_metal *metal, const ds4_step *step);

/* `arguments` has the structure of the kernel. */
void ds4_metal_dispatch(ds4_metal *metal, ds4_metal_kernel kernel, const void *arguments, size_t argument_bytes, ds4_gpu_grid grid,
                        uint32_t threads, uint32_t shared_bytes);

/* y = matrix · x for the rows of x and y that begin at these places, with so many values from one to the next. */
ds4_gpu_product ds4_metal_product(const ds4_metal *metal, const ds4_matrix *matrix, uint64_t x, uint32_t x_stride, uint64_t y,
                                  uint32_t y_stride);

/* Multiplies the matrices with many vectors in one dispatch. */
void ds4_metal_products(ds4_metal *metal, ds4_mode mode, ds4_gpu_products *products, uint32_t vectors);

/* Whether the batch is for the kernels that read every weight once for a few tokens. It is one span, which is one part. */
bool ds4_metal_is_few(const ds4_batch *batch);

/* The grid of a kernel of rows.h: threadgroups, and `vectors` of their vectors. */
ds4_gpu_grid ds4_metal_row_grid(uint32_t groups, uint32_t vectors);

/* The threads that those have, and their threadgroup memory with `floats` more than the vectors take. */
enum { DS4_METAL_ROW_THREADS = DS4_GPU_GROUP_ROWS / DS4_GPU_SIMDGROUP_ROWS * 32 };
uint32_t ds4_metal_row_memory(uint32_t floats);

/* The address of float number `index` of a buffer. */
static inline uint64_t ds4_metal_float(const ds4_gpu_memory *memory, uint64_t index)
{
    return memory->address + index * sizeof(float);
}

/* ---- mix.c -------------------------------------------------------------------------------------------------- */

/* Adds the sub-layer's output to the streams of the tokens. */
void ds4_metal_mix_output(ds4_metal *metal, ds4_span span);

/* The mix of a sub-layer of this step, whose sums mix_input has made. */
ds4_gpu_mix ds4_metal_mix(const ds4_metal *metal, const ds4_step *step, ds4_sublayer sublayer);

/* Multiplies matrices with the mixed input of few tokens, in one dispatch; `p` has the mix, the products, and the gate if one has it. */
void ds4_metal_mixed_products(ds4_metal *metal, ds4_gpu_mixed_products *p, uint32_t vectors);

/* ---- batch.c ------------------------------------------------------------------------------------------------ */

/* Brings what the kernels must know of a batch to the device. */
void ds4_metal_begin_batch(ds4_metal *metal, const ds4_batch *batch);

/* ---- stages ------------------------------------------------------------------------------------------------- */

ds4_status ds4_metal_embed(void *backend, const ds4_batch *batch, ds4_error *error);
ds4_status ds4_metal_mix_input(void *backend, const ds4_step *step, ds4_sublayer sublayer, ds4_error *error);
ds4_status ds4_metal_head(void *backend, ds4_mode mode, const ds4_output *outputs, uint32_t count, ds4_error *error);
ds4_status ds4_metal_project(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_metal_finish_kv(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_metal_keep(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_metal_query(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_metal_index_scores(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
ds4_status ds4_metal_index_select(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
ds4_status ds4_metal_attend(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error);
ds4_status ds4_metal_output(void *backend, const ds4_step *step, ds4_span span, ds4_error *error);
ds4_status ds4_metal_route(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_metal_expert_inner(void *backend, const ds4_step *step, ds4_error *error);
ds4_status ds4_metal_expert_output(void *backend, const ds4_step *step, ds4_error *error);

#endif
