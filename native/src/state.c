/* state.c: layout and memory of a sequence's state.
 *
 * DESIGN   Two parts. The fixed part is one buffer with everything that is overwritten as tokens come: logits, then the
 *          windows of all layers, then their open compressor rows. A checkpoint copies what is live of it in few pieces. Compressed and
 *          indexer rows are written once and live in pages (pages.c), shared by whoever has them in its past.
 *          Rows of sessions that round are kept as F16, which loses nothing since their values are F16 values.
 *          Pages are allocated when the first row in them is due, the tables for the whole context at once: 8 bytes per
 *          1024 tokens.
 */
#include "state.h"
#include "layout.h"
#include "memory.h"

#include <string.h>

/* ---- layout ------------------------------------------------------------------------------------------------- */

static ds4_page_kind kind_of(uint32_t ratio)
{
    return ratio == DS4_RATIO_LONG ? DS4_PAGES_LONG : DS4_PAGES_OVERLAPPING;
}

static uint64_t open_bytes(uint32_t ratio, uint32_t dim)
{
    return (uint64_t)ds4_compressor_span(ratio) * ds4_compressor_width(ratio, dim) * sizeof(float);
}

static ds4_open_rows open_rows_at(uint8_t *place, uint32_t ratio, uint32_t dim)
{
    return (ds4_open_rows){
        .kv = (float *)(void *)place,
        .score = (float *)(void *)(place + open_bytes(ratio, dim)),
        .span = ds4_compressor_span(ratio),
        .width = ds4_compressor_width(ratio, dim),
    };
}

/* Sets every offset and returns the size of the fixed part. Widths are multiples of 64 values, so all stays on cache lines. */
static uint64_t lay_out(ds4_state_store *store)
{
    const ds4_shape *shape = store->shape;
    ds4_layout layout = {NULL, 0};
    ds4_place(&layout, shape->vocabulary * sizeof(float));
    store->window_offset = layout.used;
    ds4_place(&layout, shape->layers * store->window_bytes);
    for (uint32_t layer = 0; layer < shape->layers; layer++) {
        uint32_t ratio = shape->ratio[layer];
        store->open_offset[layer] = layout.used;
        if (ratio == 0)
            continue;
        store->ordinal[layer] = store->pages[kind_of(ratio)].layers++;
        ds4_place(&layout, 2 * open_bytes(ratio, shape->head_dim));
        if (ratio == DS4_RATIO_OVERLAPPING)
            ds4_place(&layout, 2 * open_bytes(ratio, DS4_INDEX_DIM));
    }
    return layout.used;
}

/* ---- stores ------------------------------------------------------------------------------------------------- */

bool ds4_state_store_open(ds4_state_store *store, const ds4_shape *shape, uint32_t value_bytes, const ds4_buffer_source *source)
{
    ds4_page_format *overlapping = &store->pages[DS4_PAGES_OVERLAPPING], *longer = &store->pages[DS4_PAGES_LONG];
    memset(store, 0, sizeof *store);
    store->shape = shape;
    store->value_bytes = value_bytes;
    store->row_bytes = shape->head_dim * value_bytes;
    store->window_bytes = (uint64_t)shape->window * store->row_bytes;
    store->open_offset = ds4_allocate(shape->layers * sizeof *store->open_offset);
    store->ordinal = ds4_allocate(shape->layers * sizeof *store->ordinal);
    if (store->open_offset == NULL || store->ordinal == NULL)
        return false;
    overlapping->ratio = DS4_RATIO_OVERLAPPING;
    longer->ratio = DS4_RATIO_LONG;
    overlapping->row_bytes = longer->row_bytes = store->row_bytes;
    overlapping->index_row_bytes = DS4_INDEX_DIM * value_bytes;
    return ds4_buffer_pool_open(&store->fixed, lay_out(store), source) &&
           ds4_buffer_pool_open(&overlapping->pool, DS4_PAGE_ROWS * ds4_page_row_bytes(overlapping), source) &&
           ds4_buffer_pool_open(&longer->pool, DS4_PAGE_ROWS * ds4_page_row_bytes(longer), source);
}

void ds4_state_store_close(ds4_state_store *store)
{
    ds4_buffer_pool_close(&store->fixed);
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        ds4_buffer_pool_close(&store->pages[kind].pool);
    ds4_release(store->open_offset);
    ds4_release(store->ordinal);
    memset(store, 0, sizeof *store);
}

uint64_t ds4_state_store_bytes(ds4_state_store *store)
{
    uint64_t bytes = ds4_buffer_pool_bytes(&store->fixed);
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        bytes += ds4_buffer_pool_bytes(&store->pages[kind].pool);
    return bytes;
}

/* ---- states ------------------------------------------------------------------------------------------------- */

uint64_t ds4_state_table_bytes(const ds4_state_store *store, uint64_t tokens)
{
    uint64_t pages = 0;
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        pages += ds4_pages_of_tokens(&store->pages[kind], tokens);
    return pages * sizeof(ds4_buffer *);
}

uint64_t ds4_state_page_bytes(const ds4_state_store *store, uint64_t tokens)
{
    uint64_t bytes = 0;
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        bytes += ds4_pages_of_tokens(&store->pages[kind], tokens) * ds4_buffer_bytes(&store->pages[kind].pool);
    return bytes;
}

bool ds4_state_open(ds4_state *state, ds4_state_store *store, uint64_t tokens, void *tables)
{
    ds4_buffer **table = tables;
    state->store = store;
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++) {
        uint64_t capacity = ds4_pages_of_tokens(&store->pages[kind], tokens);
        state->pages[kind] = (ds4_page_table){table, capacity};
        for (uint64_t i = 0; i < capacity; i++)
            *table++ = NULL;
    }
    state->fixed = ds4_buffer_take(&store->fixed);
    return state->fixed != NULL;
}

void ds4_state_close(ds4_state *state)
{
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        ds4_pages_release(&state->pages[kind]);
    ds4_buffer_release(state->fixed);
    state->fixed = NULL;
}

bool ds4_state_reserve(ds4_state *state, uint64_t from, uint64_t to)
{
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        if (!ds4_pages_reserve(&state->store->pages[kind], &state->pages[kind], from, to))
            return false;
    return true;
}

/* Of the long windows' open rows, more than half of the fixed part, only those of the current window are of use. */
static void copy_open_rows(ds4_state *to, const ds4_state *from, uint32_t layer, uint64_t tokens)
{
    uint32_t ratio = to->store->shape->ratio[layer];
    ds4_layer_state target = ds4_state_layer(to, layer), source = ds4_state_layer(from, layer);
    uint64_t rows = ratio == DS4_RATIO_LONG ? tokens % ratio : target.open.span;
    size_t bytes = (size_t)(rows * target.open.width * sizeof(float));
    memcpy(target.open.kv, source.open.kv, bytes);
    memcpy(target.open.score, source.open.score, bytes);
    if (ratio == DS4_RATIO_OVERLAPPING)
        memcpy(target.index_open.kv, source.index_open.kv, (size_t)(2 * open_bytes(ratio, DS4_INDEX_DIM))); /* and its scores */
}

static void copy_fixed(ds4_state *to, const ds4_state *from, uint64_t tokens)
{
    const ds4_state_store *store = to->store;
    memcpy(to->fixed->data, from->fixed->data, (size_t)(store->window_offset + store->shape->layers * store->window_bytes));
    for (uint32_t layer = 0; layer < store->shape->layers; layer++)
        if (store->shape->ratio[layer] != 0)
            copy_open_rows(to, from, layer, tokens);
}

void ds4_state_copy(ds4_state *to, const ds4_state *from, uint64_t tokens)
{
    copy_fixed(to, from, tokens);
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        ds4_pages_share(&to->pages[kind], &from->pages[kind], ds4_pages_of_tokens(&to->store->pages[kind], tokens));
}

void ds4_state_bytes(const ds4_state *state, uint64_t *own, uint64_t *shared)
{
    *own = ds4_buffer_bytes(&state->store->fixed);
    *shared = 0;
    for (int kind = 0; kind < DS4_PAGE_KINDS; kind++)
        for (uint64_t i = 0; i < state->pages[kind].capacity; i++) {
            ds4_buffer *page = state->pages[kind].pages[i];
            if (page != NULL)
                *(ds4_buffer_is_sole(page) ? own : shared) += ds4_buffer_bytes(page->pool);
        }
}

float *ds4_state_logits(const ds4_state *state)
{
    return (float *)(void *)state->fixed->data;
}

ds4_layer_state ds4_state_layer(const ds4_state *state, uint32_t layer)
{
    const ds4_state_store *store = state->store;
    uint32_t ratio = store->shape->ratio[layer], dim = store->shape->head_dim;
    uint8_t *base = state->fixed->data, *open = base + store->open_offset[layer];
    ds4_page_kind kind = kind_of(ratio);
    ds4_layer_state view;
    memset(&view, 0, sizeof view);
    view.window = base + store->window_offset + layer * store->window_bytes;
    if (ratio == 0)
        return view;
    uint64_t offset = ds4_page_offset(&store->pages[kind], store->ordinal[layer], false);
    view.open = open_rows_at(open, ratio, dim);
    view.compressed = (ds4_rows){state->pages[kind].pages, offset, dim, store->row_bytes};
    if (ratio == DS4_RATIO_OVERLAPPING) {
        offset = ds4_page_offset(&store->pages[kind], store->ordinal[layer], true);
        view.index_open = open_rows_at(open + 2 * open_bytes(ratio, dim), ratio, DS4_INDEX_DIM);
        view.index = (ds4_rows){state->pages[kind].pages, offset, DS4_INDEX_DIM, DS4_INDEX_DIM * store->value_bytes};
    }
    return view;
}
