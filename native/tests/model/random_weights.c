/* random_weights.c: random values that behave like weights.
 *
 * DESIGN   A tensor has a key, made from seed and name; its n-th random word is a hash of key and n, so there is no state.
 *          Blocks of the quantised formats are random bytes under scales that give the wanted deviation, which costs no
 *          quantiser; the scales differ from block to block, because a kernel that takes a neighbour's must be found out.
 *          F32 and F16 values are chosen from a table of evenly spaced levels: rounding each to F16 would take longer than
 *          writing it to a disk.
 */
#include "random_weights.h"
#include "rounding.h"

#include <math.h>
#include <string.h>

enum { VALUES_PER_WORD = 4 };

static uint64_t scramble(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EBu;
    return bits ^ bits >> 31;
}

static uint64_t random_word(const weight_source *source, uint64_t index)
{
    return scramble(source->key + index * 0x9E3779B97F4A7C15u);
}

static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001B3u;
    return hash;
}

/* ---- plain values ------------------------------------------------------------------------------------------- */

static void fill_levels(weight_source *source)
{
    for (int i = 0; i < WEIGHT_LEVELS; i++) {
        double uniform = (2 * i + 1 - WEIGHT_LEVELS) / (double)WEIGHT_LEVELS; /* −1 … 1, whose deviation is 1/√3 */
        float value = (float)(source->recipe.centre + uniform * sqrt(3) * source->recipe.deviation);
        if (source->format->format == DS4_FORMAT_F16)
            source->levels.halves[i] = ds4_f32_to_f16(value);
        else
            source->levels.floats[i] = value;
    }
}

static void draw_floats(const weight_source *source, uint64_t unit, uint8_t *out)
{
    uint64_t word = random_word(source, unit);
    float values[VALUES_PER_WORD];
    for (int i = 0; i < VALUES_PER_WORD; i++)
        values[i] = source->levels.floats[(word >> 16 * i) % WEIGHT_LEVELS];
    memcpy(out, values, sizeof values);
}

static void draw_halves(const weight_source *source, uint64_t unit, uint8_t *out)
{
    uint64_t word = random_word(source, unit);
    uint16_t values[VALUES_PER_WORD];
    for (int i = 0; i < VALUES_PER_WORD; i++)
        values[i] = source->levels.halves[(word >> 16 * i) % WEIGHT_LEVELS];
    memcpy(out, values, sizeof values);
}

/* ---- blocks ------------------------------------------------------------------------------------------------- */

static void put_half(uint8_t *place, double value)
{
    uint16_t half = ds4_f32_to_f16((float)value);
    memcpy(place, &half, sizeof half);
}

static void put_scales(ds4_format format, double deviation, uint8_t *block)
{
    switch (format) {
    case DS4_FORMAT_Q8_0: put_half(block, deviation / 73); break;
    case DS4_FORMAT_IQ2_XXS: put_half(block, deviation / 45); break;
    case DS4_FORMAT_Q2_K: put_half(block + 80, deviation / 12), put_half(block + 82, deviation / 8); break;
    case DS4_FORMAT_Q4_K: put_half(block, deviation / 256), put_half(block + 2, deviation / 34); break;
    default: break;
    }
}

static void draw_block(const weight_source *source, uint64_t unit, uint8_t *out)
{
    size_t whole = source->unit_bytes / 8, rest = source->unit_bytes % 8;
    uint64_t first = unit * (whole + 2), word;
    for (size_t i = 0; i < whole; i++) {
        word = random_word(source, first + i);
        memcpy(out + 8 * i, &word, 8);
    }
    word = random_word(source, first + whole);
    memcpy(out + 8 * whole, &word, rest);
    double uniform = (double)(random_word(source, first + whole + 1) >> 11) * 0x1p-53;
    put_scales(source->format->format, source->recipe.deviation * (0.75 + uniform / 2), out);
}

/* ---- hash tables -------------------------------------------------------------------------------------------- */

static void draw_hash_row(const weight_source *source, uint64_t unit, uint8_t *out)
{
    int32_t chosen[64];
    for (uint32_t k = 0; k < source->row; k++) {
        uint32_t expert = (uint32_t)(random_word(source, unit * source->row + k) >> 32) % source->recipe.experts;
        for (uint32_t i = 0; i < k; i++)
            if (chosen[i] == (int32_t)expert) {
                expert = (expert + 1) % source->recipe.experts;
                i = UINT32_MAX; /* from the start */
            }
        chosen[k] = (int32_t)expert;
    }
    memcpy(out, chosen, source->unit_bytes);
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

static size_t unit_size(const weight_source *source)
{
    switch (source->format->format) {
    case DS4_FORMAT_F32: return VALUES_PER_WORD * sizeof(float);
    case DS4_FORMAT_F16: return VALUES_PER_WORD * sizeof(uint16_t);
    case DS4_FORMAT_I32: return source->row * sizeof(int32_t);
    default: return source->format->block_bytes;
    }
}

void start_weights(weight_source *source, const char *name, const ds4_format_info *format, const weight_recipe *recipe, uint64_t row,
                   uint64_t seed)
{
    source->format = format;
    source->recipe = *recipe;
    source->key = scramble(hash_name(name) ^ scramble(seed));
    source->row = (uint32_t)row;
    source->unit_bytes = unit_size(source);
    if (format->format == DS4_FORMAT_F32 || format->format == DS4_FORMAT_F16)
        fill_levels(source);
}

static void draw_unit(const weight_source *source, uint64_t unit, uint8_t *out)
{
    switch (source->format->format) {
    case DS4_FORMAT_F32: draw_floats(source, unit, out); break;
    case DS4_FORMAT_F16: draw_halves(source, unit, out); break;
    case DS4_FORMAT_I32: draw_hash_row(source, unit, out); break;
    default: draw_block(source, unit, out); break;
    }
}

void draw_weights(const weight_source *source, uint64_t offset, size_t size, uint8_t *out)
{
    uint64_t unit = offset / source->unit_bytes;
    uint8_t last[256]; /* the largest unit: 64 experts of a hash row */
    size_t done = 0;
    for (; size - done >= source->unit_bytes; done += source->unit_bytes)
        draw_unit(source, unit++, out + done);
    if (done < size) {
        draw_unit(source, unit, last);
        memcpy(out + done, last, size - done);
    }
}
