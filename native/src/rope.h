/* rope.h: rotary position embedding of the last 64 values of a head. */
#ifndef DS4_ROPE_H
#define DS4_ROPE_H

#include "shape.h"

typedef enum ds4_rope_kind { DS4_ROPE_PLAIN, DS4_ROPE_COMPRESSED, DS4_ROPE_KINDS } ds4_rope_kind;

/* Angle per position of each pair. */
typedef struct ds4_rope {
    double frequency[DS4_ROPE_KINDS][DS4_ROTARY_PAIRS];
} ds4_rope;

/* Cosine and sine of every pair at one position. */
typedef struct ds4_rotation {
    float cosine[DS4_ROTARY_PAIRS];
    float sine[DS4_ROTARY_PAIRS];
} ds4_rotation;

void ds4_rope_init(ds4_rope *rope, const ds4_shape *shape);

/* The kind that a layer of that compression ratio uses. */
static inline ds4_rope_kind ds4_rope_kind_of(uint32_t ratio)
{
    return ratio == 0 ? DS4_ROPE_PLAIN : DS4_ROPE_COMPRESSED;
}

void ds4_rotation_at(const ds4_rope *rope, ds4_rope_kind kind, uint64_t position, ds4_rotation *rotation);

/* Rotates the tail of a head, pairs (0,1), (2,3), … in place. */
void ds4_rotate(float tail[DS4_ROTARY], const ds4_rotation *rotation);
void ds4_rotate_back(float tail[DS4_ROTARY], const ds4_rotation *rotation);

#endif
