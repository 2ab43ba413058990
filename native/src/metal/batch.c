/* batch.c: what kernels must know of a batch.
 *
 * DESIGN   Kernels read positions, rotations, and where the sessions' states are from tables in device memory. They are written here,
 *          once per batch and for all layers, while nothing runs on the device.
 */
#include "metal.h"

#include <string.h>

/* Where a byte of a session's fixed part is on the device. */
static uint64_t state_address(const ds4_session *session, const void *place)
{
    const ds4_buffer *fixed = session->state.fixed;
    return place == NULL ? 0 : fixed->address + (uint64_t)((const uint8_t *)place - fixed->data);
}

static void write_rows(const ds4_metal *metal, const ds4_batch *batch)
{
    ds4_gpu_row *rows = metal->buffers.rows.host;
    for (uint32_t row = 0; row < batch->count; row++) {
        const ds4_tile *tile = ds4_tile_at(batch, row);
        rows[row] = (ds4_gpu_row){(uint32_t)ds4_position_at(batch, row), batch->tile_of_row[row], tile->tokens[row - tile->first_row]};
    }
    for (int kind = 0; kind < DS4_ROPE_KINDS; kind++)
        memcpy(metal->buffers.rotations[kind].host, batch->rotations[kind], batch->count * sizeof(ds4_rotation));
}

/* Lists the compressed rows of one ratio that the batch completes; the indexer's with them where there is one. */
static void write_windows(ds4_metal *metal, const ds4_batch *batch, uint32_t ratio)
{
    uint32_t kind = ratio == DS4_RATIO_LONG, count = 0, rotations = 0;
    ds4_gpu_window *windows = metal->buffers.windows[kind].host;
    ds4_rotation *table = metal->buffers.window_rotations[kind].host;
    for (uint32_t i = 0; i < batch->tile_count; i++) {
        const ds4_tile *tile = &batch->tiles[i];
        const ds4_rotation *source = kind == 1 ? tile->long_windows : tile->overlapping_windows;
        uint32_t first = (uint32_t)ds4_compressed_rows(ratio, tile->start), end = (uint32_t)ds4_compressed_rows(ratio, tile->start + tile->count);
        for (uint32_t row = first; row < end; row++, rotations++) {
            table[rotations] = source[row - first];
            windows[count++] = (ds4_gpu_window){i, row, rotations, 0};
            if (ratio == DS4_RATIO_OVERLAPPING)
                windows[count++] = (ds4_gpu_window){i, row, rotations, 1};
        }
    }
    metal->window_count[kind] = count;
}

/* Writes the addresses of the pages that hold the tile's rows, and returns where they are on the device. */
static uint64_t write_pages(const ds4_metal *metal, const ds4_tile *tile, ds4_page_kind kind, uint64_t *used)
{
    const ds4_page_format *format = &tile->session->state.store->pages[kind];
    ds4_buffer *const *pages = tile->session->state.pages[kind].pages;
    uint64_t count = ds4_pages_of_tokens(format, tile->start + tile->count), first = *used;
    uint64_t *addresses = metal->buffers.pages.host;
    for (uint64_t i = 0; i < count; i++)
        addresses[(*used)++] = pages[i]->address;
    return metal->buffers.pages.address + first * sizeof *addresses;
}

static ds4_gpu_tile layer_tile(const ds4_tile *tile, uint32_t layer, uint64_t pages)
{
    const ds4_layer_state *state = &tile->session->layers[layer];
    return (ds4_gpu_tile){
        .window = state_address(tile->session, state->window),
        .open_kv = state_address(tile->session, state->open.kv),
        .open_score = state_address(tile->session, state->open.score),
        .index_open_kv = state_address(tile->session, state->index_open.kv),
        .index_open_score = state_address(tile->session, state->index_open.score),
        .pages = pages,
        .rows_offset = state->compressed.offset,
        .index_offset = state->index.offset,
        .start = (uint32_t)tile->start,
        .count = tile->count,
        .first_row = tile->first_row,
    };
}

static void write_tiles(const ds4_metal *metal, const ds4_batch *batch)
{
    const ds4_shape *shape = metal->shape;
    ds4_gpu_tile *tiles = metal->buffers.tiles.host;
    uint64_t used = 0;
    for (uint32_t i = 0; i < batch->tile_count; i++) {
        uint64_t overlapping = write_pages(metal, &batch->tiles[i], DS4_PAGES_OVERLAPPING, &used);
        uint64_t longer = write_pages(metal, &batch->tiles[i], DS4_PAGES_LONG, &used);
        for (uint32_t layer = 0; layer < shape->layers; layer++)
            tiles[layer * DS4_BATCH_SESSIONS + i] =
                layer_tile(&batch->tiles[i], layer, shape->ratio[layer] == DS4_RATIO_LONG ? longer : overlapping);
    }
}

void ds4_metal_begin_batch(ds4_metal *metal, const ds4_batch *batch)
{
    write_rows(metal, batch);
    write_windows(metal, batch, DS4_RATIO_OVERLAPPING);
    write_windows(metal, batch, DS4_RATIO_LONG);
    write_tiles(metal, batch);
}
