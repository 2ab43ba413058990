/* subject.c: a model file in memory, some of whose experts have other formats. */
#include "subject.h"
#include "integers.h"
#include "mapping.h"
#include "rounding.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOP_K = 8, EVERY_FORMAT_HAS = 256 /* values in a block, or a divisor of that */ };

/* Formats of gate and up, and of down; those of the published files first. */
static const struct {
    ds4_format inner, down;
} formats[] = {{DS4_FORMAT_IQ2_XXS, DS4_FORMAT_Q2_K}, {DS4_FORMAT_Q4_K, DS4_FORMAT_Q4_K}, {DS4_FORMAT_Q2_K, DS4_FORMAT_IQ2_XXS}};

/* ---- random blocks ------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Scales that keep values near those of real weights. */
static void put_scale(uint8_t *place, float value)
{
    uint16_t half = ds4_f32_to_f16(value);
    memcpy(place, &half, sizeof half);
}

static void fill_blocks(uint8_t *out, const ds4_format_info *format, uint64_t blocks, uint32_t seed)
{
    for (uint64_t i = 0; i < blocks; i++, out += format->block_bytes) {
        for (uint32_t b = 0; b < format->block_bytes; b++)
            out[b] = (uint8_t)next_random(&seed);
        float size = 0.75f + (float)(next_random(&seed) % 64) / 128;
        switch (format->format) {
        case DS4_FORMAT_IQ2_XXS: put_scale(out, 1e-3f * size); break;
        case DS4_FORMAT_Q2_K: put_scale(out + 80, 4e-3f * size), put_scale(out + 82, 6e-3f * size); break;
        default: put_scale(out, 2e-4f * size), put_scale(out + 2, 1.5e-3f * size); break;
        }
    }
}

/* ---- experts ------------------------------------------------------------------------------------------------- */

/* Puts the matrix at `*used` bytes of `memory`, in another format; counts only when `memory` is NULL. */
static void replace(ds4_matrix *matrix, ds4_format format, uint8_t *memory, uint64_t *used)
{
    const ds4_format_info *info = ds4_format_find(format);
    uint64_t row_bytes = matrix->columns / info->block_values * info->block_bytes;
    if (memory != NULL) {
        fill_blocks(memory + *used, info, matrix->rows * (row_bytes / info->block_bytes), (uint32_t)*used + 1);
        *matrix = (ds4_matrix){memory + *used, info, matrix->columns, matrix->rows, row_bytes};
    }
    *used += (matrix->rows * row_bytes + 255) / 256 * 256;
}

/* The first layer keeps what the file has. */
static uint64_t replace_experts(subject *s, uint8_t *memory, uint64_t used)
{
    enum { FORMATS = sizeof formats / sizeof formats[0] };
    if (s->shape.hidden % EVERY_FORMAT_HAS != 0 || s->shape.expert_width % EVERY_FORMAT_HAS != 0)
        return used;
    for (uint32_t layer = 1; layer < s->shape.layers; layer++) {
        ds4_layer_weights *w = &s->weights.layers[layer];
        replace(&w->gate_experts, formats[(layer - 1) % FORMATS].inner, memory, &used);
        replace(&w->up_experts, formats[(layer - 1) % FORMATS].inner, memory, &used);
        replace(&w->down_experts, formats[(layer - 1) % FORMATS].down, memory, &used);
    }
    return used;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static ds4_status bind(const uint8_t *data, uint64_t size, subject *s, ds4_error *error)
{
    ds4_status status = ds4_gguf_parse((ds4_bytes){data, size}, &s->gguf, error);
    if (status == DS4_OK)
        status = ds4_shape_read(&s->gguf, &s->shape, error);
    if (status == DS4_OK)
        status = ds4_weights_bind(&s->gguf, &s->shape, &s->weights, error);
    return status;
}

static void unbind(subject *s)
{
    ds4_weights_free(&s->weights);
    ds4_gguf_free(&s->gguf);
}

/* The file is bound twice: first to learn how much room its experts need, then where it stays. */
static ds4_status copy_file(const ds4_mapping *file, subject *s, ds4_error *error)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), extra = (file->size + 255) / 256 * 256;
    ds4_status status = bind(file->data, file->size, s, error);
    if (status != DS4_OK)
        return status;
    s->bytes = (replace_experts(s, NULL, extra) + page - 1) / page * page;
    unbind(s);
    void *memory = NULL;
    if (posix_memalign(&memory, (size_t)page, (size_t)s->bytes) != 0)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a copy of the model, %llu bytes", (unsigned long long)s->bytes);
    s->memory = memory;
    memcpy(s->memory, file->data, (size_t)file->size);
    status = bind(s->memory, file->size, s, error);
    if (status == DS4_OK) {
        replace_experts(s, s->memory, extra);
        s->shape.index_top_k = ds4_least(s->shape.index_top_k, TOP_K);
    }
    return status;
}

ds4_status open_subject(const char *path, subject *s, ds4_error *error)
{
    ds4_mapping file = {NULL, 0};
    memset(s, 0, sizeof *s);
    ds4_status status = ds4_mapping_open(path, &file, error);
    if (status == DS4_OK)
        status = copy_file(&file, s, error);
    ds4_mapping_close(&file);
    return status;
}

void close_subject(subject *s)
{
    unbind(s);
    free(s->memory);
    s->memory = NULL;
}
