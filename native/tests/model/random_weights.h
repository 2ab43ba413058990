/* random_weights.h: the values of random tensors, any piece of them at any time.
 *
 * A value depends on the seed, the tensor's name and its place only, so a tensor drawn in pieces equals one drawn at once,
 * and a change to one tensor of a model leaves the others as they were.
 */
#ifndef RANDOM_WEIGHTS_H
#define RANDOM_WEIGHTS_H

#include "format.h"

#include <stddef.h>

/* What the values of a tensor look like. */
typedef struct weight_recipe {
    double centre;    /* of F32 and F16 values */
    double deviation; /* standard deviation of the values */
    uint32_t experts; /* not 0: a hash table, whose rows are distinct experts below this */
} weight_recipe;

enum { WEIGHT_LEVELS = 4096 };

typedef struct weight_source {
    const ds4_format_info *format;
    weight_recipe recipe;
    uint64_t key;
    uint32_t row;      /* values per row of a hash table */
    size_t unit_bytes; /* pieces start at multiples of this */
    union {
        float floats[WEIGHT_LEVELS];
        uint16_t halves[WEIGHT_LEVELS];
    } levels; /* the values that F32 and F16 tensors are made of */
} weight_source;

/* `row` is the tensor's fastest dimension. */
void start_weights(weight_source *source, const char *name, const ds4_format_info *format, const weight_recipe *recipe, uint64_t row,
                   uint64_t seed);

/* Bytes offset … offset + size − 1 of the tensor; `offset` is a multiple of unit_bytes. */
void draw_weights(const weight_source *source, uint64_t offset, size_t size, uint8_t *out);

#endif
