/* session.h: the state of one sequence. */
#ifndef DS4_SESSION_H
#define DS4_SESSION_H

#include "shape.h"

enum { DS4_PAGE_ROWS = 256 };

/* Rows that only grow in number, in pages of 256. Kernels go through the page table. */
typedef struct ds4_rows {
    uint8_t **pages;
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

struct ds4_session {
    ds4_model *model;
    ds4_mode mode;
    bool rounds; /* the model's roundings are applied, and rows are kept as F16 */
    bool poisoned;
    uint64_t context;
    uint64_t position;  /* tokens evaluated: the number of compressed rows follows from it */
    uint32_t row_bytes; /* of a window row */
    float *logits;      /* [vocabulary], of the last token */
    ds4_layer_state *layers;
};

/* Bytes of the one allocation that a session is. */
uint64_t ds4_session_bytes(const ds4_shape *shape, uint64_t context, ds4_mode mode);

/* NULL when there is no memory. */
ds4_session *ds4_session_allocate(ds4_model *model, const ds4_shape *shape, uint64_t context, ds4_mode mode);

static inline uint8_t *ds4_rows_at(const ds4_rows *rows, uint64_t index)
{
    return rows->pages[index / DS4_PAGE_ROWS] + index % DS4_PAGE_ROWS * rows->row_bytes;
}

/* The stored row as float32: itself, or converted into `scratch` [width]. */
const float *ds4_row_load(const ds4_session *session, const uint8_t *row, uint32_t width, float *scratch);
void ds4_row_store(const ds4_session *session, uint8_t *row, const float *values, uint32_t width);

#endif
