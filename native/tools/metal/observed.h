/* observed.h: what a stage leaves behind, as the CPU has it and as the GPU has it.
 *
 * DESIGN   Both backends keep what lies between two stages in buffers that this process can read. Layouts differ where the
 *          backends do (pairs in another order, queries before or after their norm), so everything is brought to one form:
 *          rows of float32 in the order of tokens. What is named here is where data of all tokens meets; what a fused stage
 *          keeps to itself has no name.
 */
#ifndef OBSERVED_H
#define OBSERVED_H

#include "cpu.h"
#include "metal/metal.h"

/* Name, and when it is one of those that the model rounds in sessions that do: there a last bit decides between two values. */
#define EACH_OBSERVED(O)                                                                                                       \
    O(streams, false) O(mix, false) O(input, false) O(query_low, false) O(projected_kv, false) O(kv, true)                     \
    O(compressor_kv, false) O(compressor_score, false) O(index_kv, false) O(index_score, false) O(index_weight, false)         \
    O(query, false) O(index_query, true) O(scores, false) O(selected, false) O(attended, false) O(low, false)                  \
    O(shared_inner, false) O(router, false) O(experts, false) O(pair_inner, false) O(window, true) O(rows, true)               \
    O(keys, true) O(open, false) O(index_open, false) O(logits, false)

typedef enum observed {
#define OBSERVED_NAME(name, rounded) SEEN_##name,
    EACH_OBSERVED(OBSERVED_NAME)
#undef OBSERVED_NAME
        OBSERVED_COUNT
} observed;

/* A set of them. */
#define SEEN(name) (1u << SEEN_##name)

extern const char *const observed_names[OBSERVED_COUNT];
extern const bool observed_is_rounded[OBSERVED_COUNT];

typedef enum side { ON_CPU, ON_METAL } side;

/* Where in the forward pass both backends are. */
typedef struct moment {
    const ds4_cpu *cpu;
    const ds4_metal *metal;
    const ds4_batch *batch;
    const ds4_step *step; /* NULL in the embedding and the head */
    ds4_span span, part;
    const float *logits[2]; /* of the head, by side: [logit_rows][vocabulary] */
    uint32_t logit_rows;
} moment;

/* 0 rows: there is nothing of it at this moment. */
uint64_t observed_rows(const moment *m, observed what);
uint64_t observed_columns(const moment *m, observed what);

/* Writes [rows][columns]. What is undefined there is 0. */
void observe(const moment *m, observed what, side from, float *values);

/* Gives the GPU the CPU's values where they have the same layout, so that the next stage begins with the same inputs. */
void impose(const moment *m, observed what, const float *values);

/* The largest error of a row: the norm of the difference over the norm of what is expected. Infinite when a number is no number. */
double largest_row_error(const float *expected, const float *found, uint64_t rows, uint64_t columns, uint64_t *worst_row);

#endif
