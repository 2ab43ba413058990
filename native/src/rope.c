/* rope.c: rotation angles in double precision.
 *
 * DESIGN   Positions reach a million, so angles are formed and reduced in double; only cosine and sine become float.
 *          Compressed layers use YaRN: fast pairs keep their frequency, slow ones are divided by the factor, and a
 *          linear ramp blends between the two. No magnitude factor.
 */
#include "rope.h"

#include <math.h>

static const double two_pi = 6.283185307179586476925;

/* The (fractional) pair that makes `turns` turns over the original context. */
static double pair_of_turns(const ds4_shape *shape, double turns)
{
    return DS4_ROTARY * log(shape->yarn_context / (turns * two_pi)) / (2 * log(shape->compressed_rope_base));
}

void ds4_rope_init(ds4_rope *rope, const ds4_shape *shape)
{
    double low = fmax(0, floor(pair_of_turns(shape, shape->yarn_beta_fast)));
    double high = fmin(DS4_ROTARY - 1, ceil(pair_of_turns(shape, shape->yarn_beta_slow)));
    for (int i = 0; i < DS4_ROTARY_PAIRS; i++) {
        double exponent = -2.0 * i / DS4_ROTARY;
        double fast = pow(shape->compressed_rope_base, exponent);
        double keep = 1 - fmin(1, fmax(0, (i - low) / fmax(0.001, high - low)));
        rope->frequency[DS4_ROPE_PLAIN][i] = pow(shape->rope_base, exponent);
        rope->frequency[DS4_ROPE_COMPRESSED][i] = fast / shape->yarn_factor * (1 - keep) + fast * keep;
    }
}

void ds4_rotation_at(const ds4_rope *rope, ds4_rope_kind kind, uint64_t position, ds4_rotation *rotation)
{
    for (int i = 0; i < DS4_ROTARY_PAIRS; i++) {
        double angle = (double)position * rope->frequency[kind][i];
        rotation->cosine[i] = (float)cos(angle);
        rotation->sine[i] = (float)sin(angle);
    }
}

void ds4_rotate(float tail[DS4_ROTARY], const ds4_rotation *rotation)
{
    for (int i = 0; i < DS4_ROTARY_PAIRS; i++) {
        float a = tail[2 * i], b = tail[2 * i + 1], c = rotation->cosine[i], s = rotation->sine[i];
        tail[2 * i] = a * c - b * s;
        tail[2 * i + 1] = a * s + b * c;
    }
}

void ds4_rotate_back(float tail[DS4_ROTARY], const ds4_rotation *rotation)
{
    for (int i = 0; i < DS4_ROTARY_PAIRS; i++) {
        float a = tail[2 * i], b = tail[2 * i + 1], c = rotation->cosine[i], s = rotation->sine[i];
        tail[2 * i] = a * c + b * s;
        tail[2 * i + 1] = b * c - a * s;
    }
}
