/* sections.c: the parts of a snapshot as pieces of memory.
 *
 * DESIGN   Saving and loading walk the same pieces in the same order, so they cannot disagree. A full page is one piece:
 *          memory holds it in the order of the stream.
 */
#include "sections.h"

/* ---- which there are ---------------------------------------------------------------------------------------- */

static uint64_t rows_at(const ds4_sections *s, ds4_page_kind kind, uint64_t tokens)
{
    const ds4_page_format *format = &s->state->store->pages[kind];
    return format->layers == 0 ? 0 : ds4_compressed_rows(format->ratio, tokens);
}

/* The pages [first, end) with rows beyond the base. */
typedef struct page_range {
    uint64_t first, count;
} page_range;

static page_range new_pages(const ds4_sections *s, ds4_page_kind kind)
{
    uint64_t before = rows_at(s, kind, s->base), now = rows_at(s, kind, s->position);
    uint64_t first = before / DS4_PAGE_ROWS;
    return (page_range){first, now > before ? ds4_pages_of_rows(now) - first : 0};
}

ds4_sections ds4_sections_of(const ds4_state *state, uint64_t position, uint64_t base)
{
    ds4_sections s = {state, position, base, 0};
    if (position > 0)
        s.count = DS4_SECTION_OPEN_ROWS + new_pages(&s, DS4_PAGES_OVERLAPPING).count + new_pages(&s, DS4_PAGES_LONG).count;
    return s;
}

ds4_row_range ds4_section_rows(const ds4_sections *s, ds4_page_kind kind, uint64_t page)
{
    uint64_t before = rows_at(s, kind, s->base), now = rows_at(s, kind, s->position), start = page * DS4_PAGE_ROWS;
    ds4_row_range range = {0, DS4_PAGE_ROWS};
    if (before > start)
        range.first = (uint32_t)(before - start);
    if (now < start + DS4_PAGE_ROWS)
        range.end = (uint32_t)(now - start);
    return range;
}

/* ---- open rows ---------------------------------------------------------------------------------------------- */

/* The first position whose compressor projections a later row is pooled from. */
static uint64_t first_open(uint32_t ratio, uint64_t position)
{
    uint64_t window = position / ratio * ratio;
    return ratio == DS4_RATIO_OVERLAPPING && window > 0 ? window - ratio : window;
}

static uint64_t open_row_bytes(const ds4_sections *s, uint32_t ratio)
{
    uint64_t values = ds4_compressor_width(ratio, s->state->store->shape->head_dim);
    if (ratio == DS4_RATIO_OVERLAPPING)
        values += ds4_compressor_width(ratio, DS4_INDEX_DIM);
    return 2 * values * sizeof(float); /* kv and score */
}

static uint64_t open_bytes(const ds4_sections *s)
{
    const ds4_shape *shape = s->state->store->shape;
    uint64_t bytes = 0;
    for (uint32_t layer = 0; layer < shape->layers; layer++) {
        uint32_t ratio = shape->ratio[layer];
        if (ratio != 0)
            bytes += (s->position - first_open(ratio, s->position)) * open_row_bytes(s, ratio);
    }
    return bytes;
}

/* ---- sections ----------------------------------------------------------------------------------------------- */

static uint64_t window_rows(const ds4_sections *s)
{
    uint64_t window = s->state->store->shape->window;
    return s->position < window ? s->position : window;
}

static ds4_section page_section(const ds4_sections *s, ds4_section_kind kind, uint64_t page)
{
    ds4_page_kind pages = ds4_section_page_kind(kind);
    ds4_row_range rows = ds4_section_rows(s, pages, page);
    return (ds4_section){kind, (uint32_t)page, (rows.end - rows.first) * ds4_page_row_bytes(&s->state->store->pages[pages])};
}

ds4_section ds4_section_at(const ds4_sections *s, uint64_t i)
{
    const ds4_state_store *store = s->state->store;
    page_range overlapping = new_pages(s, DS4_PAGES_OVERLAPPING);
    switch (i) {
    case 0: return (ds4_section){DS4_SECTION_LOGITS, 0, store->shape->vocabulary * sizeof(float)};
    case 1: return (ds4_section){DS4_SECTION_WINDOWS, 0, store->shape->layers * window_rows(s) * store->row_bytes};
    case 2: return (ds4_section){DS4_SECTION_OPEN_ROWS, 0, open_bytes(s)};
    default: break;
    }
    i -= DS4_SECTION_OPEN_ROWS;
    if (i < overlapping.count)
        return page_section(s, DS4_SECTION_PAGE_OVERLAPPING, overlapping.first + i);
    return page_section(s, DS4_SECTION_PAGE_LONG, new_pages(s, DS4_PAGES_LONG).first + i - overlapping.count);
}

uint64_t ds4_sections_bytes(const ds4_sections *s)
{
    uint64_t bytes = DS4_SNAPSHOT_HEADER;
    for (uint64_t i = 0; i < s->count; i++)
        bytes += DS4_SNAPSHOT_SECTION_HEADER + ds4_section_at(s, i).bytes + DS4_SNAPSHOT_CHECKSUM;
    return bytes;
}

/* ---- pieces ------------------------------------------------------------------------------------------------- */

/* Rows of the positions [first, end), of which position p is in row p % span: one piece, or two around the end. */
static ds4_status walk_ring(uint8_t *ring, uint64_t span, uint64_t row_bytes, uint64_t first, uint64_t end, ds4_transfer transfer,
                            void *context)
{
    uint64_t start = first % span, rows = end - first, tail = rows < span - start ? rows : span - start;
    ds4_status status = tail == 0 ? DS4_OK : transfer(context, ring + start * row_bytes, tail * row_bytes);
    return status != DS4_OK || tail == rows ? status : transfer(context, ring, (rows - tail) * row_bytes);
}

static ds4_status walk_windows(const ds4_sections *s, ds4_transfer transfer, void *context)
{
    const ds4_state_store *store = s->state->store;
    ds4_status status = DS4_OK;
    for (uint32_t layer = 0; status == DS4_OK && layer < store->shape->layers; layer++)
        status = walk_ring(ds4_state_layer(s->state, layer).window, store->shape->window, store->row_bytes, s->position - window_rows(s),
                           s->position, transfer, context);
    return status;
}

static ds4_status walk_open(const ds4_open_rows *open, uint64_t first, uint64_t end, ds4_transfer transfer, void *context)
{
    uint64_t row_bytes = open->width * sizeof(float);
    ds4_status status = walk_ring((uint8_t *)open->kv, open->span, row_bytes, first, end, transfer, context);
    return status != DS4_OK ? status : walk_ring((uint8_t *)open->score, open->span, row_bytes, first, end, transfer, context);
}

static ds4_status walk_open_rows(const ds4_sections *s, ds4_transfer transfer, void *context)
{
    const ds4_shape *shape = s->state->store->shape;
    ds4_status status = DS4_OK;
    for (uint32_t layer = 0; status == DS4_OK && layer < shape->layers; layer++) {
        uint32_t ratio = shape->ratio[layer];
        if (ratio == 0)
            continue;
        ds4_layer_state view = ds4_state_layer(s->state, layer);
        uint64_t first = first_open(ratio, s->position);
        status = walk_open(&view.open, first, s->position, transfer, context);
        if (status == DS4_OK && ratio == DS4_RATIO_OVERLAPPING)
            status = walk_open(&view.index_open, first, s->position, transfer, context);
    }
    return status;
}

static ds4_status walk_page(const ds4_sections *s, ds4_section section, ds4_transfer transfer, void *context)
{
    ds4_page_kind kind = ds4_section_page_kind(section.kind);
    const ds4_page_format *format = &s->state->store->pages[kind];
    ds4_buffer *page = s->state->pages[kind].pages[section.index];
    ds4_row_range rows = ds4_section_rows(s, kind, section.index);
    ds4_status status = DS4_OK;
    if (rows.end - rows.first == DS4_PAGE_ROWS)
        return transfer(context, page->data, section.bytes);
    for (uint32_t layer = 0; status == DS4_OK && layer < format->layers; layer++)
        for (int index = 0; status == DS4_OK && index < 2; index++) {
            uint64_t row_bytes = index != 0 ? format->index_row_bytes : format->row_bytes;
            if (row_bytes > 0)
                status = transfer(context, page->data + ds4_page_offset(format, layer, index != 0) + rows.first * row_bytes,
                                  (rows.end - rows.first) * row_bytes);
        }
    return status;
}

ds4_status ds4_section_walk(const ds4_sections *s, ds4_section section, ds4_transfer transfer, void *context)
{
    switch (section.kind) {
    case DS4_SECTION_LOGITS: return transfer(context, ds4_state_logits(s->state), section.bytes);
    case DS4_SECTION_WINDOWS: return walk_windows(s, transfer, context);
    case DS4_SECTION_OPEN_ROWS: return walk_open_rows(s, transfer, context);
    default: return walk_page(s, section, transfer, context);
    }
}
