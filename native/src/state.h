/* state.h: what one sequence leaves behind: rows, open windows, logits. Sessions write it, checkpoints keep it. */
#ifndef DS4_STATE_H
#define DS4_STATE_H

#include "pages.h"

typedef enum ds4_page_kind { DS4_PAGES_OVERLAPPING, DS4_PAGES_LONG, DS4_PAGE_KINDS } ds4_page_kind;

/* How the state of sequences with one value size is laid out, and the pools its memory comes from. */
typedef struct ds4_state_store {
    const ds4_shape *shape;
    uint32_t value_bytes;   /* of a row's values: float32, or F16 in sessions that round */
    uint32_t row_bytes;     /* of a window or attention row */
    uint64_t window_offset; /* in the fixed part: windows of all layers; the logits are at 0 */
    uint64_t window_bytes;  /* of one layer */
    uint64_t *open_offset;  /* [layers]: open rows of each */
    uint32_t *ordinal;      /* [layers]: among the layers of its ratio */
    ds4_buffer_pool fixed;  /* what every token changes, and every checkpoint copies */
    ds4_page_format pages[DS4_PAGE_KINDS];
} ds4_state_store;

typedef struct ds4_state {
    ds4_state_store *store;
    ds4_buffer *fixed;
    ds4_page_table pages[DS4_PAGE_KINDS];
} ds4_state;

/* One layer's rows in the pages of its ratio. */
typedef struct ds4_rows {
    ds4_buffer *const *pages;
    uint64_t offset;    /* of the layer's rows in every page */
    uint32_t width;     /* values per row */
    uint32_t row_bytes; /* width float32, or F16 in sessions that round */
} ds4_rows;

/* Compressor projections of the latest tokens: the token at position p is in row p % span. */
typedef struct ds4_open_rows {
    float *kv;    /* [span][width] */
    float *score; /* [span][width], position term included */
    uint32_t span, width;
} ds4_open_rows;

typedef struct ds4_layer_state {
    uint8_t *window;          /* ring of raw rows: position p is in row p % shape.window */
    ds4_rows compressed;      /* ratio 4 and 128; row i covers positions i·ratio … */
    ds4_rows index;           /* ratio 4 */
    ds4_open_rows open;       /* ratio 4 and 128 */
    ds4_open_rows index_open; /* ratio 4 */
} ds4_layer_state;

static inline uint8_t *ds4_rows_at(const ds4_rows *rows, uint64_t index)
{
    return rows->pages[index / DS4_PAGE_ROWS]->data + rows->offset + index % DS4_PAGE_ROWS * rows->row_bytes;
}

/* ---- stores: one per model and value size ------------------------------------------------------------------- */

/* `source`: where the memory comes from, or NULL. False when there is no memory; close it all the same. A zeroed store may be closed. */
bool ds4_state_store_open(ds4_state_store *store, const ds4_shape *shape, uint32_t value_bytes, const ds4_buffer_source *source);
void ds4_state_store_close(ds4_state_store *store);

/* All that was allocated for states: in use, shared (counted once) and pooled. */
uint64_t ds4_state_store_bytes(ds4_state_store *store);

/* ---- states ------------------------------------------------------------------------------------------------- */

/* Bytes of the page tables for `tokens` tokens, which are part of the owner's allocation, and of full pages and fixed part. */
uint64_t ds4_state_table_bytes(const ds4_state_store *store, uint64_t tokens);
uint64_t ds4_state_page_bytes(const ds4_state_store *store, uint64_t tokens);

/* Makes an empty state whose page tables are at `tables`. False when there is no memory for the fixed part. */
bool ds4_state_open(ds4_state *state, ds4_state_store *store, uint64_t tokens, void *tables);
void ds4_state_close(ds4_state *state);

/* Pages for the tokens `from` … `to` − 1; see ds4_pages_reserve. */
bool ds4_state_reserve(ds4_state *state, uint64_t from, uint64_t to);

/* Makes `to` the state that `from` is at `tokens` tokens: copies the fixed part, shares the pages. Both of one store. */
void ds4_state_copy(ds4_state *to, const ds4_state *from, uint64_t tokens);

/* Bytes that nobody else holds, and bytes of pages that others hold too. */
void ds4_state_bytes(const ds4_state *state, uint64_t *own, uint64_t *shared);

/* Where the logits and one layer's part of a state are. */
float *ds4_state_logits(const ds4_state *state);
ds4_layer_state ds4_state_layer(const ds4_state *state, uint32_t layer);

#endif
