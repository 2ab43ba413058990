/* session.c: layout and allocation of a sequence's state.
 *
 * DESIGN   A session is one allocation, whose size is known before it is made (layout.h). Rows of sessions that round are kept as F16,
 *          which loses nothing since their values are F16 values.
 */
#include "session.h"
#include "layout.h"
#include "memory.h"
#include "rounding.h"

#include <string.h>

static ds4_rows place_rows(ds4_layout *layout, uint64_t count, uint32_t width, uint32_t value_bytes)
{
    ds4_rows rows = {.width = width, .row_bytes = width * value_bytes};
    uint64_t pages = (count + DS4_PAGE_ROWS - 1) / DS4_PAGE_ROWS;
    uint64_t page_bytes = (uint64_t)DS4_PAGE_ROWS * rows.row_bytes;
    rows.pages = ds4_place(layout, pages * sizeof *rows.pages);
    uint8_t *first = ds4_place(layout, pages * page_bytes);
    for (uint64_t i = 0; first != NULL && i < pages; i++)
        rows.pages[i] = first + i * page_bytes;
    return rows;
}

static ds4_open_rows place_open_rows(ds4_layout *layout, uint32_t ratio, uint32_t dim)
{
    ds4_open_rows open = {.span = ds4_compressor_span(ratio), .width = ds4_compressor_width(ratio, dim)};
    uint64_t bytes = (uint64_t)open.span * open.width * sizeof(float);
    open.kv = ds4_place(layout, bytes);
    open.score = ds4_place(layout, bytes);
    return open;
}

static ds4_layer_state place_layer(ds4_layout *layout, const ds4_shape *shape, uint32_t ratio, uint64_t context, uint32_t value_bytes)
{
    ds4_layer_state layer;
    memset(&layer, 0, sizeof layer);
    layer.window = ds4_place(layout, (uint64_t)shape->window * shape->head_dim * value_bytes);
    if (ratio != 0) {
        layer.open = place_open_rows(layout, ratio, shape->head_dim);
        layer.compressed = place_rows(layout, ds4_compressed_rows(ratio, context), shape->head_dim, value_bytes);
    }
    if (ratio == DS4_RATIO_OVERLAPPING) {
        layer.index_open = place_open_rows(layout, ratio, DS4_INDEX_DIM);
        layer.index = place_rows(layout, ds4_compressed_rows(ratio, context), DS4_INDEX_DIM, value_bytes);
    }
    return layer;
}

/* Lays a session out; NULL while the layout only counts. */
static ds4_session *lay_out(ds4_layout *layout, const ds4_shape *shape, uint64_t context, ds4_mode mode)
{
    bool rounds = mode != DS4_MODE_EXACT;
    uint32_t value_bytes = rounds ? sizeof(uint16_t) : sizeof(float);
    ds4_session *session = ds4_place(layout, sizeof *session);
    ds4_layer_state *layers = ds4_place(layout, shape->layers * sizeof *layers);
    float *logits = ds4_place(layout, shape->vocabulary * sizeof *logits);
    for (uint32_t i = 0; i < shape->layers; i++) {
        ds4_layer_state layer = place_layer(layout, shape, shape->ratio[i], context, value_bytes);
        if (layers != NULL)
            layers[i] = layer;
    }
    if (session != NULL)
        *session = (ds4_session){
            .mode = mode,
            .rounds = rounds,
            .context = context,
            .row_bytes = shape->head_dim * value_bytes,
            .logits = logits,
            .layers = layers,
        };
    return session;
}

uint64_t ds4_session_bytes(const ds4_shape *shape, uint64_t context, ds4_mode mode)
{
    ds4_layout layout = {NULL, 0};
    lay_out(&layout, shape, context, mode);
    return layout.used;
}

ds4_session *ds4_session_allocate(ds4_model *model, const ds4_shape *shape, uint64_t context, ds4_mode mode)
{
    ds4_layout layout = {ds4_allocate(ds4_session_bytes(shape, context, mode)), 0};
    if (layout.base == NULL)
        return NULL;
    ds4_session *session = lay_out(&layout, shape, context, mode);
    session->model = model;
    return session;
}

const float *ds4_row_load(const ds4_session *session, const uint8_t *row, uint32_t width, float *scratch)
{
    if (!session->rounds)
        return (const float *)(const void *)row;
    const uint16_t *halves = (const uint16_t *)(const void *)row;
    for (uint32_t i = 0; i < width; i++)
        scratch[i] = ds4_f16_to_f32(halves[i]);
    return scratch;
}

void ds4_row_store(const ds4_session *session, uint8_t *row, const float *values, uint32_t width)
{
    if (!session->rounds) {
        memcpy(row, values, width * sizeof *values);
        return;
    }
    uint16_t *halves = (uint16_t *)(void *)row;
    for (uint32_t i = 0; i < width; i++)
        halves[i] = ds4_f32_to_f16(values[i]);
}
