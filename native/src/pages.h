/* pages.h: rows that only grow in number, in shared pages of 256. */
#ifndef DS4_PAGES_H
#define DS4_PAGES_H

#include "buffer.h"
#include "shape.h"

enum { DS4_PAGE_ROWS = 256 };

/* The layers of one ratio complete their rows together, so one page holds 256 rows of each of them, layer by layer, the
 * attention's before the indexer's: few large pages, however many layers there are. */
typedef struct ds4_page_format {
    uint32_t ratio;
    uint32_t layers;          /* of this ratio */
    uint32_t row_bytes;       /* an attention row of one layer */
    uint32_t index_row_bytes; /* an indexer row of one layer; 0 for ratio 128 */
    ds4_buffer_pool pool;
} ds4_page_format;

/* Compressed row i of a layer is in pages[i / 256], whose later entries may be NULL. */
typedef struct ds4_page_table {
    ds4_buffer **pages;
    uint64_t capacity;
} ds4_page_table;

static inline uint64_t ds4_pages_of_rows(uint64_t rows)
{
    return (rows + DS4_PAGE_ROWS - 1) / DS4_PAGE_ROWS;
}

/* Pages that hold the rows of the first `tokens` tokens; none for a ratio that no layer has. */
static inline uint64_t ds4_pages_of_tokens(const ds4_page_format *format, uint64_t tokens)
{
    return format->layers == 0 ? 0 : ds4_pages_of_rows(ds4_compressed_rows(format->ratio, tokens));
}

static inline uint64_t ds4_page_row_bytes(const ds4_page_format *format)
{
    return (uint64_t)format->layers * (format->row_bytes + format->index_row_bytes);
}

/* Where the rows of the format's n-th layer begin in a page. */
static inline uint64_t ds4_page_offset(const ds4_page_format *format, uint32_t layer, bool is_index)
{
    uint64_t rows = (uint64_t)layer * (format->row_bytes + format->index_row_bytes) + (is_index ? format->row_bytes : 0);
    return DS4_PAGE_ROWS * rows;
}

/* Makes the rows that the tokens `from` … `to` − 1 complete writable: allocates the pages that are missing, and copies a page that others
 * hold. False when there is no memory; the rows before are untouched either way. One call at a time per model. */
bool ds4_pages_reserve(ds4_page_format *format, ds4_page_table *table, uint64_t from, uint64_t to);

/* A page of its own with the first `rows` rows of `page`; NULL when there is no memory. */
ds4_buffer *ds4_page_copy(ds4_page_format *format, const ds4_buffer *page, uint32_t rows);

/* Replaces what `to` holds by the first `count` pages of `from`. */
void ds4_pages_share(ds4_page_table *to, const ds4_page_table *from, uint64_t count);

void ds4_pages_release(ds4_page_table *table);

#endif
